package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// Index finds the products of a table. It does not change, and may be used concurrently.
type Index struct {
	table    *Table
	arena    *arena
	lazy     rows // behind those of the table
	near     []near
	releases map[int]release              // by literal
	byKey    map[[keySize]byte][]*pattern // of {v}, by the text before
	loose    []*pattern                   // of {v}, with less text before than a key
	contexts contexts
	groups   []group
	numbered words // of which the number is 2*row, +1 if the version is in the SONAME
	owners   owners
	literals []literal
	texts    []string
	matcher  *textscan.Matcher
}

// literal is why a literal is looked for.
type literal struct {
	number         *pattern
	product, trait int // -1 if none
	group          int // of learned anchors
}

// Hit is a product's version, found by one of its patterns.
type Hit struct {
	Product *Product
	Version string
	// Rank is the place of the pattern in its row; 0 is best.
	Rank int
	// Self says that only the product's own program has the text.
	Self bool
	// Learned says that the pattern was learned.
	Learned bool
}

// Index compiles the table.
func (t *Table) Index() (*Index, error) {
	b := newBuilder(t)
	for i := range t.Products {
		if err := b.row(i, &t.Products[i]); err != nil {
			return nil, err
		}
		if err := b.learned(i, &t.Products[i].Learned); err != nil {
			return nil, err
		}
	}
	return b.index()
}

// builder makes an index.
type builder struct {
	*Index
	beside map[string]int // numbers of learned patterns
}

func newBuilder(t *Table) *builder {
	a := new(arena)
	x := &Index{table: t, arena: a, byKey: make(map[[keySize]byte][]*pattern), contexts: contexts{arena: a}, numbered: words{arena: a},
		owners: owners{libraries: words{arena: a}, programs: words{arena: a}}}
	return &builder{Index: x, beside: make(map[string]int)}
}

// row adds what is written by hand of a product.
func (b *builder) row(i int, p *Product) error {
	x := b.Index
	for rank, text := range append(append([]string(nil), p.Self...), p.Text...) {
		c, err := compile(text)
		if err != nil {
			return err
		}
		c.product, c.self, c.rank = i, rank < len(p.Self), max(0, rank-len(p.Self))
		switch {
		case c.number:
			x.texts = append(x.texts, c.before)
			x.literals = append(x.literals, literal{&c, -1, -1, -1})
		case len(c.before) < keySize:
			x.loose = append(x.loose, &c)
		default:
			k := key([]byte(c.before))
			x.byKey[k] = append(x.byKey[k], &c)
		}
	}
	for _, text := range p.Anchors {
		x.texts, x.literals = append(x.texts, text), append(x.literals, literal{nil, i, -1, -1})
	}
	for _, text := range p.signs() {
		x.texts, x.literals = append(x.texts, text), append(x.literals, literal{nil, i, -1, -1})
	}
	x.addReleases(i, p)
	for _, text := range p.Near {
		x.near = append(x.near, near{i, text})
	}
	x.owners.add(i, p)
	return nil
}

// index returns what is made.
func (b *builder) index() (*Index, error) {
	x := b.Index
	for i, tr := range x.table.Traits {
		for _, text := range tr.Text {
			x.texts, x.literals = append(x.texts, text), append(x.literals, literal{nil, -1, i, -1})
		}
	}
	x.contexts.seal()
	var err error
	x.matcher, err = textscan.NewMatcher(x.texts)
	return x, err
}

// Matcher returns what looks for the literals of the table.
func (x *Index) Matcher() *textscan.Matcher { return x.matcher }

// Products returns the rows of the table that are written by hand or, if the index was made by
// Table.Index, all of them.
func (x *Index) Products() []Product { return x.table.Products }

// Version calls hit for each pattern that v is part of, and near for each that says
// something only beside an anchor: see Group.Near.
func (x *Index) Version(v *textscan.Version, hit func(Hit), near func(id int, version string)) {
	x.nearby(v, hit)
	for _, list := range [][]*pattern{x.byKey[key(v.Before)], x.loose} {
		for _, p := range list {
			if p.matches(v) && !x.rejected(p, v.Before, v.After) {
				version := v.Text
				if p.core {
					version = v.Core
				}
				if p.minor {
					version = []byte(twoNumbers(string(version)))
				}
				hit(Hit{Product: x.Product(p.product), Version: string(version), Rank: p.rank, Self: p.self})
			}
		}
	}
	x.context(v, hit, near)
}

// comparisons follow versions that something else is compared with.
var comparisons = []string{"and later", "or later", "and newer", "or newer", "and above", "or above", "or higher", "and higher", "or greater", "and earlier", "or earlier", "and older", "or older"}

// Comparison reports whether the text after a version says that something else is
// compared with it: "or later".
func Comparison(after []byte) bool {
	if !bytes.Contains(after, []byte("r ")) && !bytes.Contains(after, []byte("d ")) {
		return false // Neither "or" nor "and", as in nearly all.
	}
	lower := bytes.ToLower(after)
	return slices.ContainsFunc(comparisons, func(text string) bool { return bytes.Contains(lower, []byte(text)) })
}

func (x *Index) rejected(p *pattern, before, after []byte) bool {
	if Comparison(after) {
		return true
	}
	for _, text := range x.table.Products[p.product].Reject {
		if bytes.Contains(after, []byte(text)) || bytes.Contains(before, []byte(text)) {
			return true
		}
	}
	return false
}

// Literal is told of each literal of the Matcher that is found, and of what follows it.
// It calls hit if it is a pattern with a single number, and otherwise returns the trait or
// the anchor's product that it is of, -1 for none.
func (x *Index) Literal(index int, after []byte, hit func(Hit)) (product, trait int) {
	x.released(index, hit)
	l := x.literals[index]
	p := l.number
	if p == nil {
		return l.product, l.trait
	}
	n := 0
	for n < len(after) && after[n] >= '0' && after[n] <= '9' {
		n++
	}
	if rest := after[n:]; n > 0 && n < 6 && bytes.HasPrefix(rest, []byte(p.after)) && (!p.end || len(rest) > len(p.after) && rest[len(p.after)] < ' ') &&
		!x.rejected(p, nil, rest) {
		hit(Hit{Product: x.Product(p.product), Version: string(after[:n]), Rank: p.rank, Self: p.self})
	}
	return -1, -1
}

// Trait returns the trait of that index.
func (x *Index) Trait(i int) Trait { return x.table.Traits[i] }

// Shaped reports whether a string that is a version alone may be the product's.
func (p *Product) Shaped(version string) bool { return shaped(version, p.Bare) }

// Library reports whether the product has a shared library of that name, which may
// have a version in it: "libssl.so.3".
func (p *Product) Library(name string) bool { return isLibrary(p.SONAMEs, name) }

func isLibrary(sonames []string, name string) bool {
	name, _, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".so")
	for _, s := range sonames {
		if stem, any := strings.CutSuffix(s, "*"); s == name || any && strings.HasPrefix(name, stem) {
			return true
		}
		if rest, ok := strings.CutPrefix(name, s); ok && strings.Trim(rest, "-.0123456789") == "" {
			return true
		}
	}
	return false
}

// Texts returns all literals.
func (x *Index) Texts() []string { return x.texts }

// Text returns the literal of that index.
func (x *Index) Text(i int) string { return x.texts[i] }
