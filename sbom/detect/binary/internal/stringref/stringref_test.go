package stringref

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
)

func open(t testing.TB, b []byte) *Program {
	t.Helper()
	p := Open(bytes.NewReader(b), int64(len(b)))
	if p == nil {
		t.Fatal("no program")
	}
	return p
}

// texts returns the strings that were found.
func texts(list []String) (out []string) {
	for _, s := range list {
		out = append(out, s.Text)
	}
	return out
}

var packed = []string{"b3sum", "1.2.0", "FILE", "390625", "11.28.2", "65536k"}

// TestPacked: each string has the ends that code, data and relocations say.
func TestPacked(t *testing.T) {
	for what, f := range map[string]elftest.Packed{
		"code":      {Strings: packed},
		"data":      {Strings: packed, Data: map[string]bool{"b3sum": true, "1.2.0": true, "FILE": true}},
		"relocated": {Strings: packed, Data: map[string]bool{"1.2.0": true, "11.28.2": true}, Relocated: true, Library: true},
	} {
		b := f.Bytes()
		p := open(t, b)
		list := p.Strings()
		if got := texts(list); !slices.Equal(got, packed) || p.Limited() {
			t.Fatalf("%s: %q, want %q", what, got, packed)
		}
		for i, s := range list {
			if data := f.Data[s.Text]; data != (len(s.Data) == 1) || data == (len(s.Code) == 1) || string(b[s.Offset:s.Offset+int64(len(s.Text))]) != s.Text {
				t.Errorf("%s: %+v", what, s)
			}
			if i > 0 && list[i-1].End() != s.Addr {
				t.Errorf("%s: %q does not begin where %q ends", what, s.Text, list[i-1].Text)
			}
			for _, a := range s.Data {
				if !p.Writable(a) || p.Writable(s.Addr) {
					t.Errorf("%s: %q is data of %#x", what, s.Text, a)
				}
			}
		}
	}
}

// TestFar: what is not near a number of a version is not told.
func TestFar(t *testing.T) {
	f := elftest.Packed{Strings: []string{"far", strings.Repeat("x", 150), "near", "1.2.0"}}
	if got := texts(open(t, f.Bytes()).Strings()); !slices.Equal(got, []string{"near", "1.2.0"}) {
		t.Errorf("%q", got)
	}
	f = elftest.Packed{Strings: []string{"no", "version"}}
	if got := open(t, f.Bytes()).Strings(); got != nil {
		t.Errorf("%q", texts(got))
	}
}

func TestHasRepository(t *testing.T) {
	f := elftest.Packed{Text: "see https://github.com/me/tool, not /usr/lib/other or https://github.com/me/tools", Strings: packed}
	p := open(t, f.Bytes())
	for name, want := range map[string]bool{"tool": true, "other": false, "too": false, "tools": true, strings.Repeat("x", 100): false} {
		if got := p.HasRepository(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestNoProgram(t *testing.T) {
	narrow := elftest.File{Narrow: true, Text: "1.2.3"}
	for what, b := range map[string][]byte{"nothing": nil, "text": []byte(strings.Repeat("1.2.3", 100)), "32 bits": narrow.Bytes()} {
		if Open(bytes.NewReader(b), int64(len(b))) != nil {
			t.Errorf("%s is a program", what)
		}
	}
}

const program = `package main

import "os"

var variable = "7.18.9"

var set = "unset"

const constant = "4.15.6"

func main() {
	print(variable, set)
	os.Exit(report(constant))
}

//go:noinline
func report(s string) int {
	print(s, "5.6.7" == os.Args[0])
	return len(s)
}
`

// TestGo: real programs, by what the linker of Go and its table of functions say.
func TestGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for _, c := range []struct{ arch, mode string }{{"amd64", "exe"}, {"amd64", "pie"}, {"arm64", "exe"}} {
		t.Run(c.arch+" "+c.mode, func(t *testing.T) {
			p := open(t, build(t, c.arch, c.mode))
			found := make(map[string]*String)
			list := p.Strings()
			for i := range list {
				found[list[i].Text] = &list[i]
			}
			if pkg, module, version := p.Build(); pkg != "example.com/tool" || module != pkg || version != "(devel)" || !p.Go() {
				t.Errorf("%q %q %q %t", pkg, module, version, p.Go())
			}
			if s := found["7.18.9"]; s == nil || len(s.Data) != 1 || s.Apart || !p.Writable(s.Data[0]) || !p.reads(s, "main.main") {
				t.Errorf("variable: %+v", s)
			}
			if s := found["9.9.1"]; s == nil || len(s.Data) != 1 || !s.Apart || !p.reads(s, "main.main") {
				t.Errorf("set by the linker: %+v", s)
			}
			if s := found["4.15.6"]; s == nil || len(s.Code) == 0 || p.Function(s.Code[0]) != "main.main" {
				t.Errorf("constant: %+v", s)
			}
			if name := p.Function(0); name != "" {
				t.Errorf("there is a function at 0: %s", name)
			}
		})
	}
}

// reads reports whether a function reads the data that refers to a string.
func (p *Program) reads(s *String, function string) bool {
	return slices.ContainsFunc(p.Readers(s.Data)[s.Data[0]], func(a uint64) bool { return p.Function(a) == function })
}

// build compiles the program without symbols.
func build(t *testing.T, arch, mode string) []byte {
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": program, "go.mod": "module example.com/tool\n\ngo 1.24\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-buildmode="+mode, "-ldflags=-s -w -X main.set=9.9.1", "-o", "prog")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("go build: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "prog"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzRead: whatever the file, what is told is what the file has, and in bounds.
func FuzzRead(f *testing.F) {
	for _, seed := range []elftest.Packed{{Strings: packed}, {Strings: packed, Data: map[string]bool{"1.2.0": true}, Relocated: true}} {
		b := seed.Bytes()
		f.Add(b)
		arm := bytes.Clone(b)
		arm[18] = machineARM64
		copy(arm[0x1000:], "\x01\x00\x00\x90\x21\x04\x00\x91\xa0\x00\x80\xd2")
		f.Add(arm)
		table := append(bytes.Clone(b), "\xf1\xff\xff\xff\x00\x00\x01\x08\x02\x00\x00\x00\x00\x00\x00\x00"+buildMark+"a\nmod\tb\tv1\n"...)
		f.Add(table)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := Open(bytes.NewReader(b), int64(len(b)))
		if p == nil {
			return
		}
		list := p.Strings()
		var data []uint64
		for i, s := range list {
			if s.Offset < 0 || s.Offset+int64(len(s.Text)) > int64(len(b)) || string(b[s.Offset:s.Offset+int64(len(s.Text))]) != s.Text || len(s.Text) > maxString || s.Text == "" {
				t.Fatalf("%+v", s)
			}
			if i > 0 && s.Addr < list[i-1].Addr || len(s.Code)+len(s.Data) == 0 || len(s.Code) > maxFrom || len(s.Data) > maxFrom {
				t.Fatalf("%+v", s)
			}
			data = append(data, s.Data...)
			for _, a := range s.Code {
				if name := p.Function(a); len(name) > maxName {
					t.Fatal(name)
				}
			}
		}
		for a, from := range p.Readers(data) {
			if !slices.Contains(data, a) || len(from) > maxFrom {
				t.Fatalf("%#x: %x", a, from)
			}
		}
		p.HasRepository("tool")
		p.Build()
	})
}

func BenchmarkStrings(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if p := Open(bytes.NewReader(content), int64(len(content))); p == nil || len(p.Strings()) == 0 {
			b.Skip("this program has none")
		}
	}
}
