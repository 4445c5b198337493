package spdx

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
	golden(t, "2.3.json", &Options{Indent: true, Hidden: true, Files: true})
	golden(t, "2.3.spdx", &Options{Format: TagValue23, Hidden: true, Files: true})
	golden(t, "2.2.json", &Options{Format: JSON22, Indent: true, Hidden: true, Files: true})
	golden(t, "2.2.spdx", &Options{Format: TagValue22, Hidden: true, Files: true})
	golden(t, "3.0.1.json", &Options{Format: JSON301, Indent: true, Hidden: true, Files: true})
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
