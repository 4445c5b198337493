package cyclonedx

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden shows the documents of one inventory in which every field has a
// value, so that a change of what is written is seen.
func TestGolden(t *testing.T) {
	for _, version := range []string{"1.4", "1.5", "1.6", "1.7"} {
		golden(t, version+".json", &Options{Version: version, Indent: true, Hidden: true, Files: true})
		golden(t, version+".xml", &Options{Version: version, Format: XML, Indent: true, Hidden: true, Files: true})
	}
}

func golden(t *testing.T, name string, opts *Options) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	got := encode(t, documenttest.Golden(), opts)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at the change and run with -update", path)
	}
}
