package sqlite_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/internal/sqlite"
)

// values returns the database that testdata/values.sql makes.
func values(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("testdata/values.sqlite.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read returns the rows of a table as text, and the errors.
func read(data []byte, table string, maxRow int) (rows []string, errs []error) {
	for row, err := range sqlite.Rows(bytes.NewReader(data), int64(len(data)), table, maxRow) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s := fmt.Sprint(row.ID)
		for i := range 3 {
			if v, ok := row.Integer(i); ok {
				s += fmt.Sprintf(" %d", v)
			}
			if v, ok := row.Text(i); ok {
				s += fmt.Sprintf(" %q", v)
			}
			if v, ok := row.Blob(i); ok {
				s += fmt.Sprintf(" %d bytes %x", len(v), v[:min(len(v), 4)])
			}
		}
		rows = append(rows, s)
	}
	return rows, errs
}

func TestRows(t *testing.T) {
	data := values(t)
	for table, want := range map[string][]string{
		"numbers": {`-5 "before"`, "1 0", "2 1", "3 -1", "4 127", "5 -32768", "6 8388607", "7 -2147483648", "8 140737488355327",
			fmt.Sprint("9 ", math.MinInt64), "10", "11", `12 "text"`, "13 2 bytes 00ff"},
		"long":  {`1 "short" 1 bytes 01`, `2 "one overflow page" 900 bytes 00000000`, `3 "many" 100000 bytes 00000000`},
		"empty": nil,
	} {
		if rows, errs := read(data, table, 1<<20); !slices.Equal(rows, want) || errs != nil {
			t.Errorf("%s: %q, errors %v", table, rows, errs)
		}
	}
	rows, errs := read(data, "many", 100)
	if len(rows) != 3000 || rows[0] != "1 1" || rows[2999] != "3000 3000" || errs != nil {
		t.Errorf("many: %d rows, errors %v", len(rows), errs)
	}
}

func TestErrors(t *testing.T) {
	data := values(t)
	if rows, errs := read(data, "long", 1000); len(rows) != 2 || len(errs) != 1 || !errors.Is(errs[0], sqlite.ErrLimit) {
		t.Errorf("a long row: %d rows, errors %v", len(rows), errs)
	}
	if rows, errs := read(data, "absent", 1000); len(rows) != 0 || len(errs) != 1 || !errors.Is(errs[0], sqlite.ErrFormat) {
		t.Errorf("no such table: %v", errs)
	}
	utf16 := bytes.Clone(data)
	utf16[59] = 2
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"empty":     {nil, sqlite.ErrFormat},
		"other":     {make([]byte, 4096), sqlite.ErrFormat},
		"UTF-16":    {utf16, sqlite.ErrUnsupported},
		"page size": {append(append(bytes.Clone(data[:16]), 1, 1), data[18:]...), sqlite.ErrFormat},
		"cut off":   {data[:512], sqlite.ErrFormat},
	} {
		if _, errs := read(tt.data, "many", 100); len(errs) == 0 || !errors.Is(errs[0], tt.want) {
			t.Errorf("%s: errors %v, want %v", name, errs, tt.want)
		}
	}
}

// TestStops: a caller that has enough is not called again.
func TestStops(t *testing.T) {
	data := values(t)
	n := 0
	for range sqlite.Rows(bytes.NewReader(data), int64(len(data)), "many", 100) {
		if n++; n == 5 {
			break
		}
	}
	if n != 5 {
		t.Errorf("%d rows", n)
	}
}

// FuzzRows checks that no page is read twice, which bounds rows and time, and that errors
// are of this package. No bytes at all are still one error.
func FuzzRows(f *testing.F) {
	f.Add(values(f)[:8192])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, errs := read(data, "many", 1<<16)
		if len(rows)+len(errs) > len(data)+1 {
			t.Fatalf("%d rows and %d errors in %d bytes", len(rows), len(errs), len(data))
		}
		for _, err := range errs {
			if !errors.Is(err, sqlite.ErrFormat) && !errors.Is(err, sqlite.ErrLimit) && !errors.Is(err, sqlite.ErrUnsupported) {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	data := values(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range sqlite.Rows(bytes.NewReader(data), int64(len(data)), "many", 100) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
