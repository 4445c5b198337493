package binary

import (
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

// Functions of a static library that are enough to say that it is in a file: fewer may be there
// by chance, or because their source was copied. Of a library that has only a few in
// the table, minFunctions will do.
const (
	enoughFunctions = 3
	minFunctions    = 2
	manyFunctions   = 8  // more than text that stands alone
	severalObjects  = 12 // in a library: one alone may be a copy that it has of another's
)

// maxAltered is how many functions, as a share of those of whole object files, may be of
// object files that are not there as they were: those are of another version.
const maxAltered = 0.1

// unwound is what a file has of an object file of a static library.
type unwound struct {
	offset    int64
	functions map[uint64]bool
}

// function notes a function by its fingerprint.
func (c *collector) function(fingerprint uint64, _, offset int64) {
	group, ok := c.d.library.Find(fingerprint)
	if !ok {
		return
	}
	have := c.unwound[group]
	if have == nil {
		if c.unwound == nil {
			c.unwound = make(map[int]*unwound)
		}
		have = &unwound{offset, make(map[uint64]bool)}
		c.unwound[group] = have
	}
	have.functions[fingerprint] = true // At most those of the table.
}

// linked is how much of a static library is in a file.
type linked struct {
	offset         int64
	objects        int // whole ones
	whole, altered int // functions, of whole object files and of others
}

// fromUnwound takes the static libraries of distributions, by the tables for unwinding
// the stack that their functions have. A linker takes whole object files.
func (j *judge) fromUnwound() {
	libraries := make(map[int]*linked)
	for number, u := range j.unwound {
		g := j.d.library.Group(number)
		l := libraries[g.Library]
		if l == nil {
			l = &linked{offset: u.offset}
			libraries[g.Library] = l
		}
		l.offset = min(l.offset, u.offset)
		if len(u.functions) == g.Functions {
			l.objects++
			l.whole += g.Functions
		} else {
			l.altered += len(u.functions)
		}
	}
	for number, found := range libraries {
		l := j.d.library.Library(number)
		if l.Groups > severalObjects && found.objects == 1 || found.whole < min(enoughFunctions, max(minFunctions, l.Functions)) || float64(found.altered) > maxAltered*float64(found.whole) {
			continue
		}
		product, relation := j.row(l.Name), Contains
		switch {
		case product != nil:
			relation = j.relation(product)
		case slices.Contains(j.names, names.Key(l.Name)):
			relation = Is
		}
		if product == nil {
			product = &rules.Product{Name: l.Name}
		}
		rule := ruleUnwound
		if found.whole < manyFunctions {
			rule = ruleUnwoundFew
		}
		text := fmt.Sprintf("%d functions as in %s", found.whole, l.Origin)
		j.claim(relation, rule, product, l.Name, l.Version, place{found.offset, text}, found.whole)
	}
}
