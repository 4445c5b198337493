package debarchive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive/debtest"
)

const control = "Package: tool-bin\nSource: tool (1:2.4.1-3)\nVersion: 1:2.4.1-3+b1\nArchitecture: amd64\nMaintainer: A <a@example.com>\nDescription: a tool\n"

var files = map[string]string{"usr/bin/tool": "a program", "usr/share/doc/tool/README": "odd", "usr/bin/empty": ""}

// readDeb returns what is in a package.
func readDeb(b []byte) (*debarchive.Package, map[string]string, error) {
	got := make(map[string]string)
	p, err := debarchive.ReadDeb(bytes.NewReader(b), func(h *tar.Header, r io.Reader) error {
		content, err := io.ReadAll(r)
		got[strings.TrimPrefix(h.Name, "./")] = string(content)
		return err
	})
	return p, got, err
}

func TestReadDeb(t *testing.T) {
	want := &debarchive.Package{Name: "tool-bin", Version: "1:2.4.1-3+b1", Architecture: "amd64", Maintainer: "A <a@example.com>", Source: "tool", SourceVersion: "1:2.4.1-3", BuildIDs: []string{}}
	for _, compression := range []string{"", "gz", "zst", "xz"} {
		t.Run(compression, func(t *testing.T) {
			p, got, err := readDeb(debtest.Deb(t, compression, control, files))
			if err != nil || !reflect.DeepEqual(p, want) || !maps.Equal(got, files) {
				t.Errorf("%+v, %q, %v", p, got, err)
			}
		})
	}
}

// TestDamagedDeb has each part of a package cut off, changed or missing be an error.
func TestDamagedDeb(t *testing.T) {
	for _, compression := range []string{"gz", "zst", "xz"} {
		sound := debtest.Deb(t, compression, control, files)
		for size := range sound {
			if compression == "xz" && size%40 != 0 || size == len(sound)-1 && sound[size] == '\n' {
				continue // A process for each; and padding at the end is not missed.
			}
			if _, _, err := readDeb(sound[:size]); err == nil {
				t.Fatalf("%s, %d bytes of %d: no error", compression, size, len(sound))
			}
		}
	}
	sound := string(debtest.Deb(t, "", control, files))
	for what, b := range map[string]string{
		"no package":       "no package at all",
		"size of a member": strings.Replace(sound, "data.tar        0 ", "data.tar        0x", 1)[:200] + strings.Repeat("x", 60),
		"no control file":  string(debtest.Deb(t, "", "Package: a\n", files)),
		"no files":         sound[:strings.Index(sound, "data.tar")],
		"files first":      "!<arch>\n" + sound[strings.Index(sound, "data.tar"):],
	} {
		if _, _, err := readDeb([]byte(b)); !errors.Is(err, debarchive.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	stop := errors.New("stop")
	for _, compression := range []string{"", "gz", "zst", "xz"} {
		_, err := debarchive.ReadDeb(bytes.NewReader(debtest.Deb(t, compression, control, files)), func(*tar.Header, io.Reader) error { return stop })
		if !errors.Is(err, stop) {
			t.Errorf("%q: error %v", compression, err)
		}
	}
}

func TestReadPackages(t *testing.T) {
	packages, err := debarchive.ReadPackages(strings.NewReader(`Package: bash
Version: 5.2.15-2+b10
Source: bash (5.2.15-2)
Architecture: amd64
Filename: pool/main/b/bash/bash_5.2.15-2+b10_amd64.deb
Size: 1499000
SHA256: 0011

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: amd64

Package: here
Status: install ok installed
Version: 1
Architecture: amd64

Package: bash-dbgsym
Version: 5.2.15-2+b10
Architecture: amd64
Source: bash (5.2.15-2)
Build-Ids: 6434a461293afab0f513e87ef039371fcbff57b8 610c90510308207fedce0b82d30177a785480942

Version: 1
Architecture: of no package
`))
	if err != nil || len(packages) != 3 {
		t.Fatalf("%d packages, %v", len(packages), err)
	}
	if p := packages[0]; p.Name != "bash" || p.SourceVersion != "5.2.15-2" || p.Size != 1499000 || p.SHA256 != "0011" || !strings.HasPrefix(p.Filename, "pool/") || len(p.BuildIDs) != 0 {
		t.Errorf("%+v", p)
	}
	if p := packages[1]; p.Name != "here" || p.Source != "here" || p.SourceVersion != "1" {
		t.Errorf("%+v", p)
	}
	if p := packages[2]; len(p.BuildIDs) != 2 || p.BuildIDs[1] != "610c90510308207fedce0b82d30177a785480942" {
		t.Errorf("%+v", p)
	}
}

func TestReadContents(t *testing.T) {
	got, err := debarchive.ReadContents(strings.NewReader(`bin/bash shells/bash
usr/bin/a-tool    utils/a,contrib/utils/b
usr/lib/x86_64-linux-gnu/libc.so.6   libs/c
usr/lib/node/x/build.node  javascript/d
usr/lib/git-core/git-remote  vcs/e
opt/app/server  misc/f
usr/lib/python3/dist-packages/x.py  python/no
usr/lib/debug/.build-id/00/11  debug/no
usr/share/doc/x/README   doc/no
etc/passwd misc/no
README no
odd
`))
	if want := []string{"a", "b", "bash", "c", "d", "e", "f"}; err != nil || !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// FuzzReadDeb reads any bytes as a package, of which no more files come out than are there, and as lists,
// whose packages have what a package must.
func FuzzReadDeb(f *testing.F) {
	for _, compression := range []string{"", "gz", "zst"} {
		f.Add(debtest.Deb(f, compression, control, files))
	}
	f.Add([]byte(control))
	f.Add([]byte("usr/bin/a-tool    utils/a,contrib/utils/b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.Contains(b, []byte(".xz")) {
			t.Skip("another program reads it")
		}
		n := 0
		p, err := debarchive.ReadDeb(bytes.NewReader(b), func(_ *tar.Header, r io.Reader) error {
			n++
			return nil
		})
		if err == nil && (p == nil || p.Name == "" || p.Version == "" || p.Architecture == "") {
			t.Errorf("%+v", p)
		}
		if bytes.HasPrefix(b, []byte("!<arch>\n")) && !bytes.Contains(b, []byte(".gz")) && !bytes.Contains(b, []byte(".zst")) && n > len(b)/512 {
			t.Errorf("%d files in %d bytes", n, len(b))
		}
		packages, err := debarchive.ReadPackages(bytes.NewReader(b))
		if err != nil {
			t.Error(err)
		}
		for _, p := range packages {
			if p.Name == "" || p.Version == "" || p.Source == "" && !bytes.Contains(b, []byte("Source")) {
				t.Errorf("%+v", p)
			}
		}
		if names, err := debarchive.ReadContents(bytes.NewReader(b)); err == nil && len(names) > len(b) {
			t.Errorf("%d packages", len(names))
		}
	})
}
