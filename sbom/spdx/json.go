package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
)

const (
	formatJSON  = "SPDX JSON"
	formatTag   = "SPDX tag-value"
	formatGraph = "SPDX 3 JSON-LD"
)

// read reads a document of any format into an SPDX 2.3 document.
func read(text []byte, limits document.Limits) (*doc, error) {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] == '<' || text[0] == '[' {
		return nil, &DecodeError{Format: "SPDX", Err: ErrFormat, Detail: "neither JSON nor tag-value"}
	}
	if text[0] != '{' {
		return readTagValue(text, limits)
	}
	if err := limits.ScanJSON(text, formatJSON, "packages", "files", "@graph"); err != nil {
		return nil, err
	}
	var d struct {
		doc
		Context json.RawMessage `json:"@context"`
		Graph   []element       `json:"@graph"`
	}
	err := json.Unmarshal(text, &d)
	// The version is known even where the document is of the wrong shape.
	if bad := checkVersion(formatJSON, d.SPDXVersion); d.Context == nil && bad != nil && !isSyntax(err) {
		return nil, bad
	}
	if err != nil {
		return nil, jsonError(text, formatJSON, err)
	}
	if d.Context != nil {
		return readGraph(d.Graph)
	}
	for i := range d.Packages {
		d.Packages[i].at = pointer("packages", i)
	}
	for i := range d.Files {
		d.Files[i].at = pointer("files", i)
	}
	return &d.doc, nil
}

func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax)
}

func checkVersion(format, version string) error {
	switch version {
	case "SPDX-2.1", "SPDX-2.2", "SPDX-2.3":
		return nil
	case "":
		return &DecodeError{Format: format, Err: ErrFormat, Detail: "no SPDX version"}
	}
	return &DecodeError{Format: format, Err: ErrVersion, Detail: fmt.Sprintf("%.40q", version)}
}

// jsonError adds the place to an error of encoding/json.
func jsonError(text []byte, format string, err error) error {
	e := &DecodeError{Format: format, Err: ErrFormat, Detail: err.Error()}
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		e.Offset = syntax.Offset
		e.Line = document.LineAt(text, syntax.Offset)
	case errors.As(err, &typ):
		e.Offset = typ.Offset
		e.Line = document.LineAt(text, typ.Offset)
		e.Pointer = "/" + strings.ReplaceAll(typ.Field, ".", "/")
	}
	return e
}

func writeJSON(d *doc, opts *Options) ([]byte, error) { return marshalJSON(d, opts) }

func marshalJSON(v any, opts *Options) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if opts.Indent {
		enc.SetIndent("", "  ")
	}
	err := enc.Encode(v)
	return b.Bytes(), err
}
