package cyclonedx

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

func TestDecodeErrors(t *testing.T) {
	const xmlHead = `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">` + "\n"
	small := &DecodeOptions{MaxBytes: 4000, MaxComponents: 3, MaxDepth: 8}
	tests := []struct {
		name, text string
		opts       *DecodeOptions
		want       error
		line       int
	}{
		{"empty", "", nil, ErrFormat, 0},
		{"text", "hello", nil, ErrFormat, 0},
		{"truncated", "{\n\"bomFormat\":\"CycloneDX\",\"components\":[{\"na", nil, ErrFormat, 2},
		{"trailing", `{"bomFormat":"CycloneDX","specVersion":"1.6"} x`, nil, ErrFormat, 1},
		{"wrong type", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":{}}`, nil, ErrFormat, 0},
		{"SPDX", `{"spdxVersion":"SPDX-2.3"}`, nil, ErrFormat, 0},
		{"no version", `{"bomFormat":"CycloneDX"}`, nil, ErrVersion, 0},
		{"other version", `{"bomFormat":"CycloneDX","specVersion":"9.1"}`, nil, ErrVersion, 0},
		{"too long", `{"bomFormat":"` + strings.Repeat("x", 5000) + `"}`, small, ErrLimit, 0},
		{"too deep", strings.Repeat(`{"components":[`, 10), small, ErrLimit, 0},
		{"too many components", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{},{"components":[{},{}]}]}`, small, ErrLimit, 0},
		{"too many under another spelling", `{"bomFormat":"CycloneDX","specVersion":"1.6","Component\u0073":[{},{},{},{}]}`, small, ErrLimit, 0},
		{"empty objects", `{"bomFormat":"CycloneDX","specVersion":"1.6","dependencies":[` + strings.Repeat("{},", 5000) + `{}]}`, nil, ErrLimit, 0},
		{"components twice", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a"}],` + "\n" + `"components":[]}`, nil, ErrFormat, 2},
		{"components twice in two spellings", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a"}],"Component\u017f":[]}`, nil, ErrFormat, 1},
		{"wrong type inside", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a"},{"name":1}]}`, nil, ErrFormat, 0},
		{"no list", `{"bomFormat":"CycloneDX","specVersion":"1.6","dependencies":{}}`, nil, ErrFormat, 0},
		{"too many services", `{"bomFormat":"CycloneDX","specVersion":"1.6","services":[{},{"services":[{},{}]}]}`, small, ErrLimit, 0},
		{"too many vulnerabilities", `{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[{},{},{},{}]}`, small, ErrLimit, 0},
		{"XML truncated", xmlHead + "<components><component>", nil, ErrFormat, 2},
		{"XML tags that do not match", xmlHead + "<components></component></bom>", nil, ErrFormat, 2},
		{"XML trailing", xmlHead + "</bom><bom/>x<", nil, ErrFormat, 2},
		{"XML of another namespace", `<bom xmlns="urn:x"/>`, nil, ErrFormat, 0},
		{"XML without namespace", `<bom/>`, nil, ErrFormat, 0},
		{"XML of another version", `<bom xmlns="http://cyclonedx.org/schema/bom/9.1"/>`, nil, ErrVersion, 0},
		{"XML of another root", `<rdf xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, nil, ErrFormat, 1},
		{"XML too deep", xmlHead + strings.Repeat("<a>", 10), small, ErrLimit, 2},
		{"XML too many components", xmlHead + "<components>" + strings.Repeat("<component/>", 4) + "</components></bom>", small, ErrLimit, 2},
		{"XML empty elements", xmlHead + "<dependencies>" + strings.Repeat("<a/>", 5000) + "</dependencies></bom>", nil, ErrLimit, 2},
		{"XML entities", "<!DOCTYPE bom [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n" + xmlHead + "<serialNumber>&b;</serialNumber></bom>", nil, ErrFormat, 1},
		{"XML unknown entity", xmlHead + "<metadata><timestamp>&b;</timestamp></metadata></bom>", nil, ErrFormat, 2},
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
			if bom, err := ReadBOM(strings.NewReader(tt.text), tt.opts); bom != nil || !errors.Is(err, tt.want) {
				t.Errorf("ReadBOM: %v, want %v", err, tt.want)
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
	if _, err := FromBOM(nil); !errors.Is(err, ErrFormat) {
		t.Fatalf("error %v", err)
	}
}

// countWrites counts how often it is written to.
type countWrites struct{ n int }

func (w *countWrites) Write(b []byte) (int, error) { w.n++; return len(b), nil }

var errFull = errors.New("full")

// full takes only so many bytes.
type full struct {
	room int
	text []byte
}

func (w *full) Write(b []byte) (int, error) {
	n := min(len(b), w.room-len(w.text))
	w.text = append(w.text, b[:n]...)
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

func TestNothingIsWrittenHalf(t *testing.T) {
	for _, opts := range []*Options{{Version: "1.3"}, {Version: "x"}, {Format: 99}} {
		w := &countWrites{}
		if _, err := Encode(w, documenttest.Golden(), opts); !errors.Is(err, ErrVersion) || w.n != 0 {
			t.Errorf("%+v: error %v after %d writes", opts, err, w.n)
		}
	}
	w := &countWrites{}
	if _, err := Encode(w, documenttest.Golden(), nil); err != nil || w.n != 1 {
		t.Fatalf("error %v, %d writes", err, w.n)
	}
}

// TestSerialNumber: the same inventory gives the same bytes, another one another
// serial number.
func TestSerialNumber(t *testing.T) {
	everyOptions(t, func(t *testing.T, opts *Options) {
		a, b := encode(t, documenttest.Golden(), opts), encode(t, documenttest.Golden(), opts)
		if !bytes.Equal(a, b) {
			t.Error("two encodings differ")
		}
		other := documenttest.Golden()
		other.Components[0].Description += "x"
		if serial(t, a) == serial(t, encode(t, other, opts)) {
			t.Error("the serial number does not depend on the content")
		}
	})
}

func serial(t *testing.T, text []byte) string {
	t.Helper()
	i := bytes.Index(text, []byte("urn:uuid:"))
	if i < 0 {
		t.Fatal("no serial number")
	}
	return string(text[i : i+45])
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

func FuzzDecode(f *testing.F) {
	for _, version := range []string{"1.4", "1.5", "1.6", "1.7"} {
		for _, format := range []Format{JSON, XML} {
			opts := &Options{Version: version, Format: format, Hidden: true, Files: true}
			for seed := range uint64(3) {
				f.Add(encode(f, documenttest.Random(seed), opts))
			}
		}
	}
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[null,{"components":[{"bom-ref":"a"},{"bom-ref":"a","evidence":{"identity":{},"occurrences":[{}]}}]}],"dependencies":[{"ref":"a","dependsOn":["a","b"]}]}`))
	f.Add([]byte(everyKind))
	f.Add([]byte(everyKindXML))
	var schema *jsonschema.Schema
	if haveSchemas() {
		schema = compileSchema(f, "1.6")
	}
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
		for _, version := range []string{"1.4", "1.5", "1.6"} {
			written := roundTrip(t, inv, &Options{Version: version, Hidden: true, Files: true})
			if version == "1.6" && schema != nil {
				validateJSON(t, schema, written)
			}
		}
		roundTrip(t, inv, &Options{Version: "1.7", Format: XML, Hidden: true, Files: true})
	})
}

// TestCost reads documents that would be slow, or large in memory, if anything
// took more than linear time or a contradiction were told for every byte. Each
// takes a second or so.
func TestCost(t *testing.T) {
	const n = 20_000
	const head = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	j := func(s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	for name, text := range map[string]string{
		"same bom-ref": head + `"components":[` + j(`{"bom-ref":"a","name":"x"}`) + `]}`,
		"no bom-ref":   head + `"components":[` + j(`{"type":"library"}`) + `]}`,
		"dependencies": head + `"components":[{"bom-ref":"a"}],"dependencies":[{"ref":"a","dependsOn":[` + j(`""`) + `]}]}`,
		"occurrences":  head + `"components":[{"evidence":{"occurrences":[` + j(`{"location":"x"}`) + `]}}]}`,
		"identities":   head + `"components":[{"evidence":{"identity":[` + j(`{"field":"purl"}`) + `]}}]}`,
		"locations":    head + `"components":[{"properties":[` + j(`{"name":"syft:location:0:path","value":"x"}`) + `]}]}`,
		"overlay":      head + `"components":[{"properties":[` + j(`{"name":"imagetrust:evidence:0:path","value":"x"}`) + `]}]}`,
		"of the image": `{"metadata":{"component":{"bom-ref":"r"}},"components":[{"bom-ref":"a","properties":[` + j(`{"name":"x"}`) + `]}],"dependencies":[{"ref":"r","dependsOn":[` + j(`"a"`) + `]}],` + head[1:] + `"version":1}`,
		"services":     head + `"services":[` + j(`{"bom-ref":"a"}`) + `],"dependencies":[` + j(`{"ref":"a","dependsOn":["a"]}`) + `]}`,
		"references":   head + `"components":[{"externalReferences":[` + j(`{"url":"x"}`) + `]}]}`,
		"kept":         head + `"components":[{"properties":[` + j(`{"name":"cyclonedx:publisher","value":"x"}`) + `]}]}`,
		"licences":     head + `"components":[{"licenses":[` + j(`{"license":{"name":"x","url":"y"}}`) + `]}]}`,
		"provides":     head + `"components":[{"bom-ref":"a"}],"dependencies":[` + j(`{"ref":"a","provides":["a"]}`) + `]}`,
		"relations":    head + `"components":[{"properties":[` + j(`{"name":"imagetrust:relationship:owns","value":"x"}`) + `]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			inv, err := Decode(strings.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(inv.Gaps) > 10_001 {
				t.Errorf("%d gaps", len(inv.Gaps))
			}
			for _, opts := range []*Options{nil, {Version: "1.4", Format: XML}} {
				if _, err := Encode(io.Discard, inv, opts); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestTimeLoss: a time that documents cannot state is a loss, and no other time.
func TestTimeLoss(t *testing.T) {
	inv := &sbom.Inventory{Created: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC), Layers: []sbom.Layer{{Created: time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)}}}
	var b bytes.Buffer
	losses, err := Encode(&b, inv, nil)
	if err != nil || len(losses) != 2 || losses[0].Field != "created" || losses[1].Field != "layers.created" {
		t.Fatalf("losses %v, error %v", losses, err)
	}
	got, err := Decode(&b, nil)
	if err != nil || !got.Created.IsZero() || len(got.Layers) != 1 || !got.Layers[0].Created.IsZero() {
		t.Fatalf("%+v, error %v", got, err)
	}
}

// TestWithoutOverlay: a reader that knows nothing of our properties still learns
// what CycloneDX has fields for.
func TestWithoutOverlay(t *testing.T) {
	want := documenttest.Golden()
	for _, format := range []Format{JSON, XML} {
		bom, err := ReadBOM(bytes.NewReader(encode(t, want, &Options{Format: format, Hidden: true})), nil)
		if err != nil {
			t.Fatal(err)
		}
		bom.Metadata.Properties = nil
		for i := range *bom.Components {
			(*bom.Components)[i].Properties = nil
		}
		got, err := FromBOM(bom)
		if err != nil {
			t.Fatal(err)
		}
		if s := got.Subject; s.Name != want.Subject.Name || s.Digest != want.Subject.Digest || s.Platform.Architecture != "arm64" {
			t.Errorf("subject %+v", s)
		}
		if len(got.Components) != len(want.Components)+1 { // the distribution is a component to others
			t.Fatalf("%d components", len(got.Components))
		}
		for i, w := range want.Components {
			g := got.Components[i]
			if g.ID != w.ID || g.Type != w.Type || g.PURL != w.PURL || g.Group != w.Group || g.Name != w.Name || g.Version != w.Version ||
				g.Supplier != w.Supplier || g.Description != w.Description || len(g.Licenses) != len(w.Licenses) || g.Location().Path != w.Location().Path {
				t.Errorf("%+v, want %+v", g, w)
			}
		}
		if d := got.Distribution; d.ID != "debian" || d.VersionID != "12" || got.Tools[0] != want.Tools[0] || !got.Created.Equal(want.Created) {
			t.Errorf("distribution %+v, tools %v, created %v", d, got.Tools, got.Created)
		}
	}
}

// TestOtherFormat: who gives a document of another format to this package is told which.
func TestOtherFormat(t *testing.T) {
	for text, want := range map[string]string{
		`{"spdxVersion":"SPDX-2.3"}`:    "CycloneDX JSON: malformed document: it is an SPDX document, which package spdx reads",
		`{"@context":"x","@graph":[]}`:  "CycloneDX JSON: malformed document: it is an SPDX document, which package spdx reads",
		`{"artifacts":[]}`:              "CycloneDX JSON: malformed document: no bomFormat, which says that a document is one of CycloneDX",
		`{"bomFormat":"x","version":1}`: `CycloneDX JSON /bomFormat: malformed document: "x"`,
	} {
		if _, err := Decode(strings.NewReader(text), nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
