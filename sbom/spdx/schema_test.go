package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	tagvalue "github.com/spdx/tools-golang/spdx/v2/v2_3/tagvalue/reader"
	"github.com/spdx/tools-golang/tagvalue/reader"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// shared returns the path of a file that is not part of the repository, and
// skips the test where it is missing.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no official schemas or real documents here: %s is missing", path)
	}
	return path
}

func inventories(n uint64) []*sbom.Inventory {
	list := []*sbom.Inventory{documenttest.Golden(), {}}
	for seed := range n {
		list = append(list, documenttest.Random(seed))
	}
	return list
}

func encode(t testing.TB, inv *sbom.Inventory, opts *Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Encode(&b, inv, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSchema23 validates SPDX 2.3 JSON against the official schema, and has
// spdx/tools-golang read it.
func TestSchema23(t *testing.T) {
	c := jsonschema.NewCompiler()
	schema, err := c.Compile(shared(t, "schemas", "spdx-2.3.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, inv := range inventories(200) {
		text := encode(t, inv, &Options{Hidden: true, Files: true})
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		var oracle v2_3.Document
		if err := json.Unmarshal(text, &oracle); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		checkOracle(t, inv, &oracle)
	}
}

// TestTagValueOracle has spdx/tools-golang read the tag-value format.
func TestTagValueOracle(t *testing.T) {
	for _, inv := range inventories(200) {
		text := encode(t, inv, &Options{Format: TagValue23, Hidden: true, Files: true})
		pairs, err := reader.ReadTagValues(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		oracle, err := tagvalue.ParseTagValues(pairs)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		checkOracle(t, inv, oracle)
	}
}

// checkOracle checks that another reader sees every component, with its version
// and where it says that it is.
func checkOracle(t *testing.T, inv *sbom.Inventory, d *v2_3.Document) {
	t.Helper()
	extra := 1 // the image
	if inv.Distribution != nil {
		extra++
	}
	if n := len(d.Packages); n != len(inv.Components)+len(inv.Files)+extra {
		t.Fatalf("%d packages, want %d components, %d files and %d more", n, len(inv.Components), len(inv.Files), extra)
	}
	ids := map[string]bool{"DOCUMENT": true}
	for _, p := range d.Packages {
		id := string(p.PackageSPDXIdentifier)
		if ids[id] {
			t.Fatalf("identifier %q is not unique", id)
		}
		ids[id] = true
		if p.PackageName == "" {
			t.Fatal("package without a name")
		}
	}
	described := 0
	for _, r := range d.Relationships {
		if !ids[string(r.RefA.ElementRefID)] || !ids[string(r.RefB.ElementRefID)] {
			t.Fatalf("relationship %v between unknown elements", r)
		}
		if r.Relationship == "DESCRIBES" {
			described++
		}
	}
	if described != 1 {
		t.Fatalf("the document describes %d packages", described)
	}
}

// TestGraph checks an SPDX 3.0.1 document against the official JSON-LD context
// and the rules of the model that concern what is written: every word is one of
// the context, every element has an identifier of its own and a creation info,
// every reference resolves, and the SBOM holds every element.
func TestGraph(t *testing.T) {
	var context struct {
		Context map[string]any `json:"@context"`
	}
	b, err := os.ReadFile(shared(t, "schemas", "spdx-3-context.jsonld"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &context); err != nil {
		t.Fatal(err)
	}
	for _, inv := range inventories(100) {
		text := encode(t, inv, &Options{Format: JSON301, Hidden: true, Files: true})
		var g struct {
			Context string           `json:"@context"`
			Graph   []map[string]any `json:"@graph"`
		}
		if err := json.Unmarshal(text, &g); err != nil {
			t.Fatal(err)
		}
		checkGraph(t, g.Graph, context.Context)
	}
}

func checkGraph(t *testing.T, graph []map[string]any, context map[string]any) {
	t.Helper()
	ids := make(map[string]bool)
	for _, e := range graph {
		id, _ := e["spdxId"].(string)
		if e["type"] == "CreationInfo" {
			id, _ = e["@id"].(string)
		} else if e["creationInfo"] != "_:creationInfo" {
			t.Fatalf("no creation info: %v", e)
		}
		if id == "" || ids[id] {
			t.Fatalf("identifier %q is empty or not unique", id)
		}
		ids[id] = true
	}
	collections := 0
	for _, e := range graph {
		checkWords(t, e, context)
		for _, key := range []string{"from", "to", "subject", "rootElement", "element", "createdBy", "createdUsing", "suppliedBy", "creationInfo"} {
			for _, id := range words(e[key]) {
				if !ids[id] {
					t.Fatalf("%s: %q does not resolve", key, id)
				}
			}
		}
		switch e["type"] {
		case "SpdxDocument":
			collections++
		case "software_Sbom": // all but the creation info and the collections
			collections++
			if len(words(e["element"]))+3 != len(ids) {
				t.Fatalf("%v holds %d of %d elements", e["type"], len(words(e["element"])), len(ids))
			}
		}
	}
	if collections != 2 {
		t.Fatalf("%d collections", collections)
	}
}

// checkWords checks the keys and the classes.
func checkWords(t *testing.T, e map[string]any, context map[string]any) {
	t.Helper()
	for key, v := range e {
		if _, ok := context[key]; !ok && key != "@id" {
			t.Fatalf("%q is no word of the context", key)
		}
		if s, ok := v.(string); ok && key == "type" {
			if _, ok := context[s]; !ok {
				t.Fatalf("%q is no class of the context", s)
			}
		}
		switch v := v.(type) {
		case map[string]any:
			checkWords(t, v, context)
		case []any:
			for _, x := range v {
				if m, ok := x.(map[string]any); ok {
					checkWords(t, m, context)
				}
			}
		}
	}
}

func words(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
