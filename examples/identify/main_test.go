package main

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex/debian"
)

// program returns the smallest program for Windows that has the text.
func program(text string) []byte {
	b := make([]byte, 2048)
	copy(b, "MZ")
	b[0x3c] = 0x80
	copy(b[0x80:], "PE\x00\x00\x64\x86")
	copy(b[0x400:], "\x00"+text+"\x00")
	return b
}

func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	dir := write(t, map[string][]byte{
		"bin/server.exe": program("nginx version: nginx/1.22.1\x00OpenSSL 3.0.13 30 Jan 2024"),
		"bin/what.exe":   program("nothing to see"),
		"bin/words.exe":  program("Welcome to words 1.4 of today"),
		"README":         []byte("nginx version: nginx/1.22.1"),
	})
	var out strings.Builder
	if err := run(t.Context(), &out, []string{dir}, false, &binary.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"bin/server.exe: PE amd64 dynamic program", `is nginx 1.22.1 (table-self, 0.97) at 0x`, `"nginx version: nginx/1.22.1"`,
		"contains openssl 3.0.13", "no rule names it"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &out)
		}
	}
	for _, not := range []string{"README", "words 1.4"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q is in:\n%s", not, &out)
		}
	}
}

// TestUnprintablePaths has a file whose name would do something to a terminal.
func TestUnprintablePaths(t *testing.T) {
	dir := write(t, map[string][]byte{"bin/\x1b[2J\nx.exe": program("x 1.2.3")})
	var out strings.Builder
	if err := run(t.Context(), &out, []string{dir}, false, &binary.Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), `"bin/\x1b[2J\nx.exe": PE`) {
		t.Errorf("%q", &out)
	}
}

func TestJSON(t *testing.T) {
	dir := write(t, map[string][]byte{"bin/words.exe": program("Welcome to words 1.4 of today")})
	for eager, want := range map[bool]int{false: 0, true: 1} {
		var out strings.Builder
		if err := run(t.Context(), &out, []string{dir}, true, &binary.Options{Eager: eager}); err != nil {
			t.Fatal(err)
		}
		var list []finding
		if err := json.Unmarshal([]byte(out.String()), &list); err != nil || len(list) != want {
			t.Fatalf("%v\n%s", err, &out)
		}
		for _, f := range list {
			if f.Path != "bin/words.exe" || f.Name != "words" || f.Version != "1.4" || f.PURL != "pkg:generic/words@1.4" || f.Relation != "is" || f.Rule == "" || f.Confidence == 0 {
				t.Errorf("%+v", f)
			}
		}
	}
}

// TestOwnProgram identifies this test, whose modules are in its build information.
func TestOwnProgram(t *testing.T) {
	at, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	info, err := buildinfo.ReadFile(at)
	if err != nil || len(info.Deps) == 0 {
		t.Skip("this test has no build information")
	}
	var out strings.Builder
	if err := run(t.Context(), &out, []string{at}, false, &binary.Options{}); err != nil {
		t.Fatal(err)
	}
	if want := info.Deps[0].Path + " " + info.Deps[0].Version + " (golang"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in:\n%s", want, &out)
	}
}

func TestErrors(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, []string{filepath.Join(t.TempDir(), "none")}, false, &binary.Options{}); err == nil {
		t.Error("a path that does not exist is no error")
	}
	out.Reset()
	if err := run(t.Context(), &out, []string{t.TempDir()}, true, &binary.Options{}); err != nil || strings.TrimSpace(out.String()) != "[]" {
		t.Errorf("%q, %v", &out, err)
	}
}

// TestIndex has the index of a test package name a program of it.
func TestIndex(t *testing.T) {
	f, x, err := openIndex("../../sbom/detect/binary/fileindex/testdata/tool.idx")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir := write(t, map[string][]byte{"server": tool("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x00\x11\x22\x33")})
	var out strings.Builder
	if err := run(t.Context(), &out, []string{dir}, false, &binary.Options{Sources: []binary.Source{x}}); err != nil {
		t.Fatal(err)
	}
	if want := "is tool 2.4.1 (build-id, 0.97) of pkg:deb/debian/tool-bin@1:2.4.1%2Bdfsg-3%2Bb2?"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in:\n%s", want, &out)
	}
	if _, _, err := openIndex(filepath.Join(dir, "server")); err == nil {
		t.Error("a program is an index")
	}
}

// TestDebian has the index of Debian's programs name what has the build-id of a bash.
func TestDebian(t *testing.T) {
	dir := write(t, map[string][]byte{"server": tool("\x82\xa0\xac\xb9\x2e\x62\x88\xfb\x69\x85\x6b\x6b\xab\x91\xf2\x38\x54\x73\x8f\xb9")})
	for want, opts := range map[string]binary.Options{
		"is bash 5.2.15 (build-id, 0.97) of pkg:deb/debian/bash@5.2.15-2%2Bb13?": {Sources: []binary.Source{debian.Source()}},
		"no rule names it": {},
	} {
		var out strings.Builder
		if err := run(t.Context(), &out, []string{dir}, false, &opts); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s%v", want, &out, err)
		}
	}
}

// tool returns a program for Linux with that build-id.
func tool(buildID string) []byte {
	b := make([]byte, 2048)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[20] = 2, 62, 1 // A program for x86-64.
	b[32], b[52], b[54], b[56] = 64, 64, 56, 1
	b[64], b[72], b[96] = 4, 128, 36 // One segment, of notes.
	copy(b[128:], "\x04\x00\x00\x00\x14\x00\x00\x00\x03\x00\x00\x00GNU\x00"+buildID)
	return b
}

// TestLink names what is given by a link, as /bin and libz.so.1 are.
func TestLink(t *testing.T) {
	dir := write(t, map[string][]byte{"usr/bin/server.exe": program("nginx version: nginx/1.22.1")})
	for link, target := range map[string]string{"bin": "usr/bin", "program": "usr/bin/server.exe"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
		var out strings.Builder
		if err := run(t.Context(), &out, []string{filepath.Join(dir, link)}, false, &binary.Options{}); err != nil || !strings.HasPrefix(out.String(), "server.exe: ") {
			t.Errorf("%s: %v\n%s", link, err, out.String())
		}
	}
}
