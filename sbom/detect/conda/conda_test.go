package conda

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func TestTree(t *testing.T) {
	golden.Check(t, New(), golden.Files(t, "testdata/tree.txtar"), "testdata/tree.golden")
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, New(), golden.Files(t, "testdata/tree.txtar")...)
}

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"opt/conda/conda-meta/a-1-0.json": true, "conda-meta/a.json": true,
		"opt/conda/conda-meta/history": false, "opt/xconda-meta/a.json": false, "opt/conda/conda-meta/x/a.json": false, "a.json": false,
	})
}

func TestChannel(t *testing.T) {
	for in, want := range map[string]string{
		"conda-forge": "conda-forge", "defaults": "defaults", "pytorch/label/test": "pytorch/label/test",
		"https://conda.anaconda.org/conda-forge/linux-64": "conda-forge",
		"https://repo.anaconda.com/pkgs/main/linux-64":    "main",
		"https://repo.anaconda.com/pkgs/main":             "main",
		"https://u:p@conda.example.com/team/linux-64/":    "team",
		"https://conda.example.com/t/to-ken/team":         "team",
		"https://conda.example.com/t/to-ken":              "",
		"<unknown>":                                       "", "": "", "a b": "",
	} {
		r := &record{Channel: in, Subdir: "linux-64"}
		if got := r.channel(); got != want {
			t.Errorf("channel %q is %q, want %q", in, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	golden.TooLarge(t, New(), maxRecord, detecttest.File{Path: "conda-meta/a.json"})
	var deps strings.Builder
	for i := range maxDepends + 1 {
		fmt.Fprintf(&deps, `"d%d",`, i)
	}
	data := `{"name": "a", "version": "1", "depends": [` + strings.TrimSuffix(deps.String(), ",") + `]}`
	frag := detecttest.Detect(t, New(), "conda-meta/a.json", []byte(data))
	if len(frag.Relations) != maxDepends || len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapLimit {
		t.Errorf("%d dependencies, gaps %+v", len(frag.Relations), frag.Gaps)
	}
}

func FuzzRecord(f *testing.F) {
	files := golden.Files(f, "testdata/tree.txtar")
	for i := range files {
		files[i].Path = "opt/conda/conda-meta/a.json"
	}
	golden.Fuzz(f, New(), files, func(_ detecttest.File, frag *detect.Fragment, _ error) error {
		for _, c := range frag.Claims {
			if !strings.HasPrefix(c.Path, "opt/conda/") {
				return fmt.Errorf("claim %+v", c)
			}
		}
		return nil
	})
}

func BenchmarkRecord(b *testing.B) {
	var data bytes.Buffer
	data.WriteString(`{"name": "a", "version": "1", "paths_data": {"paths": [`)
	for i := range 10_000 {
		fmt.Fprintf(&data, `{"_path": "lib/python3.11/site-packages/a/file%d.py", "path_type": "hardlink", "sha256": "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b", "size_in_bytes": 1},`, i)
	}
	data.WriteString(`{"_path": "x"}]}}`)
	golden.Benchmark(b, New(), detecttest.File{Path: "opt/conda/conda-meta/a.json", Data: data.Bytes()})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }
