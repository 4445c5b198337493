package rules

import (
	"slices"
	"strings"
)

// owners are the products by the names of their libraries and programs: rows of
// the index.
type owners struct {
	libraries, programs words
	wild                []wild
}

// wild is a row with a "*" in the name of a library.
type wild struct {
	row   int
	names []string
}

// add adds a row. The first that has a name keeps it.
func (o *owners) add(row int, p *Product) {
	isWild := func(s string) bool { return strings.HasSuffix(s, "*") }
	if slices.ContainsFunc(p.SONAMEs, isWild) {
		o.wild = append(o.wild, wild{row, p.SONAMEs})
	}
	for _, s := range p.SONAMEs {
		if _, ok := o.libraries.get(s); !ok && !isWild(s) {
			o.libraries.put(s, row)
		}
	}
	for _, s := range p.Programs {
		if _, ok := o.programs.get(s); !ok {
			o.programs.put(s, row)
		}
	}
}

// Owner returns the first product of the table that has a library of one of the names, as
// [Product.Library] has it but for a number at once behind the name, or a program of that name, with
// a version behind it or not; nil if none has.
func (x *Index) Owner(libraries []string, program string) *Product {
	best := x.rows()
	for _, n := range libraries {
		best = min(best, x.libraryOwner(n))
	}
	for _, n := range []string{program, strings.TrimRight(program, "-.0123456789")} {
		if i, ok := x.owners.programs.get(n); ok {
			best = min(best, i)
			break // The whole name, where a row has it.
		}
	}
	if best == x.rows() {
		return nil
	}
	return x.Product(best)
}

// libraryOwner returns the first row that has the library; behind the last if none has.
func (x *Index) libraryOwner(library string) int {
	best := x.rows()
	if i := slices.IndexFunc(x.owners.wild, func(w wild) bool { return isLibrary(w.names, library) }); i >= 0 {
		best = x.owners.wild[i].row
	}
	name, _, _ := strings.Cut(library[strings.LastIndexByte(library, '/')+1:], ".so")
	for end := len(name); end > 0; end-- {
		// A number at once behind a word belongs to it: libz3 is no libz, and libssh2 no libssh.
		if i, ok := x.owners.libraries.get(name[:end]); ok && (end == len(name) || strings.ContainsAny(name[end:], "-.")) {
			return min(best, i)
		}
		if strings.IndexByte("-.0123456789", name[end-1]) < 0 {
			break
		}
	}
	return best
}
