package cyclonedx

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
)

// stream reads a document into m, one component at a time.
func stream(r io.Reader, limits document.Limits, m *mapper) error {
	in := bufio.NewReader(r)
	if b, _ := in.Peek(3); string(b) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3)
	}
	lines := 0
	for {
		c, err := in.ReadByte()
		switch {
		case err == io.EOF:
			return errNeither()
		case err != nil:
			return &DecodeError{Format: "CycloneDX", Err: err}
		case c == '\n':
			lines++
		case c == ' ', c == '\t', c == '\r':
		case c == '{':
			_ = in.UnreadByte()
			return streamJSON(in, lines, limits, m)
		case c == '<':
			_ = in.UnreadByte()
			return streamXML(in, lines, limits, m)
		default:
			return errNeither()
		}
	}
}

// jsonStream reads the members of the outermost object as they come.
type jsonStream struct {
	*mapper
	in              *document.Reader
	dec             *json.Decoder
	lines           int // in front of the document
	seen            map[string]bool
	format, version string
	raw             json.RawMessage // the value that is read
}

func streamJSON(r io.Reader, lines int, limits document.Limits, m *mapper) error {
	s := &jsonStream{mapper: m, lines: lines, seen: make(map[string]bool)}
	s.in = limits.Reader(r, formatJSON, countedLists()...)
	s.dec = json.NewDecoder(s.in)
	if _, err := s.dec.Token(); err != nil { // the opening brace
		return s.fail(err, "")
	}
	for s.dec.More() {
		if err := s.member(); err != nil {
			return err
		}
	}
	if _, err := s.dec.Token(); err != nil {
		return s.fail(err, "")
	}
	if _, err := s.dec.Token(); err != io.EOF {
		if err == nil {
			err = errors.New("something follows the document")
		}
		return s.fail(err, "")
	}
	if s.format == "" && (s.seen["spdxVersion"] || s.seen["@context"]) {
		return &DecodeError{Format: formatJSON, Err: ErrFormat, Detail: "it is an SPDX document, which package spdx reads"}
	}
	return checkHead(s.format, s.version)
}

// members are the ones that are known, in the spelling of the specification.
// encoding/json takes other spellings for the same, and so does this reader: two
// readers must not see two documents.
var members = []string{
	"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services", "externalReferences", "dependencies",
	"compositions", "properties", "vulnerabilities", "annotations", "formulation", "declarations", "definitions", "citations", "signature",
}

func memberName(name string) string {
	for _, known := range members {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

func (s *jsonStream) member() error {
	t, err := s.dec.Token()
	if err != nil {
		return s.fail(err, "")
	}
	name, _ := t.(string)
	name = memberName(name)
	pointer := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	if s.seen[name] {
		return errTwice(name, s.line())
	}
	s.seen[name] = true
	switch name {
	case "$schema":
		return s.value(pointer, &skipped{})
	case "bomFormat":
		return s.value(pointer, &s.format)
	case "specVersion":
		return s.value(pointer, &s.version)
	case "serialNumber", "version", "signature":
		s.itself = append(s.itself, name)
		return s.value(pointer, &skipped{})
	case "metadata":
		var md *cdx.Metadata
		if err := s.read(pointer, &md, known().metadata, name); err != nil || md == nil {
			return err
		}
		s.mapper.metadata(md)
		return nil
	case "components":
		return each(s, pointer, known().component, func(i int, c *cdx.Component) { s.element(c, pointer+"/"+strconv.Itoa(i), -1) })
	case "services":
		return each(s, pointer, nil, func(_ int, v *service) { s.service(v) })
	case "dependencies":
		return each(s, pointer, known().dependency, func(_ int, d *cdx.Dependency) { s.depend(d) })
	}
	return s.unknown(name, pointer)
}

// depend takes a dependency, at once if all it speaks of was there, so that it
// need not be kept.
func (m *mapper) depend(d *cdx.Dependency) {
	if m.known(d.Ref) && m.allKnown(d.Dependencies) && m.allKnown(d.Provides) {
		m.dependency(d)
		return
	}
	m.depends = append(m.depends, *d)
}

func (m *mapper) known(ref string) bool {
	_, ok := m.at[ref]
	return ok || m.root[ref]
}

func (m *mapper) allKnown(refs *[]string) bool {
	if refs == nil {
		return true
	}
	for _, ref := range *refs {
		if !m.known(ref) {
			return false
		}
	}
	return true
}

// service is what is read of a service: that it is there.
type service struct {
	BOMRef   string    `json:"bom-ref" xml:"bom-ref,attr"`
	Services []service `json:"services" xml:"services>service"`
}

func (m *mapper) service(s *service) {
	m.losses.Add("", "services", reasonNoPlace, 1)
	m.services[s.BOMRef] = true
	for i := range s.Services {
		m.service(&s.Services[i])
	}
}

// skipped is a value that is not kept.
type skipped struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*skipped) UnmarshalJSON([]byte) error { return nil }

// value reads one value.
func (s *jsonStream) value(pointer string, v any) error {
	if err := s.dec.Decode(v); err != nil {
		return s.fail(err, pointer)
	}
	return nil
}

// read reads one value of a shape, and reports what is not read of it under the name of
// its part of the document. Of a value without a shape, nothing more is to be read.
func (s *jsonStream) read(pointer string, v any, of *shape, name string) error {
	if of == nil {
		return s.value(pointer, v)
	}
	if err := s.value(pointer, &s.raw); err != nil {
		return err
	}
	if err := json.Unmarshal(s.raw, v); err != nil {
		return s.fail(err, pointer)
	}
	of.find(s.raw, name, func(path string) { s.lostPart(path, 1) })
	return nil
}

// each reads a list one element at a time; null is an empty list.
func each[T any](s *jsonStream, pointer string, of *shape, f func(int, *T)) error {
	t, err := s.dec.Token()
	switch {
	case err != nil:
		return s.fail(err, pointer)
	case t == nil:
		return nil
	case t != json.Delim('['):
		return &DecodeError{Format: formatJSON, Pointer: pointer, Err: ErrFormat, Detail: "is no list"}
	}
	for i := 0; s.dec.More(); i++ {
		var v T
		if err := s.read(pointer+"/"+strconv.Itoa(i), &v, of, pointer[1:]); err != nil {
			return err
		}
		f(i, &v)
	}
	if _, err := s.dec.Token(); err != nil {
		return s.fail(err, pointer)
	}
	return nil
}

// unknown skips what an inventory has no place for, and counts it.
func (s *jsonStream) unknown(name, pointer string) error {
	t, err := s.dec.Token()
	if err != nil {
		return s.fail(err, pointer)
	}
	n := 0
	open, nested := t.(json.Delim)
	switch {
	case t == nil:
		return nil
	case !nested:
		s.lostPart(name, 1)
		return nil
	}
	for ; s.dec.More(); n++ {
		if open == '{' {
			if _, err := s.dec.Token(); err != nil {
				return s.fail(err, pointer)
			}
		}
		if err := s.value(pointer, &skipped{}); err != nil {
			return err
		}
	}
	if open == '{' {
		n = 1
	}
	s.lostPart(name, n)
	_, err = s.dec.Token()
	if err != nil {
		return s.fail(err, pointer)
	}
	return nil
}

// line is that of the decoder.
func (s *jsonStream) line() int {
	rest, err := io.ReadAll(s.dec.Buffered())
	if err != nil {
		return 0
	}
	return 1 + s.lines + s.in.Lines() - bytes.Count(rest, []byte("\n"))
}

// fail says where in the document an error of encoding/json is.
func (s *jsonStream) fail(err error, pointer string) error {
	var known *DecodeError
	if errors.As(err, &known) {
		return known
	}
	e := &DecodeError{Format: formatJSON, Pointer: pointer, Err: ErrFormat, Detail: err.Error()}
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		if typ.Field != "" {
			e.Pointer += "/" + strings.ReplaceAll(typ.Field, ".", "/")
		}
		return e
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		e.Detail = "unexpected end"
	}
	// The decoder stands before the value at fault and has read up to the fault.
	rest, readErr := io.ReadAll(s.dec.Buffered())
	if readErr != nil {
		return e
	}
	value := bytes.TrimLeft(rest, ",: \t\r\n")
	e.Offset = s.dec.InputOffset() + int64(len(rest)-len(value))
	e.Line = s.line() + bytes.Count(rest[:len(rest)-len(value)], []byte("\n"))
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(value, &skipped{}), &syntax) {
		e.Offset += syntax.Offset
		e.Line += document.LineAt(value, syntax.Offset) - 1
	}
	return e
}

// checkHead checks what says that a JSON document is one of CycloneDX.
func checkHead(format, version string) error {
	if format == "" {
		return &DecodeError{Format: formatJSON, Err: ErrFormat, Detail: "no bomFormat, which says that a document is one of CycloneDX"}
	}
	if format != cdx.BOMFormat {
		return &DecodeError{Format: formatJSON, Pointer: "/bomFormat", Err: ErrFormat, Detail: fmt.Sprintf("%.40q", format)}
	}
	if _, ok := specVersion(version); !ok {
		return &DecodeError{Format: formatJSON, Pointer: "/specVersion", Err: ErrVersion, Detail: fmt.Sprintf("%.40q", version)}
	}
	return nil
}
