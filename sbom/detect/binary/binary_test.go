package binary

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

// detector returns a Detector of one of the modes.
func detector(t testing.TB, eager bool) *Detector {
	t.Helper()
	d, err := New(&Options{Eager: eager})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dynamic returns a program that is linked with libraries and has some text.
func dynamic(text string, needed ...string) []byte {
	f := elftest.File{Interp: "/lib64/ld-linux-x86-64.so.2", Needed: append(needed, "libc.so.6"), BuildID: "0123456789abcdef", Text: text}
	return f.Bytes()
}

func static(text string) []byte { return (&elftest.File{Text: text}).Bytes() }

func library(soname, text string) []byte {
	return (&elftest.File{Library: true, SONAME: soname, Needed: []string{"libc.so.6"}, Text: text}).Bytes()
}

func plugin(text string, needed ...string) []byte {
	return (&elftest.File{Library: true, Needed: append(needed, "libc.so.6"), Text: text}).Bytes()
}

// strings of programs, as languages lay them out that end them with NUL.
func lines(texts ...string) string { return "\x00" + strings.Join(texts, "\x00") + "\x00" }

const (
	inflate = " inflate 1.2.13 Copyright 1995-2022 Mark Adler "
	panics  = "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/memchr-2.7.1/src/lib.rs" +
		"/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/memchr-1.0.0/src/lib.rs" +
		"/rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/vendor/gimli-0.28.1/src/read.rs"
	lineTable = "runtime.gopanic\x00go1.24.4\x00github.com/!burnt!sushi/toml@v1.2.0/decode.go\x00/home/x/go/pkg/mod/golang.org/x/sys@v0.1.0/unix/a.go\x00" +
		"golang.org/x/exp@v0.0.0-20231108232855-2478ac86f678/maps/maps.go\x00example.com/a@v2.0.0+incompatible/a.go\x00"
	note = `{"type":"deb","os":"debian","name":"systemd","version":"252.39-1~deb12u1","architecture":"amd64"}`
)

func tree() []detecttest.File {
	noted := elftest.File{Interp: "/lib64/ld-linux-x86-64.so.2", Needed: []string{"libc.so.6"}, Package: note}
	rpm := elftest.File{Package: `{"type":"rpm","os":"fedora","name":"hello","version":"2.10-1","architecture":"x86_64"}`}
	return append(payloadTree(), []detecttest.File{
		{Path: "usr/bin/tool", Mode: 0o755, Data: dynamic(lines("tool version 1.4.2", inflate, "deflate 1.2.13 Copyright 1995-2022 Jean-loup Gailly and Mark Adler "))},
		{Path: "usr/bin/linked", Mode: 0o755, Data: dynamic(lines("linked 3.0.1", inflate), "libz.so.1")},
		{Path: "opt/app/server", Mode: 0o755, Data: static(lines("nginx version: nginx/1.22.1", "nginx/1.22.1", "OpenSSL 3.0.13 30 Jan 2024"))},
		{Path: "opt/app/lib/native.so", Data: library("libz.so.1", lines(inflate, "1.2.13"))},
		{Path: "usr/bin/mkfs.xfs", Mode: 0o755, Data: dynamic(lines("%s version %s\n", "6.1.0", "b:c:d:"))},
		{Path: "usr/bin/neighbour", Mode: 0o755, Data: dynamic(lines("4.3.2", "usage: neighbour [-v]"))},
		{Path: "opt/app/menu", Mode: 0o755, Data: dynamic(lines("9menu version 1.10"))},
		{Path: "usr/bin/printer", Mode: 0o755, Data: dynamic(lines("%s 2.7.18"))},
		{Path: "usr/bin/built", Mode: 0o755, Data: dynamic(lines("/build/reproducible-path/hidden-7.8.9+dfsg/src/main.c"))},
		{Path: "usr/lib/libthing-2.4.1.so", Data: library("libthing-2.4.1.so", lines("x"))},
		{Path: "usr/bin/rusty", Mode: 0o755, Data: static(panics + "one two three four five six seven eight rusty0.9.1FILEmore text behind it")},
		{Path: "usr/bin/gopher", Mode: 0o755, Data: static(lineTable)},
		{Path: "usr/bin/systemd", Mode: 0o755, Data: noted.Bytes()},
		{Path: "usr/bin/hello", Mode: 0o755, Data: rpm.Bytes()},
		{Path: "usr/bin/unknown", Mode: 0o755, Data: dynamic(lines("GCC: (Debian 12.2.0-14) 12.2.0", "1.2.3.4.5", "only.one", "__gxx_personality_v0"))},
		{Path: "usr/bin/quiet.wasm", Data: testbin.Wasm("x", append([]byte(lines("libpng version 1.6.39")), make([]byte, minSize)...))},
		{Path: "usr/bin/mac", Mode: 0o755, Data: testbin.MachO("__cstring", append([]byte(lines("mac 10.2.3")), make([]byte, minSize)...))},
		{Path: "usr/bin/win.exe", Data: testbin.PE(".rdata", append([]byte(lines("win version 5.6.7")), make([]byte, minSize)...))},
	}...)
}

func TestTree(t *testing.T) {
	t.Run("precise", func(t *testing.T) { golden.Check(t, detector(t, false), tree(), "testdata/precise.golden") })
	t.Run("eager", func(t *testing.T) { golden.Check(t, detector(t, true), tree(), "testdata/eager.golden") })
}

func TestConformance(t *testing.T) {
	t.Run("precise", func(t *testing.T) { detecttest.Run(t, detector(t, false), tree()...) })
	t.Run("eager", func(t *testing.T) { detecttest.Run(t, detector(t, true), tree()...) })
}

// identify returns "RELATION NAME VERSION RULE" of all findings.
func identify(t *testing.T, d *Detector, path string, data []byte) []string {
	t.Helper()
	r, err := d.Identify(context.Background(), path, int64(len(data)), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range r.Findings {
		out = append(out, strings.Join([]string{string(f.Relation), f.Name, f.Version, f.Rule()}, " "))
		if e := f.Evidence[0]; e.Text == "" || f.PURL == "" || e.Confidence <= 0 || e.Confidence > 1 {
			t.Errorf("%s: %+v", path, f)
		}
	}
	return out
}

// TestRules has one text for each rule, and beside it what looks alike and says nothing.
func TestRules(t *testing.T) {
	precise, eager := detector(t, false), detector(t, true)
	for _, tt := range []struct {
		path, text    string
		needed        []string
		precise, more []string // more in the eager mode
	}{
		{path: "bin/foo", text: lines("foo version 1.4.2"), precise: []string{"is foo 1.4.2 name-states-version"}},
		{path: "bin/foo", text: lines("foo 1.4.2 (c) me"), precise: []string{"is foo 1.4.2 name-opens-string"}},
		{path: "bin/foo", text: lines("This is foo 1.4.2"), precise: []string{"is foo 1.4.2 name-before-version"}},
		{path: "bin/foo", text: lines("Welcome to foo 1.4 of today"), more: []string{"is foo 1.4 name-in-sentence"}},
		{path: "bin/foo", text: lines("foo version 1.4.2-rc1", "foo 1.4.2"), precise: []string{"is foo 1.4.2-rc1 name-states-version"}},
		{path: "bin/foo", text: lines("bar version 1.4.2")},
		{path: "bin/foo", text: lines("needs foo 1.4.2 or later")},
		{path: "bin/foo", text: lines("foo_1.4")},
		{path: "bin/foo", text: lines("/usr/share/foo/1.4/x")},
		{path: "bin/foo", text: lines("%s 1.4.2"), precise: []string{"is foo 1.4.2 own-version"}},
		{path: "bin/server", text: lines("%s 1.4.2")},
		{path: "bin/server", text: lines("server version 1.4.2")},
		{path: "bin/foo", text: lines("1.4.2", "foo: bad option"), more: []string{"is foo 1.4.2 neighbour"}},
		{path: "bin/foo", text: lines("1.0", "foo: bad option")},
		{path: "bin/foo", text: lines("1.4.2", "version %s\n"), more: []string{"is foo 1.4.2 beside-format"}},
		{path: "bin/foo", text: lines("1.4.2", "bar"), more: []string{"is foo 1.4.2 only-version"}},
		{path: "bin/foo", text: lines("1.4.2", "bar", "4.5.6")},
		{path: "bin/foo", text: lines("runtime.gopanic", "v1.4.2-ds1", "bar"), precise: []string{"is foo 1.4.2 go-linked-version"}},
		{path: "bin/foo", text: lines("runtime.gopanic", "1.4.2", "bar", "4.5.6")},
		{path: "bin/foo", text: lines("runtime.gopanic", "1.4.2\nbar"), more: []string{"is foo 1.4.2 only-version"}},
		{path: "bin/foo", text: lines("1.2.13", "foo"), needed: []string{"libz.so.1"}},
		{path: "bin/foo", text: lines("127.0.0.1", "foo", "1.3.6.1.4.1")},
		{path: "lib/libfoo.so.1.4.2", text: lines("x")},
		{path: "lib/libfoo.so.1.4.2", text: lines("a", "1.4.2", "b", "5.5.5"), more: []string{"is libfoo 1.4.2 neighbour"}},
		{path: "bin/foo", text: lines(inflate), precise: []string{"contains zlib 1.2.13 table"}},
		{path: "bin/foo", text: lines(inflate), needed: []string{"libz.so.1"}, more: []string{"built-against zlib 1.2.13 table"}},
		{path: "bin/nginx", text: lines("nginx version: nginx/1.22.1"), precise: []string{"is nginx 1.22.1 table-self"}},
		{path: "bin/server", text: lines("nginx version: nginx/1.22.1"), precise: []string{"is nginx 1.22.1 table-self"}},
		{path: "bin/nginx", text: lines("nothing")},
		{path: "bin/foo", text: lines("/build/reproducible-path/foo-1.4.2/a.c"), precise: []string{"is foo 1.4.2 build-directory"}},
		{path: "bin/foo", text: lines("/build/reproducible-path/foo-1.4.2/a.c", "/build/reproducible-path/bar-1.4.2/a.c")},
	} {
		data := dynamic(tt.text, tt.needed...)
		if got := identify(t, precise, tt.path, data); !slices.Equal(got, tt.precise) {
			t.Errorf("%s %q: %q, want %q", tt.path, tt.text, got, tt.precise)
		}
		if got, want := identify(t, eager, tt.path, data), append(slices.Clone(tt.precise), tt.more...); !slices.Equal(got, want) {
			t.Errorf("eager: %s %q: %q, want %q", tt.path, tt.text, got, want)
		}
	}
}

// TestModules finds modules and crates by paths, and leaves programs that have a list to
// those who read it.
func TestModules(t *testing.T) {
	d := detector(t, false)
	want := []string{"contains example.com/a v2.0.0+incompatible go-path", "contains github.com/BurntSushi/toml v1.2.0 go-path",
		"contains golang.org/x/exp v0.0.0-20231108232855-2478ac86f678 go-path", "contains golang.org/x/sys v0.1.0 go-path", "contains stdlib 1.24.4 go-toolchain"}
	if got := identify(t, d, "bin/server", static(lineTable)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := identify(t, d, "bin/server", static(lineTable+"\xff Go buildinf:\x08")); got != nil {
		t.Errorf("with build information: %q", got)
	}
	want = []string{"contains gimli 0.28.1 crate-path", "contains memchr 1.0.0 crate-path", "contains memchr 2.7.1 crate-path"}
	if got := identify(t, d, "bin/server", static(panics)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := identify(t, d, "bin/server", static(panics+"\x00.dep-v0\x00")); got != nil {
		t.Errorf("with the list of cargo auditable: %q", got)
	}
	r, err := d.Identify(context.Background(), "x", 1, bytes.NewReader(static(panics)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Toolchain != (f.Name == "gimli") {
			t.Errorf("%s: of the toolchain: %t", f.Name, f.Toolchain)
		}
	}
}

// TestLimits stops at what no program has, and says so.
func TestLimits(t *testing.T) {
	d := detector(t, true)
	var b strings.Builder
	for i := range maxModules + 10 {
		b.WriteString("\x00m.io/a@v1." + string('0'+rune(i/10000%10)) + string('0'+rune(i/1000%10)) + string('0'+rune(i/100%10)) + string('0'+rune(i/10%10)) + string('0'+rune(i%10)) + ".0/a.go")
	}
	text := strings.ReplaceAll(b.String(), "v1.0", "v1.9") // A number has no leading zero.
	r, err := d.Identify(context.Background(), "x", 1, strings.NewReader(string(static(text))))
	if err != nil || r.Limited == "" || len(r.Findings) > maxModules {
		t.Errorf("%d findings, %q, %v", len(r.Findings), r.Limited, err)
	}
	// One string of 64 MiB, a version in each of its words, costs no memory.
	long := io.LimitReader(endless("1.2.3.4 "), 64<<20)
	if r, err = d.Identify(context.Background(), "x", 64<<20, io.MultiReader(bytes.NewReader(static("")), long)); err != nil || len(r.Findings) > 0 || r.Limited == "" {
		t.Errorf("%+v, %v", r, err)
	}
}

type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestWants(t *testing.T) {
	d := detector(t, false)
	for what, tt := range map[string]struct {
		data []byte
		want bool
	}{
		"program": {static(""), true},
		"tiny":    {static("")[:minSize-1], false},
		"script":  {bytes.Repeat([]byte("#!/bin/sh\n"), 1000), false},
		"empty":   {nil, false},
	} {
		if e := (detecttest.File{Path: "usr/bin/nginx", Data: tt.data}).Entry(); d.Wants(&e) != tt.want {
			t.Errorf("%s: not %t", what, tt.want)
		}
	}
}

// TestReadErrors returns the errors of readers and of contexts.
func TestReadErrors(t *testing.T) {
	d := detector(t, false)
	broken := errors.New("broken")
	if _, err := d.Identify(context.Background(), "x", 10, io.MultiReader(strings.NewReader("abc"), errReader{broken})); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Identify(ctx, "x", 10, strings.NewReader("abc")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	f := &detect.File{Entry: detect.Entry{Path: "x", Size: 10}, ReaderAt: strings.NewReader("abc")}
	if _, err := d.Detect(context.Background(), f); err != nil {
		t.Errorf("a file that ends early: %v", err)
	}
}

type errReader struct{ error }

func (e errReader) Read([]byte) (int, error) { return 0, e.error }

// TestGoLinker has this machine's Go build a program, without its build information: its
// modules are those that the list had.
func TestGoLinker(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no Go on this machine")
	}
	at := filepath.Join(t.TempDir(), "check")
	if out, err := exec.Command(goTool, "build", "-trimpath", "-ldflags=-s -w", "-o", at, "./rules/check").CombinedOutput(); err != nil {
		t.Skipf("cannot build: %v\n%s", err, out)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(" Go buildinf:"), make([]byte, 13))
	got := identify(t, detector(t, false), "server", data)
	if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "contains github.com/BurntSushi/toml v1") }) {
		t.Errorf("%q", got)
	}
}

func FuzzBinary(f *testing.F) {
	for _, file := range tree() {
		f.Add(file.Path, file.Data)
	}
	for _, text := range []string{rust, "runtime.gopanic\x00\xf1\xff\xff\xff\x00\x00\x01\x08"} {
		file := elftest.Packed{Text: text, Strings: []string{"tool", "1.6.7~rc0", "x", "4.5.6", "a <b@c>"}, Data: map[string]bool{"4.5.6": true}}
		f.Add("usr/bin/tool", file.Bytes())
	}
	d := detector(f, true)
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		if e := (detecttest.File{Path: "usr/bin/x", Data: data}).Entry(); !d.Wants(&e) {
			return
		}
		if err := detecttest.Check(d, detecttest.File{Path: "usr/bin/x", Data: data}); err != nil {
			t.Error(err)
		}
		r, err := d.Identify(context.Background(), path, int64(len(data)), bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := d.Identify(context.Background(), path, int64(len(data)), bytes.NewReader(data)); err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("the second time %+v, not %+v, %v", again, r, err)
		}
		for _, x := range r.Findings {
			for _, s := range []string{x.Name, x.Version, x.PURL, x.CPE, x.License, x.Evidence[0].Text, r.Describe()} {
				if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
					t.Errorf("%q", s)
				}
			}
			for _, e := range x.Evidence {
				if e.Offset < 0 || e.Offset > int64(len(data)) {
					t.Errorf("%s: evidence at %d of %d", x.Name, e.Offset, len(data))
				}
			}
			if payloadConfidence[x.Rule()] > 0 || encoded[x.Rule()] || ofList(d, &x) || slices.ContainsFunc(r.Payloads, func(p Payload) bool { return p.Programs > 0 }) {
				continue // Its text may be compressed, or numbers.
			}
			// Every version is text of the file, or of its name.
			v := strings.TrimPrefix(x.Version, "v")
			if tilde := strings.ReplaceAll(v, "-", "~"); !bytes.Contains(data, []byte(v)) && !bytes.Contains(data, []byte(tilde)) && !strings.Contains(path, v) && x.Rule() != rulePackageNote {
				t.Errorf("version %q of %s is nowhere", x.Version, x.Name)
			}
		}
	})
}

// encoded are the rules whose versions are numbers, or text of two bytes a character.
var encoded = map[string]bool{ruleVersionInfo: true, ruleDylib: true, ruleDylibName: true, ruleWasm: true}

// ofList reports whether the version of a finding is from a list of releases.
func ofList(d *Detector, x *Finding) bool {
	return x.Rule() == ruleBundled || x.Rule() == ruleCompiler ||
		slices.ContainsFunc(d.index().Products(), func(p rules.Product) bool { return p.Name == x.Name && len(p.Releases) > 0 })
}

// BenchmarkIdentify reads this test's own program.
func BenchmarkIdentify(b *testing.B) {
	at, err := os.Executable()
	if err != nil {
		b.Skip(err)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		b.Skip(err)
	}
	d := detector(b, false)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Identify(context.Background(), "usr/bin/x", int64(len(data)), bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(nil); err != nil {
			b.Fatal(err)
		}
	}
}

var (
	_ detect.Sifter   = (*Detector)(nil)
	_ detect.Covering = (*Detector)(nil)
)
