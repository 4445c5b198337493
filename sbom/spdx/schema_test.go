package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spdx/tools-golang/spdx/v2/v2_2"
	tagvalue22 "github.com/spdx/tools-golang/spdx/v2/v2_2/tagvalue/reader"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	tagvalue "github.com/spdx/tools-golang/spdx/v2/v2_3/tagvalue/reader"
	"github.com/spdx/tools-golang/tagvalue/reader"

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

func encode(t testing.TB, inv *sbom.Inventory, opts *Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Encode(&b, inv, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// validators return, for each format, a function that validates a document of it with
// what others made: official schemas, the official context, and spdx/tools-golang.
func validators(t *testing.T) map[Format]func(*testing.T, *sbom.Inventory, []byte) {
	t.Helper()
	c := jsonschema.NewCompiler()
	validate := func(name string, oracle func(t *testing.T, inv *sbom.Inventory, text []byte)) func(*testing.T, *sbom.Inventory, []byte) {
		schema, err := c.Compile(shared(t, "schemas", name))
		if err != nil {
			t.Fatal(err)
		}
		return func(t *testing.T, inv *sbom.Inventory, text []byte) {
			t.Helper()
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err == nil {
				err = schema.Validate(v)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			oracle(t, inv, text)
		}
	}
	terms := context(t)
	return map[Format]func(*testing.T, *sbom.Inventory, []byte){
		JSON22: validate("spdx-2.2.schema.json", func(t *testing.T, inv *sbom.Inventory, text []byte) {
			var oracle v2_2.Document
			if err := json.Unmarshal(text, &oracle); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			checkOracle(t, inv, convert(t, &oracle))
		}),
		JSON23: validate("spdx-2.3.schema.json", func(t *testing.T, inv *sbom.Inventory, text []byte) {
			var oracle v2_3.Document
			if err := json.Unmarshal(text, &oracle); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			checkOracle(t, inv, &oracle)
		}),
		TagValue22: func(t *testing.T, inv *sbom.Inventory, text []byte) {
			oracle, err := tagvalue22.ParseTagValues(pairs(t, text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			checkOracle(t, inv, convert(t, oracle))
		},
		TagValue23: func(t *testing.T, inv *sbom.Inventory, text []byte) {
			oracle, err := tagvalue.ParseTagValues(pairs(t, text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			checkOracle(t, inv, oracle)
		},
		JSON301: func(t *testing.T, inv *sbom.Inventory, text []byte) {
			var g struct {
				Context string           `json:"@context"`
				Graph   []map[string]any `json:"@graph"`
			}
			if err := json.Unmarshal(text, &g); err != nil {
				t.Fatal(err)
			}
			checkGraph(t, g.Graph, terms)
		},
	}
}

func pairs(t *testing.T, text []byte) []reader.TagValuePair {
	t.Helper()
	p, err := reader.ReadTagValues(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// convert has only what checkOracle looks at.
func convert(t *testing.T, d *v2_2.Document) *v2_3.Document {
	t.Helper()
	out := &v2_3.Document{}
	for _, p := range d.Packages {
		out.Packages = append(out.Packages, &v2_3.Package{PackageName: p.PackageName, PackageSPDXIdentifier: p.PackageSPDXIdentifier})
	}
	for _, f := range d.Files {
		out.Files = append(out.Files, &v2_3.File{FileName: f.FileName, FileSPDXIdentifier: f.FileSPDXIdentifier})
	}
	for _, r := range d.Relationships {
		out.Relationships = append(out.Relationships, &v2_3.Relationship{RefA: r.RefA, RefB: r.RefB, Relationship: r.Relationship})
	}
	return out
}

// checkOracle checks that another reader sees every component, with its version
// and where it says that it is.
func checkOracle(t *testing.T, inv *sbom.Inventory, d *v2_3.Document) {
	t.Helper()
	extra := 1 // the image
	if inv.Distribution != nil {
		extra++
	}
	for _, f := range d.Files {
		d.Packages = append(d.Packages, &v2_3.Package{PackageName: f.FileName, PackageSPDXIdentifier: f.FileSPDXIdentifier})
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

// context returns the terms of the official JSON-LD context of SPDX 3.
func context(t *testing.T) map[string]any {
	t.Helper()
	var context struct {
		Context map[string]any `json:"@context"`
	}
	b, err := os.ReadFile(shared(t, "schemas", "spdx-3-context.jsonld"))
	if err == nil {
		err = json.Unmarshal(b, &context)
	}
	if err != nil {
		t.Fatal(err)
	}
	return context.Context
}

// checkGraph checks the rules of the model that concern what is written: every word is
// one of the context and every value of an enumeration one of its own, every element
// has an identifier of its own and a creation info, every reference resolves, and the
// SBOM holds every element.
func checkGraph(t *testing.T, graph []map[string]any, context map[string]any) {
	t.Helper()
	ids, infos := make(map[string]bool), make(map[string]bool)
	for _, e := range graph {
		id, _ := e["spdxId"].(string)
		if e["type"] == "CreationInfo" {
			id, _ = e["@id"].(string)
			infos[id] = true
		}
		if id == "" || ids[id] {
			t.Fatalf("identifier %q is empty or not unique", id)
		}
		ids[id] = true
	}
	for _, e := range graph {
		if info, _ := e["creationInfo"].(string); !infos[info] && e["type"] != "CreationInfo" {
			t.Fatalf("no creation info: %v", e)
		}
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
			if len(words(e["element"]))+2+len(infos) != len(ids) {
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
		for _, s := range words(v) {
			if known := enumerations[key]; known != "" && !strings.Contains(" "+known+" ", " "+s+" ") {
				t.Fatalf("%q is no value of %s", s, key)
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

// enumerations are the vocabularies of the SPDX 3.0.1 model. The official context does
// not list their entries.
var enumerations = map[string]string{
	"relationshipType": "affects amendedBy ancestorOf availableFrom configures contains coordinatedBy copiedTo delegatedTo dependsOn descendantOf " +
		"describes doesNotAffect expandsTo exploitCreatedBy fixedBy fixedIn foundBy generates hasAddedFile hasAssessmentFor hasAssociatedVulnerability " +
		"hasConcludedLicense hasDataFile hasDeclaredLicense hasDeletedFile hasDependencyManifest hasDistributionArtifact hasDocumentation " +
		"hasDynamicLink hasEvidence hasExample hasHost hasInput hasMetadata hasOptionalComponent hasOptionalDependency hasOutput hasPrerequisite " +
		"hasProvidedDependency hasRequirement hasSpecification hasStaticLink hasTest hasTestCase hasVariant invokedBy modifiedBy other packagedBy " +
		"patchedBy publishedBy reportedBy republishedBy serializedInArtifact testedOn trainedOn underInvestigationFor usesTool",
	"scope":                   "design development build test runtime other",
	"annotationType":          "other review",
	"profileConformance":      "core software simpleLicensing expandedLicensing security build ai dataset extension lite",
	"software_sbomType":       "design source build deployed runtime analyzed",
	"algorithm":               "adler32 blake2b256 blake2b384 blake2b512 blake3 crystalsDilithium crystalsKyber falcon md2 md4 md5 md6 other sha1 sha224 sha256 sha384 sha3_224 sha3_256 sha3_384 sha3_512 sha512",
	"externalIdentifierType":  "cpe22 cpe23 cve email gitoid other packageUrl securityOther swhid swid urlScheme",
	"software_primaryPurpose": strings.Join(append(camels(filePurposes), "file"), " "),
}

func camels(in []string) []string {
	var out []string
	for _, s := range in {
		out = append(out, camel(s))
	}
	return out
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
