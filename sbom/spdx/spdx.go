package spdx

import (
	"bytes"
	"fmt"
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
// defaults. Memory is about twelve times the length of the document.
type DecodeOptions struct {
	// MaxBytes is the longest document read, in bytes; 128 MiB if 0.
	MaxBytes int64
	// MaxComponents is the most packages and files read; 250,000 if 0.
	MaxComponents int
	// MaxDepth is the deepest nesting of JSON values read; 100 if 0.
	MaxDepth int
}

// Encode writes inv as an SPDX document and returns what the document does not
// say. The document is complete in memory before its first byte is written: on
// an error of Encode's own nothing was written, and an error of w is returned as
// it is. The same inventory and options give the same bytes: the document's
// namespace is derived from its content, and an inventory without Created is
// dated 1970-01-01, because SPDX demands a date.
//
// The errors are ErrVersion for an unknown format. A nil inventory is an empty
// one. Encode does not change inv, and is safe for concurrent use as long as
// nobody else does.
func Encode(w io.Writer, inv *sbom.Inventory, opts *Options) ([]sbom.Loss, error) {
	if opts == nil {
		opts = &Options{}
	}
	if inv == nil {
		inv = &sbom.Inventory{}
	}
	write, ok := map[Format]func(*doc, *Options) ([]byte, error){
		JSON23: writeJSON, TagValue23: writeTagValue, JSON301: writeGraph,
	}[opts.Format]
	if !ok {
		return nil, fmt.Errorf("spdx: format %d: %w", opts.Format, ErrVersion)
	}
	e := &encoder{inv: inv, opts: opts}
	text, err := write(e.document(), opts)
	if err != nil {
		return nil, fmt.Errorf("spdx: %w", err)
	}
	text = bytes.ReplaceAll(text, []byte(uuidMark), []byte(document.UUID(text)))
	_, err = w.Write(text)
	return e.losses.List(), err
}

// uuidMark stands for the UUID of the document until its content is complete.
// No text of an inventory can contain it: package document replaces or quotes
// this character.
const uuidMark = "\uffff"

// Decode reads an SPDX document: 2.1 to 2.3 in JSON or tag-value, and 3.0 in
// JSON-LD, told apart by their beginning. It returns what the document says as
// an inventory.
//
// Documents of other tools keep their order and their own references; see the
// package documentation for what is read of them. What the document contradicts
// itself about is a sbom.Gap.
//
// The error is a *[DecodeError], which wraps ErrFormat, ErrVersion, ErrLimit or
// the error of r.
func Decode(r io.Reader, opts *DecodeOptions) (*sbom.Inventory, error) {
	if opts == nil {
		opts = &DecodeOptions{}
	}
	limits := document.Limits{Bytes: opts.MaxBytes, Items: opts.MaxComponents, Depth: opts.MaxDepth}.WithDefaults()
	text, err := limits.Read(r, "SPDX")
	if err != nil {
		return nil, err
	}
	d, err := read(text, limits)
	if err != nil {
		return nil, err
	}
	return mapDoc(d, true), nil
}
