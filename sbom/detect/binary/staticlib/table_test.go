package staticlib

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"testing"
)

func TestTable(t *testing.T) {
	libraries := []Library{{Name: "alpha", Version: "1.2", Origin: "libalpha-dev 1.2-3"}, {Name: "beta", Version: "4"}}
	made := New(libraries, []int{0, 1, 1}, map[uint64]int{1 << 40: 0, 2 << 40: 1, 1<<63 | 5<<30: 2})
	var b bytes.Buffer
	if err := made.Write(&b); err != nil {
		t.Fatal(err)
	}
	read, err := Read(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[uint64]int{1 << 40: 0, 2 << 40: 1, 1<<63 | 5<<30: 2, 3 << 40: -1, 0: -1, 1<<64 - 1: -1} {
		got, ok := read.Find(f)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%#x is in group %d, want %d", f, got, want)
		}
	}
	if g := read.Group(2); g != (Group{1, 1}) {
		t.Errorf("group %+v", g)
	}
	if l := read.Library(1); l.Name != "beta" || l.Functions != 2 {
		t.Errorf("library %+v", l)
	}
	var again bytes.Buffer
	if err := read.Write(&again); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
		t.Errorf("written again it differs, %v", err)
	}
}

func TestTableRefused(t *testing.T) {
	for _, text := range []string{"", "alpha\t1\n\n", "\t1\torigin\n\n", "alpha\t1\torigin\n", "alpha\t1\torigin\n\n", "alpha\t1\torigin\n\n\x01\x01", "alpha\t1\torigin\n\n\x01\x00\x01", "alpha\t1\torigin\n\n\x01\x00\x01\x01"} {
		if _, err := parse([]byte(text)); !errors.Is(err, ErrTable) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Read(bytes.NewReader([]byte("no gzip"))); !errors.Is(err, ErrTable) {
		t.Error(err)
	}
}

// FuzzRead reads tables that this package did not write.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"alpha\t1\torigin\n\n\x01\x00\x05\x00", "\n\x00", "alpha\t1\torigin\n\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var in, out bytes.Buffer
		z := gzip.NewWriter(&in)
		_, _ = z.Write(text)
		_ = z.Close()
		table, err := Read(&in)
		if err != nil {
			return
		}
		if err := table.Write(&out); err != nil {
			t.Fatal(err)
		}
		if again, err := Read(&out); err != nil || !slices.Equal(again.keys, table.keys) {
			t.Errorf("what was written reads otherwise: %v", err)
		}
	})
}
