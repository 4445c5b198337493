package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	contents := write("contents", `sbin/mkfs.xfs                 admin/xfsprogs
usr/bin/xfs2                  admin/xfsprogs
usr/bin/both                  admin/one,admin/two
usr/bin/hf                    utils/hyperfine
usr/lib/swi/bin/x86/swipl     utils/swi
usr/lib/swi/bin/swipl         utils/swi
usr/lib/swi/libswi-in.so.1    utils/swi
usr/lib/swi/libinner.so.1     utils/swi
usr/lib/swi/libinner.so       utils/swi
usr/lib/swi/data              utils/swi
usr/bin/gio                   libs/libglib2.0-bin
usr/lib/x86_64-linux-gnu/libgobject.so.0.1 libs/libglib2.0-0
usr/lib/x86_64-linux-gnu/libgobject.so     libs/libglib2.0-dev
usr/share/doc/x/README        doc/x
usr/bin/a name                doc/x
odd
`)
	available := write("available", "Package: libglib2.0-0\nSource: glib2.0 (2.74)\n\nPackage: libglib2.0-bin\nSource: glib2.0\n\nPackage: hyperfine\nSource: rust-hyperfine\n")
	out := filepath.Join(dir, "out")
	if err := run(contents, available, out); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if want := "glib\tgio libgobject\nhyperfine\thf\nswi\tlibinner swipl\nxfsprogs\tmkfs.xfs xfs2\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if err := run(filepath.Join(dir, "none"), available, out); err == nil {
		t.Error("no contents are no error")
	}
	if err := run(contents, filepath.Join(dir, "none"), out); err == nil {
		t.Error("no available packages are no error")
	}
}

func TestReleases(t *testing.T) {
	dir := t.TempDir()
	list, out := filepath.Join(dir, "Packages"), filepath.Join(dir, "out")
	if err := os.WriteFile(list, []byte(`Package: libgit-x0
Source: git-x (1:2.1.0+dfsg-3)
Version: 1:2.1.0+dfsg-3+b1
Architecture: amd64
Section: libs

Package: git-x
Version: 1:2.0-1
Architecture: amd64
Section: vcs

Package: git-y-dev
Version: 3.0-1
Architecture: amd64

Package: git-z
Version: 4.0-1
Architecture: all

Package: tool3.1
Version: 3.1.2-7
Architecture: amd64
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command([]string{"releases", out, list}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if want := "gitx*\tgit-x\t2 2.1\ntool\t\t3.1.2\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := command([]string{"releases", out}); err == nil {
		t.Error("no lists")
	}
}
