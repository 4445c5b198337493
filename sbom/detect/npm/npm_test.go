package npm

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

// files returns the files of an archive in testdata.
func files(t testing.TB, name string) []detecttest.File { return golden.Files(t, "testdata/"+name) }

// TestTree detects every file of the archives in testdata and compares one line per
// fact with golden files.
func TestTree(t *testing.T) {
	for _, name := range []string{"tree", "stores"} {
		var got strings.Builder
		for _, f := range files(t, name+".txtar") {
			frag, err := detecttest.DetectFile(t, New(), f)
			fmt.Fprintf(&got, "%s\n", f.Path)
			if err != nil {
				fmt.Fprintf(&got, "\terror %v\n", errors.Is(err, detect.ErrFormat))
			}
			describe(&got, frag)
		}
		golden.Compare(t, []byte(got.String()), "testdata/"+name+".golden")
	}
}

func describe(w *strings.Builder, frag *detect.Fragment) {
	if frag == nil {
		return
	}
	for _, c := range frag.Components {
		fmt.Fprintf(w, "\t%s %s %q purl=%s key=%q confidence=%v\n", c.Type, c.Name+"@"+c.Version, c.Scope, c.PURL, c.Key, c.Evidence[0].Confidence)
		for _, l := range c.Licenses {
			fmt.Fprintf(w, "\t\tlicence %q %q\n", l.Expression, l.Name)
		}
		if c.Supplier != "" || c.Description != "" {
			fmt.Fprintf(w, "\t\tsupplier %q description %q\n", c.Supplier, c.Description)
		}
		for _, p := range c.Properties {
			fmt.Fprintf(w, "\t\t%s=%s\n", p.Name, p.Value)
		}
		for _, h := range c.Hashes {
			fmt.Fprintf(w, "\t\t%s\n", h)
		}
	}
	for _, cl := range frag.Claims {
		fmt.Fprintf(w, "\tclaim %s tree=%t ground=%s\n", cl.Path, cl.Tree, cl.Ground)
	}
	for _, a := range frag.Annotations {
		fmt.Fprintf(w, "\t%q has %v\n", a.Key, a.Properties)
		for _, r := range a.References {
			fmt.Fprintf(w, "\t\t%s %s\n", r.Type, r.URL)
		}
		for _, q := range a.Qualifiers {
			fmt.Fprintf(w, "\t\t%s=%s\n", q.Name, q.Value)
		}
		for _, h := range a.Hashes {
			fmt.Fprintf(w, "\t\t%s\n", h)
		}
	}
	for _, r := range frag.Relations {
		fmt.Fprintf(w, "\t%q %s %q\n", r.From, r.Type, r.To)
	}
	for _, g := range frag.Gaps {
		fmt.Fprintf(w, "\tgap %s of %q: %s\n", g.Kind, g.Component, g.Message)
	}
}

func TestPlace(t *testing.T) {
	for dir, want := range map[string]place{
		"app":                               {kind: application},
		".":                                 {kind: application},
		"app/node_modules/a":                {kind: installed, name: "a"},
		"app/node_modules/@s/a":             {kind: installed, name: "@s/a"},
		"app/node_modules/@s":               {kind: application},
		"app/node_modules":                  {kind: application},
		"test/node_modules/a":               {kind: installed, name: "a"},
		"app/node_modules/test":             {kind: installed, name: "test"},
		"app/node_modules/a/node_modules/b": {kind: installed, name: "b"},
		"n/node_modules/.pnpm/a@1/node_modules/a":                 {kind: installed, name: "a", store: "n/node_modules/.pnpm"},
		"app/node_modules/a/dist/b":                               {kind: bundled, name: "a", owner: "app/node_modules/a"},
		"app/node_modules/a/test/b":                               {kind: fixtureData, name: "a", owner: "app/node_modules/a"},
		"app/node_modules/a/test/node_modules/b":                  {kind: fixtureData, name: "b", owner: "app/node_modules/a"},
		"app/node_modules/a/node_modules/b/spec/node_modules/c/d": {kind: fixtureData, name: "c", owner: "app/node_modules/a/node_modules/b/spec/node_modules/c"},
		"usr/share/nodejs/a":                                      {kind: installed, name: "a"},
		"usr/lib/nodejs/@s/a":                                     {kind: installed, name: "@s/a"},
		"usr/lib/x86_64-linux-gnu/nodejs/a":                       {kind: installed, name: "a"},
		"usr/share/nodejs/a/lib/b":                                {kind: bundled, name: "a", owner: "usr/share/nodejs/a"},
		"srv/nodejs/a":                                            {kind: application},
		"usr/share/doc/x/examples/a":                              {kind: fixtureData},
		"var/lib/node_modules/.cache/a":                           {kind: application},
		"usr/share/doc/node-a":                                    {kind: documented},
		"usr/share/doc":                                           {kind: documented},
		"usr/share/go/src/cmd/vendor/github.com/google/pprof/third_party/d3": {kind: bundled},
		"srv/third_party/a":             {kind: bundled},
		"opt/vendor":                    {kind: application},
		"opt/vendor/app/node_modules/a": {kind: installed, name: "a"},
		"usr/lib/ruby/gems/3.1.0/gems/typeprof-1/vscode":           {kind: bundled},
		"usr/lib/ruby/gems/3.1.0":                                  {kind: application},
		"srv/gems/a-b":                                             {kind: application},
		"usr/lib/python3/dist-packages/a/static":                   {kind: bundled},
		"venv/lib/python3.11/site-packages":                        {kind: application},
		"venv/lib/python3.11/site-packages/n/lib/node_modules/npm": {kind: installed, name: "npm"},
		"root/go/pkg/mod/example.com/a@v1.0.0/web":                 {kind: bundled},
		"deno-dir/npm/registry.npmjs.org/a/1.0.0":                  {kind: installed, name: "a", store: "deno-dir/npm"},
		"deno-dir/npm/registry.npmjs.org/@s/a/1.0.0":               {kind: installed, name: "@s/a", store: "deno-dir/npm"},
		"deno-dir/npm/registry.npmjs.org/@s/a/1.0.0/dist/b":        {kind: bundled, name: "@s/a", owner: "deno-dir/npm/registry.npmjs.org/@s/a/1.0.0"},
		"deno-dir/npm/registry.npmjs.org/a":                        {kind: application},
		"srv/npm/web/a/1.0.0":                                      {kind: application},
		"srv/npm/example.com/@s":                                   {kind: application},
		"root/.bun/install/cache/a@1.0.0@@@1":                      {kind: installed, name: "a", store: "root/.bun/install/cache"},
		"root/.bun/install/cache/@s/a@1.0.0@@@1":                   {kind: installed, name: "@s/a", store: "root/.bun/install/cache"},
		"root/.bun/install/cache/@T@sha512-00@@@1":                 {kind: installed, name: "@T@sha512-00@@@1", store: "root/.bun/install/cache"},
		"root/.bun/install/cache/a":                                {kind: application},
		"srv/install/cache":                                        {kind: application},
		"srv/pkg/mod/a":                                            {kind: application},
		"srv/mod/a@v1":                                             {kind: application},
	} {
		want.dir = dir
		if got := placeOf(dir); got != want {
			t.Errorf("placeOf(%q) = %+v, want %+v", dir, got, want)
		}
	}
}

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		"package.json": true, "a/node_modules/b/package.json": true,
		"a/package-lock.json": false, "a/xpackage.json": false, "a/package.json/b": false,
		"a/node_modules/.package-lock.json": true, "a/.package-lock.json": false,
		"a/node_modules/.pnpm/lock.yaml": true, "a/.pnpm/lock.yaml": false,
		"a/.yarn/cache/b-npm-1.0.0-00-00.zip": true, "root/.yarn/berry/cache/b.zip": true, "a/cache/b.zip": false,
		"d/remote/https/jsr.io/" + strings.Repeat("0", 64): true, "d/remote/https/jsr.io/0": false,
		"d/remote/https/e.com/" + strings.Repeat("0", 64): false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 2}); got != want {
			t.Errorf("Wants(%q) = %t", path, got)
		}
	}
	if New().Wants(&detect.Entry{Path: "package.json"}) {
		t.Error("wants an empty file")
	}
}

func TestTooLarge(t *testing.T) {
	data := []byte(`{"name":"a","version":"1","readme":"` + strings.Repeat("x", maxManifest) + `"}`)
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "node_modules/a/package.json", Data: data})
	if frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("got %v, %v, want ErrLimit", frag, err)
	}
}

func TestConformance(t *testing.T) {
	in := append(files(t, "tree.txtar"), files(t, "stores.txtar")...)
	shared := yarnZip(t)
	shared.Path = "root/.yarn/berry/cache/" + path.Base(shared.Path)
	detecttest.Run(t, New(), append(in, yarnZip(t), shared)...)
}

// TestInstalledOnThisMachine reads the packages of this machine, if any: none
// may fail, and every installed one has a name and a version.
func TestInstalledOnThisMachine(t *testing.T) {
	var paths []string
	for _, glob := range []string{"/usr/share/nodejs/*/package.json", "/usr/share/nodejs/@*/*/package.json",
		"/usr/lib/node_modules/*/node_modules/*/package.json", "/usr/local/lib/node_modules/*/node_modules/*/package.json"} {
		found, _ := filepath.Glob(glob)
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		t.Skip("no Node packages on this machine")
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil || len(b) == 0 {
			continue
		}
		frag := detecttest.Detect(t, New(), strings.TrimPrefix(p, "/"), b)
		if frag == nil || len(frag.Components) != 1 || frag.Components[0].Version == "" {
			t.Errorf("%s: %+v", p, frag)
		}
	}
	t.Logf("%d packages", len(paths))
}

// FuzzFile gives every format to its reader; at is the place of a package.json.
func FuzzFile(f *testing.F) {
	paths := []string{"app/node_modules/a/package.json", "app/node_modules/.package-lock.json", "app/node_modules/.pnpm/lock.yaml",
		"app/.yarn/cache/a.zip", "d/remote/https/jsr.io/" + strings.Repeat("0", 64)}
	for _, file := range append(append(files(f, "tree.txtar"), files(f, "stores.txtar")...), yarnZip(f)) {
		for i, p := range paths {
			if filepath.Base(p) == filepath.Base(file.Path) || filepath.Ext(p) == ".zip" && filepath.Ext(file.Path) == ".zip" {
				f.Add(uint8(i), file.Path, file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, path string, data []byte) {
		if err := detecttest.Check(New(), detecttest.File{Path: paths[int(kind)%len(paths)], Data: data}); err != nil {
			t.Error(err)
		}
		// Whatever the place, nothing installed comes out of test data or of copies.
		p := placeOf(path)
		if m, err := parse(data); err == nil {
			if frag := fragment(p, m); frag != nil {
				for _, c := range frag.Components {
					if (c.Scope == sbom.ScopeInstalled) != (p.kind == installed || p.kind == application) || c.Version == "" && p.kind != installed {
						t.Errorf("%+v at %+v", c, p)
					}
				}
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	data := []byte(`{"name":"@scope/name","version":"1.2.3","license":"MIT","author":"A <a@example.com>",
		"description":"A package.","dependencies":{"a":"^1","b":"^2"},"scripts":{"test":"true"}}`)
	f := detecttest.File{Path: "app/node_modules/@scope/name/package.json", Data: data}
	golden.Benchmark(b, New(), f)
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }

// TestLookup compares where packages are looked for with what Node's require.resolve.paths
// says of files in these directories below the root.
func TestLookup(t *testing.T) {
	for dir, want := range map[string][]string{
		"srv/app":                          {"srv/app/node_modules", "srv/node_modules", "node_modules"},
		"srv/app/node_modules/a":           {"srv/app/node_modules/a/node_modules", "srv/app/node_modules", "srv/node_modules", "node_modules"},
		"srv/node_modules/@s/a":            {"srv/node_modules/@s/a/node_modules", "srv/node_modules/@s/node_modules", "srv/node_modules", "node_modules"},
		"a/node_modules/b/node_modules/c":  {"a/node_modules/b/node_modules/c/node_modules", "a/node_modules/b/node_modules", "a/node_modules", "node_modules"},
		"usr/share/nodejs/x":               {"usr/share/nodejs/x/node_modules", "usr/share/nodejs/node_modules", "usr/share/node_modules", "usr/node_modules", "node_modules", "usr/share/nodejs", "usr/lib/nodejs"},
		strings.Repeat("d/", 100) + "deep": nil,
	} {
		got := lookup(dir)
		if want == nil {
			if len(got) > maxUp+2 {
				t.Errorf("%d places for a deep directory", len(got))
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
}
