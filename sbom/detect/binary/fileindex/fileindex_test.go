package fileindex

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
)

func id(i int) []byte { return binary.BigEndian.AppendUint64([]byte("prefix"), uint64(i)) }

func record(i int) Record {
	return Record{Name: fmt.Sprintf("p%d", i/3), Version: fmt.Sprintf("1.%d-1", i/3), PURL: fmt.Sprintf("pkg:deb/debian/p%d@1.%d-1?arch=amd64", i/3, i/3), License: "MIT"}
}

// build returns an index of n entries, three for each record.
func build(t testing.TB, n int) []byte {
	t.Helper()
	var b Builder
	for i := range n {
		if err := b.Add(&Entry{BuildID, id(i), record(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if size, err := b.WriteTo(&out); err != nil || size != int64(out.Len()) {
		t.Fatalf("%d of %d bytes, %v", size, out.Len(), err)
	}
	return out.Bytes()
}

func open(t testing.TB, b []byte) *Index {
	t.Helper()
	x, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestFind finds each entry, at sizes around those of blocks and of tables, and nothing else.
func TestFind(t *testing.T) {
	for _, n := range []int{0, 1, 3 * perBlock, 3*perBlock + 1, 1 << 8, 1<<8 + 1, 5_000} {
		x := open(t, build(t, n))
		if err := x.Verify(); err != nil || x.Len() != n {
			t.Errorf("%d entries: %d, %v", n, x.Len(), err)
		}
		for i := range n {
			got, err := x.Find(BuildID, id(i))
			if want := []Record{record(i)}; err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d of %d: %v, %v", i, n, got, err)
			}
		}
		for _, none := range [][]byte{id(n), id(-1), nil, []byte("short"), make([]byte, MaxID+1)} {
			if got, err := x.Find(BuildID, none); got != nil || err != nil {
				t.Errorf("%q: %v, %v", none, got, err)
			}
		}
		if got, err := x.Find(SHA256, id(0)); got != nil || err != nil {
			t.Errorf("of another kind: %v, %v", got, err)
		}
	}
}

// TestMany returns the packages of a file that is in many: the first of them.
func TestMany(t *testing.T) {
	var b Builder
	for i := range 3 * perBlock {
		e := Entry{SHA256, id(0), Record{Name: "a", Version: fmt.Sprintf("1.%03d", i)}}
		for range 2 { // Once is enough.
			if err := b.Add(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 100 {
		if err := b.Add(&Entry{SHA256, id(i + 1), Record{Name: "b", Version: "1"}}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	x := open(t, out.Bytes())
	got, err := x.Find(SHA256, id(0))
	if err != nil || len(got) != MaxRecords || got[0].Version != "1.000" || got[MaxRecords-1].Version != "1.015" {
		t.Errorf("%v, %v", got, err)
	}
	if x.Len() != MaxRecords+100 {
		t.Errorf("%d entries", x.Len())
	}
	for i := range 100 {
		if got, err := x.Find(SHA256, id(i+1)); err != nil || len(got) != 1 || got[0].Name != "b" {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// TestLarge finds entries in the largest kind of table.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("makes an index of a million entries")
	}
	const n = 1<<20 + 1
	var b Builder
	for i := range n {
		if err := b.Add(&Entry{BuildID, id(i), Record{Name: "a", Version: "1"}}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	x := open(t, out.Bytes())
	for i := 0; i < n+1000; i += 997 {
		if got, err := x.Find(BuildID, id(i)); err != nil || (len(got) == 1) != (i < n) {
			t.Fatalf("%d: %v, %v", i, got, err)
		}
	}
	if per := float64(out.Len()) / n; per > 9 {
		t.Errorf("%.1f bytes an entry", per)
	}
}

// TestSameBytes writes the same for the same entries in any order, and again.
func TestSameBytes(t *testing.T) {
	var b Builder
	for i := range 500 {
		if err := b.Add(&Entry{BuildID, id(499 - i), record(499 - i)}); err != nil {
			t.Fatal(err)
		}
	}
	want := build(t, 500)
	for range 2 {
		var out bytes.Buffer
		if _, err := b.WriteTo(&out); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%d bytes differ from %d, %v", out.Len(), len(want), err)
		}
	}
	if open(t, want).Version() == open(t, build(t, 499)).Version() {
		t.Error("two indexes of one version")
	}
}

func TestAddErrors(t *testing.T) {
	good := Entry{BuildID, id(0), Record{Name: "a", Version: "1"}}
	for what, change := range map[string]func(*Entry){
		"kind": func(e *Entry) { e.Kind = 3 }, "short id": func(e *Entry) { e.ID = e.ID[:7] }, "long id": func(e *Entry) { e.ID = make([]byte, 65) },
		"name": func(e *Entry) { e.Name = "" }, "version": func(e *Entry) { e.Version = "" }, "line": func(e *Entry) { e.PURL = "a\nb" },
		"control": func(e *Entry) { e.Name = "a\x1b[2J" }, "not UTF-8": func(e *Entry) { e.License = "\xff" },
		"long": func(e *Entry) { e.PURL = string(bytes.Repeat([]byte("a"), maxText)) },
	} {
		e := good
		change(&e)
		if err := new(Builder).Add(&e); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	if err := new(Builder).Add(&good); err != nil {
		t.Error(err)
	}
}

// TestDamage finds every changed byte by Verify, and no look-up of a damaged index says
// what the sound one does not.
func TestDamage(t *testing.T) {
	sound := build(t, 400)
	for at := range sound {
		b := bytes.Clone(sound)
		b[at] ^= 0x10
		x, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("byte %d: error %v", at, err)
			}
			continue
		}
		if err := x.Verify(); !errors.Is(err, ErrFormat) {
			t.Fatalf("byte %d: verified: %v", at, err)
		}
		if at%97 != 0 {
			continue
		}
		for i := range 400 {
			if got, err := x.Find(BuildID, id(i)); err != nil && !errors.Is(err, ErrFormat) || err == nil && !slices.Equal(got, []Record{record(i)}) {
				t.Fatalf("byte %d: %v, %v", at, got, err)
			}
		}
	}
	for _, size := range []int{0, 1, headerSize - 1, headerSize, len(sound) - 1} {
		if _, err := Open(bytes.NewReader(sound[:size]), int64(size)); !errors.Is(err, ErrFormat) {
			t.Errorf("%d bytes: error %v", size, err)
		}
	}
	// Shorter than it is said to be.
	x, err := Open(bytes.NewReader(sound[:headerSize]), int64(len(sound)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Find(BuildID, id(1)); !errors.Is(err, ErrFormat) {
		t.Errorf("error %v", err)
	}
	if err := x.Verify(); !errors.Is(err, ErrFormat) {
		t.Errorf("error %v", err)
	}
}

type broken struct{ error }

func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.error }

func TestReadErrors(t *testing.T) {
	want := errors.New("broken")
	if _, err := Open(broken{want}, 1000); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
	x := open(t, build(t, 10))
	x.r = broken{want}
	if _, err := x.Find(BuildID, id(1)); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
	if err := x.Verify(); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
}

// counter counts what is read.
type counter struct {
	io.ReaderAt
	bytes int
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	c.bytes += len(p)
	return c.ReaderAt.ReadAt(p, at)
}

// FuzzIndex opens any bytes, the sums of which are made right: a look-up ends, has read no
// more than a search needs, and says nothing that could not have been written.
func FuzzIndex(f *testing.F) {
	for _, n := range []int{0, 1, 450} {
		f.Add(build(f, n), 3, uint32(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, at int, value uint32) {
		if len(b) >= headerSize {
			b = mend(bytes.Clone(b), at, value)
		}
		c := &counter{ReaderAt: bytes.NewReader(b)}
		x, err := Open(c, int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		for i := range 4 {
			c.bytes = 0
			got, err := x.Find(BuildID, id(i))
			if err != nil && !errors.Is(err, ErrFormat) || len(got) > MaxRecords {
				t.Fatalf("%d records, %v", len(got), err)
			}
			if most := maxBucket*entryMost + MaxRecords*(maxBlock+8) + 100; c.bytes > most {
				t.Errorf("%d bytes read, at most %d", c.bytes, most)
			}
			for _, r := range got {
				if err := new(Builder).Add(&Entry{BuildID, id(i), r}); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// entryMost is the greatest size of an entry.
const entryMost = 20

// mend puts a number somewhere, and makes the sums of the header, of the buckets and of the blocks of
// records right, as far as they are where the header says.
func mend(b []byte, at int, value uint32) []byte {
	if at >= 0 && at < len(b)-4 {
		binary.LittleEndian.PutUint32(b[at:], value)
	}
	binary.LittleEndian.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
	h, ok := parseHeader(b, int64(len(b)))
	if !ok {
		return b
	}
	buildIDs, _, places, blocks, _ := h.layout()
	number := func(at uint64) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }
	for i := range buildIDs.buckets() {
		from, to := number(buildIDs.at+4*i), number(buildIDs.at+4*i+4)
		if start, end := buildIDs.bucketAt(i, from), buildIDs.bucketAt(i, to); from <= to && end+4 <= uint64(len(b)) {
			binary.LittleEndian.PutUint32(b[end:], buildIDs.bucketSum(i, b[start:end]))
		}
	}
	for i := range h.blocks() {
		if from, to := number(places+4*i), number(places+4*i+4); from+4 <= to && blocks+to <= uint64(len(b)) {
			binary.LittleEndian.PutUint32(b[blocks+from:], checksum(b[blocks+from+4:blocks+to]))
		}
	}
	return b
}

func BenchmarkFind(b *testing.B) {
	x := open(b, build(b, 100_000))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if got, err := x.Find(BuildID, id(i%100_000)); err != nil || len(got) != 1 {
			b.Fatal(got, err)
		}
	}
}
