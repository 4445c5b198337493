package spdx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

func TestDecodeErrors(t *testing.T) {
	const head = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\n"
	small := &DecodeOptions{MaxBytes: 4000, MaxComponents: 3, MaxDepth: 8}
	tests := []struct {
		name, text string
		opts       *DecodeOptions
		want       error
		line       int
	}{
		{"empty", "", nil, ErrFormat, 0},
		{"XML", "<rdf/>", nil, ErrFormat, 0},
		{"array", "[]", nil, ErrFormat, 0},
		{"truncated", `{"spdxVersion":"SPDX-2.3",` + "\n" + `"packages":[{"na`, nil, ErrFormat, 0},
		{"wrong type", `{"spdxVersion":"SPDX-2.3","packages":[{"name":7}]}`, nil, ErrFormat, 0},
		{"trailing", `{"spdxVersion":"SPDX-2.3"} x`, nil, ErrFormat, 0},
		{"no version", `{}`, nil, ErrFormat, 0},
		{"CycloneDX", `{"bomFormat":"CycloneDX"}`, nil, ErrFormat, 0},
		{"other version", `{"spdxVersion":"SPDX-9.9"}`, nil, ErrVersion, 0},
		{"too long", `{"spdxVersion":"SPDX-2.3","name":"` + strings.Repeat("x", 5000) + `"}`, small, ErrLimit, 0},
		{"too deep", strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20), small, ErrLimit, 0},
		{"too many packages", `{"spdxVersion":"SPDX-2.3","packages":[{},{},{},{}]}`, small, ErrLimit, 0},
		{"too many under another spelling", `{"spdxVersion":"SPDX-2.3","pack\u0061ges":[{},{},{},{}]}`, small, ErrLimit, 0},
		{"empty objects", `{"spdxVersion":"SPDX-2.3","relationships":[` + strings.Repeat("{},", 5000) + `{}]}`, nil, ErrLimit, 0},
		{"tag-value without version", "PackageName: x\n", nil, ErrFormat, 0},
		{"no tag", head + "\nwhat is this\n", nil, ErrFormat, 4},
		{"text without end", head + "DocumentComment: <text>x\ny\n", nil, ErrFormat, 3},
		{"bad relationship", head + "Relationship: a b\n", nil, ErrFormat, 3},
		{"too many tag-value packages", head + strings.Repeat("PackageName: x\n", 4), small, ErrLimit, 6},
		{"graph without document", `{"@context":"x","@graph":[{"type":"software_Package"}]}`, nil, ErrFormat, 0},
		{"graph too deep", `{"@context":"x","@graph":[` + strings.Repeat(`{"to":[`, 20) + strings.Repeat("]}", 20) + "]}", small, ErrLimit, 0},
		{"too many graph packages", `{"@context":"x","@graph":[` + strings.Repeat(`{"type":"software_File"},`, 4) + `{}]}`, small, ErrLimit, 0},
		{"too many packages within packages", `{"@context":"x","@graph":[{"type":"software_File","to":[` + strings.Repeat(`{"type":"software_File"},`, 3) + `{}]}]}`, small, ErrLimit, 0},
		{"graph without a list", `{"@context":"x","@graph":{}}`, nil, ErrFormat, 0},
		{"element of a wrong type", `{"@context":"x","@graph":[{"type":"Relationship","to":[7]}]}`, nil, ErrFormat, 0},
		{"packages without a list", `{"spdxVersion":"SPDX-2.3","packages":{}}`, nil, ErrFormat, 0},
		{"something behind", `{"spdxVersion":"SPDX-2.3"}{}`, nil, ErrFormat, 0},
		{"long line", head + "DocumentComment: " + strings.Repeat("x", 5000), small, ErrLimit, 3},
		{"long text", head + "DocumentComment: <text>" + strings.Repeat("x\n", 5000), small, ErrLimit, 1968},
		{"graph of another version", `{"@context":"x","@graph":[{"type":"CreationInfo","@id":"_:c","specVersion":"4.0"},{"type":"SpdxDocument","spdxId":"a:b","creationInfo":"_:c"}]}`, nil, ErrVersion, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv, err := Decode(strings.NewReader(tt.text), tt.opts)
			var de *DecodeError
			if inv != nil || !errors.Is(err, tt.want) || !errors.As(err, &de) {
				t.Fatalf("inventory %v, error %v, want %v", inv, err, tt.want)
			}
			if de.Line != tt.line {
				t.Errorf("line %d, want %d: %v", de.Line, tt.line, err)
			}
			if de.Error() == "" || de.Format == "" {
				t.Errorf("error without words: %#v", de)
			}
		})
	}
}

func TestReaderError(t *testing.T) {
	boom := errors.New("boom")
	if _, err := Decode(iotest.ErrReader(boom), nil); !errors.Is(err, boom) {
		t.Fatalf("error %v", err)
	}
}

// writeCounter counts writes.
type writeCounter struct{ n int }

func (w *writeCounter) Write(b []byte) (int, error) { w.n++; return len(b), nil }

type errorWriter struct{ err error }

func (w errorWriter) Write([]byte) (int, error) { return 0, w.err }

// TestEncodeErrors: an unknown format writes nothing, and the writer's error is not
// lost.
func TestEncodeErrors(t *testing.T) {
	w := &writeCounter{}
	if _, err := Encode(w, documenttest.Golden(), &Options{Format: 99}); !errors.Is(err, ErrVersion) || w.n != 0 {
		t.Fatalf("error %v after %d writes", err, w.n)
	}
	boom := errors.New("boom")
	if _, err := Encode(errorWriter{boom}, documenttest.Golden(), nil); err != boom {
		t.Fatalf("error %v", err)
	}
}

// TestLosses: each loss is named once, with its number.
func TestLosses(t *testing.T) {
	inv := documenttest.Golden()
	inv.Relationships = append(inv.Relationships, sbom.Relationship{From: inv.Components[0].ID, To: "nobody", Type: sbom.DependsOn})
	losses, err := Encode(io.Discard, inv, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"components": 1, "files": 3, "relationships": 1}
	for _, l := range losses {
		if l.Component != "" || l.Reason == "" || want[l.Field] != l.Count {
			t.Errorf("loss %+v", l)
		}
		delete(want, l.Field)
	}
	if len(want) > 0 {
		t.Errorf("losses %v are not reported", want)
	}
	inv.Relationships = inv.Relationships[:3]
	if losses, err := Encode(io.Discard, inv, &Options{Hidden: true, Files: true}); len(losses) > 0 || err != nil {
		t.Errorf("losses %v, error %v", losses, err)
	}
}

// FuzzDecode reads all formats, told apart by their content.
func FuzzDecode(f *testing.F) {
	for format := JSON23; format <= TagValue22; format++ {
		for seed := range uint64(4) {
			f.Add(encode(f, generate(seed), &Options{Format: format, Hidden: true, Files: true}))
		}
	}
	f.Add([]byte("SPDXVersion: SPDX-2.2\nPackageName: x\nAnnotator: Tool: x\nSPDXREF: SPDXRef-x\nAnnotationComment: <text>imagetrust:schema=1\nimagetrust:evidence:0:path=x</text>\n"))
	f.Add([]byte(`{"@context":1,"@graph":[{"type":"SpdxDocument","rootElement":"a","spdxId":"a"},null,{"type":"Relationship","from":{},"to":null}]}`))
	f.Add([]byte(`{"@context":1,"@graph":[{"type":"SpdxDocument"},{"type":"software_File","to":{"type":"Relationship","from":{"type":"Person"},"scope":"x"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		inv, err := Decode(bytes.NewReader(text), &DecodeOptions{MaxBytes: 1 << 20, MaxComponents: 1000})
		if err != nil {
			var de *DecodeError
			if !errors.As(err, &de) {
				t.Fatalf("error %v is no DecodeError", err)
			}
			return
		}
		// Whatever could be read can be written, and comes back as it was.
		for format := JSON23; format <= TagValue22; format++ {
			roundTrip(t, inv, &Options{Format: format, Hidden: true, Files: true})
		}
	})
}

// TestCost reads documents that would be slow, or large in memory, if anything
// took more than linear time or a contradiction were told for every byte. Each
// takes a second or so.
func TestCost(t *testing.T) {
	const n = 20_000
	j := func(s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	for name, text := range map[string]string{
		"same identifier": `{"spdxVersion":"SPDX-2.3","packages":[` + j(`{"SPDXID":"SPDXRef-a","name":"x"}`) + `]}`,
		"paths":           `{"spdxVersion":"SPDX-2.3","packages":[{"sourceInfo":"acquired package info from x: ` + strings.Repeat("a, ", 10*n) + `"}]}`,
		"annotations":     `{"spdxVersion":"SPDX-2.3","packages":[{"annotations":[` + j(`{"comment":"LayerDiffID: x"}`) + `]}]}`,
		"relationships":   `{"spdxVersion":"SPDX-2.3","relationships":[` + j(`{"relationshipType":"DEPENDS_ON","spdxElementId":"x"}`) + `]}`,
		"lines":           `{"spdxVersion":"SPDX-2.3","annotations":[{"comment":"imagetrust:schema=1` + strings.Repeat(`\n=`, 10*n) + `"}]}`,
		"evidence": `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a"}],"files":[{"SPDXID":"SPDXRef-f","fileName":"f"}],"relationships":[` +
			j(`{"relationshipType":"OTHER","spdxElementId":"SPDXRef-a","relatedSpdxElement":"SPDXRef-f","comment":"evident-by"}`) + `]}`,
		"licences":        `{"spdxVersion":"SPDX-2.3","packages":[` + j(`{"licenseDeclared":"LicenseRef-a AND LicenseRef-b","versionInfo":"1"}`) + `],"hasExtractedLicensingInfos":[` + j(`{"licenseId":"LicenseRef-a","extractedText":"t"}`) + `]}`,
		"extracted texts": `{"spdxVersion":"SPDX-2.3","hasExtractedLicensingInfos":[{"licenseId":"LicenseRef-a","extractedText":"` + strings.Repeat("t", n) + `"}],"packages":[` + j(`{"licenseDeclared":"LicenseRef-a","versionInfo":"1"}`) + `]}`,
		"hasFiles":        `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","hasFiles":[` + j(`"SPDXRef-a"`) + `]}]}`,
		"inline elements": `{"@context":"x","@graph":[{"type":"SpdxDocument","spdxId":"d","element":[` + j(`{"type":"Person","name":"p"}`) + `]}]}`,
		"roots":           `{"@context":"x","@graph":[` + j(`{"type":"Bom","spdxId":"b","rootElement":["b","d"]}`) + `,{"type":"SpdxDocument","spdxId":"d","rootElement":["b"]}]}`,
		"shared licences": `{"@context":"x","@graph":[` + sharedLicenses(60) + `{"type":"SpdxDocument","spdxId":"d"},{"type":"software_Package","spdxId":"p"},` +
			`{"type":"Relationship","from":"p","relationshipType":"hasDeclaredLicense","to":["l0"]}]}`,
		"cyclic relationships": `{"@context":"x","@graph":[{"type":"SpdxDocument","spdxId":"d"},{"type":"software_Package","spdxId":"p"},` +
			j(`{"type":"Relationship","from":"p","relationshipType":"dependsOn","to":["p","d"]}`) + `]}`,
		"tag-value": "SPDXVersion: SPDX-2.3\n" + strings.Repeat("PackageName: x\nAnnotator: x\nSPDXREF: y\n", n),
	} {
		t.Run(name, func(t *testing.T) {
			inv, err := Decode(strings.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(inv.Gaps) > 10_001 {
				t.Errorf("%d gaps", len(inv.Gaps))
			}
			for format := JSON23; format <= TagValue22; format++ {
				if _, err := Encode(io.Discard, inv, &Options{Format: format}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// sharedLicenses are conjunctions, each of two times the next: two to the power of n
// operands.
func sharedLicenses(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"type":"expandedlicensing_ConjunctiveLicenseSet","spdxId":"l%d","expandedlicensing_member":["l%d","l%d"]},`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, `{"type":"expandedlicensing_ListedLicense","spdxId":"l%d","name":"MIT"},`, n)
	return b.String()
}

// TestGraphForms reads what JSON-LD allows: elements in the place of references, blank
// nodes, a document without a graph, any order, expanded licences.
func TestGraphForms(t *testing.T) {
	const text = `{"@graph":[
		{"type":"Relationship","@id":"_:r","from":"https://example.org/a","to":{"type":"software_Package","@id":"_:b","name":"b","software_packageVersion":"2"},"relationshipType":"dependsOn"},
		{"type":"LifecycleScopedRelationship","spdxId":"r2","from":"https://example.org/a","to":["_:b"],"relationshipType":"usesTool","scope":"build"},
		{"type":"Relationship","spdxId":"r3","from":"https://example.org/a","relationshipType":"hasDeclaredLicense","to":[{"type":"expandedlicensing_DisjunctiveLicenseSet",
			"expandedlicensing_member":["https://spdx.org/licenses/MIT",{"type":"expandedlicensing_WithAdditionOperator","expandedlicensing_subjectExtendableLicense":{"type":"expandedlicensing_OrLaterOperator",
			"expandedlicensing_subjectLicense":{"type":"expandedlicensing_ListedLicense","spdxId":"https://spdx.org/licenses/GPL-2.0"}},
			"expandedlicensing_subjectAddition":{"type":"expandedlicensing_ListedLicenseException","spdxId":"https://spdx.org/licenses/Classpath-exception-2.0"}}]}]},
		{"type":"software_Package","spdxId":"https://example.org/a","name":"a","software_packageVersion":"1","suppliedBy":{"type":"Person","spdxId":"https://example.org/p","name":"Ann"}},
		{"type":"SpdxDocument","spdxId":"https://example.org/d","creationInfo":{"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1","created":"2026-01-02T03:04:05Z"},
			"import":[{"type":"ExternalMap","externalSpdxId":"https://example.org/x"}]},
		{"type":"security_Vulnerability","spdxId":"https://example.org/v","name":"CVE-1"},
		{"type":"security_VexFixedVulnAssessmentRelationship","spdxId":"https://example.org/vex","from":"https://example.org/v","to":["https://example.org/a"],"relationshipType":"fixedIn"},
		{"type":"Relationship","spdxId":"r4","from":"https://example.org/a","to":["https://example.org/v"],"relationshipType":"hasAssociatedVulnerability"},
		{"type":"software_Snippet","spdxId":"https://example.org/s","software_snippetFromFile":"https://example.org/a"}],
		"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`
	var losses []sbom.Loss
	inv, err := Decode(strings.NewReader(text), &DecodeOptions{Losses: &losses})
	if err != nil {
		t.Fatal(err)
	}
	a := inv.Component("https://example.org/a")
	if a == nil || a.Supplier != "Ann" || len(a.Licenses) != 1 || a.Licenses[0].Expression != "MIT OR (GPL-2.0+ WITH Classpath-exception-2.0)" {
		t.Errorf("a is %+v", a)
	}
	if b := inv.Component("_:b"); b == nil || b.Version != "2" {
		t.Errorf("b is %+v", b)
	}
	want := []sbom.Relationship{{From: "https://example.org/a", To: "_:b", Type: sbom.DependsOn}, {From: "_:b", To: "https://example.org/a", Type: "spdx:BUILD_TOOL_OF"}}
	if d := cmp.Diff(want, inv.Relationships); d != "" {
		t.Errorf("relationships -want +got\n%s", d)
	}
	lost := map[string]int{
		"SpdxDocument.import": 1, "security_Vulnerability": 1, "security_VexFixedVulnAssessmentRelationship": 1, "software_Snippet": 1, "relationships": 1,
	}
	if d := cmp.Diff(lost, lossCounts(losses)); d != "" {
		t.Errorf("losses -want +got\n%s", d)
	}
	if inv.Created.Year() != 2026 || len(inv.Gaps) > 0 {
		t.Errorf("created %v, gaps %v", inv.Created, inv.Gaps)
	}
	single := `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","type":"SpdxDocument","spdxId":"https://example.org/d","name":"alone"}`
	if inv, err := Decode(strings.NewReader(single), nil); err != nil || inv.Subject.Name != "alone" {
		t.Errorf("a document without a graph: %+v, %v", inv, err)
	}
}

// TestRelations: every type of relationships comes back in the format that has a word
// for it, and is one of the official schema's and of SPDX 3's.
func TestRelations(t *testing.T) {
	for _, r := range relations {
		if !strings.Contains(" "+enumerations["relationshipType"]+" ", " "+r.new+" ") {
			t.Errorf("%s is no type of SPDX 3", r.new)
		}
		if r.scope != "" && !strings.Contains(enumerations["scope"], r.scope) {
			t.Errorf("%s is no scope of SPDX 3", r.scope)
		}
		typ, inverted := relationType(r.old)
		word, ok := relationWord(typ, version23)
		if known := !strings.HasPrefix(string(typ), "spdx:"); !known && r.old != relOther && r.old != relDescribes && r.old != relDescribedBy && (word != r.old || !ok || inverted) {
			t.Errorf("%s is written as %s, %t", r.old, word, ok)
		}
	}
}

// TestWithoutOverlay: a reader that knows nothing of our annotations still learns
// what SPDX has fields for.
func TestWithoutOverlay(t *testing.T) {
	want := documenttest.Golden()
	everyOptions(t, func(t *testing.T, opts *Options) {
		if !opts.Hidden {
			return
		}
		d, err := read(bytes.NewReader(encode(t, want, opts)), document.Limits{}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		d.Annotations = nil
		for i := range d.Packages {
			d.Packages[i].Annotations = nil
		}
		got, _ := mapDoc(d)
		if s := got.Subject; s.Name != want.Subject.Name || s.Digest != want.Subject.Digest || s.Platform.Architecture != "arm64" {
			t.Errorf("subject %+v", s)
		}
		// To others the distribution and the files are components.
		if len(got.Components) != len(want.Components)+1+len(want.Files) {
			t.Fatalf("%d components", len(got.Components))
		}
		old := opts.Format == JSON22 || opts.Format == TagValue22 // has no types
		for _, w := range want.Components {
			g := got.Component(refPrefix + w.ID)
			if g == nil {
				t.Errorf("no component %s", w.ID)
				continue
			}
			if g.Type != w.Type && !old || g.PURL != w.PURL || g.Name != w.Name || g.Version != w.Version ||
				g.Supplier != w.Supplier || g.Description != w.Description || len(g.Licenses) != len(w.Licenses) ||
				len(g.Hashes) != len(w.Hashes) || len(g.CPEs) != len(w.CPEs) || (g.Source == nil) != (w.Source == nil) {
				t.Errorf("%+v, want %+v", *g, w)
			}
		}
		if old && got.Distribution != nil { // named by package URLs
			got.Distribution.ID = "debian"
		}
		if d := got.Distribution; d.ID != "debian" || d.VersionID != "12" || !got.Created.Equal(want.Created) {
			t.Errorf("distribution %+v, created %v", d, got.Created)
		}
	})
}

// TestOtherFormat: who gives a document of another format to this package is told which.
func TestOtherFormat(t *testing.T) {
	for text, want := range map[string]string{
		`{"bomFormat":"CycloneDX"}`: "SPDX JSON: malformed document: it is a CycloneDX document, which package cyclonedx reads",
		`{"artifacts":[]}`:          "SPDX JSON: malformed document: no SPDX version, which says that a document is one of SPDX",
	} {
		if _, err := Decode(strings.NewReader(text), nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
