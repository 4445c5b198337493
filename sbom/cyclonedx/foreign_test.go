package cyclonedx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
