package header

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/petest"
)

// soon fails a test whose work takes much longer than its few milliseconds.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("%s: %v", what, took)
	}
}

// TestUniversalInUniversal has a universal file as the part of a universal file, some ten
// thousand times: no system loads it, and each level would see all bytes of those in it.
func TestUniversalInUniversal(t *testing.T) {
	const levels, entry = 20_000, 28
	b := make([]byte, levels*entry+8<<10)
	be := binary.BigEndian
	for i := range levels {
		h := b[i*entry:]
		be.PutUint32(h, 0xcafebabe)
		be.PutUint32(h[4:], 1)
		be.PutUint32(h[16:], entry)
		be.PutUint32(h[20:], uint32(len(b)-(i+1)*entry))
	}
	soon(t, "universal files in each other", func() {
		r := New(int64(len(b)))
		_, _ = r.Write(b)
		if f := r.Facts(nil); f.Damaged == "" || len(f.Parts) != 0 {
			t.Errorf("%+v", f)
		}
	})
}

// segments returns an ELF file with so many program headers, all of which are alike.
func segments(n, kind int, content []byte) []byte {
	const header, entry = 64, 56
	b := make([]byte, header+n*entry)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 2)
	le.PutUint16(b[18:], 62)
	le.PutUint64(b[32:], header)
	le.PutUint16(b[54:], entry)
	le.PutUint16(b[56:], uint16(n))
	for i := range n {
		h := b[header+i*entry:]
		le.PutUint32(h, uint32(kind))
		le.PutUint64(h[8:], uint64(len(b)))
		le.PutUint64(h[16:], uint64(len(b)))
		le.PutUint64(h[32:], uint64(len(content)))
	}
	return append(b, content...)
}

func note(name string, content int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(len(name)+1))
	b = append(le.AppendUint32(b, uint32(content)), 0, 0, 0, 0)
	b = append(append(b, name...), 0)
	return append(b, make([]byte, (-len(b)&3)+content)...)
}

// TestPayloadsDoNotOverlap has notes of payloads in segments that lie on top of each other. Each
// byte of a file is in one payload: that many readers would read the file as often.
func TestPayloadsDoNotOverlap(t *testing.T) {
	for what, content := range map[string][]byte{
		"one note in many segments": note("NODE_SEA_BLOB", 1000),
		"many notes":                bytes.Repeat(note("NODE_SEA_BLOB", 0), 1000),
	} {
		b := segments(1000, 4, content)
		r := New(int64(len(b)))
		_, _ = r.Write(b)
		f := r.Facts(nil)
		if n := len(f.Payloads); n == 0 || n > maxParts {
			t.Fatalf("%s: %d payloads", what, n)
		}
		for i, p := range f.Payloads {
			for _, other := range f.Payloads[:i] {
				if p.Offset < other.Offset+other.Size && other.Offset < p.Offset+p.Size || p == other {
					t.Errorf("%s: %+v lies on %+v", what, p, other)
				}
			}
		}
		if f.Damaged == "" {
			t.Errorf("%s: not told", what)
		}
	}
}

// TestDynamicTables has many program headers for one table of many libraries. Loaders take the
// last table alone.
func TestDynamicTables(t *testing.T) {
	var table []byte
	for range 1000 {
		table = binary.LittleEndian.AppendUint64(table, 1)
		table = binary.LittleEndian.AppendUint64(table, 1)
	}
	b := segments(1000, 2, table)
	copy(b[64:], "\x01\x00\x00\x00") // The first is loaded.
	asked := 0
	r := New(int64(len(b)))
	_, _ = r.Write(b)
	f := r.Facts(func(int64) string { asked++; return "libx.so" })
	if asked > 2*maxNeeded || f.Damaged == "" {
		t.Errorf("%d names were looked up, %q", asked, f.Damaged)
	}
}

// TestWasmImports has many sections of imports where a module has one.
func TestWasmImports(t *testing.T) {
	var imports []byte
	for i := range 200 {
		imports = append(imports, 2, byte('a'+i%26), byte('a'+i/26), 0, 0, 0)
	}
	section := append([]byte{wasmImport}, binary.AppendUvarint(nil, uint64(len(imports)+2))...)
	section = append(append(section, binary.AppendUvarint(nil, 200)...), imports...)
	b := append([]byte(wasmModule), section...)
	other := []byte(strings.Replace(string(section), "aa", "zz", 1))
	b = append(b, other...)
	r := New(int64(len(b)))
	_, _ = r.Write(b)
	if f := r.Facts(nil); len(f.Needed) != 200 || f.Damaged == "" {
		t.Errorf("%d libraries, %q", len(f.Needed), f.Damaged)
	}
}

// TestCodeIsLoadedOnce has a segment of code that lies on one of data: what is data in one of
// them is looked at.
func TestCodeIsLoadedOnce(t *testing.T) {
	b := segments(2, 1, make([]byte, 16<<10))
	le := binary.LittleEndian
	at := uint64(len(b) - 8<<10)
	le.PutUint32(b[64+4:], 5) // Code, of all.
	le.PutUint32(b[64+56+4:], 4)
	le.PutUint64(b[64+56+8:], at)
	le.PutUint64(b[64+56+32:], 4<<10)
	r := New(int64(len(b)))
	_, _ = r.Write(b)
	if code, _ := r.Code(int64(at)); code != 0 {
		t.Errorf("%d bytes of code", code)
	}
}

// TestOddELF has headers whose first bytes say another class or byte order than the rest. Linux
// runs them all the same.
func TestOddELF(t *testing.T) {
	whole := segments(1, 4, note("GNU", 20))
	for _, tt := range [][2]byte{{9, 7}, {0, 0}, {1, 1}, {2, 2}, {1, 2}, {2, 9}} {
		b := bytes.Clone(whole)
		copy(b[4:], tt[:])
		r := New(int64(len(b)))
		_, _ = r.Write(b)
		if f := r.Facts(nil); f.Format != "ELF" || f.Architecture != "amd64" || f.Bits != 64 || f.Damaged == "" || !Is(b) {
			t.Errorf("%v: %+v", tt, f)
		}
	}
	r := New(int64(len(whole)))
	_, _ = r.Write(whole)
	if f := r.Facts(nil); f.Format != "ELF" || f.Damaged != "" || !Is(whole) {
		t.Errorf("%+v", f)
	}
	copy(whole[16:], "\x01\x00")
	if Is(whole) {
		t.Error("an object file is loaded")
	}
}

// TestHeaderBehindMuch has the header of PE where linkers do not put it, and the loader finds it.
func TestHeaderBehindMuch(t *testing.T) {
	b := (&petest.File{Version: [][2]string{{"ProductName", "x"}, {"ProductVersion", "1.2.3"}}}).Bytes()
	for _, at := range []int{0x800, 4000, 5000, 20_000} {
		moved := append(bytes.Clone(b), make([]byte, 20_000)...)
		copy(moved[at:], b[0x80:0x400])
		clear(moved[0x80:0x84])
		binary.LittleEndian.PutUint32(moved[0x3c:], uint32(at))
		r := New(int64(len(moved)))
		r.Again(bytes.NewReader(moved))
		_, _ = r.Write(moved)
		if f := r.Facts(nil); f.Format != "PE" || f.Damaged != "" || f.Stated == nil || f.Stated.Version != "1.2.3" {
			t.Errorf("%#x: %+v", at, f)
		}
	}
}
