package osv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/identity"
)

// manyRecords is a source of n records of n/4 packages.
func manyRecords(n int) Source {
	return SourceFunc(func(context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) {
			for i := range n {
				r := record(fmt.Sprintf("A-%d", i), "2024-01-01T00:00:00Z", "npm", fmt.Sprintf("package-%d", i/4), fmt.Sprintf("%d.0.0", i+1))
				if !yield(Raw{Name: "r", JSON: []byte(r)}, nil) {
					return
				}
			}
		}
	})
}

// TestLookup finds every package of an index of many pages, through all ways to
// open it, and nothing else.
func TestLookup(t *testing.T) {
	const n = 8000
	b, _ := build(t, manyRecords(n))
	if len(b) < 3*pageSize {
		t.Fatalf("the index has only %d bytes", len(b))
	}
	name := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
	memory, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	file, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i := range n / 4 {
		for _, db := range []*DB{memory, file} {
			as, err := db.Lookup("npm", fmt.Sprintf("package-%d", i))
			if err != nil || len(as) != 4 {
				t.Fatalf("package-%d: %v, %v", i, as, err)
			}
			// In the order of the ids, which are texts.
			if as[0].ID >= as[1].ID || as[0].Package != fmt.Sprintf("package-%d", i) || as[0].Ecosystem != "npm" {
				t.Fatalf("%+v", as)
			}
		}
	}
	for _, miss := range []struct{ eco, name string }{{"npm", "package-2000"}, {"npm", ""}, {"PyPI", "package-1"}, {"", ""}, {"npm:1", "package-1"}} {
		if as, err := memory.Lookup(identity.Ecosystem(miss.eco), miss.name); err != nil || as != nil {
			t.Errorf("%v: %v, %v", miss, as, err)
		}
	}
	if memory.Digest() != file.Digest() || !memory.Has("npm") || memory.Has("PyPI") {
		t.Error("the two ways to open it differ, or ecosystems are wrong")
	}
	if ecos := memory.Ecosystems(); len(ecos) != 1 || ecos[0].Packages != n || ecos[0].Ecosystem != "npm" {
		t.Errorf("ecosystems %+v", ecos)
	}
}

// TestConcurrentLookup is for the race detector.
func TestConcurrentLookup(t *testing.T) {
	b, _ := build(t, manyRecords(4000))
	db, err := FromReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				if as, err := db.Lookup("npm", fmt.Sprintf("package-%d", i)); err != nil || len(as) != 4 {
					t.Errorf("package-%d: %v, %v", i, as, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestEveryByteCounts: whatever byte of an index is changed, opening it or
// looking everything up fails; there is never other data.
func TestEveryByteCounts(t *testing.T) {
	b, _ := build(t, manyRecords(40))
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		db, err := OpenBytes(bad)
		for k := 0; err == nil && k < 10; k++ {
			_, err = db.Lookup("npm", fmt.Sprintf("package-%d", k))
		}
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for n := range b {
		if _, err := OpenBytes(b[:n:n]); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := OpenBytes(append(bytes.Clone(b), 0)); !errors.Is(err, ErrCorrupt) {
		t.Error("a byte too many")
	}
}

// TestFileChangesWhileOpen: a page that is not as recorded gives an error, and so
// does a file that got shorter.
func TestFileChangesWhileOpen(t *testing.T) {
	b, _ := build(t, manyRecords(8000))
	name := filepath.Join(t.TempDir(), "index")
	for _, change := range []func() error{
		func() error { return os.WriteFile(name, bytes.Repeat([]byte{7}, len(b)), 0o666) },
		func() error { return os.Truncate(name, int64(len(b)/2)) },
	} {
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		db, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		var failed error
		for i := range 2000 {
			if _, err := db.Lookup("npm", fmt.Sprintf("package-%d", i)); err != nil {
				failed = err
			}
		}
		if !errors.Is(failed, ErrCorrupt) {
			t.Errorf("error %v", failed)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	name := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(name, bytes.Repeat([]byte("text "), 1000), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); !errors.Is(err, ErrFormat) {
		t.Errorf("a text: %v", err)
	}
	if _, err := OpenBytes(nil); !errors.Is(err, ErrFormat) {
		t.Errorf("nothing: %v", err)
	}
	if db, err := OpenBytes(mustBuild(t)); err != nil || db.Close() != nil {
		t.Errorf("in memory: %v", err)
	}
}

// TestOneValueManyTimes: an index that names a large value again and again costs
// bounded time and memory.
func TestOneValueManyTimes(t *testing.T) {
	a := affected{ecosystem: "npm", name: "a", functions: []string{strings.Repeat("x", 1<<20)}, versions: []string{"1"}}
	var e encoder
	e.affected(&a, keyOf("npm", "a"))
	records := make([]built, 100)
	for i := range records {
		f := recordFacts{id: fmt.Sprintf("A-%03d", i)}
		var fe encoder
		fe.facts(&f)
		records[i] = built{id: f.id, facts: fe.b, packages: []builtPackage{{key: keyOf("npm", "a"), data: e.b}}}
	}
	var buf bytes.Buffer
	if _, err := writeFile(&buf, assemble(records, &BuildStats{})); err != nil {
		t.Fatal(err)
	}
	if buf.Len() > 2<<20 {
		t.Errorf("%d bytes: the value is there more than once", buf.Len())
	}
	db, err := OpenBytes(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lookup("npm", "a"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

func mustBuild(t *testing.T) []byte {
	b, _ := build(t, manyRecords(4))
	return b
}
