package binary

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/petest"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// zipped returns what comes first with a zip file behind it, of names and contents, which are
// compressed in the directory lib.
func zipped(first string, files ...string) []byte {
	b := bytes.NewBufferString(first)
	w := zip.NewWriter(b)
	w.SetOffset(int64(b.Len()))
	for i := 0; i < len(files); i += 2 {
		method := zip.Store
		if strings.HasPrefix(files[i], "lib/") {
			method = zip.Deflate
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// packedByElectron returns an archive of one package.json.
func packedByElectron(content string) []byte {
	le := binary.LittleEndian
	header := fmt.Sprintf(`{"files":{"package.json":{"size":%d,"offset":"0"},"node_modules":{"files":{"a":{"files":{"package.json":{"size":%d,"offset":"%d"}}}}}}}`, len(content), len(packageA), len(content))
	header += strings.Repeat(" ", -len(header)&3)
	var b []byte
	for _, n := range []int{4, len(header) + 8, len(header) + 4, len(header)} {
		b = le.AppendUint32(b, uint32(n))
	}
	return []byte(string(b) + header + content + packageA)
}

const (
	packageA = `{"name":"@s/a","version":"1.1.1"}`
	blob     = "\x20\xda\x43\x01\x08\x00\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00x" + "\x1a\x00\x00\x00\x00\x00\x00\x00// node_modules/b/index.js" +
		"\x01\x00\x00\x00\x00\x00\x00\x00" + "\x0c\x00\x00\x00\x00\x00\x00\x00package.json" + "\x23\x00\x00\x00\x00\x00\x00\x00" + `{"name":"skates","version":"2.2.2"}`
	release = "IMPLEMENTOR=\"Acme\"\nJAVA_RUNTIME_VERSION=\"21.0.4+7-LTS\"\nJAVA_VERSION=\"21.0.4\"\nMODULES=\"java.base\"\nSOURCE_REPO=\"https://example.com/jdk\"\n"
	packed  = "$Id: UPX 4.24 Copyright\x00UPX!\x0d\x16\x08\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x10\x00\x00\x00\x30\x00\x00"
)

// frozenByPyInstaller is a launcher with an archive of one file of metadata.
func frozenByPyInstaller() []byte {
	const name, content = "foo-1.0.dist-info/METADATA", "Name: Foo\nVersion: 1.0\n"
	be := binary.BigEndian
	var entry []byte
	for _, n := range []int{48, 0, len(content), len(content)} {
		entry = be.AppendUint32(entry, uint32(n))
	}
	entry = append(append(entry, 0, 'x'), name...)
	entry = append(entry, make([]byte, 48-len(entry))...)
	b := append(static("launcher"), content...)
	b = append(append(b, entry...), "MEI\x0c\x0b\x0a\x0b\x0e"...)
	for _, n := range []int{len(content) + len(entry) + 88, len(content), len(entry), 311} {
		b = be.AppendUint32(b, uint32(n))
	}
	return append(b, make([]byte, 64)...)
}

func skates(version [][2]string) []byte {
	return (&petest.File{Imports: []string{"KERNEL32.dll"}, Version: version, Data: [][2]string{{"NODE_SEA_BLOB", blob}}, Text: strings.Repeat(" ", minSize)}).Bytes()
}

// payloadTree are files with a payload, of every kind of package that is found in them.
func payloadTree() []detecttest.File {
	return []detecttest.File{
		{Path: "opt/frozen", Mode: 0o755, Data: frozenByPyInstaller()},
		{Path: "opt/launched", Mode: 0o755, Data: zipped(string(static("launcher")), "META-INF/maven/org.x/y/pom.properties", "groupId=org.x\nartifactId=y\nversion=3.0\n")},
		{Path: "opt/skates.exe", Mode: 0o755, Data: skates(nil)},
		{Path: "opt/packed", Mode: 0o755, Data: append(static("launcher"), packed...)},
		{Path: "opt/app.asar", Data: packedByElectron(`{"name":"app","version":"4.0.0"}`)},
		{Path: "opt/tool", Mode: 0o755, Data: zipped("#!/usr/bin/env python3\n", "__main__.py", "", "site/foo-1.0.dist-info/METADATA", "Name: Foo\nVersion: 1.0\n")},
		{Path: "opt/java/release", Data: []byte(release)},
	}
}

// told returns "RELATION PURL RULE" of all findings.
func told(r *Report) []string {
	var out []string
	for i := range r.Findings {
		f := &r.Findings[i]
		out = append(out, string(f.Relation)+" "+f.PURL+" "+f.Rule())
	}
	return out
}

// TestPayloads reads a payload where the file can be read again, and says so where not.
func TestPayloads(t *testing.T) {
	d := detector(t, false)
	for _, tt := range []struct {
		path        string
		kind        string
		unversioned []string
		want        []string
	}{
		{"opt/frozen", "PyInstaller archive", nil, []string{"contains pkg:pypi/foo@1.0 pyinstaller-metadata"}},
		{"opt/launched", "zip file", nil, []string{"contains pkg:maven/org.x/y@3.0 appended-archive"}},
		{"opt/skates.exe", "Node single executable application", []string{"b"}, []string{"is pkg:npm/skates@2.2.2 embedded-package-json"}},
	} {
		i := slices.IndexFunc(payloadTree(), func(f detecttest.File) bool { return f.Path == tt.path })
		f := payloadTree()[i]
		r, err := d.Identify(context.Background(), f.Path, int64(len(f.Data)), bytes.NewReader(f.Data))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(told(r), tt.want) || len(r.Payloads) != 1 || r.Payloads[0].Kind != tt.kind || !slices.Equal(r.Payloads[0].Unversioned, tt.unversioned) || r.Payloads[0].Packages != len(tt.want) || r.Payloads[0].Problem != "" {
			t.Errorf("%s: %q, %+v", tt.path, told(r), r.Payloads)
		}
		if r, err = d.Identify(context.Background(), f.Path, int64(len(f.Data)), io.MultiReader(bytes.NewReader(f.Data))); err != nil || slices.ContainsFunc(told(r), func(s string) bool { return slices.Contains(tt.want, s) }) || len(r.Payloads) != 1 || r.Payloads[0].Problem == "" {
			t.Errorf("%s, once: %q, %+v, %v", tt.path, told(r), r.Payloads, err)
		}
		in := f.Open()
		s := d.Sift(&in.Entry)
		_, _ = s.Write(f.Data)
		if frag, err := d.Detect(context.Background(), &detect.File{Entry: in.Entry, ReaderAt: s}); frag != nil || !errors.Is(err, detect.ErrSkipped) {
			t.Errorf("%s, by a sieve: %+v, %v", tt.path, frag, err)
		}
	}
}

// TestSieveKnows needs no second reading for programs without a payload, but of Rust and Go.
func TestSieveKnows(t *testing.T) {
	d := detector(t, false)
	for _, f := range tree() {
		in := f.Open()
		s := d.Sift(&in.Entry)
		if s == nil {
			continue
		}
		_, _ = s.Write(f.Data)
		if _, err := d.Detect(context.Background(), &detect.File{Entry: in.Entry, ReaderAt: s}); err != nil && !strings.HasPrefix(f.Path, "opt/") && f.Path != "usr/bin/rusty" && f.Path != "usr/bin/gopher" {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
}

// TestUnreadPayloads gives one gap for a packed program, which says what it is and why
// nothing is known of it.
func TestUnreadPayloads(t *testing.T) {
	d := detector(t, false)
	image := static("launcher")
	copy(image[8:], "AI\x02")
	for what, tt := range map[string]struct {
		data []byte
		text string
	}{
		"packed":   {append(static("launcher"), packed...), "UPX 4.24 (NRV2E, 12288 bytes in "},
		"AppImage": {image, "file system in an AppImage"},
	} {
		frag := detecttest.Detect(t, d, "opt/x", tt.data)
		if len(frag.Components) > 0 || len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapUnsupported || !strings.Contains(frag.Gaps[0].Message, tt.text) || !strings.Contains(frag.Gaps[0].Message, "no rule names this ELF amd64") {
			t.Errorf("%s: %+v", what, frag)
		}
	}
}

// TestCarriers reads files that are no programs and have packages in them.
func TestCarriers(t *testing.T) {
	d := detector(t, false)
	for _, tt := range []struct {
		path string
		want []string
	}{
		{"opt/app.asar", []string{"application app 4.0.0 pkg:npm/app@4.0.0", "library a 1.1.1 pkg:npm/%40s/a@1.1.1"}},
		{"opt/tool", []string{"library foo 1.0 pkg:pypi/foo@1.0"}},
		{"opt/java/release", []string{"application openjdk 21.0.4 pkg:generic/openjdk@21.0.4"}},
	} {
		i := slices.IndexFunc(payloadTree(), func(f detecttest.File) bool { return f.Path == tt.path })
		frag := detecttest.Detect(t, d, tt.path, payloadTree()[i].Data)
		var got []string
		for _, c := range frag.Components {
			got = append(got, fmt.Sprint(c.Type, " ", c.Name, " ", c.Version, " ", c.PURL))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q", tt.path, got)
		}
		if tt.path == "opt/java/release" && (len(frag.Claims) != 1 || !frag.Claims[0].Tree || frag.Claims[0].Path != "opt/java" || frag.Yields) {
			t.Errorf("%+v", frag.Claims)
		}
	}
	for what, f := range map[string]detecttest.File{
		"a zipapp by its name": {Path: "x.pyz", Data: zipped("#!/usr/bin/python3\n", "a", "b")},
		"a script":             {Path: "x", Data: []byte("#!/usr/bin/python3\nprint()\n")},
		"a jar of a script":    {Path: "x", Data: zipped("#!/bin/sh\n", "a", "b")},
		"another release":      {Path: "etc/release", Data: []byte("NAME=Linux\n")},
		"no archive":           {Path: "x.asar", Data: []byte("text")},
	} {
		if e := f.Entry(); d.Wants(&e) {
			t.Errorf("%s is wanted", what)
		}
	}
	top, err := detecttest.DetectFile(t, d, detecttest.File{Path: "release", Data: []byte(release)})
	if err != nil || len(top.Claims) != 1 || top.Claims[0].Tree {
		t.Errorf("at the root: %+v, %v", top, err)
	}
}

// TestEnds keeps the same bytes in whatever pieces a file comes.
func TestEnds(t *testing.T) {
	data := make([]byte, keptTail+keptHead+100)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for _, size := range []int{0, 10, keptHead, keptTail, keptTail + 10, len(data)} {
		for _, piece := range []int{1, 1000, keptTail, len(data)} {
			e := ends{size: int64(size)}
			for p := range slices.Chunk(data[:size], piece) {
				_, _ = e.Write(p)
			}
			if !bytes.Equal(e.head, data[:min(size, keptHead)]) || !bytes.Equal(e.tail, data[max(0, size-keptTail):size]) {
				t.Fatalf("%d bytes in pieces of %d: %d at the beginning, %d at the end", size, piece, len(e.head), len(e.tail))
			}
		}
	}
}
