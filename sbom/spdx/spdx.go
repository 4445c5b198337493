package spdx

import (
	"bufio"
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
	JSON22                   // SPDX 2.2 JSON.
	TagValue22               // SPDX 2.2 tag-value.
)

// Options say how to write. The zero value, as nil, is SPDX 2.3 JSON in one
// line, with the components of the squashed view.
type Options struct {
	// Format is JSON23 if zero.
	Format Format
	// Indent breaks lines and indents JSON, for people.
	Indent bool
	// Hidden also writes components that are not in the image: those that a later
	// layer removed, and those of its build (sbom.ScopeBuild).
	Hidden bool
	// Files also writes Inventory.Files.
	Files bool
	// Namespace is the beginning of the document's namespace, a URI without
	// fragment; a UUID derived from the content is appended to it.
	// "https://github.com/imagetrust/imagetrust/spdx/" if empty.
	Namespace string
}

// DecodeOptions bound what a document may cost. The zero value, as nil, has the
// defaults. The document is read an element at a time; while it is, memory is that
// of the inventory and about as much again.
type DecodeOptions struct {
	// MaxBytes is the longest document read, in bytes; 128 MiB if 0.
	MaxBytes int64
	// MaxComponents is the most packages and files read; 250,000 if 0.
	MaxComponents int
	// MaxDepth is the deepest nesting of JSON values read; 100 if 0.
	MaxDepth int
	// Losses, if not nil, is set to what the document says and the inventory does
	// not: what is said about the document itself, snippets, vulnerabilities and
	// whatever else an inventory has no place for. Their fields are named as in the
	// document, nested ones as in "packages.example".
	Losses *[]sbom.Loss
}

// Encode writes inv as an SPDX document and returns what the document does not
// say. The document is written as it is made, a component at a time; an error of w is
// returned as it is, and what was written by then is no document. The same inventory
// and options give the same bytes: the document's namespace is derived from its
// content, and an inventory without Created is dated 1970-01-01, because SPDX demands
// a date.
//
// The errors are ErrVersion for an unknown format, before anything is written. A nil
// inventory is an empty one. Encode does not change inv, and is safe for concurrent
// use as long as nobody else does.
func Encode(w io.Writer, inv *sbom.Inventory, opts *Options) ([]sbom.Loss, error) {
	if opts == nil {
		opts = &Options{}
	}
	if inv == nil {
		inv = &sbom.Inventory{}
	}
	out := bufio.NewWriterSize(w, 64<<10)
	s, v := newSink(out, opts)
	if s == nil {
		return nil, fmt.Errorf("spdx: format %d: %w", opts.Format, ErrVersion)
	}
	e := newEncoder(inv, opts, v)
	e.sink = s
	e.write()
	return e.losses.List(), s.flush()
}

func newSink(w *bufio.Writer, opts *Options) (sink, version) {
	text := jsonText{w: w, indent: opts.Indent}
	switch opts.Format {
	case JSON23:
		return &jsonWriter{jsonText: text}, version23
	case TagValue23:
		return &tagWriter{w: w}, version23
	case JSON301:
		return newGraphWriter(text), version301
	case JSON22:
		return &jsonWriter{jsonText: text, version: version22}, version22
	case TagValue22:
		return &tagWriter{w: w}, version22
	}
	return nil, 0
}

// Decode reads an SPDX document: 2.1 to 2.3 in JSON or tag-value, and 3.0 in
// JSON-LD, told apart by their beginning. It returns what the document says as
// an inventory.
//
// Documents of other tools keep their order and their own references; see the
// package documentation for what is read of them. What the document contradicts
// itself about is a sbom.Gap, and what an inventory has no place for is told in
// DecodeOptions.Losses.
//
// The error is a *[DecodeError], which wraps ErrFormat, ErrVersion, ErrLimit or
// the error of r.
func Decode(r io.Reader, opts *DecodeOptions) (*sbom.Inventory, error) {
	if opts == nil {
		opts = &DecodeOptions{}
	}
	limits := document.Limits{Bytes: opts.MaxBytes, Items: opts.MaxComponents, Depth: opts.MaxDepth}.WithDefaults()
	d, err := read(r, limits)
	if err != nil {
		return nil, err
	}
	inv, losses := mapDoc(d)
	if opts.Losses != nil {
		*opts.Losses = losses
	}
	return inv, nil
}
