package cyclonedx

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strconv"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writer writes a document part by part. The first error is kept, and returned by
// end; what comes after it is not written.
type writer interface {
	begin(head *cdx.BOM)
	list(name, element string)
	element(v any)
	endList()
	end() error
}

func newWriter(w io.Writer, opts *Options) writer {
	out := bufio.NewWriterSize(w, 64<<10)
	if opts.Format == XML {
		x := &xmlWriter{out: out, enc: xml.NewEncoder(out)}
		if opts.Indent {
			x.enc.Indent("", "  ")
		}
		return x
	}
	j := &jsonWriter{out: out, indent: opts.Indent}
	j.enc = json.NewEncoder(&j.value)
	j.enc.SetEscapeHTML(false)
	return j
}

// jsonWriter writes the members of one object, in the way in which encoding/json
// would write the whole.
type jsonWriter struct {
	out    *bufio.Writer
	indent bool
	value  bytes.Buffer
	enc    *json.Encoder
	first  bool // whether no element of the list was written
	err    error
}

// line begins a line at a depth.
func (j *jsonWriter) line(depth int) {
	if !j.indent {
		return
	}
	j.text("\n")
	for range depth {
		j.text("  ")
	}
}

func (j *jsonWriter) text(s string) { _, _ = j.out.WriteString(s) } // bufio keeps the error

// put writes a value at a depth.
func (j *jsonWriter) put(v any, depth int) {
	j.value.Reset()
	if j.indent {
		j.enc.SetIndent("      "[:2*depth], "  ")
	}
	if err := j.enc.Encode(v); err != nil && j.err == nil {
		j.err = err
	}
	_, _ = j.out.Write(bytes.TrimSuffix(j.value.Bytes(), []byte("\n")))
}

// key begins a member of the outermost object.
func (j *jsonWriter) key(name string) {
	j.line(1)
	j.text(strconv.Quote(name) + ":")
	if j.indent {
		j.text(" ")
	}
}

func (j *jsonWriter) begin(head *cdx.BOM) {
	j.text("{")
	for _, m := range []struct {
		name  string
		value any
	}{
		{"$schema", head.JSONSchema}, {"bomFormat", head.BOMFormat}, {"specVersion", head.SpecVersion},
		{"serialNumber", head.SerialNumber}, {"version", head.Version},
	} {
		j.key(m.name)
		j.put(m.value, 1)
		j.text(",")
	}
	j.key("metadata")
	j.put(head.Metadata, 1)
}

func (j *jsonWriter) list(name, _ string) {
	j.text(",")
	j.key(name)
	j.text("[")
	j.first = true
}

func (j *jsonWriter) element(v any) {
	if !j.first {
		j.text(",")
	}
	j.first = false
	j.line(2)
	j.put(v, 2)
}

func (j *jsonWriter) endList() {
	if !j.first {
		j.line(1)
	}
	j.text("]")
}

func (j *jsonWriter) end() error {
	j.line(0)
	j.text("}\n")
	if j.err != nil {
		return j.err
	}
	return j.out.Flush()
}

// xmlWriter writes the children of the root element.
type xmlWriter struct {
	out     *bufio.Writer
	enc     *xml.Encoder
	open    []xml.StartElement
	pending string           // a list of which nothing was written yet
	item    xml.StartElement // its elements
	err     error
}

func (x *xmlWriter) keep(err error) {
	if x.err == nil {
		x.err = err
	}
}

func start(name string, attrs ...xml.Attr) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}, Attr: attrs}
}

func (x *xmlWriter) push(s xml.StartElement) {
	x.keep(x.enc.EncodeToken(s))
	x.open = append(x.open, s)
}

func (x *xmlWriter) pop() {
	x.keep(x.enc.EncodeToken(x.open[len(x.open)-1].End()))
	x.open = x.open[:len(x.open)-1]
}

func (x *xmlWriter) begin(head *cdx.BOM) {
	_, _ = x.out.WriteString(xml.Header)
	attr := func(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }
	x.push(start("bom", attr("xmlns", head.XMLNS), attr("serialNumber", head.SerialNumber), attr("version", strconv.Itoa(head.Version))))
	x.keep(x.enc.EncodeElement(head.Metadata, start("metadata")))
}

// list begins a list. An empty list is not written.
func (x *xmlWriter) list(name, element string) { x.pending, x.item = name, start(element) }

func (x *xmlWriter) element(v any) {
	if x.pending != "" {
		x.push(start(x.pending))
		x.pending = ""
	}
	if x.err == nil {
		x.keep(x.enc.EncodeElement(v, x.item))
	}
}

func (x *xmlWriter) endList() {
	if x.pending == "" {
		x.pop()
	}
	x.pending = ""
}

func (x *xmlWriter) end() error {
	x.pop()
	x.keep(x.enc.Flush())
	if x.err != nil {
		return x.err
	}
	_, _ = x.out.WriteString("\n")
	return x.out.Flush()
}
