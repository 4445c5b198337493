package main

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive/debtest"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
)

var update = flag.Bool("update", false, "write the index that other tests use")

// The package that is made here, and the build-ids of the programs in it.
const control = "Package: tool-bin\nSource: tool (1:2.4.1+dfsg-3)\nVersion: 1:2.4.1+dfsg-3+b2\nArchitecture: amd64\nMaintainer: A <a@example.com>\nDescription: a tool\n"

const (
	toolID    = "00112233445566778899aabbccddeeff00112233"
	libraryID = "ffeeddccbbaa99887766554433221100ffeeddcc"
)

// tool is what the index says of them.
var tool = fileindex.Record{Name: "tool", Version: "2.4.1", PURL: "pkg:deb/debian/tool-bin@1:2.4.1%2Bdfsg-3%2Bb2?arch=amd64&distro=debian-12&upstream=tool%401:2.4.1%2Bdfsg-3"}

func programs() map[string]string {
	files := map[string]string{"usr/share/doc/tool/README": "no program", "usr/bin/empty": ""}
	for name, id := range map[string]string{"usr/bin/tool": toolID, "usr/lib/libtool.so.1": libraryID, "usr/lib/none.so": ""} {
		files[name] = string((&elftest.File{Library: true, BuildID: id, Text: name}).Bytes())
	}
	return files
}

// write writes files below a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// build runs the program, and returns what it wrote.
func build(t *testing.T, o options) (*fileindex.Index, []byte, error) {
	t.Helper()
	o.out, o.distro, o.architecture = filepath.Join(t.TempDir(), "tool.idx"), "debian-12", "amd64"
	if o.parallel == 0 {
		o.parallel = 2
	}
	failed := run(t.Context(), io.Discard, &o)
	b, err := os.ReadFile(o.out)
	if err != nil {
		return nil, nil, failed
	}
	x, err := fileindex.Open(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return x, b, failed
}

// find returns the only record of a build-id.
func find(t *testing.T, x *fileindex.Index, id string) fileindex.Record {
	t.Helper()
	raw, err := hex.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Find(fileindex.BuildID, raw)
	if err != nil || len(got) != 1 {
		t.Errorf("%s: %+v, %v", id, got, err)
		return fileindex.Record{}
	}
	return got[0]
}

// TestRun builds the index of a package made here. With -update it becomes the index that the
// tests of package binary use.
func TestRun(t *testing.T) {
	dir := write(t, map[string]string{"tool.deb": string(debtest.Deb(t, "gz", control, programs()))})
	x, b, err := build(t, options{sources: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{toolID, libraryID} {
		if got := find(t, x, id); got != tool {
			t.Errorf("%+v, want %+v", got, tool)
		}
	}
	if x.Len() != 5 {
		t.Errorf("%d entries of three programs, one without a build-id", x.Len())
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
	if x, _, err := build(t, options{sources: []string{filepath.Join(dir, "tool.deb")}, buildIDs: true}); err != nil || x.Len() != 2 {
		t.Errorf("build-ids alone: %v", err)
	}
}

// TestRecords builds the same from what an earlier run kept.
func TestRecords(t *testing.T) {
	dir, records := write(t, map[string]string{"tool.deb": string(debtest.Deb(t, "gz", control, programs()))}), t.TempDir()
	_, want, err := build(t, options{sources: []string{dir}, records: records})
	if err != nil {
		t.Fatal(err)
	}
	if _, got, err := build(t, options{records: records}); err != nil || string(got) != string(want) {
		t.Errorf("%d bytes, not the same %d: %v", len(got), len(want), err)
	}
	file := filepath.Join(records, "debian-12", "tool-bin_1%3a2.4.1+dfsg-3+b2_amd64")
	for _, content := range []string{"", "tool 1\n", "tool 1 amd64 tool 1 debian-12\nno hexadecimal\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := build(t, options{records: records}); err == nil {
			t.Errorf("%q is no error", content)
		}
	}
	s := &store{dir: records, distro: "debian-12"}
	for _, name := range []string{"a b", "a\nb", ""} {
		if err := s.put(&debarchive.Package{Name: name, Version: "1", Architecture: "amd64", Source: "a", SourceVersion: "1"}, nil); !errors.Is(err, debarchive.ErrFormat) {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// TestPackages takes no packages but those of a list: of the same name and maintainer.
func TestPackages(t *testing.T) {
	for list, taken := range map[string]bool{
		"Package: tool-bin\nVersion: 1:2.4.2-1\nArchitecture: amd64\nMaintainer: A <a@example.com>\n": true,
		"Package: tool-bin\nVersion: 1:2.4.1-3\nArchitecture: amd64\nMaintainer: B <b@example.com>\n": false,
		"Package: other\nVersion: 1:2.4.1-3\nArchitecture: amd64\nMaintainer: A <a@example.com>\n":    false,
	} {
		dir := write(t, map[string]string{"Packages": list, "debs/tool.deb": string(debtest.Deb(t, "gz", control, programs()))})
		x, _, err := build(t, options{sources: []string{dir + "/debs"}, packages: []string{dir + "/Packages"}})
		if (x != nil) != taken || (err == nil) != taken {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// TestRoot takes the programs that are installed as they were in their package.
func TestRoot(t *testing.T) {
	files := programs()
	var sums strings.Builder
	for _, name := range []string{"usr/bin/tool", "usr/lib/libtool.so.1", "usr/share/doc/tool/README"} {
		fmt.Fprintf(&sums, "%x  %s\n", md5.Sum([]byte(files[name])), name)
	}
	sums.WriteString("00  usr/lib/none.so\n00112233  usr/bin/not-there\n00  ../../etc/passwd\nodd\n")
	files["var/lib/dpkg/info/tool-bin:amd64.md5sums"] = sums.String()
	files["var/lib/dpkg/status"] = strings.Replace(control, "\n", "\nStatus: install ok installed\n", 1) + "\nPackage: removed\nVersion: 1\nArchitecture: amd64\nStatus: deinstall ok config-files\n"
	x, _, err := build(t, options{sources: []string{write(t, files)}})
	if err != nil || x.Len() != 4 {
		t.Fatalf("%v, %v", x, err)
	}
	if got := find(t, x, toolID); got != tool {
		t.Errorf("%+v, want %+v", got, tool)
	}
	files["usr/bin/tool"] += "changed"
	if x, _, err = build(t, options{sources: []string{write(t, files)}}); err != nil || x.Len() != 2 {
		t.Errorf("a changed program is taken: %v", err)
	}
}

// archive is a mirror that counts what it is asked for.
type archive struct {
	files map[string]string
	mu    sync.Mutex
	asked []string
}

func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.Path)
	content, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, content)
}

func (a *archive) packages() (n int) {
	for _, p := range a.asked {
		if strings.HasPrefix(p, "/pool/") {
			n++
		}
	}
	return n
}

// newArchive has the package made here and some that are not to be read: without programs by the
// list of files, of another architecture, kernels.
func newArchive(t *testing.T, contents bool) *archive {
	t.Helper()
	deb := string(debtest.Deb(t, "xz", control, programs()))
	stanza := func(control, file string) string {
		return fmt.Sprintf("%sFilename: pool/%s\nSize: %d\nSHA256: %x\n\n", control, file, len(deb), sha256.Sum256([]byte(deb)))
	}
	list := stanza(control, "tool.deb")
	for old, name := range map[string]string{"tool-bin": "linux-image-6", "amd64": "arm64"} {
		list += stanza(strings.Replace(control, old, name, 1), "not-to-be-read.deb")
	}
	files := map[string]string{"/pool/tool.deb": deb, "/pool/not-to-be-read.deb": deb,
		"/dists/s/main/binary-amd64/Packages.xz": string(debtest.Compress(t, "xz", []byte(list)))}
	if contents {
		list += stanza(strings.Replace(control, "tool-bin", "tool-doc", 1), "not-to-be-read.deb")
		files["/dists/s/main/binary-amd64/Packages.xz"] = string(debtest.Compress(t, "xz", []byte(list)))
		files["/dists/s/main/Contents-amd64.gz"] = string(debtest.Compress(t, "gz", []byte("usr/bin/tool utils/tool-bin\nusr/share/doc/x doc/tool-doc\n")))
	}
	return &archive{files: files}
}

// TestMirror reads the packages of a suite that have programs, each once over several runs.
func TestMirror(t *testing.T) {
	for _, contents := range []bool{true, false} {
		a := newArchive(t, contents)
		server := httptest.NewServer(a)
		defer server.Close()
		o := options{mirror: server.URL + "/", suite: "s", records: t.TempDir()}
		for range 2 {
			x, _, err := build(t, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := find(t, x, toolID); got != tool {
				t.Errorf("%+v, want %+v", got, tool)
			}
		}
		if n := a.packages(); n != 1 {
			t.Errorf("%d packages were asked for: %q", n, a.asked)
		}
	}
}

// TestMirrorFails has what an archive lacks or has wrong be an error, and the next run read it.
func TestMirrorFails(t *testing.T) {
	a := newArchive(t, true)
	server := httptest.NewServer(a)
	defer server.Close()
	deb := a.files["/pool/tool.deb"]
	o := options{mirror: server.URL, suite: "s", records: t.TempDir()}
	for _, content := range []string{"no package", deb[:len(deb)/2], deb + "more", string(debtest.Deb(t, "gz", strings.Replace(control, "2.4.1", "2.4.2", 2), programs()))} {
		a.files["/pool/tool.deb"] = content
		if _, _, err := build(t, o); err == nil {
			t.Errorf("%.20q is no error", content)
		}
	}
	delete(a.files, "/pool/tool.deb")
	if _, _, err := build(t, o); !errors.Is(err, errNone) {
		t.Errorf("error %v", err)
	}
	a.files["/pool/tool.deb"] = deb
	if _, _, err := build(t, o); err != nil {
		t.Error(err)
	}
	o.suite = "none"
	if err := run(t.Context(), io.Discard, &o); !errors.Is(err, errNone) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.suite = "s"
	if err := run(ctx, io.Discard, &o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestSymbols takes the build-ids of packages of debugging symbols from their list, and reads none.
func TestSymbols(t *testing.T) {
	list := strings.Replace(control, "tool-bin", "tool-bin-dbgsym", 1) + "Build-Ids: " + toolID + " " + libraryID + " x\nFilename: pool/tool-bin-dbgsym.deb\n"
	a := &archive{files: map[string]string{"/dists/s-debug/main/binary-amd64/Packages.xz": string(debtest.Compress(t, "xz", []byte(list)))}}
	server := httptest.NewServer(a)
	defer server.Close()
	x, _, err := build(t, options{mirror: server.URL, suite: "s-debug"})
	if err != nil || x.Len() != 2 || a.packages() != 0 {
		t.Fatalf("%v, %q", err, a.asked)
	}
	if got := find(t, x, libraryID); got != tool {
		t.Errorf("%+v, want %+v", got, tool)
	}
}

// TestLeftOut leaves out kernels and debugging symbols.
func TestLeftOut(t *testing.T) {
	var got []string
	for _, name := range []string{"bash", "linux-image-6.1", "linux-base", "bash-dbgsym", "libc6-dbg", "grub-efi", "dbg"} {
		if leftOut(name) {
			got = append(got, name)
		}
	}
	if want := []string{"linux-image-6.1", "bash-dbgsym", "libc6-dbg", "grub-efi"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestErrors(t *testing.T) {
	for what, files := range map[string]map[string]string{"no package": {"bad.deb": "no package"}, "nothing": {"README": "nothing"}} {
		if _, _, err := build(t, options{sources: []string{write(t, files)}}); err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	if _, _, err := build(t, options{sources: []string{filepath.Join(t.TempDir(), "none")}}); err == nil {
		t.Error("a package that is not there is no error")
	}
	dir := write(t, map[string]string{"bad.deb": "no package", "good.deb": string(debtest.Deb(t, "gz", control, programs()))})
	if x, _, err := build(t, options{sources: []string{dir}}); x == nil || err == nil {
		t.Errorf("a bad package beside a good one: %v, %v", x, err)
	}
}
