package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

const (
	parts = 10 // programs that are thought of for each library
	calls = 5  // of its functions that each of them calls
)

// tally is what came out for the static libraries of one product.
type tally struct {
	whole, said, wrong   int // libraries linked wholly; of these, found; with another version
	parts, partSaid      int // programs that call some functions; of these, found
	versions, complaints map[string]bool
}

// checkPackages looks for the products of the table in the static libraries of the .debs
// below a directory, each linked wholly and in parts, and writes a line for each product. The
// error says which rows are wrong: those that find another version than the package's,
// and those that find a product in the library of another.
func checkPackages(w io.Writer, table *rules.Table, dir string) error {
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	d, err := binary.New(&binary.Options{Table: table})
	if err != nil {
		return err
	}
	tallies := make(map[string]*tally)
	for _, deb := range debs {
		libs, err := libraries(deb)
		if err != nil {
			return fmt.Errorf("%s: %w", deb, err)
		}
		for i := range libs {
			if owner := ownerOf(table, libs[i].name); owner != nil {
				t := tallies[owner.Name]
				if t == nil {
					t = &tally{versions: make(map[string]bool), complaints: make(map[string]bool)}
					tallies[owner.Name] = t
				}
				t.look(d, owner, &libs[i])
			}
		}
	}
	return tell(w, tallies)
}

// ownerOf returns the row of the product that a static library is of, nil if the
// table has none. "libpcre2-8" is of the row that has "libpcre2", and not of "libpcre".
func ownerOf(table *rules.Table, name string) *rules.Product {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".a"), "_pic")
	var owner *rules.Product
	longest := 0
	for i := range table.Products {
		p := &table.Products[i]
		if !p.Library(name + ".so") {
			continue
		}
		for _, s := range p.SONAMEs {
			if s = strings.TrimSuffix(s, "*"); strings.HasPrefix(name, s) && len(s) > longest {
				owner, longest = p, len(s)
			}
		}
	}
	return owner
}

// look identifies a program with the library in it.
func (t *tally) look(d *binary.Detector, owner *rules.Product, l *library) {
	t.versions[l.version] = true
	t.whole++
	for _, f := range identify(d, l.all()) {
		switch {
		case f.Name == owner.Name && same(f.Version, l.version):
			t.said++
		case f.Name == owner.Name:
			t.wrong++
			t.complaints[fmt.Sprintf("%s %s in %s of %s: %q", f.Name, f.Version, l.name, l.version, f.Evidence[0].Text)] = true
		default:
			t.complaints[fmt.Sprintf("%s %s is in %s of %s %s: %q", f.Name, f.Version, l.name, owner.Name, l.version, f.Evidence[0].Text)] = true
		}
	}
	for seed := range uint64(parts) {
		t.parts++
		for _, f := range identify(d, l.part(rand.New(rand.NewPCG(1, seed)), calls)) { //nolint:gosec // The same in each run.
			if f.Name == owner.Name && same(f.Version, l.version) {
				t.partSaid++
			}
		}
	}
}

// identify returns what a static program that has the text contains.
func identify(d *binary.Detector, text []byte) []binary.Finding {
	content := (&elftest.File{Text: "\x00" + string(text) + "\x00"}).Bytes()
	r, err := d.Identify(context.Background(), "opt/app/server", int64(len(content)), bytes.NewReader(content))
	if err != nil {
		return nil // Not of a reader of bytes.
	}
	return slices.DeleteFunc(r.Findings, func(f binary.Finding) bool { return f.Relation != binary.Contains })
}

// tell writes the tallies, those first that find least.
func tell(w io.Writer, tallies map[string]*tally) error {
	rate := func(t *tally) float64 { return float64(t.partSaid) / float64(t.parts) }
	names := slices.SortedFunc(maps.Keys(tallies), func(a, b string) int {
		return cmp.Or(cmp.Compare(rate(tallies[a]), rate(tallies[b])), cmp.Compare(a, b))
	})
	var complaints []string
	var sum tally
	for _, name := range names {
		t := tallies[name]
		fmt.Fprintf(w, "%-18s %3d libraries of %2d versions: %3.0f%% found when linked wholly, %3.0f%% in parts\n", name, t.whole, len(t.versions), percent(t.said, t.whole), percent(t.partSaid, t.parts))
		sum.whole, sum.said, sum.parts, sum.partSaid = sum.whole+t.whole, sum.said+t.said, sum.parts+t.parts, sum.partSaid+t.partSaid
		complaints = append(complaints, slices.Sorted(maps.Keys(t.complaints))...)
	}
	fmt.Fprintf(w, "%d products, %d libraries: %.1f%% found when linked wholly, %.1f%% in parts\n", len(names), sum.whole, percent(sum.said, sum.whole), percent(sum.partSaid, sum.parts))
	if len(complaints) > 0 {
		return fmt.Errorf("%d findings that are wrong:\n%s", len(complaints), strings.Join(complaints, "\n"))
	}
	return nil
}

func percent(a, b int) float64 { return 100 * float64(a) / float64(max(1, b)) }
