package binary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/petest"
)

// identified returns the report of a file.
func identified(t testing.TB, path string, data []byte) *Report {
	t.Helper()
	r, err := detector(t, false).Identify(context.Background(), path, int64(len(data)), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// quick fails a test that takes far longer than the tenth of a second that it should.
func quick(t *testing.T, what string, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	f()
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	t.Logf("%s: %v, %d MB", what, took, (after.TotalAlloc-before.TotalAlloc)>>20)
	if took > 8*time.Second {
		t.Errorf("%s: %v", what, took)
	}
}

// TestManyAnchors has the anchors of all products, and as many versions as are kept.
func TestManyAnchors(t *testing.T) {
	index := detector(t, false).index()
	var b strings.Builder
	for i := range index.Texts() {
		b.WriteString("\x00" + index.Text(i) + "\x00")
	}
	text := b.String()
	for i := range maxBare {
		text += fmt.Sprintf("\x003.%d.%d\x00", i/99, i%99)
	}
	for i := range maxHits {
		text += fmt.Sprintf("\x00 inflate 3.%d.%d Copyright 1995-2022 Mark Adler \x00", i/99, i%99)
	}
	quick(t, fmt.Sprintf("%d bytes", len(text)), func() { identified(t, "usr/bin/x", static(text)) })
}

// TestManyHits has as many versions of a product as are kept, and is linked with as many
// libraries.
func TestManyHits(t *testing.T) {
	var text strings.Builder
	for i := range maxHits {
		fmt.Fprintf(&text, "\x00 inflate 3.%d.%d Copyright 1995-2022 Mark Adler \x00", i/99, i%99)
	}
	var needed []string
	for i := range 1024 {
		needed = append(needed, fmt.Sprintf("libz%dx.so.1", i))
	}
	quick(t, "hits", func() { identified(t, "usr/bin/x", dynamic(text.String(), needed...)) })
}

// TestLongNames has a file whose name no system has.
func TestLongNames(t *testing.T) {
	quick(t, "a name of 1 MB", func() { identified(t, "usr/lib/lib"+strings.Repeat("1", 1<<20)+".so.1", library("", lines("1.2.3"))) })
}

// TestManySiblings has files of one project that say nothing, and others that do.
func TestManySiblings(t *testing.T) {
	silent, says := library("libpq.so.5", lines("x")), dynamic(lines("psql (PostgreSQL) 15.18"))
	a, b := identified(t, "usr/lib/libpq.so.5", silent), identified(t, "usr/bin/psql", says)
	var files []File
	for i := range 20_000 {
		one, two := *a, *b
		files = append(files, File{fmt.Sprintf("a%d/libpq.so.5", i), &one}, File{fmt.Sprintf("b%d/psql", i), &two})
	}
	quick(t, "siblings", func() { Siblings(files) })
}

// TestUnprintableNames has names that would do something to who reads them.
func TestUnprintableNames(t *testing.T) {
	const evil = "x\x1b[31m\n\u202e\xff"
	fine := func(what, s string) {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) || len(s) > 3*maxText {
			t.Errorf("%s: %q", what, s)
		}
	}
	for path, data := range map[string][]byte{
		"usr/lib/" + evil + "-2.4.1.so":           library("", lines("x")),
		"usr/bin/" + evil:                         dynamic(lines("%s 2.7.18")),
		"usr/bin/" + evil + "2":                   dynamic(lines("version %s", "2.7.18")),
		"usr/lib/libz.so.1.2.13" + evil:           library("libz.so.1", lines("x")),
		"usr/lib/libz.so.1.2.11":                  library("libz.so.1", lines("x")),
		"usr/bin/" + strings.Repeat("long", 1000): dynamic(lines("version %s", "2.7.18")),
	} {
		r := identified(t, path, data)
		for _, f := range r.Findings {
			fine("name", f.Name)
			fine("version", f.Version)
			fine("package URL", f.PURL)
			for _, e := range f.Evidence {
				fine("evidence", e.Text)
			}
		}
		fine("description", r.Describe())
		fine("project", r.Project)
	}
}

// crates returns text that names so many crates, whose names begin with the letters.
func crates(letters string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\x00/registry/src/a/%s%d-1.0.0/a.rs\x00", letters, i)
	}
	return b.String()
}

// TestManyProgramsInPayload has programs in an archive, each of which has as many crates as are
// kept, all of them different. What is in the file is bounded, and there is no more than that.
func TestManyProgramsInPayload(t *testing.T) {
	files := []string{"lib/a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"}
	for i := range 12 {
		files = append(files, fmt.Sprintf("lib/p%d.so", i), string(static(crates(fmt.Sprintf("c%cx", 'a'+i), 5_000))))
	}
	data := zipped(string(static(strings.Repeat("\xff", 1<<20))), files...)
	quick(t, "programs", func() {
		r := identified(t, "usr/bin/x", data)
		if n := len(r.Findings); n > maxFindings {
			t.Errorf("%d findings", n)
		}
		if p := r.Payloads[0]; !strings.Contains(p.Problem, "limit") && !strings.Contains(p.Problem, "more than") {
			t.Errorf("%q", p.Problem)
		}
	})
}

// TestProgramsInPayloadSayMore has programs in an archive whose findings are not all.
func TestProgramsInPayloadSayMore(t *testing.T) {
	damaged := static(lines(inflate))
	copy(damaged[54:], "\xff\xff")
	var many strings.Builder
	for i := range maxBare + 1 {
		fmt.Fprintf(&many, "\x003.%d.%d\x00", i/99, i%99)
	}
	for what, program := range map[string][]byte{"damaged": damaged, "limited": static(lines(inflate) + many.String())} {
		r := identified(t, "usr/bin/x", zipped(string(static(strings.Repeat("\xff", 1<<20))), "lib/x.so", string(program)))
		if len(r.Payloads) != 1 || r.Payloads[0].Problem == "" {
			t.Errorf("%s: %+v", what, r.Payloads)
		}
	}
}

// TestOneNameOfManyTypes has packages of one name and version in several ecosystems. None of them
// takes the place of another.
func TestOneNameOfManyTypes(t *testing.T) {
	data := zipped(string(static("")), "lib/x-1.0.0.dist-info/METADATA", "Name: x\nVersion: 1.0.0\n", "node_modules/x/package.json", `{"name":"x","version":"1.0.0"}`,
		"lib/p.so", string(static("\x00/registry/src/a/x-1.0.0/a.rs\x00")))
	f := &detect.File{Entry: detect.Entry{Path: "usr/bin/f", Size: int64(len(data)), Head: data[:detect.HeadSize]}, ReaderAt: bytes.NewReader(data)}
	frag, err := detector(t, false).Detect(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range frag.Components {
		got = append(got, c.Component.PURL)
	}
	if want := []string{"pkg:cargo/x@1.0.0", "pkg:npm/x@1.0.0", "pkg:pypi/x@1.0.0"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestLicencesOfPackages has packages that say of their licence what is no expression. It is not made
// one, nor is it what the scanner concludes.
func TestLicencesOfPackages(t *testing.T) {
	data := zipped(string(static("")), "lib/x-1.0.0.dist-info/METADATA", "Name: x\nVersion: 1.0.0\nLicense: SEE (the file OR\n", "node_modules/y/package.json", `{"name":"y","version":"1.0.0","license":"MIT"}`)
	f := &detect.File{Entry: detect.Entry{Path: "usr/bin/f", Size: int64(len(data)), Head: data[:detect.HeadSize]}, ReaderAt: bytes.NewReader(data)}
	frag, err := detector(t, false).Detect(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range frag.Components {
		l := c.Component.Licenses
		if len(l) != 1 || l[0].Acknowledgement == sbom.LicenseConcluded || (c.Component.Name == "y") != (l[0].Expression == "MIT") || (c.Component.Name == "x") != (l[0].Name != "" && l[0].Expression == "") {
			t.Errorf("%s: %+v", c.Component.Name, l)
		}
	}
}

// TestTwoReleasesStated has strings that begin with two releases of a project: none of them is the
// file's, whichever is looked at last.
func TestTwoReleasesStated(t *testing.T) {
	for range 20 {
		if got := identify(t, detector(t, false), "usr/bin/server", dynamic(lines("htop 3.0.5 - (C) 2004", "htop 3.2.2 - (C) 2004"))); len(got) > 0 {
			t.Errorf("%q", got)
		}
	}
	if got := identify(t, detector(t, false), "usr/bin/server", dynamic(lines("htop 3.0.5 - (C) 2004"))); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// TestVersionsOfOtherSpelling has fields of a version that would be another version, or any, where
// it is written.
func TestVersionsOfOtherSpelling(t *testing.T) {
	for version, want := range map[string]string{
		"1.2.3": "cpe:2.3:a:v:p:1.2.3:*:*:*:*:*:*:*", "*": `cpe:2.3:a:v:p:\*:*:*:*:*:*:*:*`, "1:2.3": `cpe:2.3:a:v:p:1\:2.3:*:*:*:*:*:*:*`, "1.0+b~c": `cpe:2.3:a:v:p:1.0\+b\~c:*:*:*:*:*:*:*`,
		`1\`: `cpe:2.3:a:v:p:1\\:*:*:*:*:*:*:*`, "": "", "-": "", "1é": "", "1 2": "",
	} {
		if got := cpe("v:p", version); got != want {
			t.Errorf("%q: %s", version, got)
		}
	}
}

// TestProgramsInArchives has programs in what is no program itself: they are looked into as those
// of a program are. What they carry themselves is told as not read.
func TestProgramsInArchives(t *testing.T) {
	nested := zipped(string(static(lines(inflate))), "a.dist-info/METADATA", "Name: a\nVersion: 1\n")
	data := zipped("#!/usr/bin/env python3\n", "lib/x.so", string(library("libz.so.1", lines(inflate))), "lib/y.so", string(nested))
	f := &detect.File{Entry: detect.Entry{Path: "usr/bin/f", Size: int64(len(data)), Head: data[:detect.HeadSize]}, ReaderAt: bytes.NewReader(data)}
	d := detector(t, false)
	if !d.Wants(&f.Entry) {
		t.Fatal("not wanted")
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	if len(frag.Components) != 1 || frag.Components[0].Component.Name != "zlib" {
		t.Errorf("%+v", frag.Components)
	}
	if !slices.ContainsFunc(frag.Gaps, func(g sbom.Gap) bool { return g.Kind == sbom.GapUnsupported && strings.Contains(g.Message, "lib/y.so") }) {
		t.Errorf("%+v", frag.Gaps)
	}
}

// TestManyStatedNames has hundreds of small programs whose own field names a product that nobody knows.
func TestManyStatedNames(t *testing.T) {
	files := []string{}
	program := string((&petest.File{Text: "x", Version: [][2]string{{"ProductName", "Nobody Knows"}, {"ProductVersion", "1.2.3"}}}).Bytes())
	for i := range 500 {
		files = append(files, fmt.Sprintf("lib/p%d.dll", i), program)
	}
	data := zipped(string(static(strings.Repeat("\xff", 1<<20))), files...)
	quick(t, "stated names", func() {
		if r := identified(t, "usr/bin/x", data); len(r.Findings) != 1 {
			t.Errorf("%+v", r.Findings)
		}
	})
}

// TestManyVersionsInPayload has programs in an archive that are all versions, of which as many are
// looked at as of one file.
func TestManyVersionsInPayload(t *testing.T) {
	if testing.Short() {
		t.Skip("a million versions")
	}
	text := strings.Repeat("\x00/registry/src/a/b-1.2.3/a.rs 1.2 3.4 5.6 7.8 9.0", 60_000)
	var files []string
	for i := range 4 {
		files = append(files, fmt.Sprintf("lib/p%d.so", i), string(static(text)))
	}
	data := zipped(string(static(strings.Repeat("\xff", 4<<20))), files...)
	quick(t, "versions", func() {
		if p := identified(t, "usr/bin/x", data).Payloads; len(p) != 1 || !strings.Contains(p[0].Problem, "versions") {
			t.Errorf("%+v", p)
		}
	})
}

// TestOddHeaders has programs that run and that other tools take for none: they are wanted, and
// are gaps.
func TestOddHeaders(t *testing.T) {
	odd := static(lines("x"))
	copy(odd[4:], "\x09\x07")
	behind := append((&petest.File{}).Bytes(), make([]byte, 20_000)...)
	copy(behind[9_000:], behind[0x80:0x400])
	copy(behind[0x3c:], "\x28\x23")
	for what, data := range map[string][]byte{"ELF": odd, "PE": behind} {
		f := &detect.File{Entry: detect.Entry{Path: "usr/bin/f", Size: int64(len(data)), Head: data[:detect.HeadSize]}, ReaderAt: bytes.NewReader(data)}
		d := detector(t, false)
		if !d.Wants(&f.Entry) {
			t.Errorf("%s: not wanted", what)
		}
		if frag, err := d.Detect(context.Background(), f); err != nil || frag == nil || len(frag.Gaps) == 0 {
			t.Errorf("%s: %+v, %v", what, frag, err)
		}
	}
}

// TestNameIsNoOther has a name that would be that of a version without what cannot be printed.
func TestNameIsNoOther(t *testing.T) {
	if got := identify(t, detector(t, false), "usr/lib/libthing-2.\x1a4.1.so", library("", lines("x"))); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// TestManyPayloads has several payloads, each with as many packages as are kept of one.
func TestManyPayloads(t *testing.T) {
	r := &Report{Format: "ELF"}
	for i := range 4 {
		p := &payload.Payload{Kind: "archive"}
		for k := range payload.MaxPackages {
			p.Packages = append(p.Packages, payload.Package{Type: "npm", Name: fmt.Sprintf("p%d-%d", i, k), Version: "1.0.0", Rule: "appended-archive"})
		}
		r.add(p)
	}
	if len(r.Findings) > maxFindings || r.Payloads[0].Problem != "" || r.Payloads[3].Problem == "" {
		t.Errorf("%d findings, %+v", len(r.Findings), r.Payloads[3].Problem)
	}
}

// TestStatedSize has a program of which the archive states another size, and one whose first bytes
// cannot be read: who unpacks them may not care.
func TestStatedSize(t *testing.T) {
	data := static(lines(inflate))
	open := func(r io.Reader) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	size := int64(len(data))
	for what, tt := range map[string]struct {
		program payload.Program
		fine    bool
	}{
		"as stated":  {payload.Program{Size: size, Open: open(bytes.NewReader(data))}, true},
		"none":       {payload.Program{Size: 0, Open: open(bytes.NewReader(data))}, false},
		"less":       {payload.Program{Size: 1200, Open: open(bytes.NewReader(data))}, size == 1200},
		"more":       {payload.Program{Size: 1 << 40, Open: open(bytes.NewReader(data))}, false},
		"unreadable": {payload.Program{Size: size, Open: open(iotest.ErrReader(errors.New("no deflate")))}, false},
	} {
		r := &Report{Format: "ELF"}
		p := &payload.Payload{Kind: "archive", Programs: []payload.Program{tt.program}}
		r.add(p)
		newReading(detector(t, false), "x", 1<<20, nil).programs(t.Context(), r, p)
		if problem := r.Payloads[0].Problem; (problem == "") != tt.fine {
			t.Errorf("%s: %q", what, problem)
		}
	}
}
