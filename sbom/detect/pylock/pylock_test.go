package pylock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func archive(t testing.TB, name string) []detecttest.File {
	t.Helper()
	return golden.Files(t, "testdata/"+name)
}

func TestArchives(t *testing.T) { golden.TestArchives(t, New(), maxLock, "tools", "odd") }

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

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"poetry.lock": true, "srv/uv.lock": true, "srv/pdm.lock": true, "srv/Pipfile.lock": true,
		"srv/pylock.toml": true, "srv/pylock.dev.toml": true, "srv/pylock.a.b.toml": false, "srv/pylocktoml": false,
		"srv/requirements.txt": true, "srv/requirements-dev.txt": true, "srv/requirements/dev.txt": true,
		"srv/requirements": false, "srv/dev.txt": false, "requirements/dev.in": false,
		"srv/venv/lib/python3.11/site-packages/a/requirements.txt": false,
		"usr/lib/python3/dist-packages/a/poetry.lock":              false,
		"srv/node_modules/a/requirements.txt":                      false,
		"uv.lock":                                                  true,
	})
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
	long := "a==1 \\\n" + strings.Repeat("--hash=sha256:00 \\\n", maxLine/10) + "\nb==2\n"
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "requirements.txt", Data: []byte(long)})
	if !errors.Is(err, detect.ErrLimit) || len(frag.Components) != 2 {
		t.Errorf("long line: %+v, %v", frag, err)
	}
}

func FuzzLock(f *testing.F) {
	paths := []string{"a/poetry.lock", "a/Pipfile.lock", "a/uv.lock", "a/pdm.lock", "a/pylock.toml", "a/requirements.txt"}
	golden.FuzzPaths(f, New(), paths, append(archive(f, "tools.txtar"), archive(f, "odd.txtar")...), golden.Locked)
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
	golden.Benchmark(b, New(), detecttest.File{Path: "srv/uv.lock", Data: []byte(data.String())})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }
