package cyclonedx

import (
	"bytes"
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
	// Hidden also writes components that a later layer removed. They have
	// CycloneDX scope "excluded".
	Hidden bool
	// Files also writes Inventory.Files, as components of type "file".
	Files bool
}

// DecodeOptions bound what a document may cost. The zero value, as nil, has the
// defaults. Memory is about ten times the length of the document for JSON and
// fifteen times for XML.
type DecodeOptions struct {
	// MaxBytes is the longest document read, in bytes; 128 MiB if 0.
	MaxBytes int64
	// MaxComponents is the most components, and vulnerabilities, read, nested
	// ones included; 250,000 if 0.
	MaxComponents int
	// MaxDepth is the deepest nesting of JSON values or XML elements read; 100
	// if 0.
	MaxDepth int
}

// Encode writes inv as a CycloneDX document and returns what the document does
// not say. The document is complete in memory before its first byte is written:
// on an error of Encode's own nothing was written, and an error of w is
// returned as it is. The same inventory and options give the same bytes.
//
// The errors are ErrVersion for an unknown version or format. A nil inventory is
// an empty one. Encode does not change inv, and is safe for concurrent use as
// long as nobody else does.
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
	e := &encoder{inv: inv, opts: opts, version: version}
	bom := e.document()
	text, err := marshal(bom, opts)
	if err != nil {
		return nil, fmt.Errorf("cyclonedx: %w", err)
	}
	_, err = w.Write(text)
	return e.losses.List(), err
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

const serialPrefix = "urn:uuid:"

// marshal writes the document with a serial number that is derived from all of
// its other bytes.
func marshal(bom *cdx.BOM, opts *Options) ([]byte, error) {
	bom.SerialNumber = serialPrefix + document.NilUUID
	var b bytes.Buffer
	format := cdx.BOMFileFormatJSON
	if opts.Format == XML {
		format = cdx.BOMFileFormatXML
	}
	enc := cdx.NewBOMEncoder(&b, format).SetPretty(opts.Indent).SetEscapeHTML(false)
	if err := enc.Encode(bom); err != nil {
		return nil, err
	}
	if opts.Format == XML {
		b.WriteByte('\n')
	}
	text := b.Bytes()
	if i := bytes.Index(text, []byte(bom.SerialNumber)); i >= 0 {
		copy(text[i+len(serialPrefix):], document.UUID(text))
	}
	return text, nil
}

// Decode reads a CycloneDX document, JSON or XML by its first character, of
// version 1.2 or later, and returns what it says as an inventory.
//
// Documents of other tools keep their order and their own references; see the
// package documentation for what is read of them. Vulnerabilities are not read.
// What the document contradicts itself about is a sbom.Gap.
//
// The error is a *[DecodeError], which wraps ErrFormat, ErrVersion, ErrLimit or
// the error of r.
func Decode(r io.Reader, opts *DecodeOptions) (*sbom.Inventory, error) {
	bom, err := readBOM(r, opts, false)
	if err != nil {
		return nil, err
	}
	return mapBOM(bom, true), nil
}

// ReadBOM reads a whole document, vulnerabilities and all, within the same limits
// and with the same errors as [Decode]. It is for callers that need more than an
// inventory; see [FromBOM].
func ReadBOM(r io.Reader, opts *DecodeOptions) (*cdx.BOM, error) { return readBOM(r, opts, true) }

func readBOM(r io.Reader, opts *DecodeOptions, whole bool) (*cdx.BOM, error) {
	if opts == nil {
		opts = &DecodeOptions{}
	}
	limits := document.Limits{Bytes: opts.MaxBytes, Items: opts.MaxComponents, Depth: opts.MaxDepth}.WithDefaults()
	text, err := limits.Read(r, "CycloneDX")
	if err != nil {
		return nil, err
	}
	return unmarshal(text, limits, whole)
}

// FromBOM maps a document that was already read, by [ReadBOM] or otherwise. It is
// what Decode does after reading. bom is not
// changed, and the inventory keeps nothing of it but strings. The error is
// ErrFormat for a nil document.
func FromBOM(bom *cdx.BOM) (*sbom.Inventory, error) {
	if bom == nil {
		return nil, fmt.Errorf("cyclonedx: no document: %w", ErrFormat)
	}
	return mapBOM(bom, true), nil
}
