package header

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

// read returns the facts of a file that goes by in pieces.
func read(data []byte, piece int) Facts {
	r := New(int64(len(data)))
	for rest := data; len(rest) > 0; {
		n := min(piece, len(rest))
		_, _ = r.Write(rest[:n])
		rest = rest[n:]
	}
	return r.Facts(func(off int64) string {
		if off < 0 || off >= int64(len(data)) {
			return ""
		}
		return text(data[off:])
	})
}

func full() *elftest.File {
	return &elftest.File{Interp: "/lib64/ld-linux-x86-64.so.2", Needed: []string{"libz.so.1", "libc.so.6"}, BuildID: "0123456789abcdef", Package: `{"type":"deb"}`}
}

func TestELF(t *testing.T) {
	for _, big := range []bool{false, true} {
		for _, narrow := range []bool{false, true} {
			f := full()
			f.BigEndian, f.Narrow = big, narrow
			got := read(f.Bytes(), 7)
			if got.Format != "ELF" || got.Library || !got.Dynamic || got.Interpreter != f.Interp || !slices.Equal(got.Needed, f.Needed) ||
				got.BuildID != f.BuildID || string(got.Package) != f.Package || got.Damaged != "" || got.Bits != map[bool]int{false: 64, true: 32}[narrow] {
				t.Errorf("big %t, narrow %t: %+v", big, narrow, got)
			}
		}
	}
	library := elftest.File{Library: true, SONAME: "liba.so.1"}
	if got := read(library.Bytes(), 100); !got.Library || got.SONAME != "liba.so.1" || got.Dynamic {
		t.Errorf("%+v", got)
	}
}

// TestPieces checks that it does not matter in which pieces a file goes by.
func TestPieces(t *testing.T) {
	data := full().Bytes()
	want := read(data, len(data))
	for _, piece := range []int{1, 2, 63, 64, 65, 1000} {
		if got := read(data, piece); got.BuildID != want.BuildID || !slices.Equal(got.Needed, want.Needed) {
			t.Errorf("pieces of %d: %+v, want %+v", piece, got, want)
		}
	}
}

// TestSystem compares the programs of this machine with debug/elf.
func TestSystem(t *testing.T) {
	files, _ := filepath.Glob("/usr/bin/*")
	n := 0
	for _, file := range files {
		f, err := elf.Open(file)
		if err != nil {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil || len(data) > 4<<20 {
			f.Close()
			continue
		}
		needed, _ := f.ImportedLibraries()
		got := read(data, 32<<10)
		if got.Damaged != "" || !slices.Equal(got.Needed, needed) || got.Library == (f.Type == elf.ET_EXEC) && got.Interpreter == "" && len(needed) > 0 {
			t.Errorf("%s: %+v, want %v", file, got, needed)
		}
		if s := f.Section(".note.gnu.build-id"); s != nil && got.BuildID == "" {
			t.Errorf("%s: no build-id", file)
		}
		f.Close()
		if n++; n == 100 {
			break
		}
	}
	if n == 0 {
		t.Skip("no ELF programs in /usr/bin")
	}
}

func TestOthers(t *testing.T) {
	filler := make([]byte, 2000)
	for what, tt := range map[string]struct {
		data         []byte
		format, arch string
	}{
		"PE":            {pe64(), "PE", "amd64"},
		"DOS":           {append([]byte("MZ"), filler...), "", ""},
		"Mach-O":        {testbin.MachO("__text", filler), "Mach-O", "machine 0x0"},
		"universal":     {testbin.Universal(testbin.MachO("__text", filler)), "universal Mach-O", ""},
		"WebAssembly":   {testbin.Wasm("x", filler), "WebAssembly", "wasm"},
		"text":          {bytes.Repeat([]byte("text\n"), 500), "", ""},
		"short":         {[]byte("\x7fELF"), "", ""},
		"empty":         {nil, "", ""},
		"no byte order": {append([]byte("\x7fELF\x02\x07"), filler...), "", ""},
	} {
		if got := read(tt.data, 1000); got.Format != tt.format || got.Architecture != tt.arch {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func pe64() []byte {
	b := testbin.PE(".text", make([]byte, 1000))
	binary.LittleEndian.PutUint16(b[0x84:], 0x8664)
	return b
}

func TestMachO(t *testing.T) {
	order := binary.LittleEndian
	dylib := func(cmd uint32, name string) []byte {
		b := order.AppendUint32(nil, cmd)
		b = order.AppendUint32(b, uint32(24+len(name)+1))
		b = append(order.AppendUint32(b, 24), make([]byte, 12)...)
		return append(append(b, name...), 0)
	}
	commands := append(dylib(cmdIDDylib, "/usr/lib/liba.1.dylib"), dylib(cmdLoadDylib, "/usr/lib/libz.1.dylib")...)
	commands = append(commands, append(order.AppendUint32(order.AppendUint32(nil, cmdUUID), 24), bytes.Repeat([]byte{0xab}, 16)...)...)
	head := make([]byte, 32)
	order.PutUint32(head, 0xfeedfacf)
	order.PutUint32(head[4:], 0x0100000c)
	order.PutUint32(head[12:], 6)
	order.PutUint32(head[20:], uint32(len(commands)))
	got := read(append(head, commands...), 5)
	if got.Architecture != "arm64" || !got.Library || got.SONAME != "/usr/lib/liba.1.dylib" || !slices.Equal(got.Needed, []string{"/usr/lib/libz.1.dylib"}) ||
		got.BuildID != strings.Repeat("ab", 16) {
		t.Errorf("%+v", got)
	}
}

// TestDamaged follows no header that leads nowhere, and says so.
func TestDamaged(t *testing.T) {
	for what, change := range map[string]func(b []byte){
		"segment beyond the file":      func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+8:], 1<<40) },
		"segment of 4 GiB":             func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+32:], 1<<32) },
		"negative offset":              func(b []byte) { binary.LittleEndian.PutUint64(b[64+56+8:], 1<<63) },
		"table beyond the file":        func(b []byte) { binary.LittleEndian.PutUint64(b[32:], 1<<40) },
		"65,535 program headers":       func(b []byte) { binary.LittleEndian.PutUint16(b[56:], 0xffff) },
		"program headers of no length": func(b []byte) { binary.LittleEndian.PutUint16(b[54:], 0) },
	} {
		data := full().Bytes()
		change(data)
		if got := read(data, 512); got.Damaged == "" || got.Format != "ELF" {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(full().Bytes())
	f.Add((&elftest.File{Library: true, SONAME: "liba.so.1", BigEndian: true, Narrow: true}).Bytes())
	f.Add(pe64())
	f.Add(testbin.MachO("__text", make([]byte, 40)))
	f.Add(testbin.Universal(testbin.MachO("__text", nil)))
	f.Add(testbin.Wasm("x", nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b := read(data, len(data)+1), read(data, 33)
		if a.Format != b.Format || a.BuildID != b.BuildID || a.SONAME != b.SONAME || !slices.Equal(a.Needed, b.Needed) || a.Damaged != b.Damaged {
			t.Errorf("in one piece %+v, in many %+v", a, b)
		}
		if len(a.Needed) > maxNeeded || len(a.Package) > maxPart {
			t.Errorf("%d libraries, %d bytes of a note", len(a.Needed), len(a.Package))
		}
	})
}
