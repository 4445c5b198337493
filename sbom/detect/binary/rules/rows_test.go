package rules

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestIndexWith has an index of a learned table's lines know what that of the merged table
// knows.
func TestIndexWith(t *testing.T) {
	table, err := Read(strings.NewReader(embedded))
	if err != nil {
		t.Fatal(err)
	}
	x, err := table.indexWith(learnedLines(t, LoadLearned()))
	if err != nil {
		t.Fatal(err)
	}
	merged := Load()
	y, err := merged.Index()
	if err != nil {
		t.Fatal(err)
	}
	if x.rows() != len(merged.Products) || len(x.groups) != len(y.groups) || len(x.contexts.list) != len(y.contexts.list) || x.numbered.used != y.numbered.used {
		t.Errorf("%d rows, %d groups, %d patterns, %d names, want %d, %d, %d, %d", x.rows(), len(x.groups), len(x.contexts.list), x.numbered.used,
			len(merged.Products), len(y.groups), len(y.contexts.list), y.numbered.used)
	}
	if !slices.Equal(slices.Sorted(slices.Values(x.texts)), slices.Sorted(slices.Values(y.texts))) {
		t.Error("other literals")
	}
	for i := range merged.Products {
		want := &merged.Products[i]
		if p := x.Product(i); p.Name != want.Name || p.PURL != want.PURL || p.License != want.License || !slices.Equal(p.Names, want.Names) || p != x.Product(i) {
			t.Fatalf("row %d is %+v, want %+v", i, p, want)
		}
		if p := x.Named(want.Name); p != x.Product(i) {
			t.Fatalf("%s is found as %+v", want.Name, p)
		}
		for _, n := range want.SONAMEs {
			if p, q := x.Owner([]string{n + ".so.1"}, ""), y.Owner([]string{n + ".so.1"}, ""); (p == nil) != (q == nil) || p != nil && p.Name != q.Name {
				t.Fatalf("%s is of %+v, want %+v", n, p, q)
			}
		}
	}
}

// learnedLines returns the lines of a table.
func learnedLines(t *testing.T, learned *Table) []byte {
	t.Helper()
	var lines bytes.Buffer
	if err := learned.writeLines(&lines); err != nil {
		t.Fatal(err)
	}
	return lines.Bytes()
}

// TestFind finds rows by their names, as they are written in the table and as they are not.
func TestFind(t *testing.T) {
	odd := Product{Name: "ödd", Names: []string{"odd-naïve"}}
	x, err := (&Table{Products: []Product{{Name: "zlib", Names: []string{"libz"}}}}).indexWith(learnedLines(t, &Table{Products: []Product{learnedProduct(), odd}}))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"zlib": "zlib", "libz": "zlib", "redis": "redis", "redis-tools": "redis", "ödd": "ödd", "odd-naïve": "ödd", "redis-": "", "": ""} {
		got := ""
		if p := x.Find(func(n string) bool { return n == name }); p != nil {
			got = p.Name
		}
		if got != want {
			t.Errorf("%q is found as %q, want %q", name, got, want)
		}
	}
	if x.Named("libz") != nil || x.Named("redi") != nil || x.Named("ödd") == nil {
		t.Error("Named looks for the row's own name")
	}
	if !reflect.DeepEqual(x.Named("ödd").Names, odd.Names) {
		t.Errorf("%+v", x.Named("ödd"))
	}
}

// TestProductConcurrently has all get the same row, whoever makes it.
func TestProductConcurrently(t *testing.T) {
	x, err := new(Table).indexWith(learnedLines(t, &Table{Products: []Product{learnedProduct()}}))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]*Product, 16)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() { got[i] = x.Product(0) })
	}
	all.Wait()
	for _, p := range got {
		if p != got[0] || p.Name != "redis" {
			t.Fatalf("%+v and %+v", p, got[0])
		}
	}
}

func TestWords(t *testing.T) {
	w := words{arena: new(arena)}
	if _, ok := w.get("a"); ok {
		t.Error("a word in none")
	}
	for i := range 1000 {
		w.put(strings.Repeat("x", i), i)
		w.put(strings.Repeat("x", i/2), i/2)
	}
	for i := range 1000 {
		if n, ok := w.get(strings.Repeat("x", i)); n != i || ok != (i > 0) {
			t.Fatalf("%d: %d %v", i, n, ok)
		}
	}
	if _, ok := w.get("y"); ok || w.used != 999 {
		t.Errorf("%d words", w.used)
	}
}
