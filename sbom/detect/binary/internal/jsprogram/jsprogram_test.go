package jsprogram

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

var le = binary.LittleEndian

func source(data []byte) payload.Source {
	return payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))}
}

// told is what a payload says, one package a line.
func told(p *payload.Payload) []string {
	var out []string
	for _, x := range p.Packages {
		out = append(out, x.Type+" "+x.Name+" "+x.Version+" "+x.Rule)
	}
	return append(out, p.Names...)
}

func text64(s string) []byte { return append(le.AppendUint64(nil, uint64(len(s))), s...) }

const script = "// node_modules/lodash/lodash.js\nvar x;\n// node_modules/.pnpm/@babel+core@7.1.0_supports-color@5.5.0/node_modules/@babel/core/lib/index.js\n"

// blobOf is the blob of a single executable application, as Node 20 writes it.
func blobOf(flags uint32, fields ...[]byte) []byte {
	b := le.AppendUint32(le.AppendUint32(nil, seaMagic), flags)
	return append(b, bytes.Join(fields, nil)...)
}

func assets(pairs ...string) []byte {
	b := le.AppendUint64(nil, uint64(len(pairs)/2))
	for _, s := range pairs {
		b = append(b, text64(s)...)
	}
	return b
}

func application() []byte {
	return blobOf(1|seaCodeCache|seaAssets, text64("app.js"), text64(script), text64("cache"),
		assets("node_modules/left-pad/package.json", `{"name":"left-pad","version":"1.3.0"}`, "package.json", `{"name":"mine","version":"2.0.0"}`, "logo.png", "png"))
}

func TestNode(t *testing.T) {
	want := []string{"npm @babel/core 7.1.0 " + RulePath, "npm left-pad 1.3.0 " + RuleManifest, "npm mine 2.0.0 " + RuleManifest, "lodash"}
	newer := application()
	newer = slices.Insert(newer, 8, 0) // Since Node 24.6.
	for what, blob := range map[string][]byte{"Node 20": application(), "Node 24": newer} {
		data := append([]byte("program "), append(blob, " rest"...)...)
		p := Node(source(data), 8, int64(len(blob)))
		if got := told(p); !slices.Equal(got, want) || p.Err != nil {
			t.Errorf("%s: %q, %v", what, got, p.Err)
		}
		for _, x := range p.Packages {
			if x.Own != (x.Name == "mine") {
				t.Errorf("%s: %+v", what, x)
			}
		}
	}
}

// TestNodeTool has Node itself write the blob, if this machine has it.
func TestNodeTool(t *testing.T) {
	tool, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node on this machine")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"app.js": script, "pad.json": `{"name":"left-pad","version":"1.3.0"}`,
		"sea.json": `{"main":"app.js","output":"blob","disableExperimentalSEAWarning":true,"assets":{"node_modules/left-pad/package.json":"pad.json"}}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(tool, "--experimental-sea-config", "sea.json")
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil {
		t.Skipf("Node makes no single executable applications: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "blob"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"npm @babel/core 7.1.0 " + RulePath, "npm left-pad 1.3.0 " + RuleManifest, "lodash"}
	if p := Node(source(data), 0, int64(len(data))); !slices.Equal(told(p), want) || p.Err != nil {
		t.Errorf("%q, %v", told(p), p.Err)
	}
}

// compiled is the data of a program, as Deno 2 writes it into a note.
func compiled() []byte {
	list := le.AppendUint32(nil, 3)
	for _, id := range []string{"chalk@5.3.0", "@s/under_score@1.0.0_react@18.2.0", "react@18.2.0"} {
		list = append(le.AppendUint32(list, uint32(len(id))), id...)
	}
	b := []byte("\x08\x00" + denoMagic + denoMagic)
	b = append(append(b, text64(`{"argv":[]}`)...), text64(string(list))...)
	return append(b, "https://jsr.io/@std/path/1.0.2/mod.ts https://deno.land/std@0.224.0/fs/mod.ts https://deno.land/x/oak@v12.6.1/mod.ts https://deno.land/x/none/mod.ts "+denoMagic...)
}

func TestDeno(t *testing.T) {
	data := compiled()
	p := Deno(source(data), 0, int64(len(data)))
	want := []string{"generic deno.land/std 0.224.0 " + RulePath, "generic deno.land/x/oak v12.6.1 " + RulePath, "jsr @std/path 1.0.2 " + RulePath,
		"npm @s/under_score 1.0.0 " + RuleSnapshot, "npm chalk 5.3.0 " + RuleSnapshot, "npm react 18.2.0 " + RuleSnapshot}
	if got := told(p); !slices.Equal(got, want) || p.Err != nil {
		t.Errorf("%q, %v", got, p.Err)
	}
	for _, x := range p.Packages {
		if !bytes.HasPrefix(data[x.Offset:], []byte(x.Text)) {
			t.Errorf("%+v is not there", x)
		}
	}
	if p := Deno(source([]byte("something else")), 0, 14); !errors.Is(p.Err, detect.ErrUnsupported) {
		t.Errorf("%+v", p)
	}
}

// bundle is what Bun adds, n bytes of which the trailer says are modules.
func bundle(modules string, n int) []byte {
	b := append([]byte("Bun itself, node_modules/none/x.js "), modules...)
	b = append(le.AppendUint64(b, uint64(n)), make([]byte, 24)...)
	return append(append(b, BunTrailer...), make([]byte, 100)...)
}

func TestBun(t *testing.T) {
	data := bundle(script, len(script))
	if p := Bun(source(data), 0, int64(len(data))); p == nil || !slices.Equal(told(p), []string{"npm @babel/core 7.1.0 " + RulePath, "lodash"}) || p.Err != nil || string(data[p.Offset:][:p.Size]) != script {
		t.Errorf("%+v", p)
	}
	if p := Bun(source(data[:100]), 0, 100); p != nil {
		t.Errorf("Bun itself: %+v", p)
	}
	data = bundle(script, 1<<40)
	if p := Bun(source(data), 0, int64(len(data))); p == nil || !errors.Is(p.Err, detect.ErrFormat) {
		t.Errorf("modules of 1 TiB: %+v", p)
	}
}

func nexe(content string, sizes ...float64) []byte {
	b := append([]byte("node node_modules/none/x.js "), content...)
	b = append(b, NexeTrailer...)
	for _, s := range sizes {
		b = le.AppendUint64(b, math.Float64bits(s))
	}
	return b
}

func TestNexe(t *testing.T) {
	content := script + `{ "name": "left-pad", "description": "pads", "version": "1.3.0" }{"name":"a","x":{"version":"1.0.0"}}`
	p := Nexe(source(nexe(content, 10, float64(len(content)-10))))
	want := []string{"npm @babel/core 7.1.0 " + RulePath, "npm left-pad 1.3.0 " + RuleManifest, "lodash"}
	if p == nil || !slices.Equal(told(p), want) || p.Err != nil {
		t.Errorf("%+v", p)
	}
	for _, size := range []float64{-1, math.NaN(), math.Inf(1), 1e18} {
		if p := Nexe(source(nexe(content, size, 0))); p == nil || !errors.Is(p.Err, detect.ErrFormat) {
			t.Errorf("size %g: %+v", size, p)
		}
	}
	if p := Nexe(source([]byte("text"))); p != nil {
		t.Errorf("%+v", p)
	}
}

func TestPkg(t *testing.T) {
	data := []byte("node_modules/none/x.js " + `{"name":"left-pad","version":"1.3.0"}`)
	if p := Pkg(source(data), 23); !slices.Equal(told(p), []string{"npm left-pad 1.3.0 " + RuleManifest}) || p.Offset != 23 {
		t.Errorf("%+v", p)
	}
}

// TestScanPieces finds what lies across the pieces in which a file is read, once.
func TestScanPieces(t *testing.T) {
	path, object := "node_modules/.pnpm/left-pad@1.3.0/x", `"name": "chalk", "version": "5.3.0"`
	for shift := range 40 {
		data := bytes.Repeat([]byte(" "), 2*piece+5000)
		copy(data[piece-shift:], path)
		copy(data[2*piece-shift:], object)
		var set payload.Set
		var p payload.Payload
		scan(source(data), 0, int64(len(data)), &set)
		set.Tell(&p)
		if len(p.Packages) != 2 || p.Packages[0].Offset != int64(2*piece-shift) || p.Packages[1].Offset != int64(piece-shift) {
			t.Fatalf("shifted by %d: %+v", shift, p.Packages)
		}
	}
}

func TestModulePaths(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"node_modules/a/index.js", "a"},
		{"node_modules/@s/a/index.js", "@s/a"},
		{"node_modules/.pnpm/a@1.0.0/node_modules/", "npm a 1.0.0 " + RulePath},
		{"node_modules/.bun/@s+a@1.0.0-rc.1/x", "npm @s/a 1.0.0-rc.1 " + RulePath},
		{"node_modules/.deno/a@1.0.0/x", "npm a 1.0.0 " + RulePath},
		{"node_modules/.pnpm/lock.yaml", ""},
		{"node_modules/.cache/x", ""},
		{"node_modules/\"", ""},
		{"node_modules/a b/c", ""},
		{"node_modules/%s/package.json", ""},
		{"node_modules/", ""},
		{"node_modules/" + strings.Repeat("x", 300) + "/", ""},
	} {
		var set payload.Set
		var p payload.Payload
		modulePath([]byte(tt.text), 0, &set)
		set.Tell(&p)
		if got := strings.Join(told(&p), ", "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestHostile ends at what is cut off or too long.
func TestHostile(t *testing.T) {
	for what, data := range map[string][]byte{
		"cut off":          application()[:60],
		"a text of 16 EiB": blobOf(0, []byte("\x01\x00\x00\x00\x00\x00\x00\x00x\xff\xff\xff\xff\xff\xff\xff\xff")),
		"16 Ei assets":     blobOf(seaAssets, text64("a"), text64("b"), []byte("\xff\xff\xff\xff\xff\xff\xff\xff")),
		"another magic":    []byte("0123456789"),
		"nothing":          {},
	} {
		if p := Node(source(data), 0, int64(len(data))); !errors.Is(p.Err, detect.ErrFormat) {
			t.Errorf("%s: %+v", what, p)
		}
	}
	list := append([]byte(denoMagic), text64("{}")...)
	list = append(list, text64("\xff\xff\xff\xff\x01\x00\x00\x00a")...)
	if p := Deno(source(list), 0, int64(len(list))); !errors.Is(p.Err, detect.ErrFormat) {
		t.Errorf("4 Gi packages: %+v", p)
	}
}

func FuzzPrograms(f *testing.F) {
	f.Add(application())
	f.Add(compiled())
	f.Add(bundle(script, len(script)))
	f.Add(nexe(script, 10, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, size := source(data), int64(len(data))
		for _, p := range []*payload.Payload{Node(file, 0, size), Deno(file, 0, size), Bun(file, 0, size), Nexe(file), Pkg(file, 0)} {
			if p == nil {
				continue
			}
			if p.Err != nil && !errors.Is(p.Err, detect.ErrFormat) && !errors.Is(p.Err, detect.ErrLimit) && !errors.Is(p.Err, detect.ErrUnsupported) {
				t.Errorf("error %v", p.Err)
			}
			if p.Offset < 0 || p.Size < 0 || p.Offset+p.Size > size {
				t.Errorf("%s: %d bytes at %d of %d", p.Kind, p.Size, p.Offset, size)
			}
			for _, x := range p.Packages {
				if x.Offset < 0 || x.Offset >= size || x.Rule != RuleManifest && !bytes.Contains(data[x.Offset:], []byte(x.Version)) {
					t.Errorf("%s: %+v is not there", p.Kind, x)
				}
			}
		}
	})
}

// BenchmarkScan is the cost of a bundle of scripts.
func BenchmarkScan(b *testing.B) {
	data := []byte(strings.Repeat(fmt.Sprint(script, strings.Repeat("function f(a){return a.name+\"name\"}\n", 100)), 300))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var set payload.Set
		scan(source(data), 0, int64(len(data)), &set)
	}
}
