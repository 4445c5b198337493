package conda

import (
	"bytes"
	"context"
	"errors"
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
	for path, want := range map[string]bool{
		"opt/conda/conda-meta/a-1-0.json": true, "conda-meta/a.json": true,
		"opt/conda/conda-meta/history": false, "opt/xconda-meta/a.json": false, "opt/conda/conda-meta/x/a.json": false, "a.json": false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 2}); got != want {
			t.Errorf("Wants(%q) = %t", path, got)
		}
	}
	if New().Wants(&detect.Entry{Path: "conda-meta/a.json"}) {
		t.Error("wants an empty file")
	}
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
	f := &detect.File{Entry: detect.Entry{Path: "conda-meta/a.json", Size: maxRecord + 1}}
	if frag, err := New().Detect(context.Background(), f); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("large record: %v, %v", frag, err)
	}
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
	for _, file := range golden.Files(f, "testdata/tree.txtar") {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := detecttest.File{Path: "opt/conda/conda-meta/a.json", Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Fatal(err)
		}
		frag, _ := New().Detect(context.Background(), &detect.File{Entry: in.Entry(), ReaderAt: bytes.NewReader(data)})
		if frag == nil {
			return
		}
		for _, c := range frag.Claims {
			if !strings.HasPrefix(c.Path, "opt/conda/") {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	var data bytes.Buffer
	data.WriteString(`{"name": "a", "version": "1", "paths_data": {"paths": [`)
	for i := range 10_000 {
		fmt.Fprintf(&data, `{"_path": "lib/python3.11/site-packages/a/file%d.py", "path_type": "hardlink", "sha256": "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b", "size_in_bytes": 1},`, i)
	}
	data.WriteString(`{"_path": "x"}]}}`)
	in := &detect.File{Entry: detect.Entry{Path: "opt/conda/conda-meta/a.json", Size: int64(data.Len())}, ReaderAt: bytes.NewReader(data.Bytes())}
	b.SetBytes(in.Size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New().Detect(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWants(b *testing.B) {
	e := &detect.Entry{Path: "usr/lib/x86_64-linux-gnu/libssl.so.3", Size: 1 << 20}
	d := New()
	b.ReportAllocs()
	for b.Loop() {
		d.Wants(e)
	}
}
