package cyclonedx

import (
	"errors"
	"io"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// Errors of [Decode] and [Encode], to be tested with errors.Is. They are the
// same values as those of package spdx.
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

// Format is a serialization of CycloneDX.
type Format int

const (
	JSON Format = iota // JSON, the default.
	XML                // XML.
)

// Options say how to write. The zero value, as nil, is CycloneDX 1.6 JSON in
// one line, with the components of the squashed view.
type Options struct {
	// Version of the specification: "1.4", "1.5", "1.6" or "1.7"; "1.6" if empty.
	Version string
	// Format is JSON if zero.
	Format Format
	// Indent breaks lines and indents, for people.
	Indent bool
	// Hidden also writes components that a later layer removed. They have
	// CycloneDX scope "excluded".
	Hidden bool
	// Files also writes Inventory.Files, as components of type "file".
	Files bool
}

// DecodeOptions bound what a document may cost. The zero value, as nil, has the
// defaults; memory stays within a small multiple of MaxBytes.
type DecodeOptions struct {
	// MaxBytes is the longest document read, in bytes; 128 MiB if 0.
	MaxBytes int64
	// MaxComponents is the most components read, nested ones included; 250,000
	// if 0.
	MaxComponents int
	// MaxDepth is the deepest nesting of JSON values or XML elements read; 100
	// if 0.
	MaxDepth int
}

// Encode writes inv as a CycloneDX document.
func Encode(w io.Writer, inv *sbom.Inventory, opts *Options) ([]sbom.Loss, error) {
	return nil, errors.ErrUnsupported
}

// Decode reads a CycloneDX document.
func Decode(r io.Reader, opts *DecodeOptions) (*sbom.Inventory, error) {
	return nil, errors.ErrUnsupported
}

// FromBOM maps a document that was already read.
func FromBOM(bom *cdx.BOM) (*sbom.Inventory, error) { return nil, errors.ErrUnsupported }
