package python

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func tree(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/tree.txtar") }

// TestTree detects every file of testdata/tree.txtar and compares the facts with
// testdata/tree.golden, one JSON value a line.
func TestTree(t *testing.T) {
	var got bytes.Buffer
	for _, f := range tree(t) {
		frag, err := detecttest.DetectFile(t, New(), f)
		fmt.Fprintf(&got, "%s\n", f.Path)
		if err != nil {
			fmt.Fprintf(&got, "\terror %v\n", err)
		}
		if frag != nil {
			write(t, &got, frag)
		}
	}
	golden.Compare(t, got.Bytes(), "testdata/tree.golden")
}

func write(t *testing.T, w *bytes.Buffer, frag *detect.Fragment) {
	line := func(kind string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "\t%s %s\n", kind, b)
	}
	for _, v := range frag.Components {
		line("component", v)
	}
	for _, v := range frag.Claims {
		line("claim", v)
	}
	for _, v := range frag.Annotations {
		line("annotation", v)
	}
	for _, v := range frag.Relations {
		line("relation", v)
	}
	for _, v := range frag.Gaps {
		line("gap", v)
	}
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, New(), slices.Concat(tree(t), archives(t), zipped(t))...)
}

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		"a/b-1.dist-info/METADATA":                                 true,
		"a/b-1.dist-info/RECORD":                                   true,
		"b.egg-info":                                               true,
		"a/b.egg-info/PKG-INFO":                                    true,
		"a/b.egg/EGG-INFO/PKG-INFO":                                true,
		"a/b-1.dist-info/licenses/METADATA":                        false,
		"a/b-1.dist-info/WHEEL":                                    false,
		"a/b.egg-info/SOURCES.txt":                                 false,
		"a/b.egg-info/installed-files.txt":                         false,
		"METADATA":                                                 false,
		"lib/python3/dist-packages/pip/_vendor/vendor.txt":         true,
		"lib/python3/site-packages/x/vendored/vendored.txt":        true,
		"srv/vendored/vendor.txt":                                  false,
		"lib/python3/site-packages/x/vendor.txt":                   false,
		"lib/python3/site-packages/pip/_vendor/urllib3/vendor.txt": false,
		"a/PKG-INFO":                                               false,
		"site-packages/a-1.0-py3.11.egg":                           true,
		"wheels/a-1.0-py3-none-any.whl":                            true,
		"usr/bin/a.pyz":                                            true,
		"usr/bin/a.pex":                                            true,
		"site-packages/a.egg-link":                                 false,
		"usr/lib/x86_64-linux-gnu/libssl.so.3":                     false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 1}); got != want {
			t.Errorf("Wants(%q) = %t", path, got)
		}
	}
}

func TestLimits(t *testing.T) {
	long := "Name: a\nVersion: 1\nDescription: " + strings.Repeat("x\n ", maxHeader/2)
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "a-1.dist-info/METADATA", Data: []byte(long)})
	if !errors.Is(err, detect.ErrLimit) || frag == nil || frag.Components[0].Version != "1" {
		t.Errorf("endless header: %v, %v; want the component and ErrLimit", frag, err)
	}
	body := "Name: a\nVersion: 1\n\n" + strings.Repeat("x\n ", maxHeader/2)
	detecttest.Detect(t, New(), "a-1.dist-info/METADATA", []byte(body))

	line := "Name: a\nSummary: " + strings.Repeat("y", 1<<20) + "\nVersion: 1\n"
	frag = detecttest.Detect(t, New(), "a-1.dist-info/METADATA", []byte(line))
	if c := frag.Components[0]; c.Version != "1" || len(c.Description) > maxText {
		t.Errorf("long line: %d bytes of description, version %q", len(c.Description), c.Version)
	}
}

func TestVendorListLimits(t *testing.T) {
	var long strings.Builder
	for i := range maxVendored + 1 {
		fmt.Fprintf(&long, "a%d==1\nb%d\n", i, i)
	}
	const path = "lib/python3/site-packages/pip/_vendor/vendor.txt"
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: path, Data: []byte(long.String())})
	if !errors.Is(err, detect.ErrLimit) || frag == nil || len(frag.Components)+len(frag.Gaps) != maxVendored {
		t.Errorf("many copies: %v, want %d and ErrLimit", err, maxVendored)
	}
	big := append([]byte("a==1\n#"), bytes.Repeat([]byte("x"), maxSmall)...)
	frag, err = detecttest.DetectFile(t, New(), detecttest.File{Path: path, Data: big})
	if !errors.Is(err, detect.ErrLimit) || frag == nil || len(frag.Components) != 1 {
		t.Errorf("large list: %v, want a component and ErrLimit", err)
	}
}

// TestInstalledOnThisMachine reads the distributions of this machine, if any.
func TestInstalledOnThisMachine(t *testing.T) {
	var dirs []string
	for _, glob := range []string{"/usr/lib/python3/dist-packages/*-info", "/usr/lib/python3*/site-packages/*-info",
		"/usr/local/lib/python3*/*-packages/*-info", "/usr/local/lib/python3*/*-packages/*/_vendor/*-info"} {
		found, _ := filepath.Glob(glob)
		dirs = append(dirs, found...)
	}
	n := 0
	for _, dir := range dirs {
		for _, name := range []string{"METADATA", "PKG-INFO", "RECORD", "INSTALLER", "direct_url.json", "top_level.txt"} {
			p := filepath.Join(dir, name)
			b, err := os.ReadFile(p)
			in := detecttest.File{Path: strings.TrimPrefix(p, "/"), Data: b}
			if e := in.Entry(); err != nil || !New().Wants(&e) {
				continue
			}
			frag := detecttest.Detect(t, New(), in.Path, b)
			if name != "METADATA" && name != "PKG-INFO" {
				continue
			}
			n++
			if len(frag.Components) != 1 || frag.Components[0].Version == "" || len(frag.Gaps) > 0 {
				t.Errorf("%s: %+v", p, frag)
			}
		}
	}
	if n == 0 {
		t.Skip("no Python distributions on this machine")
	}
	t.Logf("%d distributions", n)
}

func FuzzMetadata(f *testing.F) {
	for _, file := range tree(f) {
		if strings.HasSuffix(file.Path, "METADATA") || strings.HasSuffix(file.Path, "PKG-INFO") {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := detecttest.File{Path: "usr/lib/python3/dist-packages/a-1.dist-info/METADATA", Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Error(err)
		}
	})
}

func FuzzVendorList(f *testing.F) {
	for _, file := range tree(f) {
		if strings.HasSuffix(file.Path, "vendor.txt") {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := detecttest.File{Path: "lib/python3/site-packages/pip/_vendor/vendor.txt", Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Error(err)
		}
		p, read := split(in.Path)
		frag, _ := read(p, &detect.File{Entry: in.Entry(), ReaderAt: bytes.NewReader(data)})
		if frag == nil {
			return
		}
		if len(frag.Components)+len(frag.Gaps) > maxVendored {
			t.Errorf("%d components and %d gaps", len(frag.Components), len(frag.Gaps))
		}
		for _, c := range frag.Components {
			if c.Scope != sbom.ScopeBundled || c.Version == "" || !bytes.Contains(data, []byte(c.Version)) {
				t.Errorf("component %+v", c)
			}
		}
	})
}

func FuzzRecord(f *testing.F) {
	for _, file := range tree(f) {
		if strings.HasSuffix(file.Path, "RECORD") {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := detecttest.File{Path: "lib/site-packages/a-1.dist-info/RECORD", Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Error(err)
		}
		p, _ := split(in.Path)
		frag, _ := readRecord(p, &detect.File{Entry: in.Entry(), ReaderAt: bytes.NewReader(data)})
		for _, c := range frag.Claims {
			if c.Key != p.meta || c.Tree || c.Ground != "" && c.Ground != sbom.ClaimRecorded {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

// FuzzArchive reads hostile eggs, wheels and zipapps.
func FuzzArchive(f *testing.F) {
	kinds := []string{"egg", "whl", "pyz"}
	for _, file := range archives(f) {
		for i, kind := range kinds {
			if strings.HasSuffix(file.Path, "."+kind) {
				f.Add(uint8(i), file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		in := detecttest.File{Path: "srv/a-1.0." + kinds[int(kind)%len(kinds)], Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	var data bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&data, "torch/include/ATen/ops/file_%d.h,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,%d\n", i, i)
	}
	golden.Benchmark(b, New(), detecttest.File{Path: "usr/lib/python3/site-packages/torch-2.1.dist-info/RECORD", Data: data.Bytes()})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }
