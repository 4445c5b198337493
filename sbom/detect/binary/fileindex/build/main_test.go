package main

import (
	"encoding/hex"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
)

var update = flag.Bool("update", false, "write the index that other tests use")

// buildIDs are of the programs in the package that is made here.
var buildIDs = map[string]string{"usr/bin/tool": "00112233445566778899aabbccddeeff00112233", "usr/lib/libtool.so.1": "ffeeddccbbaa99887766554433221100ffeeddcc"}

// deb makes a package with two programs in it.
func deb(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("no dpkg-deb on this machine")
	}
	root := filepath.Join(t.TempDir(), "root")
	write := func(name, content string) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("DEBIAN/control", "Package: tool-bin\nSource: tool\nVersion: 1:2.4.1-3\nArchitecture: amd64\nMaintainer: A <a@example.com>\nDescription: a tool\n")
	write("usr/share/doc/tool/README", "no program")
	for name, id := range buildIDs {
		write(name, string((&elftest.File{Library: true, BuildID: id, Text: name}).Bytes()))
	}
	if out, err := exec.Command("dpkg-deb", "--build", "--root-owner-group", root, filepath.Join(dir, "tool.deb")).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
}

// TestRun builds the index of a package made here. With -update it becomes the index that the
// tests of package binary use.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	deb(t, dir)
	file := filepath.Join(dir, "tool.idx")
	var out strings.Builder
	if err := run(&out, file, "debian", []string{dir}); err != nil || !strings.HasPrefix(out.String(), "2 programs, ") {
		t.Fatalf("%q, %v", &out, err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := fileindex.Open(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range buildIDs {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.Find(fileindex.BuildID, raw)
		want := fileindex.Record{Name: "tool", Version: "1:2.4.1-3", PURL: "pkg:deb/debian/tool-bin@1:2.4.1-3?arch=amd64"}
		if err != nil || len(got) != 1 || got[0].Name != want.Name || got[0].Version != want.Version || !strings.Contains(got[0].PURL, "tool-bin") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if x.Len() != 4 {
		t.Errorf("%d entries", x.Len())
	}
	const golden = "../testdata/tool.idx"
	if *update {
		if err := os.WriteFile(golden, b, 0o644); err != nil { //nolint:gosec // Test data.
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != string(b) {
		t.Errorf("the index differs from %s: run with -update: %v", golden, err)
	}
}

func TestErrors(t *testing.T) {
	var out strings.Builder
	dir := t.TempDir()
	if err := run(&out, filepath.Join(dir, "x"), "debian", []string{filepath.Join(dir, "none")}); err == nil {
		t.Error("a package that is not there is no error")
	}
	bad := filepath.Join(dir, "bad.deb")
	if err := os.WriteFile(bad, []byte("no package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(&out, filepath.Join(dir, "x"), "debian", []string{bad}); err == nil {
		t.Error("what is no package is no error")
	}
}
