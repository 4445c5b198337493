package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
)

// mirrorOf writes a mirror with one suite that has one package, which dpkg-deb and xz make.
func mirrorOf(t *testing.T, program []byte) string {
	t.Helper()
	for _, tool := range []string{"dpkg-deb", "xz"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	root, tree := t.TempDir(), t.TempDir()
	put := func(file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(tree+"/DEBIAN/control", "Package: alpha-bin\nVersion: 1.2.3-1\nArchitecture: amd64\nMaintainer: a <a@example.org>\nDescription: a\n")
	put(tree+"/usr/bin/alpha", string(program))
	put(tree+"/usr/bin/script", "#!/bin/sh\n"+strings.Repeat("# 1.2.3\n", 200))
	put(tree+"/usr/share/doc/alpha-bin/copyright", "Files: *\nLicense: MIT\n")
	deb := filepath.Join(root, "alpha.deb")
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "-b", tree, deb).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(deb)
	if err != nil {
		t.Fatal(err)
	}
	dir := root + "/dists/suite/main"
	packages := fmt.Sprintf("Package: alpha-bin\nSource: alpha (1:1.2.3-1)\nVersion: 1.2.3-1+b1\nArchitecture: amd64\nHomepage: https://github.com/some/alpha\nFilename: alpha.deb\nSize: %d\nSHA256: %x\n\n"+
		"Package: alpha-dev\nVersion: 1\nArchitecture: amd64\nSize: 1\n\n", len(b), sha256.Sum256(b))
	put(dir+"/binary-amd64/Packages", packages)
	if out, err := exec.Command("xz", dir+"/binary-amd64/Packages").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	fmt.Fprint(w, "usr/bin/alpha   utils/alpha-bin\nusr/bin/script\tutils/alpha-bin\nusr/include/x.h\tdevel/alpha-dev\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(dir+"/Contents-amd64.gz", z.String())
	return root
}

// TestFetch fetches a package of a mirror, and looks at its program alone.
func TestFetch(t *testing.T) {
	program := (&elftest.File{Interp: "/lib64/ld-linux-x86-64.so.2", Needed: []string{"libc.so.6"}, Text: "\x00alpha 1.2.3\x00the alpha program\x00" + strings.Repeat("\x00", 1<<10)}).Bytes()
	root := mirrorOf(t, program)
	server := httptest.NewServer(http.FileServer(http.Dir(root)))
	defer server.Close()
	dir := t.TempDir()
	args := []string{"-dir", dir, "-mirror", server.URL, "-suites", "suite"}
	if err := run(append(args, "fetch")); err != nil {
		t.Fatal(err)
	}
	s, err := readSource(recordFile(dir+"/records", "suite", "alpha"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Version != "1.2.3" || s.License != "MIT" || len(s.Files) != 1 {
		t.Fatalf("%+v", s)
	}
	f := s.Files[0]
	if f.Path != "/usr/bin/alpha" || f.Package != "alpha-bin" || len(f.Needed) != 1 || len(f.Versions) != 1 || f.Versions[0].Before != "alpha " || len(f.Named) != 1 || !f.has(sum([]byte("the alpha program"))) {
		t.Errorf("%+v", f)
	}
	table := filepath.Join(dir, "learned.gz")
	if err := run(append(args, "learn", table)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(table); err != nil {
		t.Error(err)
	}
}

// TestFetchTampered fetches nothing that the index does not have the hash of.
func TestFetchTampered(t *testing.T) {
	root := mirrorOf(t, (&elftest.File{Text: strings.Repeat("x", 1<<11)}).Bytes())
	f, err := os.OpenFile(filepath.Join(root, "alpha.deb"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	server := httptest.NewServer(http.FileServer(http.Dir(root)))
	defer server.Close()
	m := &mirror{url: server.URL, cache: t.TempDir()}
	plan, err := m.plan("suite")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.lookAt("suite", plan["alpha"]); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("error %v", err)
	}
}

func TestRun(t *testing.T) {
	for _, args := range [][]string{nil, {"-dir", "x"}, {"-dir", "x", "other"}, {"-no-such"}, {"-dir", t.TempDir(), "learn"}, {"-dir", t.TempDir(), "evaluate"}} {
		if err := run(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
