package unwind

import (
	"encoding/binary"
	"slices"
	"testing"
)

// common is the record that most others refer to; personal is that of functions with a handler
// for exceptions.
var (
	common   = record(append([]byte("\x00\x00\x00\x00\x01zR\x00\x01\x78\x10\x01\x1b\x0c\x07\x08\x90\x01"), 0, 0))
	personal = record(append([]byte("\x00\x00\x00\x00\x01zPLR\x00\x01\x78\x10\x07\x9b\x01\x02\x03\x04\x1b\x1b\x0c\x07\x08\x90\x01"), 0, 0))
)

func record(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// table is what a compiler writes of functions: the lengths of their code, of which the
// instructions follow.
func table(sizes ...uint32) []byte {
	b := slices.Clone(common)
	for i, size := range sizes {
		b = appendFunction(b, 0, size, uint32(i)*0x1000, nil)
	}
	return append(b, 0, 0, 0, 0)
}

func appendFunction(b []byte, format int, size, address uint32, data []byte) []byte {
	r := binary.LittleEndian.AppendUint32(nil, uint32(len(b)+4-format))
	r = binary.LittleEndian.AppendUint32(r, address)
	r = binary.LittleEndian.AppendUint32(r, size)
	r = append(append(r, byte(len(data))), data...)
	// Two registers saved, a return in the middle and one at the end.
	r = append(r, 0x42, 0x0e, 0x10, 0x8f, 2, 0x44, 0x0e, 0x18, 0x8e, 3, 2, byte(size/2), 0x0a, 0x0e, 8, 0x0b, 3, byte(size), byte(size>>8), 0x0e, 8)
	return append(b, record(append(r, make([]byte, -len(r)&3)...))...)
}

type found struct {
	fingerprint uint64
	first, last int64
}

func scan(pieces ...[]byte) []found {
	var out []found
	r := Reader{Function: func(f uint64, first, last int64) { out = append(out, found{f, first, last}) }}
	for _, p := range pieces {
		_, _ = r.Write(p)
	}
	return out
}

func fingerprints(list []found) []uint64 {
	var out []uint64
	for _, f := range list {
		out = append(out, f.fingerprint)
	}
	return out
}

// An address and what the linker puts in front of a table change nothing; a length does.
func TestFingerprint(t *testing.T) {
	object := scan(table(300, 400, 500))
	if len(object) != 2 || object[0].first == object[0].last {
		t.Fatalf("of three functions that tell too little one by one: %+v", object)
	}
	moved := slices.Clone(table(300, 400, 500))
	binary.LittleEndian.PutUint32(moved[len(common)+8:], 0xdeadbeef)
	program := scan(append([]byte("\x7fELF and so on"), moved...))
	if !slices.Equal(fingerprints(program), fingerprints(object)) || program[0].first != object[0].first+14 {
		t.Errorf("%+v in a program, %+v in an object file", program, object)
	}
	if other := scan(table(300, 401, 500)); other[0].fingerprint == object[0].fingerprint || other[1].fingerprint == object[1].fingerprint {
		t.Errorf("%+v of another version", other)
	}
	var direct []found
	Functions(table(300, 400, 500), func(f uint64, first, last int64) { direct = append(direct, found{f, first, last}) })
	if !slices.Equal(direct, object) {
		t.Errorf("%+v, %+v by Functions", object, direct)
	}
}

func TestReader(t *testing.T) {
	withHandler := append(slices.Clone(common), personal...)
	withHandler = appendFunction(withHandler, len(common), 300, 0, []byte{1, 2, 3, 4})
	withHandler = appendFunction(withHandler, len(common), 400, 0, []byte{5, 6, 7, 8})
	stray := appendFunction(slices.Clone(common), 4, 300, 0, nil)
	one := table(300, 400)
	for what, tt := range map[string]struct {
		b    []byte
		want int
	}{
		"nothing":                    {nil, 0},
		"one table":                  {one, 1},
		"two":                        {slices.Concat(one, []byte("text between"), one), 2},
		"handlers of exceptions":     {withHandler, 1},
		"a record that is of none":   {appendFunction(stray, 0, 400, 0, nil), 0},
		"one function that is small": {table(300), 0},
		"cut off":                    {one[:len(one)-10], 0},
		"a length that cannot be":    {append(slices.Clone(common), 0xff, 0xff, 0xff, 0x7f, 0, 0), 0},
		"nothing but a format":       {common, 0},
	} {
		if got := scan(tt.b); len(got) != tt.want {
			t.Errorf("%s: %+v, want %d", what, got, tt.want)
		}
	}
}

func TestSkip(t *testing.T) {
	var got []found
	r := Reader{Function: func(f uint64, first, last int64) { got = append(got, found{f, first, last}) }}
	one := table(300, 400)
	_, _ = r.Write(one[:30])
	r.Skip(1000)
	_, _ = r.Write(one)
	if want := scan(one); len(got) != 1 || got[0].fingerprint != want[0].fingerprint || got[0].first != want[0].first+1030 {
		t.Errorf("%+v behind what was skipped, want %+v later", got, want)
	}
}

// FuzzUnwind has tables read that no compiler wrote, whole and in pieces.
func FuzzUnwind(f *testing.F) {
	f.Add(table(300, 400, 500), uint16(7))
	f.Add(append([]byte("before"), table(300, 400)...), uint16(20))
	f.Add(append(slices.Clone(personal), table(300)...), uint16(1))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		whole := scan(b)
		for _, f := range whole {
			if f.first < 0 || f.last < f.first || f.last+16 > int64(len(b)) {
				t.Fatalf("a function from %d to %d of %d bytes", f.first, f.last, len(b))
			}
		}
		at := min(int(cut), len(b))
		if pieces := scan(b[:at], b[at:]); !slices.Equal(whole, pieces) {
			t.Errorf("%+v in one piece, %+v in two", whole, pieces)
		}
	})
}
