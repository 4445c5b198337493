package pylock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func archive(t testing.TB, name string) []detecttest.File {
	t.Helper()
	return golden.Files(t, "testdata/"+name)
}

// TestGolden compares the facts in all lock files with golden ones.
func TestGolden(t *testing.T) {
	for _, name := range []string{"tools", "odd"} {
		golden.Check(t, New(), archive(t, name+".txtar"), "testdata/"+name+".golden")
	}
}

// TestToolsAgree holds the lock files of several tools, made from one project,
// against each other: each names what pip installed of it, and those that lock
// for all systems shop-win, too.
func TestToolsAgree(t *testing.T) {
	installed := []string{"shop-base@1.2.0", "shop-check@2.0.0", "shop-extra@1.1", "shop-low@0.5", "shop-text@1.0.1"}
	for _, f := range archive(t, "tools.txtar") {
		frag := detecttest.Detect(t, New(), f.Path, f.Data)
		var got []string
		for _, c := range frag.Components {
			got = append(got, strings.TrimPrefix(c.PURL, "pkg:pypi/"))
			if hashed := len(c.Hashes) == 1; hashed == strings.HasSuffix(f.Path, ".txt") {
				t.Errorf("%s: %s has hashes %v", f.Path, c.Name, c.Hashes)
			}
		}
		slices.Sort(got)
		want := installed
		if dir, _, _ := strings.Cut(f.Path, "/"); dir == "poetry" || dir == "pdm" {
			want = append(slices.Clone(installed), "shop-win@3.0")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Path, diff)
		}
	}
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, New(), append(archive(t, "tools.txtar"), archive(t, "odd.txtar")...)...)
}

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		"poetry.lock": true, "srv/uv.lock": true, "srv/pdm.lock": true, "srv/Pipfile.lock": true,
		"srv/pylock.toml": true, "srv/pylock.dev.toml": true, "srv/pylock.a.b.toml": false, "srv/pylocktoml": false,
		"srv/requirements.txt": true, "srv/requirements-dev.txt": true, "srv/requirements/dev.txt": true,
		"srv/requirements": false, "srv/dev.txt": false, "requirements/dev.in": false,
		"srv/venv/lib/python3.11/site-packages/a/requirements.txt": false,
		"usr/lib/python3/dist-packages/a/poetry.lock":              false,
		"srv/node_modules/a/requirements.txt":                      false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 2}); got != want {
			t.Errorf("Wants(%q) = %t", path, got)
		}
	}
	if New().Wants(&detect.Entry{Path: "uv.lock"}) {
		t.Error("wants an empty file")
	}
}

// TestDeep: what is nested without end costs no stack.
func TestDeep(t *testing.T) {
	for _, deep := range []string{"a = " + strings.Repeat("[", 1<<20), strings.Repeat("a.", 1<<20) + "a = 1", strings.Repeat("[\n", 1<<20)} {
		if _, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "uv.lock", Data: []byte(deep)}); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%.10q…: %v", deep, err)
		}
	}
}

func TestLimits(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: "uv.lock", Size: maxLock + 1}}
	if frag, err := New().Detect(context.Background(), f); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("large file: %v, %v", frag, err)
	}
	long := "a==1 \\\n" + strings.Repeat("--hash=sha256:00 \\\n", maxLine/10) + "\nb==2\n"
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "requirements.txt", Data: []byte(long)})
	if !errors.Is(err, detect.ErrLimit) || len(frag.Components) != 2 {
		t.Errorf("long line: %+v, %v", frag, err)
	}
}

func FuzzLock(f *testing.F) {
	paths := []string{"a/poetry.lock", "a/Pipfile.lock", "a/uv.lock", "a/pdm.lock", "a/pylock.toml", "a/requirements.txt"}
	for _, file := range append(archive(f, "tools.txtar"), archive(f, "odd.txtar")...) {
		for i, path := range paths {
			if strings.HasSuffix(file.Path, path[1:]) {
				f.Add(uint8(i), file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		file := detecttest.File{Path: paths[int(kind)%len(paths)], Data: data}
		if err := detecttest.Check(New(), file); err != nil {
			t.Fatal(err)
		}
		frag, _ := New().Detect(context.Background(), &detect.File{Entry: file.Entry(), ReaderAt: strings.NewReader(string(data))})
		if frag == nil {
			return
		}
		keys := make(map[string]bool)
		for _, c := range frag.Components {
			keys[c.Key] = true
			if c.Scope != sbom.ScopeDeclared || c.Version == "" {
				t.Errorf("component %+v", c)
			}
		}
		for _, r := range frag.Relations {
			if !keys[r.From] || !keys[r.To] {
				t.Errorf("relation %+v to nothing", r)
			}
		}
	})
}

func BenchmarkUV(b *testing.B) {
	var data strings.Builder
	data.WriteString("version = 1\n")
	for i := range 300 {
		fmt.Fprintf(&data, "[[package]]\nname = \"package-%d\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\nwheels = [\n", i)
		for range 10 {
			data.WriteString("    { url = \"https://files.pythonhosted.org/packages/a.whl\", hash = \"sha256:01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b\", size = 1 },\n")
		}
		data.WriteString("]\n")
	}
	f := detecttest.File{Path: "srv/uv.lock", Data: []byte(data.String())}
	in := &detect.File{Entry: f.Entry(), ReaderAt: strings.NewReader(data.String())}
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
