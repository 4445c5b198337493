package header

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
		"universal":     {testbin.Universal(testbin.MachO("__text", filler)), "universal Mach-O", "machine 0x0"},
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
	f.Add(windows().Bytes())
	f.Add(component())
	f.Add(fat(dylib(0x01000007), dylib(0x0100000c)))
	f.Add(withBlob())
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b := read(data, len(data)+1), read(data, 33)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("in one piece %+v, in many %+v", a, b)
		}
		if len(a.Needed) > maxNeeded || len(a.Package) > maxPart || len(a.Tools) > maxNeeded {
			t.Errorf("%d libraries, %d bytes of a note", len(a.Needed), len(a.Package))
		}
		for i, p := range a.Payloads {
			for _, other := range a.Payloads[:i] {
				if p.Offset < other.Offset+other.Size && other.Offset < p.Offset+p.Size {
					t.Errorf("%+v lies on %+v", p, other)
				}
			}
			if p.Offset < 0 || p.Size < 0 || p.Offset+p.Size > int64(len(data)) {
				t.Errorf("%+v is not in the file", p)
			}
		}
		if s := a.Stated; s != nil && (s.Offset < 0 || s.Offset >= int64(len(data))) {
			t.Errorf("%+v is not in the file", s)
		}
	})
}

// withBlob returns a program whose program headers come last, and behind a payload: as
// what Node and Deno make of themselves.
func withBlob() []byte {
	order := binary.LittleEndian
	data := full().Bytes()
	const entry = 56
	n := int(order.Uint16(data[56:]))
	table := bytes.Clone(data[64 : 64+n*entry])
	blob := order.AppendUint32(order.AppendUint32(order.AppendUint32(nil, 14), 50_000), 0)
	blob = append(append(blob, "NODE_SEA_BLOB\x00\x00\x00"...), make([]byte, 50_000)...)
	order.PutUint64(data[32:], uint64(len(data)))
	order.PutUint16(data[56:], uint16(n+1))
	header := make([]byte, entry)
	order.PutUint32(header, uint32(elf.PT_NOTE))
	order.PutUint64(header[8:], uint64(len(data)+len(table)+entry))
	order.PutUint64(header[32:], uint64(len(blob)))
	return slices.Concat(data, table, header, blob)
}

// TestLateHeaders: headers that come late tell of what comes still later, and of the rest
// if the file can be read again.
func TestLateHeaders(t *testing.T) {
	data := withBlob()
	for _, piece := range []int{100, 1 << 20} {
		got := read(data, piece)
		if p := got.Payloads; len(p) != 1 || p[0].Name != "NODE_SEA_BLOB" || p[0].Size != 50_000 || p[0].Offset != int64(len(data))-50_000 {
			t.Errorf("pieces of %d: %+v", piece, p)
		}
		r := New(int64(len(data)))
		r.Again(bytes.NewReader(data))
		_, _ = r.Write(data)
		if f := r.Facts(nil); r.Missed() || f.Damaged != "" || f.BuildID != full().BuildID {
			t.Errorf("read again: %+v", f)
		}
	}
	big := slices.Concat(make([]byte, 10_000), data[len(full().Bytes()):]) // The headers lead to what is not in the first bytes.
	copy(big, full().Bytes())
	shift := 10_000 - len(full().Bytes())
	order := binary.LittleEndian
	order.PutUint64(big[32:], 10_000)
	order.PutUint16(big[56:], order.Uint16(data[56:]))
	for at := 10_000; ; at += 56 {
		if kind := elf.ProgType(order.Uint32(big[at:])); kind == elf.PT_INTERP {
			order.PutUint64(big[at+8:], 5_000)
		} else if order.Uint64(big[at+8:]) >= 10_000-uint64(shift) {
			order.PutUint64(big[at+8:], order.Uint64(big[at+8:])+uint64(shift))
			break
		}
	}
	r := New(int64(len(big)))
	_, _ = r.Write(big[:4096])
	_, _ = r.Write(big[4096:])
	if f := r.Facts(nil); !r.Missed() || f.Damaged == "" || len(f.Payloads) != 1 {
		t.Errorf("%+v", f)
	}
}
