package header

import (
	"bytes"
	"debug/elf"
	"math"
	"os"
	"testing"
)

// TestCode: what the section headers of a real program call code is skipped and nothing else.
func TestCode(t *testing.T) {
	at, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Skip("the test is not an ELF program: ", err)
	}
	r := New(int64(len(data)))
	_, _ = r.Write(data)
	for _, s := range f.Sections {
		if s.Type != elf.SHT_PROGBITS || s.FileSize == 0 {
			continue
		}
		code, before := r.Code(int64(s.Offset))
		if s.Flags&elf.SHF_EXECINSTR != 0 && code < int64(s.FileSize) {
			t.Errorf("%s: only %d of %d bytes are code", s.Name, code, s.FileSize)
		}
		if s.Flags&elf.SHF_EXECINSTR == 0 && (code > 0 || before < int64(s.FileSize)) {
			t.Errorf("%s: code for %d bytes, after %d", s.Name, code, before)
		}
	}
}

// TestCodeAmongText: nothing is skipped where the headers do not tell text and code apart, or
// lie about where they are.
func TestCodeAmongText(t *testing.T) {
	const x, ro = elf.PF_R | elf.PF_X, elf.PF_R
	for name, tt := range map[string]struct {
		segments []segment
		code     int64 // at 4096
	}{
		"none":                 {nil, 0},
		"one for both":         {[]segment{{elf.PT_LOAD, x, 0, 0, 9000}, {elf.PT_LOAD, ro | elf.PF_W, 9000, 0, 100}}, 0},
		"apart":                {[]segment{{elf.PT_LOAD, ro, 0, 0, 4096}, {elf.PT_LOAD, x, 4096, 0, 100}, {elf.PT_LOAD, ro, 8192, 0, 100}}, 100},
		"headers are no text":  {[]segment{{elf.PT_LOAD, ro, 0, 0, 4096}, {elf.PT_LOAD, x, 4096, 0, 100}}, 0},
		"behind the file":      {[]segment{{elf.PT_LOAD, x, 4096, 0, math.MaxUint64}, {elf.PT_LOAD, ro, 8192, 0, 100}}, 0},
		"nothing in it":        {[]segment{{elf.PT_LOAD, x, 4096, 0, 0}, {elf.PT_LOAD, ro, 8192, 0, 100}}, 0},
		"code that is written": {[]segment{{elf.PT_LOAD, x | elf.PF_W, 4096, 0, 100}, {elf.PT_LOAD, ro, 8192, 0, 100}}, 0},
	} {
		r := &Reader{size: 10_000, code: (&elfFile{segments: tt.segments}).code(10_000)}
		if code, before := r.Code(4096); code != tt.code || code <= 0 && before <= 0 {
			t.Errorf("%s: %d bytes of code, %d before the next, want %d", name, code, before, tt.code)
		}
	}
}
