package section

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

const needle = "needle in a file"

// passed returns a sieve that data went through in pieces.
func passed(data []byte, piece int, plan Plan) *Sieve {
	s := NewSieve(data[:min(len(data), detect.HeadSize)], int64(len(data)), plan)
	for rest := data; len(rest) > 0; {
		n := min(piece, len(rest))
		p := bytes.Clone(rest[:n])
		_, _ = s.Write(p)
		clear(p) // It must keep nothing of it.
		rest = rest[n:]
	}
	return s
}

// withData is an ELF program of 64 bits with one segment of data, which data is, behind
// its headers.
func withData(data []byte) []byte {
	le := binary.LittleEndian
	b := testbin.ELF(le, 64, name, append(make([]byte, 56), data...))
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	p := b[64:]
	le.PutUint32(p, segmentLoad)
	le.PutUint32(p[4:], segmentWritable)
	le.PutUint64(p[8:], 120)
	le.PutUint64(p[32:], uint64(len(data)))
	return b
}

// TestIndex finds a word wherever pieces end, and only at multiples of what is asked for.
func TestIndex(t *testing.T) {
	for _, at := range []int{0, 1, 100, 1000, 64<<10 - 20, 64<<10 - 16, 64<<10 - 8, 64<<10 - 1, 64 << 10, 64<<10 + 1, 130 << 10} {
		data := make([]byte, 140<<10)
		copy(data[at:], needle)
		copy(data[139<<10:], needle)
		b := withData(data)
		for _, align := range []int64{1, 16} {
			want := int64(120 + at)
			if int64(at)%align != 0 {
				want = 120 + 139<<10
			}
			n := int64(len(data))
			if got := Index(bytes.NewReader(b), needle, 120, n, align); got != want {
				t.Errorf("at %d, multiple of %d: %d", at, align, got)
			}
			for _, piece := range []int{1 << 20, 4096, 1000, 17, 3} {
				s := passed(b, piece, Plan{Words: []Word{{Text: needle, Rare: piece % len(needle)}}})
				if got := Index(s, needle, 120, n, align); got != want || Skipped(s) {
					t.Errorf("at %d, multiple of %d, in pieces of %d: %d, skipped %t", at, align, piece, got, s.skipped)
				}
			}
		}
		for _, r := range []io.ReaderAt{bytes.NewReader(b), passed(b, 1000, Plan{Words: []Word{{Text: needle}}})} {
			if got := Index(r, needle, 120, int64(at+len(needle)-1), 1); got != -1 || Skipped(r) {
				t.Errorf("at %d, cut off: %d", at, got)
			}
		}
	}
}

// A sieve that does not know says so.
func TestIndexSkips(t *testing.T) {
	data := append(bytes.Repeat([]byte(needle), maxFinds+1), make([]byte, keptHead)...)
	for what, b := range map[string][]byte{
		"too many": withData(data), "not in data": testbin.ELF(binary.LittleEndian, 64, name, data[:100]),
	} {
		s := passed(b, 1000, Plan{Words: []Word{{Text: needle}}})
		if got := Index(s, needle, 120, 100, 1); got != -1 || !Skipped(s) {
			t.Errorf("%s: %d", what, got)
		}
		if _, err := s.ReadAt(make([]byte, 10), int64(len(b))-500); what == "too many" && !errors.Is(err, detect.ErrSkipped) {
			t.Errorf("%s: reading what was not kept: %v", what, err)
		}
	}
	if s := passed(withData(data), 1000, Plan{}); Index(s, needle, 120, 100, 1) != -1 || !Skipped(s) {
		t.Error("a word that was not searched for is not there")
	}
}

// A finder keeps what came before, and what comes.
func TestKeep(t *testing.T) {
	data := make([]byte, 200<<10)
	for i := range data {
		data[i] = byte(i * 7)
	}
	const at = 100 << 10
	copy(data[at:], needle)
	copy(data[at+5000:], "later")
	var later int64
	for _, piece := range []int{1 << 20, 4096, 10000, 999} {
		s := passed(data, piece, Plan{Words: []Word{{Text: needle, Found: func(s *Sieve, at int64) {
			s.Keep(at-4000, at+1000)
			s.Search(Word{Text: "later", Found: func(_ *Sieve, at int64) { later = at }})
		}}}})
		got := make([]byte, 5000)
		if n, err := s.ReadAt(got, at-4000); n != len(got) || err != nil || !bytes.Equal(got, data[at-4000:at+1000]) {
			t.Errorf("in pieces of %d: %d, %v", piece, n, err)
		}
		if later != at+5000 {
			t.Errorf("in pieces of %d: the second word is at %d", piece, later)
		}
		if k := s.Kept(); k > 100<<10 {
			t.Errorf("in pieces of %d: %d bytes kept", piece, k)
		}
	}
}

// Program headers that come too late make the sieve look everywhere, and segments on top
// of each other are searched once.
func TestSieveSegments(t *testing.T) {
	le := binary.LittleEndian
	b := withData(append([]byte(needle), make([]byte, 64<<10)...))
	late := append(b, b[64:64+56]...)
	le.PutUint64(late[32:], uint64(len(b)))
	s := passed(late, 1000, Plan{Sections: true, Words: []Word{{Text: needle}}})
	if at := Index(s, needle, 120, 100, 1); at != 120 || s.skipped {
		t.Errorf("headers at the end: %d, skipped %t", at, s.skipped)
	}
	if _, err := Find(s, s.size, name); err != nil {
		t.Errorf("headers at the end: %v", err)
	}
	got := merge([]span{{50, 60}, {10, 20}, {15, 30}, {30, 31}, {11, 12}, {70, 80}})
	if want := []span{{10, 31}, {50, 60}, {70, 80}}; !slices.Equal(got, want) {
		t.Errorf("merged: %v", got)
	}
}

// A hostile file does not make the sieve keep much, whatever its words ask for.
func TestSieveKeepsLittle(t *testing.T) {
	data := bytes.Repeat([]byte(ownName+needle), 100<<10)
	for _, b := range [][]byte{withData(data), data} {
		s := passed(b, 1000, Plan{Sections: true, Words: []Word{{Text: needle, Found: func(s *Sieve, at int64) { s.Keep(at-1<<20, at+64<<10) }}}})
		if k := s.Kept(); k > 2<<20 {
			t.Errorf("%d bytes kept", k)
		}
		for range 1000 {
			s.Keep(0, 1)
		}
		if len(s.kept) > maxKept {
			t.Errorf("%d parts", len(s.kept))
		}
	}
}

// sieveAgrees checks that a sieve says what the file says, or that it does not know.
func sieveAgrees(t *testing.T, b []byte, piece int) {
	t.Helper()
	s := passed(b, piece, Plan{Sections: true, Words: []Word{{Text: needle}}})
	whole := bytes.NewReader(b)
	want, wantErr := Find(whole, s.size, name)
	got, err := Find(s, s.size, name)
	if !s.skipped && (errors.Is(err, ErrNotFound) != errors.Is(wantErr, ErrNotFound) || (err == nil) != (wantErr == nil) ||
		err == nil && got.Size() != want.Size()) {
		t.Errorf("%v, %v by the sieve, %v, %v by the file", got, err, want, wantErr)
	}
	if errors.Is(err, detect.ErrSkipped) != (s.skipped && !errors.Is(err, ErrNotFound)) {
		t.Errorf("%v, skipped %t", err, s.skipped)
	}
	s.skipped = false
	for _, align := range []int64{1, 16} {
		for _, off := range []int64{0, 120} {
			n := max(0, s.size-off)
			if got, want := Index(s, needle, off, n, align), Index(whole, needle, off, n, align); got != want && !s.skipped {
				t.Errorf("the word is at %d by the sieve, at %d in the file", got, want)
			}
		}
	}
}

func TestSieveAgrees(t *testing.T) {
	for _, b := range programs() {
		for _, piece := range []int{1, 100, 1 << 20} {
			sieveAgrees(t, b, piece)
		}
	}
}

// BenchmarkSieve is the cost of a word in data, where nothing looks like it and where
// much does.
func BenchmarkSieve(b *testing.B) {
	for what, unit := range map[string]string{"zeros": "\x00\x00\x00\x00", "prefixes": needle[:len(needle)-1]} {
		data := withData(bytes.Repeat([]byte(unit), (1<<20)/len(unit)))
		b.Run(what, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s := NewSieve(data[:detect.HeadSize], int64(len(data)), Plan{Sections: true, Words: []Word{{Text: needle}}})
				for piece := range slices.Chunk(data, 128<<10) {
					_, _ = s.Write(piece)
				}
			}
		})
	}
}
