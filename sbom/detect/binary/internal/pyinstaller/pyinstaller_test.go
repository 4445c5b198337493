package pyinstaller

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// file is an entry of an archive.
type file struct {
	kind    byte
	name    string
	content string
	plain   bool
}

func compressed(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// frozen returns a program with an archive of the files, as PyInstaller lays it out.
func frozen(files ...file) []byte {
	be := binary.BigEndian
	const program = "\x7fELF the launcher"
	var body, table []byte
	for _, f := range files {
		content, flag := f.content, byte(0)
		if !f.plain {
			content, flag = compressed(f.content), 1
		}
		n := (entryHeader + len(f.name) + 1 + 15) &^ 15
		e := be.AppendUint32(nil, uint32(n))
		for _, v := range []int{len(body), len(content), len(f.content)} {
			e = be.AppendUint32(e, uint32(v))
		}
		e = append(append(e, flag, f.kind), f.name...)
		table = append(append(table, e...), make([]byte, n-len(e))...)
		body = append(body, content...)
	}
	length := len(body) + len(table) + recordSize + 64
	b := append(append([]byte(program), body...), table...)
	b = append(b, Cookie...)
	for _, v := range []int{length, len(body), len(table), 311} {
		b = be.AppendUint32(b, uint32(v))
	}
	return append(append(b, "libpython3.11.so.1.0"...), make([]byte, 44)...)
}

// pyz returns the archive of modules: each a pair in a list, as PyInstaller 6 has them.
func pyz(names ...string) file {
	le := binary.LittleEndian
	table := le.AppendUint32([]byte{'[' | 0x80}, uint32(len(names)))
	for _, n := range names {
		table = append(table, ')', 2, 'z'|0x80, byte(len(n)))
		table = append(append(table, n...), ')', 3)
		for range 3 {
			table = append(table, 'i', 1, 0, 0, 0)
		}
	}
	b := append([]byte("PYZ\x00\xa7\r\r\n"), 0, 0, 0, 17)
	return file{'z', "PYZ.pyz", string(append(append(b, "\x00code"...), table...)), true}
}

func example() []byte {
	return frozen(file{'m', "struct", "code", false}, file{'s', "main", "print()", false}, pyz("requests", "requests.api", "attr", "attr._make", "nameless", "nameless.x", "json", "_hidden"),
		file{'x', "requests-2.31.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\nLicense: Apache 2.0\n", false},
		file{'x', "attrs-23.1.0.dist-info/METADATA", "Name: attrs\nVersion: 23.1.0\n", true},
		file{'x', "attrs-23.1.0.dist-info/RECORD", "attr/__init__.py,sha256=x,1\nattrs-23.1.0.dist-info/METADATA,,\n", false},
		file{'b', "libpython3.11.so.1.0", "\x7fELF", false})
}

func read(data []byte) *payload.Payload {
	return Read(payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))})
}

func list(p *payload.Payload) []string {
	var out []string
	for _, x := range p.Packages {
		out = append(out, x.Type+" "+x.Name+" "+x.Version)
	}
	return out
}

func TestRead(t *testing.T) {
	data := example()
	for what, data := range map[string][]byte{
		"at the end":    data,
		"as a section":  append(bytes.Clone(data), make([]byte, 3*step)...),
		"across pieces": append(bytes.Clone(data), make([]byte, step-64-recordSize+3)...),
		"a second one":  append(bytes.Clone(data), Cookie+" in a text that is no record"...),
	} {
		p := read(data)
		if p == nil {
			t.Errorf("%s: nothing", what)
			continue
		}
		if got := list(p); !slices.Equal(got, []string{"pypi attrs 23.1.0", "pypi requests 2.31.0"}) || !slices.Equal(p.Names, []string{"nameless"}) ||
			p.Tool != "Python 3.11" || p.Err != nil || !bytes.HasPrefix(data[p.Offset-int64(len("the launcher")):], []byte("the launcher")) {
			t.Errorf("%s: %q, %+v", what, got, p)
		}
		for _, x := range p.Packages {
			b, err := zlib.NewReader(bytes.NewReader(data[x.Offset:]))
			if text := string(data[x.Offset:][:5]); err != nil && text != "Name:" || err == nil && b == nil {
				t.Errorf("%s: %+v is not there", what, x)
			}
		}
	}
	if p := read([]byte("\x7fELF a program")); p != nil {
		t.Errorf("without an archive: %+v", p)
	}
}

func TestMarshal(t *testing.T) {
	long := "I\x00\x00\x00\x00\x00\x00\x00\x00l\xfe\xff\xff\xff\x01\x00\x02\x00"
	for what, tt := range map[string]struct {
		data string
		want []string
		ok   bool
	}{
		"list of pairs": {"[\x02\x00\x00\x00(\x02\x00\x00\x00u\x01\x00\x00\x00aN)\x02z\x01bN", []string{"a", "b"}, true},
		"dictionary":    {"{\xda\x01a)\x01i\x01\x00\x00\x00s\x01\x00\x00\x00b" + long[:9] + "Z\x01c" + long[9:] + "0", []string{"a", "b", "c"}, true},
		"cut off":       {"[\x02\x00\x00\x00)\x01z\x01a", []string{"a"}, false},
		"4 GiB":         {"[\xff\xff\xff\xff)\x01z\x01a", []string{"a"}, false},
		"unknown":       {"x", nil, false},
		"deep":          {strings.Repeat(")\x01", 1000) + "N", nil, false},
		"empty":         {"", nil, false},
	} {
		got, err := moduleNames([]byte(tt.data))
		if !slices.Equal(got, tt.want) || (err == nil) != tt.ok || err != nil && !errors.Is(err, detect.ErrFormat) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}

func TestHostile(t *testing.T) {
	change := func(f func(table []byte)) []byte {
		data := example()
		end := len(data) - recordSize - 64
		n := int(binary.BigEndian.Uint32(data[end+16:]))
		f(data[end-n : end])
		return data
	}
	for what, tt := range map[string]struct {
		data []byte
		want error
	}{
		"a bomb":                    {frozen(file{'x', "a.dist-info/METADATA", strings.Repeat("x", 64<<20), false}), detect.ErrLimit},
		"an entry without length":   {change(func(b []byte) { binary.BigEndian.PutUint32(b[32:], 0) }), detect.ErrFormat},
		"an entry beyond the table": {change(func(b []byte) { binary.BigEndian.PutUint32(b[32:], 1<<30) }), detect.ErrFormat},
		"content beyond the file": {change(func(b []byte) {
			for i := 0; i+32 <= len(b); i += int(binary.BigEndian.Uint32(b[i:])) {
				binary.BigEndian.PutUint32(b[i+4:], 0xffffffff)
			}
		}), detect.ErrFormat},
		"no PYZ":                   {frozen(file{'z', "PYZ.pyz", "something else", true}), detect.ErrFormat},
		"a PYZ without a table":    {frozen(file{'z', "PYZ.pyz", "PYZ\x00\x00\x00\x00\x00\xff\xff\xff\xff", true}), detect.ErrFormat},
		"metadata that is no zlib": {frozen(file{'x', "a.dist-info/METADATA", "text", true}, pyz("a")), nil},
	} {
		p := read(tt.data)
		if p == nil || !errors.Is(p.Err, tt.want) || len(p.Packages) > 2 {
			t.Errorf("%s: %+v", what, p)
		}
	}
	// Cookies without an archive are no reason to search for long.
	if p := read(bytes.Repeat([]byte(Cookie), 1<<17)); p != nil {
		t.Errorf("%+v", p)
	}
}

// TestPyInstaller reads what PyInstaller makes, if this machine has it.
func TestPyInstaller(t *testing.T) {
	tool, err := exec.LookPath("pyinstaller")
	if err != nil || testing.Short() {
		t.Skip("no PyInstaller on this machine, or a short test")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "main.py")
	if err := os.WriteFile(script, []byte("import json\nprint(json.dumps({}))\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(tool, "--onefile", "--copy-metadata", "pyinstaller", script)
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil {
		t.Skipf("PyInstaller fails: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "dist", "main"))
	if err != nil {
		t.Fatal(err)
	}
	p := read(data)
	if p == nil || p.Err != nil || !strings.HasPrefix(p.Tool, "Python 3.") || !slices.ContainsFunc(p.Packages, func(x payload.Package) bool { return x.Name == "pyinstaller" }) {
		t.Errorf("%+v", p)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(example())
	f.Add(frozen(pyz("a")))
	f.Add([]byte(Cookie))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := read(data)
		if p == nil {
			return
		}
		if p.Err != nil && !errors.Is(p.Err, detect.ErrFormat) && !errors.Is(p.Err, detect.ErrLimit) {
			t.Errorf("error %v", p.Err)
		}
		if p.Offset < 0 || p.Offset+p.Size > int64(len(data)) || len(p.Names) > payload.MaxNames {
			t.Errorf("%d bytes at %d of %d", p.Size, p.Offset, len(data))
		}
		for _, x := range p.Packages {
			if x.Offset < p.Offset || x.Offset >= p.Offset+p.Size {
				t.Errorf("%+v is not in the archive", x)
			}
		}
	})
}
