package spdx

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
)

const (
	formatJSON  = "SPDX JSON"
	formatTag   = "SPDX tag-value"
	formatGraph = "SPDX 3 JSON-LD"
)

// read reads a document of any format into an SPDX 2.3 document.
func read(r io.Reader, limits document.Limits) (*doc, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	first, err := begin(in)
	switch {
	case err != nil && err != io.EOF:
		return nil, &DecodeError{Format: "SPDX", Err: err}
	case err == io.EOF || first == '<' || first == '[':
		return nil, &DecodeError{Format: "SPDX", Err: ErrFormat, Detail: "neither JSON nor tag-value"}
	case first != '{':
		return readTagValue(in, limits)
	}
	j := &jsonReader{limits: limits, dec: json.NewDecoder(limits.Reader(in, formatJSON, "packages", "files", "@graph")), doc: &doc{}, known: make(membersOf)}
	if err := j.document(); err != nil {
		return nil, err
	}
	if j.context {
		if d := j.doc; d.SPDXVersion != "" || len(d.Packages)+len(d.Relationships) > 0 {
			return nil, &DecodeError{Format: formatJSON, Err: ErrFormat, Detail: "it is a document of SPDX 2 and of SPDX 3 in one, and says different things to readers of each"}
		}
		return j.graph.finish()
	}
	if _, other := j.rest["bomFormat"]; other && j.doc.SPDXVersion == "" {
		return nil, &DecodeError{Format: formatJSON, Err: ErrFormat, Detail: "it is a CycloneDX document, which package cyclonedx reads"}
	}
	if err := checkVersion(formatJSON, j.doc.SPDXVersion); err != nil {
		return nil, err
	}
	for name := range j.rest {
		j.doc.lost.Add("", name, reasonUnknown, 1)
	}
	return j.doc, nil
}

// begin skips a byte order mark and white space, and returns the first byte behind.
func begin(in *bufio.Reader) (byte, error) {
	if bom, err := in.Peek(3); err == nil && string(bom) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3)
	}
	for {
		c, err := in.ReadByte()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			if err == nil {
				err = in.UnreadByte()
			}
			return c, err
		}
	}
}

func checkVersion(format, version string) error {
	switch version {
	case "SPDX-2.1", "SPDX-2.2", "SPDX-2.3":
		return nil
	case "":
		return &DecodeError{Format: format, Err: ErrFormat, Detail: "no SPDX version, which says that a document is one of SPDX"}
	}
	return &DecodeError{Format: format, Err: ErrVersion, Detail: fmt.Sprintf("%.40q", version)}
}

// jsonReader reads JSON an element at a time.
type jsonReader struct {
	limits  document.Limits
	dec     *json.Decoder
	doc     *doc
	items   int
	context bool                       // whether the document is JSON-LD
	graph   *graphReader               // not nil when the document is JSON-LD
	rest    map[string]json.RawMessage // members that are not of SPDX 2
	known   membersOf
}

func (j *jsonReader) document() error {
	if _, err := j.dec.Token(); err != nil {
		return j.fail(err)
	}
	for j.dec.More() {
		t, err := j.dec.Token()
		if err != nil {
			return j.fail(err)
		}
		if err := j.member(t.(string)); err != nil {
			return err
		}
	}
	for range 2 { // the end of the object, and that of the text
		if _, err := j.dec.Token(); err != nil && err != io.EOF {
			return j.fail(err)
		} else if err == io.EOF {
			return j.single()
		}
	}
	return &DecodeError{Format: formatJSON, Offset: j.dec.InputOffset(), Err: ErrFormat, Detail: "something follows the document"}
}

// single takes a JSON-LD document that is one element without a graph.
func (j *jsonReader) single() error {
	if !j.context {
		return nil
	}
	if j.graph == nil {
		j.graph = newGraphReader()
	}
	if _, ok := j.rest["type"]; !ok {
		return nil
	}
	if name := j.doc.Name; name != "" { // which SPDX 2 has too
		j.rest["name"] = json.RawMessage(compact(name))
	}
	raw, err := json.Marshal(j.rest)
	if err != nil {
		return j.fail(err)
	}
	return j.graphElement(raw, 0)
}

// member reads one member of the document.
func (j *jsonReader) member(name string) error {
	d := j.doc
	switch name {
	case "spdxVersion":
		if err := j.value(&d.SPDXVersion, "/"+name); err != nil {
			return err
		}
		if d.SPDXVersion != "" {
			return checkVersion(formatJSON, d.SPDXVersion)
		}
		return nil
	case "SPDXID":
		return j.value(&d.SPDXID, "/"+name)
	case "name":
		return j.value(&d.Name, "/"+name)
	case "documentNamespace":
		return j.value(&d.Namespace, "/"+name)
	case "dataLicense":
		return j.value(&d.DataLicense, "/"+name)
	case "creationInfo":
		return j.value(&d.Creation, "/"+name)
	case "documentDescribes":
		return j.value(&d.Describes, "/"+name)
	case "@context":
		var skip json.RawMessage
		j.context = true
		return j.value(&skip, "/"+name)
	}
	return j.list(name)
}

func (j *jsonReader) list(name string) error {
	d := j.doc
	var at string
	switch name {
	case "packages":
		return j.elements(name, func(raw []byte, i int) error {
			p := pkg{at: pointer(name, i)}
			err := j.element(raw, &p, name)
			p.at = pointer(name, i)
			p.file = nil
			p.normal()
			d.Packages = append(d.Packages, p)
			return errors.Join(err, j.count())
		})
	case "files":
		return j.elements(name, func(raw []byte, i int) error {
			var f file
			err := j.element(raw, &f, name)
			p := f.pkg()
			p.at = pointer(name, i)
			d.Packages = append(d.Packages, p)
			return errors.Join(err, j.count())
		})
	case "relationships":
		return j.elements(name, func(raw []byte, _ int) error { return appendElement(j, raw, name, &d.Relationships) })
	case "annotations":
		return j.elements(name, func(raw []byte, _ int) error { return appendElement(j, raw, name, &d.Annotations) })
	case "hasExtractedLicensingInfos":
		return j.elements(name, func(raw []byte, _ int) error { return appendElement(j, raw, name, &d.Licenses) })
	case "@graph":
		j.graph = newGraphReader()
		return j.elements(name, j.graphElement)
	case "snippets", "revieweds", "externalDocumentRefs":
		return j.elements(name, func([]byte, int) error { d.lost.Add("", name, reasonClass, 1); return nil })
	case "comment":
		if err := j.value(&at, "/"+name); err != nil {
			return err
		}
		if at != "" {
			d.lost.Add("", name, reasonDocument, 1)
		}
		return nil
	}
	var raw json.RawMessage
	if err := j.value(&raw, "/"+name); err != nil {
		return err
	}
	if j.rest == nil {
		j.rest = make(map[string]json.RawMessage)
	}
	j.rest[name] = raw
	return nil
}

func appendElement[T any](j *jsonReader, raw []byte, name string, list *[]T) error {
	var v T
	err := j.element(raw, &v, name)
	*list = append(*list, v)
	return err
}

// count counts packages and files.
func (j *jsonReader) count() error {
	if j.items++; j.items > j.limits.Items {
		return &DecodeError{Format: formatJSON, Offset: j.dec.InputOffset(), Err: ErrLimit, Detail: fmt.Sprintf("more than %d packages and files", j.limits.Items)}
	}
	return nil
}

// elements calls f with every element of a list; null is an empty one.
func (j *jsonReader) elements(name string, f func(raw []byte, i int) error) error {
	t, err := j.dec.Token()
	switch {
	case err != nil:
		return j.fail(err)
	case t == nil:
		return nil
	case t != json.Delim('['):
		return &DecodeError{Format: formatJSON, Offset: j.dec.InputOffset(), Pointer: "/" + name, Err: ErrFormat, Detail: "not a list"}
	}
	var raw json.RawMessage
	for i := 0; j.dec.More(); i++ {
		raw = raw[:0]
		if err := j.dec.Decode(&raw); err != nil {
			return j.fail(err)
		}
		if string(raw) == "null" {
			continue
		}
		if err := f(raw, i); err != nil {
			return j.place(err, name, i)
		}
	}
	if _, err := j.dec.Token(); err != nil {
		return j.fail(err)
	}
	return nil
}

// place adds to an error where the element stands.
func (j *jsonReader) place(err error, name string, i int) error {
	var typ *json.UnmarshalTypeError
	var limit *DecodeError
	switch {
	case errors.As(err, &limit):
		return limit
	case errors.As(err, &typ):
		at := pointer(name, i)
		if typ.Field != "" {
			at += "/" + strings.ReplaceAll(typ.Field, ".", "/")
		}
		return &DecodeError{Format: formatJSON, Offset: j.dec.InputOffset(), Pointer: at, Err: ErrFormat, Detail: err.Error()}
	}
	return j.fail(err)
}

// element decodes one element and reports the members that it does not know.
func (j *jsonReader) element(raw []byte, v any, name string) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	unknown(raw, j.known.of(reflect.TypeOf(v).Elem()), func(key string) { j.doc.lost.Add("", name+"."+key, reasonUnknown, 1) })
	return nil
}

func (j *jsonReader) value(v any, at string) error {
	if err := j.dec.Decode(v); err != nil {
		var typ *json.UnmarshalTypeError
		if errors.As(err, &typ) {
			return &DecodeError{Format: formatJSON, Offset: j.dec.InputOffset(), Pointer: at, Err: ErrFormat, Detail: err.Error()}
		}
		return j.fail(err)
	}
	return nil
}

// fail makes a DecodeError of an error of encoding/json.
func (j *jsonReader) fail(err error) error {
	var done *DecodeError
	if errors.As(err, &done) {
		return done
	}
	e := &DecodeError{Format: formatJSON, Offset: j.dec.InputOffset(), Err: ErrFormat, Detail: err.Error()}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		e.Offset = syntax.Offset
	}
	return e
}

// Reasons of what a reader does not keep.
const (
	reasonUnknown = "no such field is known"
	reasonTwice   = "a package has only one, and the last one counts"
	reasonBehind  = "nothing may stand behind the end of a text"
)

// membersOf are the names, in lower case, of the members that encoding/json decodes
// into a struct, by its type.
type membersOf map[reflect.Type]map[string]bool

func (k membersOf) of(t reflect.Type) map[string]bool {
	if m, ok := k[t]; ok {
		return m
	}
	m := make(map[string]bool)
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			m[strings.ToLower(name)] = true
		}
	}
	k[t] = m
	return m
}

// unknown calls f with every member of a JSON object that is not known.
func unknown(raw []byte, known map[string]bool, f func(key string)) {
	depth, expectKey := 0, false
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			depth++
			expectKey = depth == 1
		case '}', ']':
			depth--
		case ',':
			expectKey = depth == 1
		case '"':
			end := i + 1
			for end < len(raw) && raw[end] != '"' {
				if raw[end] == '\\' {
					end++
				}
				end++
			}
			if expectKey {
				if key := raw[i+1 : min(end, len(raw))]; !known[string(key)] && !known[string(bytes.ToLower(key))] {
					f(string(key))
				}
				expectKey = false
			}
			i = end
		}
	}
}
