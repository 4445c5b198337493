package cyclonedx

import (
	"fmt"
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
	// Hidden also writes components that are not in the image: those that a later
	// layer removed, and those of its build (sbom.ScopeBuild). They have CycloneDX
	// scope "excluded".
	Hidden bool
	// Files also writes Inventory.Files, as components of type "file".
	Files bool
}

// DecodeOptions bound what a document may cost. The zero value, as nil, has the
// defaults. Decode needs no more memory than the inventory that it returns and
// the largest element of the document; ReadBOM needs about ten times the length
// of a JSON document and fifteen times that of an XML document.
type DecodeOptions struct {
	// MaxBytes is the longest document read, in bytes; 128 MiB if 0.
	MaxBytes int64
	// MaxComponents is the most components, and vulnerabilities, read, nested
	// ones included; 250,000 if 0.
	MaxComponents int
	// MaxDepth is the deepest nesting of JSON values or XML elements read; 100
	// if 0.
	MaxDepth int
	// Losses, if not nil, is set by Decode to what the document says and the
	// inventory does not: vulnerabilities, services and the like, each with its
	// number. What is said about components is never lost.
	Losses *[]sbom.Loss
}

// Encode writes inv as a CycloneDX document and returns what the document does
// not say. The document is written as it is made, in pieces of some kilobytes:
// beside the inventory, Encode needs memory for the references of components and
// for one component. The same inventory and options give the same bytes.
//
// The errors are ErrVersion for an unknown version or format, when nothing was
// written, and the error of w. A nil inventory is an empty one. Encode does not
// change inv, and is safe for concurrent use as long as nobody else does.
func Encode(w io.Writer, inv *sbom.Inventory, opts *Options) ([]sbom.Loss, error) {
	if opts == nil {
		opts = &Options{}
	}
	if inv == nil {
		inv = &sbom.Inventory{}
	}
	version, err := parseVersion(opts.Version)
	if err != nil {
		return nil, fmt.Errorf("cyclonedx: %w", err)
	}
	if opts.Format != JSON && opts.Format != XML {
		return nil, fmt.Errorf("cyclonedx: format %d: %w", opts.Format, ErrVersion)
	}
	e := newEncoder(inv, opts, version)
	return e.losses.List(), e.write(w)
}

func parseVersion(s string) (cdx.SpecVersion, error) {
	switch s {
	case "1.4":
		return cdx.SpecVersion1_4, nil
	case "1.5":
		return cdx.SpecVersion1_5, nil
	case "", "1.6":
		return cdx.SpecVersion1_6, nil
	case "1.7":
		return cdx.SpecVersion1_7, nil
	}
	return 0, fmt.Errorf("version %q: %w", s, ErrVersion)
}

// Decode reads a CycloneDX document, JSON or XML by its first character, of
// version 1.2 or later, and returns what it says as an inventory.
//
// Documents of other tools keep their order and their own references; see the
// package documentation for what is read of them, and DecodeOptions.Losses for
// what is not. What the document contradicts itself about is a sbom.Gap.
//
// The error is a *[DecodeError], which wraps ErrFormat, ErrVersion, ErrLimit or
// the error of r.
func Decode(r io.Reader, opts *DecodeOptions) (*sbom.Inventory, error) {
	if opts == nil {
		opts = &DecodeOptions{}
	}
	m := newMapper(true)
	if err := stream(opts.limits().Reader(r, "CycloneDX"), opts.limits(), m); err != nil {
		return nil, err
	}
	inv, losses := m.finish()
	if opts.Losses != nil {
		*opts.Losses = losses
	}
	return inv, nil
}

func (o *DecodeOptions) limits() document.Limits {
	return document.Limits{Bytes: o.MaxBytes, Items: o.MaxComponents, Depth: o.MaxDepth}.WithDefaults()
}

// ReadBOM reads a whole document, vulnerabilities and all, within the same limits
// and with the same errors as [Decode]. It is for callers that need more than an
// inventory; see [FromBOM].
func ReadBOM(r io.Reader, opts *DecodeOptions) (*cdx.BOM, error) {
	if opts == nil {
		opts = &DecodeOptions{}
	}
	text, err := opts.limits().Read(r, "CycloneDX")
	if err != nil {
		return nil, err
	}
	return unmarshal(text, opts.limits())
}

// FromBOM maps a document that was already read, by [ReadBOM] or otherwise, to the
// inventory that Decode returns. bom is not changed, and the inventory keeps
// nothing of it but strings. The error is ErrFormat for a nil document.
func FromBOM(bom *cdx.BOM) (*sbom.Inventory, error) {
	if bom == nil {
		return nil, fmt.Errorf("cyclonedx: no document: %w", ErrFormat)
	}
	return mapBOM(bom), nil
}
