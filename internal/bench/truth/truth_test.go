package truth

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/tools/txtar"
)

// tree unpacks a txtar archive below a new directory.
func tree(t *testing.T, file string) string {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, f := range a.Files {
		put(t, root, f.Name, f.Data)
	}
	return root
}

func put(t *testing.T, root, name string, data []byte) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func collect(t *testing.T, root string) *Image {
	t.Helper()
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip(err)
	}
	img, err := Collect(root, func(string) int { return 7 })
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestCollectTree(t *testing.T) {
	root := tree(t, "testdata/tree.txtar")
	// Debian's own merged directories: a recorded /bin is usr/bin.
	if err := os.Symlink("usr/bin", filepath.Join(root, "bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "usr/local/bin/helper"), 0o755|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	put(t, root, "opt/app.jar", jar(t, "META-INF/maven/g/outer/pom.properties", "groupId=g\nartifactId=outer\nversion=1\n",
		"lib/inner.jar", string(jar(t, "META-INF/maven/g/inner/pom.properties", "#c\nversion = 2\ngroupId = g\nartifactId = inner\n"))))
	const pom = "<project><groupId>o.r</groupId><artifactId>x</artifactId><version>1-S</version></project>"
	for _, dir := range []string{"usr/share/maven-repo/o/r/x/1-S", "srv/elsewhere"} {
		put(t, root, dir+"/x-1-S.jar", jar(t, "a", "b"))
		put(t, root, dir+"/x-1-S.pom", []byte(pom))
	}
	img := collect(t, root)
	want := &Image{
		Packages: []Package{
			{Ecosystem: Debian, Name: "tool", Version: "1:2-3", Arch: "amd64"},
			{Ecosystem: Gem, Name: "rake", Version: "13.0.6", Path: "var/lib/gems/3.1.0/specifications/rake-13.0.6.gemspec", Layer: 7, Introduced: 7},
			{Ecosystem: Maven, Name: "g:inner", Version: "2", Path: "opt/app.jar!/lib/inner.jar!/META-INF/maven/g/inner/pom.properties", Layer: 7, Introduced: 7},
			{Ecosystem: Maven, Name: "g:outer", Version: "1", Path: "opt/app.jar!/META-INF/maven/g/outer/pom.properties", Layer: 7, Introduced: 7},
			{Ecosystem: Maven, Name: "o.r:x", Version: "1-S", Path: "usr/share/maven-repo/o/r/x/1-S/x-1-S.jar", Layer: 7, Introduced: 7},
			{Ecosystem: NPM, Name: "@s/b", Version: "2.0.0", Path: "srv/node_modules/a/node_modules/@s/b/package.json", Layer: 7, Introduced: 7},
			{Ecosystem: NPM, Name: "a", Version: "1.0.0", Path: "srv/node_modules/a/package.json", Layer: 7, Introduced: 7},
			{Ecosystem: PyPI, Name: "Mark", Version: "3", Path: "usr/lib/python3/dist-packages/Mark-3.egg-info/PKG-INFO", Owner: "tool", Layer: 7, Introduced: 7},
		},
		Beside: []Package{
			{Ecosystem: NPM, Name: "fixture", Version: "9.9.9", Path: "srv/node_modules/a/test/node_modules/fixture/package.json", Layer: 7, Introduced: 7},
			{Ecosystem: NPM, Name: "vendored", Path: "srv/node_modules/a/dist/vendored/package.json", Layer: 7, Introduced: 7},
			{Ecosystem: PyPI, Name: "inside", Version: "1", Path: "usr/lib/python3/dist-packages/x/_vendor/inside-1.dist-info/METADATA", Layer: 7, Introduced: 7},
		},
		Leftovers: []Package{{Ecosystem: Debian, Name: "gone", Version: "5", Arch: "all"}},
		Ghosts:    []Ghost{{Name: "tool", Version: "1:2-3", Files: 4, Missing: 1}},
		Changes: []Change{
			{Kind: Modified, Path: "usr/bin/changed", Package: "tool", Layer: 7},
			{Kind: Missing, Path: "usr/bin/missing", Package: "tool", Layer: 7},
			{Kind: Unowned, Path: "usr/local/bin/helper", Layer: 7},
		},
	}
	if !reflect.DeepEqual(img, want) {
		t.Errorf("got  %+v\nwant %+v", img, want)
	}
	dir := t.TempDir()
	if err := Write(dir, img); err != nil {
		t.Fatal(err)
	}
	if again, err := Read(dir); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

// jar makes an archive of names and contents.
func jar(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestGoProgram(t *testing.T) {
	root := tree(t, "testdata/tree.txtar")
	if out, err := exec.Command("go", "build", "-o", filepath.Join(root, "opt/bin/program"), "./testdata/program").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, p := range collect(t, root).Packages {
		if p.Ecosystem == Go && p.Name == "golang.org/x/tools" && p.Version != "" && p.Path == "opt/bin/program" {
			return
		}
	}
	t.Error("the program links golang.org/x/tools, and that is not in the truth")
}

func TestNodePackage(t *testing.T) {
	for dir, want := range map[string]bool{
		"app/node_modules/a":                        true,
		"node_modules/a":                            true,
		"app/node_modules/@s/a":                     true,
		"app/node_modules/a/node_modules/b":         true,
		"app/node_modules/@s/a/node_modules/@t/b":   true,
		"usr/share/nodejs/a":                        true,
		"usr/share/nodejs/npm/node_modules/b":       true,
		"usr/lib/x86_64-linux-gnu/nodejs/a":         true,
		"app":                                       false,
		"app/node_modules":                          false,
		"app/node_modules/@s":                       true, // a name like any other, if someone has it
		"app/node_modules/a/lib":                    false,
		"app/node_modules/@s/a/lib":                 false,
		"app/node_modules/.cache":                   false,
		"app/node_modules/a/test/node_modules/b":    false,
		"usr/share/nodejs/a/test/node_modules/b":    false,
		"app/node_modules/a/b/node_modules/@s/c":    false,
		"usr/share/doc/nodejs/a":                    false,
		"app/node_modules/a/node_modules/b/fixture": false,
	} {
		if got := isNodePackage(dir); got != want {
			t.Errorf("%s: %v, want %v", dir, got, want)
		}
	}
}

func TestDiversion(t *testing.T) {
	root := tree(t, "testdata/tree.txtar")
	put(t, root, "var/lib/dpkg/diversions", []byte("/bin/changed\n/bin/changed.distrib\nother\n"))
	put(t, root, "bin/changed.distrib", []byte("as packaged\n"))
	for _, c := range collect(t, root).Changes {
		if filepath.Base(c.Path) == "changed" {
			t.Errorf("a diverted file is compared under its old name: %+v", c)
		}
	}
}

func TestHistory(t *testing.T) {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip(err)
	}
	entry := func(name, version, status string) string {
		return fmt.Sprintf("Package: %s\nStatus: install ok %s\nVersion: %s\nArchitecture: all\nMaintainer: m\nDescription: d\n\n", name, status, version)
	}
	var h History
	for _, status := range []string{
		entry("stays", "1", "installed") + entry("grows", "1", "installed") + entry("leaves", "1", "installed"),
		entry("stays", "1", "installed") + entry("grows", "2", "installed") + entry("leaves", "1", "installed") + entry("comes", "1", "installed"),
		entry("stays", "1", "installed") + entry("grows", "2", "installed") + entry("leaves", "1", "config-files") + entry("comes", "1", "installed"),
	} {
		root := t.TempDir()
		put(t, root, "var/lib/dpkg/status", []byte(status))
		if err := h.Add(root); err != nil {
			t.Fatal(err)
		}
	}
	img := &Image{}
	for _, name := range []string{"stays", "grows", "comes"} {
		img.Packages = append(img.Packages, Package{Ecosystem: Debian, Name: name, Arch: "all"})
	}
	img.Leftovers = []Package{{Ecosystem: Debian, Name: "leaves", Arch: "all"}}
	h.Fill(img)
	got := make(map[string][2]int)
	for _, p := range append(img.Packages, img.Leftovers...) {
		got[p.Name] = [2]int{p.Introduced, p.Layer}
	}
	want := map[string][2]int{"stays": {0, 0}, "grows": {0, 1}, "comes": {1, 1}, "leaves": {2, 2}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("introduced and changed: %v, want %v", got, want)
	}
}
