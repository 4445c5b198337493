package dotnet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

const depsJSON = `{"runtimeTarget": {"name": "t"}, "targets": {"t": {
	"tool/1.0.0": {"dependencies": {"A": "1.5.0"}, "runtime": {"tool.dll": {}}}, "A/1.5.0": {"runtime": {"lib/A.dll": {}}}}},
	"libraries": {"tool/1.0.0": {"type": "project"}, "A/1.5.0": {"type": "package"}}}`

// bundle returns a single-file application with the deps.json: a host whose data
// section points to the header behind it.
func bundle(major uint32, list string, write func(section string, content []byte) []byte, section string) []byte {
	mark := func(offset int) []byte {
		data := binary.LittleEndian.AppendUint64([]byte("some other data "), uint64(offset))
		return append(append(data, signature...), make([]byte, minHost)...)
	}
	host := len(write(section, mark(0)))
	header := binary.LittleEndian.AppendUint32(nil, major)
	header = binary.LittleEndian.AppendUint32(header, 0)
	header = binary.LittleEndian.AppendUint32(header, 1)
	header = append(header, "\x0cidentifier=="...)
	at := host + len(header) + 40
	for _, n := range []int{at, len(list), 0, 0, 0} { // the list, the configuration, flags
		header = binary.LittleEndian.AppendUint64(header, uint64(n))
	}
	return append(append(write(section, mark(host)), header...), list...)
}

// elf returns an ELF program with the content in its data.
func elf(section string, content []byte) []byte {
	const header, segment = 64, 56
	b := testbin.ELF(binary.LittleEndian, 64, section, append(make([]byte, segment), content...))
	le := binary.LittleEndian
	le.PutUint64(b[32:], header)
	le.PutUint16(b[54:], segment)
	le.PutUint16(b[56:], 1)
	p := b[header:]
	le.PutUint32(p, 1)     // PT_LOAD
	le.PutUint32(p[4:], 6) // PF_R | PF_W
	le.PutUint64(p[8:], header+segment)
	le.PutUint64(p[32:], uint64(len(content)))
	return b
}

func Example() {
	f := detecttest.File{Path: "app/tool.deps.json", Data: []byte(depsJSON)}.Open()
	frag, err := New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range frag.Components {
		fmt.Println(c.Type, c.Name, c.Version, c.PURL)
	}
	// Output:
	// library A 1.5.0 pkg:nuget/A@1.5.0
	// application tool 1.0.0
}

func tree(t testing.TB) []detecttest.File {
	return append(golden.Files(t, "testdata/tree.txtar"),
		detecttest.File{Path: "usr/bin/tool", Mode: 0o755, Data: bundle(6, depsJSON, elf, ".data")},
		detecttest.File{Path: "usr/bin/old", Mode: 0o755, Data: bundle(1, depsJSON, elf, ".data")},
		detecttest.File{Path: "usr/bin/listless", Mode: 0o755, Data: bundle(6, "", elf, ".data")},
		detecttest.File{Path: "usr/bin/other", Mode: 0o755, Data: elf(".data", make([]byte, minHost))},
		detecttest.File{Path: "usr/bin/host", Mode: 0o755, Data: elf(".data", append(make([]byte, minHost), signature...))},
	)
}

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

// TestFormats checks that a bundle says the same for every platform, and that what is
// inside of the program has its place there.
func TestFormats(t *testing.T) {
	for what, f := range map[string]detecttest.File{
		"ELF":    {Path: "app/tool", Mode: 0o755, Data: bundle(2, depsJSON, elf, ".data")},
		"PE":     {Path: "app/tool.exe", Data: bundle(6, depsJSON, testbin.PE, ".data")},
		"Mach-O": {Path: "app/tool", Mode: 0o755, Data: bundle(6, depsJSON, testbin.MachO, "__data")},
	} {
		frag, err := detecttest.DetectFile(t, New(), f)
		if err != nil || len(frag.Components) != 2 || len(frag.Relations) != 1 || len(frag.Claims) != 1 {
			t.Errorf("%s: %s, %v", what, golden.Text(frag), err)
			continue
		}
		a, tool := frag.Components[0], frag.Components[1]
		if a.PURL != "pkg:nuget/A@1.5.0" || a.Location().Path != f.Path+"!/tool.deps.json" || tool.Type != sbom.TypeApplication || len(tool.Hashes) != 1 {
			t.Errorf("%s: %+v", what, frag.Components)
		}
		if c := frag.Claims[0]; c.Path != f.Path || c.Ground != sbom.ClaimContent || c.Key != tool.Key {
			t.Errorf("%s: claim %+v", what, c)
		}
	}
}

func TestWants(t *testing.T) {
	program := elf(".data", make([]byte, minHost))
	for what, f := range map[string]struct {
		file detecttest.File
		want bool
	}{
		"program":        {detecttest.File{Path: "a", Mode: 0o755, Data: program}, true},
		"not executable": {detecttest.File{Path: "a", Data: program}, false},
		"library":        {detecttest.File{Path: "lib/liba.so", Mode: 0o755, Data: program}, false},
		"versioned":      {detecttest.File{Path: "lib/liba.so.1.2", Mode: 0o755, Data: program}, false},
		"tiny":           {detecttest.File{Path: "a", Mode: 0o755, Data: program[:minHost-1]}, false},
		"exe":            {detecttest.File{Path: "a.exe", Data: testbin.PE(".data", program)}, true},
		"dll":            {detecttest.File{Path: "a.dll", Data: testbin.PE(".data", program)}, false},
		"deps":           {detecttest.File{Path: "a/b.deps.json", Data: []byte("{}")}, true},
		"nameless deps":  {detecttest.File{Path: "a/.deps.json", Data: []byte("{}")}, false},
		"config":         {detecttest.File{Path: "b.runtimeconfig.json", Data: []byte("{}")}, true},
		"development":    {detecttest.File{Path: "b.runtimeconfig.dev.json", Data: []byte("{}")}, false},
		"lock":           {detecttest.File{Path: "packages.lock.json", Data: []byte("{}")}, true},
		"empty lock":     {detecttest.File{Path: "packages.lock.json"}, false},
		"json":           {detecttest.File{Path: "a.json", Data: []byte("{}")}, false},
	} {
		if e := f.file.Entry(); New().Wants(&e) != f.want {
			t.Errorf("%s: not %t", what, f.want)
		}
	}
}

// TestBundleOutside checks that headers that lead out of the file are malformed.
func TestBundleOutside(t *testing.T) {
	good := bundle(6, depsJSON, elf, ".data")
	header := bytes.LastIndex(good, []byte("\x0cidentifier=="))
	for what, at := range map[string]int{"offset": header + 13 + 7, "size": header + 13 + 15, "identifier": header} {
		bad := bytes.Clone(good)
		bad[at] = 0x7f
		_, err := detecttest.DetectFile(t, New(), detecttest.File{Path: "a", Mode: 0o755, Data: bad})
		if !errors.Is(err, detect.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", what, err)
		}
	}
}

func TestLimits(t *testing.T) {
	large := detecttest.File{Path: "a.deps.json", Data: make([]byte, maxFile+1)}
	if frag, err := detecttest.DetectFile(t, New(), large); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("too large: %v, %v", frag, err)
	}
	// Files below a long path must not grow without bound.
	var b strings.Builder
	b.WriteString(`{"targets":{"t":{"a/1":{"runtime":{"x":{}`)
	for i := range 5000 {
		fmt.Fprintf(&b, `,"%d":{}`, i)
	}
	b.WriteString(`}}}}}`)
	long := detecttest.File{Path: strings.Repeat("d/", 1500) + "a.deps.json", Data: []byte(b.String())}
	if frag, err := detecttest.DetectFile(t, New(), long); frag == nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("files below a long path: %v, want what fits and ErrLimit", err)
	}
}

// TestWithoutFiles checks that what is only part of the graph is not installed.
func TestWithoutFiles(t *testing.T) {
	frag := detecttest.Detect(t, New(), "app/tool.deps.json", []byte(`{"targets":{"t":{"Meta/1":{"dependencies":{"A":"1"}},"A/1":{"runtime":{"A.dll":{}}}}},"libraries":{"Meta/1":{"type":"package"},"A/1":{"type":"package"}}}`))
	scopes := []sbom.Scope{frag.Components[0].Scope, frag.Components[1].Scope}
	if !slices.Equal(scopes, []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared}) || len(frag.Relations) != 1 {
		t.Errorf("%s", golden.Text(frag))
	}
}

func FuzzDotnet(f *testing.F) {
	for _, file := range golden.Files(f, "testdata/tree.txtar") {
		f.Add(file.Data, "lib/net8.0/A.dll")
	}
	f.Add([]byte(depsJSON), "../../etc/passwd")
	f.Add(bundle(6, depsJSON, elf, ".data"), "A.dll")
	f.Add(bundle(6, depsJSON, testbin.PE, ".data"), "A.dll")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		for _, file := range []detecttest.File{
			{Path: "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.4/Microsoft.NETCore.App.deps.json", Data: data},
			{Path: "app/a.runtimeconfig.json", Data: data},
			{Path: "app/packages.lock.json", Data: data},
			{Path: "app/a", Mode: 0o755, Data: bundle(6, string(data), elf, ".data")},
			{Path: "app/a", Mode: 0o755, Data: append(bytes.Clone(data), make([]byte, minHost)...)},
		} {
			if err := detecttest.Check(New(), file); err != nil {
				t.Error(err)
			}
		}
		// Whatever an application lists, it owns nothing outside of its directory.
		g := &graph{place: place{dir: "srv/app", stem: "a"}, left: 1 << 20}
		g.own("k", name)
		for _, c := range g.frag.Claims {
			if !strings.HasPrefix(c.Path, "srv/app/") {
				t.Errorf("%q leads to %q", name, c.Path)
			}
		}
	})
}

func BenchmarkDeps(b *testing.B) {
	data := golden.Files(b, "testdata/tree.txtar")[0].Data
	golden.Benchmark(b, New(), detecttest.File{Path: "app/shop.deps.json", Data: data})
}

// BenchmarkNoBundle is the cost of a program with 1 MiB of data that is no .NET
// application.
func BenchmarkNoBundle(b *testing.B) {
	data := elf(".data", make([]byte, 1<<20))
	golden.Benchmark(b, New(), detecttest.File{Path: "usr/bin/a", Data: data})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }

// TestWebAssembly: no module is a host, however it may be run; a sieve could not tell.
func TestWebAssembly(t *testing.T) {
	head := append([]byte("\x00asm\x01\x00\x00\x00"), make([]byte, 504)...)
	if e := (&detect.Entry{Path: "srv/app/codec.wasm", Mode: 0o755, Size: 1 << 20, Head: head}); New().Wants(e) {
		t.Error("wants a WebAssembly module")
	}
}
