package spdx

import (
	"errors"
	"io"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// Errors of [Decode] and [Encode], to be tested with errors.Is. They are the
// same values as those of package cyclonedx.
var (
	// ErrFormat: the document does not follow its format.
	ErrFormat = document.ErrFormat
	// ErrVersion: the version is not one that is read or written.
	ErrVersion = document.ErrVersion
	// ErrLimit: the document is larger than the options allow.
	ErrLimit = document.ErrLimit
)

// DecodeError says where and why a document was refused. It wraps ErrFormat,
// ErrVersion, ErrLimit or the error of the reader.
type DecodeError = document.DecodeError

// Format is a version and serialization of SPDX.
type Format int

const (
	JSON23     Format = iota // SPDX 2.3 JSON, the default.
	TagValue23               // SPDX 2.3 tag-value.
	JSON301                  // SPDX 3.0.1 JSON-LD.
)

// Options say how to write. The zero value, as nil, is SPDX 2.3 JSON in one
// line, with the components of the squashed view.
type Options struct {
	// Format is JSON23 if zero.
	Format Format
	// Indent breaks lines and indents JSON, for people.
	Indent bool
	// Hidden also writes components that a later layer removed.
	Hidden bool
	// Files also writes Inventory.Files.
	Files bool
	// Namespace is the beginning of the document's namespace, a URI without
	// fragment; a UUID derived from the content is appended to it.
	// "https://github.com/imagetrust/imagetrust/spdx/" if empty.
	Namespace string
}

// DecodeOptions bound what a document may cost. The zero value, as nil, has the
// defaults; memory stays within a small multiple of MaxBytes.
type DecodeOptions struct {
	// MaxBytes is the longest document read, in bytes; 128 MiB if 0.
	MaxBytes int64
	// MaxComponents is the most packages and files read; 250,000 if 0.
	MaxComponents int
	// MaxDepth is the deepest nesting of JSON values read; 100 if 0.
	MaxDepth int
}

// Encode writes inv as an SPDX document.
func Encode(w io.Writer, inv *sbom.Inventory, opts *Options) ([]sbom.Loss, error) {
	return nil, errors.ErrUnsupported
}

// Decode reads an SPDX document.
func Decode(r io.Reader, opts *DecodeOptions) (*sbom.Inventory, error) {
	return nil, errors.ErrUnsupported
}
