package spdx

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"
)

// jsonWriter writes SPDX 2 JSON. All lists but that of the packages and the files
// are of relationships and licences.
type jsonWriter struct {
	jsonText
	version  version
	licenses []extracted
	section  string // the list that is open
}

// jsonText writes members and elements one by one. Errors are bufio's: they stay,
// and flush returns them.
type jsonText struct {
	w      *bufio.Writer
	indent bool
	depth  int
	more   bool // whether something stands before in the same list or object
	buf    bytes.Buffer
}

func (t *jsonText) text(s string) { _, _ = t.w.WriteString(s) }

func (t *jsonText) newline() {
	if t.indent {
		t.text("\n" + strings.Repeat("  ", t.depth))
	}
}

func (t *jsonText) next() {
	if t.more {
		t.text(",")
	}
	t.newline()
	t.more = true
}

// open begins an object or a list, of the given name where it is a member.
func (t *jsonText) open(name, bracket string) {
	if name != "" {
		t.key(name)
	}
	t.text(bracket)
	t.depth++
	t.more = false
}

func (t *jsonText) close(bracket string) {
	t.depth--
	t.newline()
	t.text(bracket)
	t.more = true
}

func (t *jsonText) key(name string) {
	t.next()
	t.text(`"` + name + `":`)
	if t.indent {
		t.text(" ")
	}
}

func (t *jsonText) member(name string, v any) {
	t.key(name)
	t.value(v)
}

func (t *jsonText) element(v any) {
	t.next()
	t.value(v)
}

func (t *jsonText) value(v any) {
	t.buf.Reset()
	enc := json.NewEncoder(&t.buf)
	enc.SetEscapeHTML(false)
	if t.indent {
		enc.SetIndent(strings.Repeat("  ", t.depth), "  ")
	}
	_ = enc.Encode(v) // the types of this package have no value that cannot be encoded
	_, _ = t.w.Write(bytes.TrimSuffix(t.buf.Bytes(), []byte("\n")))
}

func (t *jsonText) flush() error {
	t.text("\n")
	return t.w.Flush()
}

func (w *jsonWriter) begin(h *head) {
	w.open("", "{")
	w.member("spdxVersion", h.SPDXVersion)
	w.member("dataLicense", h.DataLicense)
	w.member("SPDXID", h.SPDXID)
	w.member("documentNamespace", h.Namespace)
	w.member("name", h.Name)
	w.member("creationInfo", &h.Creation)
}

// in opens a list, unless it is open already.
func (w *jsonWriter) in(section string) {
	if section == w.section {
		return
	}
	if w.section != "" {
		w.close("]")
	}
	w.section = section
	if section != "" {
		w.open(section, "[")
	}
}

func (w *jsonWriter) pkg(p *pkg) {
	if p.file != nil {
		w.in("files")
		w.element(p.asFile())
		return
	}
	w.in("packages")
	if w.version == version22 {
		p = oldPackage(p)
	}
	w.element(p)
}

// oldPackage spells a category as the schema of SPDX 2.2 does.
func oldPackage(p *pkg) *pkg {
	c := *p
	c.ExternalRefs = make([]externalRef, len(p.ExternalRefs))
	for i, r := range p.ExternalRefs {
		r.Category = strings.ReplaceAll(r.Category, "-", "_")
		c.ExternalRefs[i] = r
	}
	return &c
}

func (w *jsonWriter) license(x *extracted) { w.licenses = append(w.licenses, *x) }

func (w *jsonWriter) relationship(r *relationship) {
	w.in("relationships")
	w.element(r)
}

func (w *jsonWriter) annotation(a *annotation) {
	w.in("")
	w.member("annotations", []*annotation{a})
}

func (w *jsonWriter) end() {
	w.in("")
	if len(w.licenses) > 0 {
		w.member("hasExtractedLicensingInfos", w.licenses)
	}
	w.close("}")
}
