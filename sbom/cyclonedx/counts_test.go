package cyclonedx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

// node is an element of a document, JSON or XML, as an independent counter sees
// it: names and children, and none of the reader's types.
type node struct {
	name     string
	value    string
	children []*node
}

func (n *node) all(name string) []*node {
	var out []*node
	for _, c := range n.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// items returns the elements of the list of that name.
func (n *node) items(name string) []*node {
	var out []*node
	for _, list := range n.all(name) {
		out = append(out, list.children...)
	}
	return out
}

func (n *node) text(name string) string {
	for _, c := range n.all(name) {
		return c.value
	}
	return ""
}

func parse(t *testing.T, text []byte) *node {
	t.Helper()
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) {
		return parseXML(t, text)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return jsonNode("", v)
}

func jsonNode(name string, v any) *node {
	n := &node{name: name}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			n.children = append(n.children, jsonNode(key, v[key]))
		}
	case []any:
		for _, e := range v {
			n.children = append(n.children, jsonNode("", e))
		}
	default:
		n.value = fmt.Sprint(v)
	}
	return n
}

func parseXML(t *testing.T, text []byte) *node {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	root := &node{}
	open := []*node{root}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return root.children[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		top := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local}
			for _, a := range tok.Attr {
				n.children = append(n.children, &node{name: a.Name.Local, value: a.Value})
			}
			top.children = append(top.children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.value += strings.TrimSpace(string(tok))
		}
	}
}

// tally counts what a document says about components.
type tally map[string]int

// countDocument counts what the raw document says, by the structure of CycloneDX.
func countDocument(doc *node) tally {
	n := make(tally)
	for _, c := range doc.items("components") {
		n.component(c)
	}
	for _, md := range doc.all("metadata") {
		for _, subject := range md.all("component") {
			for _, c := range subject.items("components") {
				n.component(c)
			}
		}
	}
	n.edges(doc)
	n.services(doc)
	for _, part := range []string{"vulnerabilities", "compositions", "annotations", "formulation", "externalReferences", "properties", "citations"} {
		if items := doc.items(part); len(items) > 0 {
			n["part "+part] = len(items)
		}
	}
	for _, part := range []string{"declarations", "definitions"} {
		n["part "+part] += len(doc.all(part))
	}
	return n
}

func (n tally) services(of *node) {
	for _, s := range of.items("services") {
		n["part services"]++
		n.services(s)
	}
}

func (n tally) component(c *node) {
	n["component"]++
	n["hash"] += len(c.items("hashes"))
	for _, s := range c.all("supplier") {
		n["field supplier"] += len(s.all("name"))
	}
	n["licence"] += len(c.items("licenses"))
	n["property"] += len(c.items("properties"))
	n["reference"] += len(c.items("externalReferences"))
	for _, r := range c.items("externalReferences") {
		n["hash of a reference"] += len(r.items("hashes"))
	}
	for _, e := range c.all("evidence") {
		n["found licence"] += len(e.items("licenses"))
		n["notice"] += len(e.items("copyright"))
		n["occurrence"] += len(e.items("occurrences"))
		n["frame"] += len(e.items("callstack"))
	}
	for _, field := range []string{
		"author", "publisher", "copyright", "manufacturer", "authors", "swid", "pedigree", "releaseNotes", "modelCard", "cryptoProperties", "data",
		"mime-type", "modified", "tags", "purl", "cpe", "group", "version", "description", "signature",
	} {
		n["field "+field] += len(c.all(field))
	}
	for _, field := range []string{"omniborId", "swhid"} { // lists in JSON, repeated in XML
		for _, e := range c.all(field) {
			n["field "+field] += max(1, len(e.children))
		}
	}
	for _, nested := range c.items("components") {
		n.component(nested)
		n["nesting"]++
	}
}

// edges counts the different edges between things that are there.
func (n tally) edges(doc *node) {
	there := make(map[string]bool)
	var visit func(c *node)
	visit = func(c *node) {
		if ref := c.text("bom-ref"); ref != "" {
			there[ref] = true
		}
		for _, nested := range append(c.items("components"), c.items("services")...) {
			visit(nested)
		}
	}
	visit(doc)
	for _, md := range doc.all("metadata") {
		for _, c := range md.all("component") {
			visit(c)
		}
	}
	seen := make(map[[3]string]bool)
	add := func(d *node, typ, to string) {
		e := [3]string{d.text("ref"), typ, to}
		if !seen[e] && there[e[0]] && there[to] {
			seen[e] = true
			n["edge"]++
		}
	}
	for _, d := range doc.items("dependencies") {
		for _, to := range d.items("dependsOn") { // JSON
			add(d, "dependsOn", to.value)
		}
		for _, to := range d.all("dependency") { // XML
			add(d, "dependsOn", to.text("ref"))
		}
		for _, to := range d.items("provides") {
			add(d, "provides", to.value)
		}
	}
}

// countInventory counts what an inventory that was read says, kept properties by
// what is in them.
func countInventory(t *testing.T, inv *sbom.Inventory) tally {
	n := make(tally)
	for i := range inv.Components {
		c := &inv.Components[i]
		n["component"]++
		keptFields := &node{}
		for _, p := range c.Properties {
			name, ok := strings.CutPrefix(p.Name, "cyclonedx:")
			switch {
			case p.Name == "imagetrust:pointer":
			case p.Name == "cyclonedx:dependencyOf":
				n["edge"]++
			case ok:
				keptFields.children = append(keptFields.children, keptNode(name, p.Value))
			default:
				n["property"]++
			}
		}
		other := make(tally)
		other.component(keptFields)
		delete(other, "component")
		n["hash"] += len(c.Hashes) + other["hash"]
		stated, found := splitFound(c.Licenses)
		n["licence"] += max(len(stated), other["licence"])
		n["found licence"] += max(len(found), other["found licence"])
		n["reference"] += max(len(c.References), other["reference"])
		hashes := 0
		for _, r := range c.References {
			hashes += len(r.Hashes)
		}
		n["hash of a reference"] += max(hashes, other["hash of a reference"])
		for _, e := range c.Evidence {
			if e.Location.Path != "" {
				n["occurrence"]++
			}
		}
		cpe := ""
		if len(c.CPEs) > 0 {
			cpe = c.CPEs[0]
		}
		for name, value := range map[string]string{
			"field copyright": c.Copyright, "field purl": c.PURL, "field cpe": cpe, "field group": c.Group, "field version": c.Version,
			"field description": c.Description,
		} {
			if value != "" {
				n[name]++
			}
		}
		if c.Supplier != "" && other["field supplier"] == 0 && !slices.ContainsFunc(c.Properties, func(p sbom.Property) bool {
			return strings.HasPrefix(p.Name, "cyclonedx:") && strings.Contains(p.Value, c.Supplier) // taken from another field
		}) {
			n["field supplier"]++
		}
		for _, name := range []string{"notice", "frame"} {
			n[name] += other[name]
		}
		for name, count := range other {
			if strings.HasPrefix(name, "field ") {
				n[name] += count
			}
		}
	}
	for _, r := range inv.Relationships {
		if r.Type == sbom.Contains {
			n["nesting"]++
		} else {
			n["edge"]++
		}
	}
	return n
}

func keptNode(name, value string) *node {
	var v any
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		return &node{name: name, value: value}
	}
	return jsonNode(name, v)
}

// foreignDocuments are real documents of other tools, and the examples of
// cyclonedx-go, by name.
func foreignDocuments(t *testing.T) map[string][]byte {
	t.Helper()
	var files []string
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{
		filepath.Join("..", "..", "..", "shared", "reports", "*.cdx.*"), filepath.Join("..", "..", "..", "shared", "reports", "*.cyclonedx.json"),
		filepath.Join(strings.TrimSpace(string(dir)), "testdata", "valid-*"),
	} {
		m, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, m...)
	}
	docs := make(map[string][]byte)
	for _, file := range files {
		if docs[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(docs) < 80 {
		t.Logf("only %d documents: those of other tools are missing", len(docs))
	}
	return docs
}

// TestNothingIsLost: what the raw document says is in the inventory or in the
// losses, one for one.
func TestNothingIsLost(t *testing.T) {
	sum := make(tally)
	for name, text := range foreignDocuments(t) {
		t.Run(name, func(t *testing.T) {
			var losses []sbom.Loss
			inv, err := Decode(bytes.NewReader(text), &DecodeOptions{Losses: &losses})
			if err != nil {
				t.Fatal(err)
			}
			said, read := countDocument(parse(t, text)), countInventory(t, inv)
			for _, l := range losses {
				if l.Component != "" || l.Count == 0 || l.Reason == "" {
					t.Errorf("loss %+v", l)
				}
				if l.Field == "dependencies" {
					read["edge"] += l.Count
				}
				if key := "part " + l.Field; said[key] > 0 {
					read[key] += l.Count
				}
			}
			for what, n := range said {
				sum[what] += n
				switch {
				case what == "occurrence" && read[what] > n: // one place of several identities
				case read[what] != n:
					t.Errorf("%s: %d in the document, %d in the inventory and the losses %v", what, n, read[what], losses)
				}
			}
		})
	}
	t.Logf("%v", sum)
}

// TestForeignRoundTrip: whatever was read of other tools' documents can be written
// in every version and encoding, valid, and comes back whole.
func TestForeignRoundTrip(t *testing.T) {
	docs := foreignDocuments(t)
	for _, version := range []string{"1.4", "1.5", "1.6", "1.7"} {
		schema := compileSchema(t, version)
		for name, text := range docs {
			if len(text) > 1<<20 && version != "1.6" {
				continue // one version of the largest is enough
			}
			inv, err := Decode(bytes.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(version+" "+name, func(t *testing.T) {
				validateJSON(t, schema, roundTrip(t, inv, &Options{Version: version, Hidden: true, Files: true}))
				roundTrip(t, inv, &Options{Version: version, Format: XML, Hidden: true, Files: true})
			})
		}
	}
}
