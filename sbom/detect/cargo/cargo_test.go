package cargo

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

// list is what cargo auditable records of a small program.
const list = `{"packages":[
	{"name":"cc","version":"1.0.83","source":"crates.io","kind":"build","dependencies":[1]},
	{"name":"libc","version":"0.2.150","source":"crates.io"},
	{"name":"rand","version":"0.8.5","source":"crates.io","dependencies":[1]},
	{"name":"rand","version":"0.9.0","source":"git","dependencies":[1]},
	{"name":"member","version":"0.1.0","source":"local"},
	{"name":"private","version":"2.0.0","source":"registry"},
	{"name":"tool","version":"14.1.0","source":"local","dependencies":[0,2,3,4,5],"root":true}
],"format":1}`

func compress(text string) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}

// withList returns an ELF file with the list, as large as a program is.
func withList(text string) []byte {
	return testbin.ELF(binary.LittleEndian, 64, auditSection, append(compress(text), make([]byte, minProgram)...))
}

func Example() {
	content := withList(`{"packages":[{"name":"ripgrep","version":"14.1.0","source":"crates.io","dependencies":[1],"root":true},
		{"name":"memchr","version":"2.7.1","source":"crates.io"}]}`)
	f := &detect.File{
		Entry:    detect.Entry{Path: "usr/bin/rg", Mode: 0o755, Size: int64(len(content)), Head: content[:detect.HeadSize]},
		ReaderAt: bytes.NewReader(content),
	}
	d := New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range frag.Components {
		fmt.Println(c.Type, c.PURL)
	}
	// Output:
	// application pkg:cargo/ripgrep@14.1.0
	// library pkg:cargo/memchr@2.7.1
}

func tree(t testing.TB) []detecttest.File {
	return append(golden.Files(t, "testdata/tree.txtar"),
		detecttest.File{Path: "usr/bin/tool", Data: withList(list)},
		detecttest.File{Path: "usr/bin/damaged", Data: withList(`{"packages":[
			{"name":"a","version":"1","dependencies":[7,-1,0,1]},{"name":"","version":"1"},{"name":"b"},{"name":"a","version":"1"},
			{"name":"x","version":"1","root":true},{"name":"y","version":"1","root":true}]}`)},
		detecttest.File{Path: "usr/bin/none", Data: testbin.ELF(binary.LittleEndian, 64, ".text", make([]byte, minProgram))},
		detecttest.File{Path: "usr/bin/notjson", Data: withList("x")},
		detecttest.File{Path: "usr/bin/notzlib", Data: testbin.ELF(binary.LittleEndian, 64, auditSection, make([]byte, minProgram))},
	)
}

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

// TestFormats checks that a list says the same in every format of executables.
func TestFormats(t *testing.T) {
	section := append(compress(list), make([]byte, minProgram)...)
	want := golden.Text(detecttest.Detect(t, New(), "a", withList(list)))
	for what, data := range map[string][]byte{
		"ELF 32, big endian": testbin.ELF(binary.BigEndian, 32, auditSection, section),
		"PE":                 testbin.PE(auditSection, section),
		"Mach-O":             testbin.MachO(auditSection, section),
		"universal":          testbin.Universal(testbin.MachO("__text", section), testbin.MachO(auditSection, section)),
		"WebAssembly":        testbin.Wasm(auditSection, section),
	} {
		got := golden.Text(detecttest.Detect(t, New(), "a", data))
		// The hash of the file is that of the format.
		if before, after := cut(string(want)), cut(string(got)); before != after {
			t.Errorf("%s:\n%s\nELF:\n%s", what, after, before)
		}
	}
}

func cut(text string) string {
	before, rest, _ := strings.Cut(text, "hashes [sha256:")
	return before + rest[64:]
}

func TestWants(t *testing.T) {
	elf := withList(list)
	object := bytes.Clone(elf)
	object[16] = 1
	for what, f := range map[string]struct {
		file detecttest.File
		want bool
	}{
		"program":     {detecttest.File{Path: "a", Data: elf}, true},
		"object file": {detecttest.File{Path: "a.o", Data: object}, false},
		"tiny":        {detecttest.File{Path: "a", Data: elf[:minProgram-1]}, false},
		"script":      {detecttest.File{Path: "a", Data: bytes.Repeat([]byte("#!/bin/sh\n"), 1000)}, false},
		"lock file":   {detecttest.File{Path: "x/Cargo.lock", Data: []byte("x")}, true},
		"other lock":  {detecttest.File{Path: "x/aCargo.lock", Data: []byte("x")}, false},
		"empty lock":  {detecttest.File{Path: "Cargo.lock"}, false},
	} {
		if e := f.file.Entry(); New().Wants(&e) != f.want {
			t.Errorf("%s: not %t", what, f.want)
		}
	}
}

func TestLimits(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"packages":[{"name":"a","version":"1"}`)
	for i := range 5_000 {
		fmt.Fprintf(&many, `,{"name":"a%d","version":"1"}`, i)
	}
	many.WriteString("]}")
	for what, data := range map[string][]byte{
		"bomb":              withList(strings.Repeat(" ", maxList+1)),
		"many crates":       withList(many.String()),
		"many dependencies": withList(`{"packages":[{"name":"b","version":"1"},{"name":"a","version":"1","dependencies":[0` + strings.Repeat(",0", 30_000) + `]}]}`),
	} {
		if _, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "a", Data: data}); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: %v, want ErrLimit", what, err)
		}
	}
	// What is too large is not even read.
	large := testbin.ELF(binary.LittleEndian, 64, auditSection, make([]byte, maxCompressed+1))
	f := &detect.File{Entry: detect.Entry{Path: "a", Size: int64(len(large)), Head: large[:detect.HeadSize]}, ReaderAt: bytes.NewReader(large)}
	if _, err := New().Detect(context.Background(), f); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("large section: %v, want ErrLimit", err)
	}
	lock := &detect.File{Entry: detect.Entry{Path: "Cargo.lock", Size: maxLock + 1}, ReaderAt: strings.NewReader("")}
	if _, err := New().Detect(context.Background(), lock); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("lock file: %v, want ErrLimit", err)
	}
}

// TestAgainstRust has this machine's Rust compiler link the list into a program, in the
// way that cargo auditable does, and its Cargo write a lock file.
func TestAgainstRust(t *testing.T) {
	rustc, err := exec.LookPath("rustc")
	if err != nil {
		t.Skip("no Rust on this machine")
	}
	dir := t.TempDir()
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data := compress(list)
	write("list", data)
	write("main.rs", fmt.Appendf(nil, "#[used]\n#[link_section = %q]\nstatic LIST: [u8; %d] = *include_bytes!(\"list\");\nfn main() {}\n", auditSection, len(data)))
	cmd := exec.Command(rustc, "-o", "tool", "main.rs")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this machine's Rust does not build: %v\n%s", err, out)
	}
	built, err := os.ReadFile(filepath.Join(dir, "tool"))
	if err != nil {
		t.Fatal(err)
	}
	frag := detecttest.Detect(t, New(), "usr/bin/tool", built)
	if !found(t, detecttest.File{Path: "usr/bin/tool", Data: built}) {
		t.Error("a list in the midst of a program does not need a second reading")
	}
	want := detecttest.Detect(t, New(), "usr/bin/tool", withList(list))
	if got, want := cut(string(golden.Text(frag))), cut(string(golden.Text(want))); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	write("ws/Cargo.toml", []byte("[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nmember = { path = \"member\" }\n"))
	write("ws/src/main.rs", []byte("fn main() {}"))
	write("ws/member/Cargo.toml", []byte("[package]\nname = \"member\"\nversion = \"0.2.0\"\n"))
	write("ws/member/src/lib.rs", nil)
	cmd = exec.Command("cargo", "generate-lockfile", "--offline")
	cmd.Dir = filepath.Join(dir, "ws")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this machine's Cargo does not lock: %v\n%s", err, out)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "ws/Cargo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	frag = detecttest.Detect(t, New(), "srv/Cargo.lock", lock)
	if len(frag.Components) != 2 || len(frag.Relations) != 1 || frag.Components[1].Name != "member" || frag.Components[1].Version != "0.2.0" {
		t.Errorf("%s", golden.Text(frag))
	}
}

func FuzzCargo(f *testing.F) {
	f.Add([]byte(list))
	for _, file := range golden.Files(f, "testdata/tree.txtar") {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range []detecttest.File{{Path: "srv/Cargo.lock", Data: data}, {Path: "usr/bin/a", Data: withList(string(data))}} {
			if err := detecttest.Check(New(), file); err != nil {
				t.Error(err)
			}
		}
		// What only helped to build is never installed.
		elf := withList(string(data))
		frag, _ := readProgram(detecttest.File{Path: "a", Data: elf}.Open())
		if frag == nil {
			return
		}
		for _, c := range frag.Components {
			if c.Property("cargo:kind") == "build" && c.Scope == sbom.ScopeInstalled {
				t.Errorf("installed: %+v", c)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	data := withList(list)
	golden.Benchmark(b, New(), detecttest.File{Path: "usr/bin/a", Data: data})
}

// BenchmarkNotRust is the cost of a program that has no list, which nearly all are.
func BenchmarkNotRust(b *testing.B) {
	at, err := os.Executable()
	if err != nil {
		b.Skip(err)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		b.Skip(err)
	}
	golden.Benchmark(b, New(), detecttest.File{Path: "usr/bin/a", Data: data})
}

func BenchmarkWants(b *testing.B) {
	golden.BenchmarkWants(b, New(), detecttest.File{Path: "usr/share/doc/libssl3/changelog.Debian.gz", Data: make([]byte, 1<<20)})
}

// TestDeepLock: brackets without end cost no stack.
func TestDeepLock(t *testing.T) {
	deep := detecttest.File{Path: "Cargo.lock", Data: []byte("version = 3\na = " + strings.Repeat("[", 8<<20))}
	if _, err := detecttest.DetectFile(t, New(), deep); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("got %v", err)
	}
}
