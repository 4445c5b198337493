package rules

import (
	"slices"
	"strings"
)

// owners are the products by the names of their libraries and programs: rows of
// the table.
type owners struct {
	libraries, programs map[string]int
	wild                []int // rows with a "*" in the name of a library
}

func newOwners(products []Product) owners {
	o := owners{make(map[string]int), make(map[string]int), nil}
	for i := range products {
		for _, s := range products[i].SONAMEs {
			if strings.HasSuffix(s, "*") {
				o.wild = append(o.wild, i)
			} else if _, ok := o.libraries[s]; !ok {
				o.libraries[s] = i
			}
		}
		for _, s := range products[i].Programs {
			if _, ok := o.programs[s]; !ok {
				o.programs[s] = i
			}
		}
	}
	return o
}

// Owner returns the first product of the table that has a library of one of the names, as
// [Product.Library] has it, or a program of that name, with a version behind it or not; nil
// if none has.
func (x *Index) Owner(libraries []string, program string) *Product {
	best := len(x.table.Products)
	for _, n := range libraries {
		best = min(best, x.libraryOwner(n))
	}
	for _, n := range []string{program, strings.TrimRight(program, "-.0123456789")} {
		if i, ok := x.owners.programs[n]; ok && n != "" {
			best = min(best, i)
		}
	}
	if best == len(x.table.Products) {
		return nil
	}
	return &x.table.Products[best]
}

// libraryOwner returns the first row that has the library; behind the last if none has.
func (x *Index) libraryOwner(library string) int {
	best := len(x.table.Products)
	if i := slices.IndexFunc(x.owners.wild, func(i int) bool { return x.table.Products[i].Library(library) }); i >= 0 {
		best = x.owners.wild[i]
	}
	name, _, _ := strings.Cut(library[strings.LastIndexByte(library, '/')+1:], ".so")
	for end := len(name); end > 0; end-- {
		if i, ok := x.owners.libraries[name[:end]]; ok {
			best = min(best, i)
		}
		if strings.IndexByte("-.0123456789", name[end-1]) < 0 {
			break
		}
	}
	return best
}
