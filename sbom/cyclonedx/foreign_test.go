package cyclonedx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// TestRealDocuments reads documents of other tools and counts what they hold
// without any of the reader's code.
func TestRealDocuments(t *testing.T) {
	dir := shared(t, "reports")
	var files []string
	for _, pattern := range []string{"*.cdx.json", "*.cyclonedx.json", "*.cdx.xml"} {
		m, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, m...)
	}
	if len(files) == 0 {
		t.Skip("no documents of other tools")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			inv, err := Decode(bytes.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			bom, err := ReadBOM(bytes.NewReader(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			if other, err := FromBOM(bom); err != nil || documenttest.Diff(inv, other) != "" {
				t.Errorf("ReadBOM and FromBOM differ from Decode: %v", err)
			}
			want := countJSON
			if strings.HasSuffix(file, ".xml") {
				want = countXML
			}
			if n := want(t, text); len(inv.Components) != n {
				t.Errorf("%d components, the document has %d", len(inv.Components), n)
			}
			seen := make(map[string]bool)
			for _, c := range inv.Components {
				if c.ID == "" || seen[c.ID] {
					t.Errorf("id %q is empty or not unique", c.ID)
				}
				seen[c.ID] = true
			}
			for _, r := range inv.Relationships {
				if !seen[r.From] || !seen[r.To] {
					t.Errorf("relationship %v between unknown components", r)
				}
			}
		})
	}
}

func countJSON(t *testing.T, text []byte) int {
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var count func(v any) int
	count = func(v any) int {
		list, _ := v.(map[string]any)["components"].([]any)
		n := len(list)
		for _, c := range list {
			n += count(c)
		}
		return n
	}
	return count(doc)
}

func countXML(t *testing.T, text []byte) int {
	d := xml.NewDecoder(bytes.NewReader(text))
	n := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return n - 1 // metadata.component
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "component" {
			n++
		}
	}
}

func rawFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(shared(t, "reports", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// decodeFile reads a document of another tool.
func decodeFile(t *testing.T, name string) *sbom.Inventory {
	t.Helper()
	f, err := os.Open(shared(t, "reports", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inv, err := Decode(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func named(t *testing.T, inv *sbom.Inventory, name string) *sbom.Component {
	t.Helper()
	for i := range inv.Components {
		if inv.Components[i].Name == name {
			return &inv.Components[i]
		}
	}
	t.Fatalf("no component %q", name)
	return nil
}

// TestRealFacts checks facts of real documents, each read by a person in the
// document itself.
func TestRealFacts(t *testing.T) {
	t.Run("Trivy", func(t *testing.T) {
		inv := decodeFile(t, "nginx-1.23.trivy.cyclonedx.json")
		s := inv.Subject
		if s.Name != "nginx:1.23" || s.Platform.Architecture != "amd64" ||
			s.Digest != "sha256:1761fb5661e4d77e107427d8012ad3a5955007d997e0f4a3d41acc9ff20467c7" ||
			s.Config != "sha256:670dcc86b69df89a9d5a9e1a7ae5b8f67619c1c74e19de8a35f57d6c06505fd4" {
			t.Errorf("subject %+v", s)
		}
		if d := inv.Distribution; d == nil || d.ID != "debian" || d.VersionID != "11.4" {
			t.Errorf("distribution %+v", d)
		}
		if len(inv.Layers) != 6 {
			t.Errorf("%d layers", len(inv.Layers))
		}
		c := named(t, inv, "libssl1.1")
		if c.Source == nil || *c.Source != (sbom.SourcePackage{Name: "openssl", Version: "1.1.1n-0+deb11u3"}) {
			t.Errorf("source %+v", c.Source)
		}
		if l := c.Attribution.Introduced; l == nil || l.Index != 0 || l.DiffID != inv.Layers[0].DiffID {
			t.Errorf("introduced by %+v", l)
		}
		if p := c.Property("imagetrust:pointer"); p != "/components/96" {
			t.Errorf("pointer %q", p)
		}
	})
	t.Run("Trivy rpm", func(t *testing.T) {
		c := named(t, decodeFile(t, "mysql-oracle.trivy.cyclonedx.json"), "openssl-libs")
		if c.Source == nil || *c.Source != (sbom.SourcePackage{Name: "openssl", Version: "1:1.1.1k-6.el8_5"}) {
			t.Errorf("source %+v", c.Source)
		}
		if len(c.Licenses) != 1 || c.Licenses[0] != (sbom.License{Name: "OpenSSL and ASL 2.0"}) {
			t.Errorf("licences %+v: this is no SPDX expression", c.Licenses)
		}
	})
	t.Run("Trivy file", func(t *testing.T) {
		c := named(t, decodeFile(t, "trivy-fluentd.cdx.json"), "activesupport")
		l := c.Location()
		if l.Path != "var/lib/gems/2.5.0/specifications/activesupport-6.0.2.1.gemspec" || l.Layer == nil || l.Layer.Index != 3 {
			t.Errorf("location %+v", l)
		}
	})
	t.Run("Syft", func(t *testing.T) {
		inv := decodeFile(t, "debian12-rootfs.syft.cdx.json")
		if d := inv.Distribution; d == nil || d.ID != "debian" || d.VersionID != "12.15" || d.Codename != "bookworm" {
			t.Errorf("distribution %+v", d)
		}
		c := named(t, inv, "abbrev")
		if len(c.CPEs) != 6 || c.Supplier != "Akinori MUSHA" || c.Evidence[0].Detector != "ruby-gemspec-cataloger" ||
			c.Location().Path != "usr/lib/ruby/gems/3.1.0/specifications/default/abbrev-0.1.0.gemspec" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("scalibr", func(t *testing.T) {
		inv := decodeFile(t, "debian12-rootfs.scalibr.cdx.json")
		if d := inv.Distribution; d == nil || d.ID != "debian" || d.VersionID != "12" || d.Codename != "bookworm" {
			t.Errorf("distribution %+v", d)
		}
		if l := named(t, inv, "openssl").Location(); l.Path != "var/lib/dpkg/status" {
			t.Errorf("location %+v", l)
		}
	})
	t.Run("duplicates", func(t *testing.T) {
		inv := decodeFile(t, "with-duplicates.cdx.xml")
		if len(inv.Gaps) != 2 || inv.Gaps[0].Kind != sbom.GapCorrupt {
			t.Errorf("gaps %+v", inv.Gaps)
		}
		if inv.Subject.Digest != "sha256:fd6275a37d2472b9d3be70c3261087b8d65e441c21342ae7313096312bcda2b3" {
			t.Errorf("subject %+v", inv.Subject)
		}
	})
}

// TestNested flattens nested components, and survives references that are
// missing, that are not unique, and that go in a circle.
func TestNested(t *testing.T) {
	const text = `{"bomFormat":"CycloneDX","specVersion":"1.6",
		"metadata":{"component":{"bom-ref":"root","type":"container","name":"x","components":[{"type":"library","name":"inner","version":"1"}]}},
		"components":[
			{"bom-ref":"a","type":"library","name":"a","version":"1","scope":"excluded","components":[
				{"bom-ref":"b","type":"library","name":"b","version":"1","purl":"pkg:","components":[{"bom-ref":"a","type":"library","name":"c"}]}]}],
		"dependencies":[{"ref":"root","dependsOn":["a"]},{"ref":"a","dependsOn":["b","root"]},{"ref":"b","dependsOn":["a","gone"]},{"ref":"nobody","dependsOn":["a"]}]}`
	inv, err := Decode(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	pointers := map[string]string{
		"inner": "/metadata/component/components/0", "a": "/components/0",
		"b": "/components/0/components/0", "c": "/components/0/components/0/components/0",
	}
	for name, pointer := range pointers {
		if got := named(t, inv, name).Property("imagetrust:pointer"); got != pointer {
			t.Errorf("%s is at %q, want %q", name, got, pointer)
		}
	}
	if c := named(t, inv, "c"); c.ID != "a~2" {
		t.Errorf("id %q", c.ID)
	}
	if c := named(t, inv, "a"); c.Scope != sbom.ScopeDeclared {
		t.Errorf("scope %q", c.Scope)
	}
	want := []sbom.Relationship{
		{From: "a", To: "b", Type: sbom.Contains}, {From: "a", To: "b", Type: sbom.DependsOn},
		{From: "b", To: "a~2", Type: sbom.Contains}, {From: "b", To: "a", Type: sbom.DependsOn},
	}
	inv.Sort()
	if !slices.Equal(inv.Relationships, want) {
		t.Errorf("relationships %v, want %v", inv.Relationships, want)
	}
	var kinds []string
	for _, g := range inv.Gaps {
		kinds = append(kinds, string(g.Kind)+" "+g.Component)
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, ", "); got != "corrupt , corrupt a~2, corrupt b, corrupt b, incomplete a~2" {
		t.Errorf("gaps %s: %+v", got, inv.Gaps)
	}
}
