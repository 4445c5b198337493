package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// Check has each row find its own examples, and nothing in what it says is none, in
// a file that has nothing else. The error names all rows that fail. It also says which names
// of programs and libraries are in two rows.
func (t *Table) Check() error {
	x, err := t.Index()
	if err != nil {
		return err
	}
	errs := t.check()
	for i := range t.Products {
		p := &t.Products[i]
		for _, e := range p.Examples {
			if found := x.find(p, e.Text); len(found) == 0 || found[0] != e.Version {
				errs = append(errs, fmt.Errorf("%s: in %q it finds %q, want %q", p.Name, e.Text, found, e.Version))
			}
		}
		for _, text := range p.Never {
			if found := x.find(p, text); found != nil {
				errs = append(errs, fmt.Errorf("%s: in %q it finds %q, want nothing", p.Name, text, found))
			}
		}
	}
	return errors.Join(append(errs, t.owners()...)...)
}

// owners returns the names that are in two rows.
func (t *Table) owners() []error {
	var errs []error
	owner := make(map[string]string)
	for i := range t.Products {
		p := &t.Products[i]
		for _, n := range append(append([]string(nil), p.Programs...), p.SONAMEs...) {
			if first := owner[n]; first != "" && first != p.Name {
				errs = append(errs, fmt.Errorf("%s is of %s and of %s", n, first, p.Name))
			}
			owner[n] = p.Name
		}
	}
	return errs
}

// find returns the versions of a product in a text that stands in a file.
func (x *Index) find(p *Product, text string) []string {
	f := &finder{index: x, product: p, anchors: make(map[int]bool), near: make(map[int][]string)}
	s := textscan.New(x.matcher, f)
	_, _ = s.Write([]byte("\x7fELF\x00" + text + "\x00\x00"))
	s.Close()
	if len(f.found) == 0 && x.Anchored(p, f.anchors) {
		return f.bare
	}
	for _, g := range f.groups {
		if version, _ := g.Choose(f.near, slices.Values(f.alone)); version != "" && len(f.found) == 0 {
			return []string{version}
		}
	}
	return f.found
}

// finder is what looks for one product in an example.
type finder struct {
	index       *Index
	product     *Product
	found, bare []string
	anchors     map[int]bool
	groups      []*Group // of learned anchors
	near        map[int][]string
	alone       []string
}

func (f *finder) hit(h Hit) {
	if h.Product == f.product {
		f.found = append(f.found, h.Version)
	}
}

// Version implements textscan.Observer.
func (f *finder) Version(v *textscan.Version) {
	f.index.Version(v, f.hit, func(id int, version string) { f.near[id] = append(f.near[id], version) })
	if len(v.Before)+len(v.After) == 0 {
		f.alone = append(f.alone, string(v.Text))
	}
	if len(v.Before)+len(v.After) == 0 && f.product.Shaped(string(v.Text)) {
		f.bare = append(f.bare, string(v.Text))
	}
}

// Literal implements textscan.Observer.
func (f *finder) Literal(i int, _ int64, after []byte) {
	if product, _ := f.index.Literal(i, after, f.hit); product >= 0 && f.index.Product(product) == f.product {
		f.anchors[i] = true
	}
	if g := f.index.Anchor(i); g >= 0 && f.index.Group(g).Product == f.product {
		f.groups = append(f.groups, f.index.Group(g))
	}
}

// Library implements textscan.Observer.
func (*finder) Library(int64, []byte) {}
