package golang

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

const sourceText = `
-- go.mod --
module example.com/prog/v2

go 1.24

require (
	golang.org/x/mod MODVERSION
	example.com/fork v1.0.0
	example.com/local v1.0.0
)

replace example.com/fork => golang.org/x/tools TOOLSVERSION
replace example.com/local => ./local
-- local/go.mod --
module example.com/local
-- local/local.go --
package local

const Name = "local"
-- main.go --
package main

import (
	"example.com/fork/txtar"
	"example.com/local"
	"golang.org/x/mod/semver"
)

var version string

func main() { println(semver.Max("v1.0.0", version), txtar.Parse(nil), local.Name) }
`

// build compiles the program above, without a network, with further arguments
// and environment, and returns the binary.
func build(t testing.TB, env []string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	text := sourceText
	for _, m := range []struct{ path, placeholder string }{{"golang.org/x/mod", "MODVERSION"}, {"golang.org/x/tools", "TOOLSVERSION"}} {
		text = strings.ReplaceAll(text, m.placeholder, required(t, root, m.path))
	}
	for _, f := range txtar.Parse([]byte(text)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", append(append([]string{"build", "-mod=mod", "-o", "prog"}, args...), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOTOOLCHAIN=local")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "prog"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// required returns the version of a module in the repository's go.mod.
func required(t testing.TB, root, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(regexp.QuoteMeta(path) + ` (\S+)`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("%s is not in go.mod", path)
	}
	return string(m[1])
}

var (
	linuxOnce   sync.Once
	linuxBinary []byte
)

// linux returns a stripped ELF program with a version in its linker flags.
func linux(t testing.TB) []byte {
	linuxOnce.Do(func() {
		linuxBinary = build(t, []string{"GOOS=linux", "GOARCH=" + runtime.GOARCH}, "-buildvcs=false", "-ldflags", "-s -w -X main.version=1.5.0")
	})
	if linuxBinary == nil {
		t.Skip("the program could not be built")
	}
	return linuxBinary
}

func find(t *testing.T, frag *detect.Fragment, name string) *detect.Component {
	t.Helper()
	if frag == nil {
		t.Fatal("no fragment")
	}
	for i := range frag.Components {
		if frag.Components[i].Name == name {
			return &frag.Components[i]
		}
	}
	t.Fatalf("no component %s in %+v", name, frag.Components)
	return nil
}

func TestProgram(t *testing.T) {
	frag := detecttest.Detect(t, New(), "opt/bin/prog", linux(t))

	main := find(t, frag, "example.com/prog/v2")
	if main.Type != sbom.TypeApplication || main.Version != "v1.5.0" || main.PURL != "pkg:golang/example.com/prog/v2@v1.5.0" || len(main.Hashes) != 1 {
		t.Errorf("main module: %+v", main)
	}
	if main.Property("go:GOOS") != "linux" || main.Property("go:CGO_ENABLED") != "0" || strings.Contains(main.Property("go:ldflags"), "X") {
		t.Errorf("settings: %v", main.Properties)
	}
	std := find(t, frag, "stdlib")
	if want := release(runtime.Version()); std.Version != want || std.PURL != "pkg:golang/stdlib@"+want {
		t.Errorf("stdlib: %+v, want %q", std, want)
	}
	mod := find(t, frag, "golang.org/x/mod")
	if mod.Type != sbom.TypeLibrary || !strings.HasPrefix(mod.Property("go:sum"), "h1:") || mod.PURL != "pkg:golang/golang.org/x/mod@"+mod.Version {
		t.Errorf("dependency: %+v", mod)
	}
	fork := find(t, frag, "golang.org/x/tools")
	if fork.Property("go:replaces") != "example.com/fork@v1.0.0" || fork.Key != "opt/bin/prog example.com/fork" {
		t.Errorf("replaced module: %+v", fork)
	}
	local := find(t, frag, "example.com/local")
	if local.Version != "" || local.Property("go:replacedBy") != "./local" || local.PURL != "pkg:golang/example.com/local" {
		t.Errorf("locally replaced module: %+v", local)
	}
	if len(frag.Components) != 5 || len(frag.Relations) != 4 || len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapIncomplete {
		t.Errorf("%d components, %d relations, gaps %v", len(frag.Components), len(frag.Relations), frag.Gaps)
	}
	want := []detect.Claim{{Key: main.Key, Path: "opt/bin/prog", Ground: sbom.ClaimContent}}
	if !slices.Equal(frag.Claims, want) {
		t.Errorf("claims %v, want %v", frag.Claims, want)
	}
}

// The kernel runs programs whatever their section headers say, so they must not
// be able to hide.
func TestSectionHeadersHidden(t *testing.T) {
	le := binary.LittleEndian
	for name, damage := range map[string]func(b []byte){
		"gone":             func(b []byte) { clear(b[40:48]); clear(b[60:64]) },
		"behind the end":   func(b []byte) { le.PutUint64(b[40:], 1<<40) },
		"too many":         func(b []byte) { le.PutUint16(b[60:], 0xffff) },
		"extended":         func(b []byte) { le.PutUint16(b[60:], 0) },
		"names elsewhere":  func(b []byte) { le.PutUint16(b[62:], 0) },
		"wrong entry size": func(b []byte) { le.PutUint16(b[58:], 1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(linux(t))
			damage(b)
			frag := detecttest.Detect(t, New(), "prog", b)
			find(t, frag, "golang.org/x/mod")
		})
	}
}

func TestWiped(t *testing.T) {
	b := bytes.Clone(linux(t))
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	s := f.Section(".go.buildinfo")
	clear(b[s.Offset : s.Offset+s.FileSize])
	frag := detecttest.Detect(t, New(), "prog", b)
	if frag == nil || len(frag.Components) != 0 || len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapIncomplete {
		t.Errorf("got %+v, want one gap", frag)
	}
}

func TestNotGo(t *testing.T) {
	b := bytes.Clone(linux(t))
	for _, word := range []string{"\xff Go buildinf:", ".go.buildinfo", ".gopclntab", ".note.go.buildid"} {
		b = bytes.ReplaceAll(b, []byte(word), bytes.Repeat([]byte("x"), len(word)))
	}
	if frag := detecttest.Detect(t, New(), "prog", b); frag != nil {
		t.Errorf("got %+v for a program that is not Go", frag)
	}
}

func TestOtherSystems(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime for two systems")
	}
	for _, system := range []string{"windows", "darwin"} {
		t.Run(system, func(t *testing.T) {
			b := build(t, []string{"GOOS=" + system, "GOARCH=amd64"}, "-trimpath", "-buildvcs=false")
			frag := detecttest.Detect(t, New(), "prog", b)
			find(t, frag, "golang.org/x/mod")
			if main := find(t, frag, "example.com/prog/v2"); main.Version != "" || main.Property("go:GOOS") != system {
				t.Errorf("main module: %+v", main)
			}
			if len(frag.Gaps) != 2 { // the main module's version and the local module's
				t.Errorf("gaps %v", frag.Gaps)
			}
		})
	}
}

// TestGreedyNames builds the file that makes debug/elf copy one long name for
// every section, and others copy one for every symbol.
func TestGreedyNames(t *testing.T) {
	const n, long = 1000, 60 << 10
	b := make([]byte, 64+n*64+long)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], uint16(elf.ET_EXEC))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint32(b[20:], 1)
	le.PutUint16(b[52:], 64)
	le.PutUint64(b[40:], 64)
	le.PutUint16(b[58:], 64)
	le.PutUint16(b[60:], n)
	le.PutUint16(b[62:], 1)
	le.PutUint32(b[128+4:], uint32(elf.SHT_STRTAB))
	le.PutUint64(b[128+24:], 64+n*64)
	le.PutUint64(b[128+32:], long)
	names := b[64+n*64:]
	for i := range names[:long-1] {
		names[i] = 'x'
	}
	copy(names, ".go.buildinfo\x00")
	for i := 2; i < n; i++ {
		le.PutUint32(b[64+i*64:], 20)
	}
	in := &detect.File{Entry: detect.Entry{Path: "prog", Size: int64(len(b))}, ReaderAt: bytes.NewReader(b)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	frag, err := New().Detect(context.Background(), in)
	runtime.ReadMemStats(&after)
	if err != nil || frag == nil || len(frag.Components) != 0 {
		t.Errorf("facts from garbage: %+v, %v", frag, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("%d bytes of garbage made %d bytes of memory", len(b), allocated)
	}
}

func TestWants(t *testing.T) {
	head := func(s string) []byte { return append([]byte(s), make([]byte, 64)...) }
	object := head("\x7fELF\x02\x01\x01")
	object[16] = byte(elf.ET_REL)
	program := bytes.Clone(object)
	program[16] = byte(elf.ET_DYN)
	for _, tt := range []struct {
		name string
		head []byte
		size int64
		want bool
	}{
		{"program", program, 1 << 20, true},
		{"big endian", append(append([]byte("\x7fELF\x02\x02\x01"), make([]byte, 10)...), append([]byte{2}, make([]byte, 64)...)...), 1 << 20, true},
		{"object", object, 1 << 20, false},
		{"tiny", program, 1000, false},
		{"windows", head("MZ"), 1 << 20, true},
		{"macos", head("\xcf\xfa\xed\xfe"), 1 << 20, true},
		{"java class", head("\xca\xfe\xba\xbe"), 1 << 20, false},
		{"script", head("#!/bin/sh"), 1 << 20, false},
		{"short", []byte("\x7fELF"), 1 << 20, false},
	} {
		if got := New().Wants(&detect.Entry{Path: "a", Size: tt.size, Head: tt.head}); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestModules(t *testing.T) {
	f := &detect.File{Entry: detect.Entry{Path: "a"}}
	bi := &buildinfo.BuildInfo{GoVersion: "devel +abc", Path: "command-line-arguments"}
	for range 2 {
		bi.Deps = append(bi.Deps, &debug.Module{Path: "github.com/Masterminds/semver/v3", Version: "v3.2.1"})
	}
	bi.Deps = append(bi.Deps, &debug.Module{Path: "bad path", Version: "v1"}, nil)
	frag, err := fragment(f, bi)
	if err != nil {
		t.Fatal(err)
	}
	if c := find(t, frag, "a"); c.PURL != "" || c.Evidence[0].Technique != sbom.TechniqueFilename {
		t.Errorf("program built without modules: %+v", c)
	}
	if c := find(t, frag, "stdlib"); c.Version != "" || c.Property("go:version") != "devel +abc" {
		t.Errorf("development toolchain: %+v", c)
	}
	if c := find(t, frag, "github.com/Masterminds/semver/v3"); c.PURL != "pkg:golang/github.com/masterminds/semver/v3@v3.2.1" {
		t.Errorf("capitals: %+v", c)
	}
	if len(frag.Components) != 3 || len(frag.Gaps) != 4 {
		t.Errorf("%d components, gaps %v", len(frag.Components), frag.Gaps)
	}

	bi.Main.Path = "server"
	if frag, _ = fragment(f, bi); find(t, frag, "server").PURL != "" {
		t.Error("a module that can be fetched from nowhere has a package URL")
	}
	bi.Deps = make([]*debug.Module, maxModules+1)
	if _, err = fragment(f, bi); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("too many modules: %v", err)
	}
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, New(), detecttest.File{Path: "opt/bin/prog", Mode: 0o755, Data: linux(t)})
}

// FuzzDetect starts from the headers and the build information of a real
// program, cut down to what is read.
func FuzzDetect(f *testing.F) {
	f.Add(small(f))
	f.Add(append([]byte("MZ"), make([]byte, minSize)...))
	f.Add(append([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01"), make([]byte, minSize)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := detecttest.Check(New(), detecttest.File{Path: "prog", Data: data}); err != nil {
			t.Error(err)
		}
	})
}

// small returns a minimal ELF program that debug/buildinfo reads.
func small(t testing.TB) []byte {
	const off = 0x1000
	b := make([]byte, minSize)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], uint16(elf.ET_EXEC))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], 64) // program headers
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	p := b[64:]
	le.PutUint32(p, uint32(elf.PT_LOAD))
	le.PutUint32(p[4:], uint32(elf.PF_R|elf.PF_W))
	le.PutUint64(p[8:], off)
	le.PutUint64(p[16:], off)
	le.PutUint64(p[32:], minSize-off)
	le.PutUint64(p[40:], minSize-off)
	info := append([]byte("\xff Go buildinf:\x08\x02"), make([]byte, 16)...)
	frame := strings.Repeat("x", 16)
	for _, s := range []string{"go1.22.3", frame + "path\texample.com/p\nmod\texample.com/p\t(devel)\t\ndep\texample.com/d\tv1.0.0\th1:x=\n" + frame} {
		info = append(binary.AppendUvarint(info, uint64(len(s))), s...)
	}
	copy(b[off:], info)
	if _, err := buildinfo.Read(bytes.NewReader(b)); err != nil {
		t.Fatal("the seed is no Go program: ", err)
	}
	return b
}

func TestSmall(t *testing.T) {
	frag := detecttest.Detect(t, New(), "prog", small(t))
	if c := find(t, frag, "example.com/d"); c.Version != "v1.0.0" {
		t.Errorf("%+v", c)
	}
}

func benchmark(b *testing.B, path string, data []byte) {
	in := &detect.File{Entry: detect.Entry{Path: path, Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	d := New()
	b.SetBytes(in.Size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Detect(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGoProgram(b *testing.B) { benchmark(b, "prog", linux(b)) }

func BenchmarkOtherProgram(b *testing.B) {
	data, err := os.ReadFile("/bin/bash")
	if err != nil {
		b.Skip(err)
	}
	benchmark(b, "bin/bash", data)
}
