package document

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/imagetrust/imagetrust/sbom"
)

// Losses sums up losses of the same kind.
type Losses struct {
	list []sbom.Loss
	at   map[sbom.Loss]int // index in list, by all but the count
}

// Add records that n values of a field were lost. Nothing is recorded for none.
func (l *Losses) Add(component, field, reason string, n int) {
	if n == 0 {
		return
	}
	key := sbom.Loss{Component: component, Field: field, Reason: reason}
	i, ok := l.at[key]
	if !ok {
		if l.at == nil {
			l.at = make(map[sbom.Loss]int)
		}
		i = len(l.list)
		l.at[key] = i
		l.list = append(l.list, key)
	}
	l.list[i].Count += n
}

// List returns the losses in order of component and field, nil when there are
// none. It ends the collection.
func (l *Losses) List() []sbom.Loss {
	l.at = nil
	slices.SortFunc(l.list, func(a, b sbom.Loss) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Reason, b.Reason))
	})
	return l.list
}

// Reasons of losses, the same in all formats.
const (
	reasonHidden = "a later layer removed them (attribution.visible is false); Options.Hidden writes them"
	reasonBuild  = "they took part in the build and are not in the image; Options.Hidden writes them"
	reasonFiles  = "files are written with Options.Files only"
	reasonEnds   = "a component at one end is not in the document"
	reasonTime   = "the year does not have four digits"
)

// Select returns the indexes of the components to write, and records what the
// options leave out.
func Select(inv *sbom.Inventory, hidden, files bool, losses *Losses) []int {
	selected := make([]int, 0, len(inv.Components))
	build := 0
	for i := range inv.Components {
		switch c := &inv.Components[i]; {
		case hidden || c.Attribution.Visible:
			selected = append(selected, i)
		case c.Scope == sbom.ScopeBuild:
			build++
		}
	}
	losses.Add("", "components", reasonBuild, build)
	losses.Add("", "components", reasonHidden, len(inv.Components)-len(selected)-build)
	if !files {
		losses.Add("", "files", reasonFiles, len(inv.Files))
	}
	if !TimeOK(inv.Created) {
		losses.Add("", "created", reasonTime, 1)
	}
	for i := range inv.Layers {
		if !TimeOK(inv.Layers[i].Created) {
			losses.Add("", "layers.created", reasonTime, 1)
		}
	}
	return selected
}

// Refs gives every element of a document a reference of its own.
type Refs struct {
	taken  map[string]bool
	copies map[string]int    // how many references were made from one that was taken
	byID   map[string]string // component id -> reference of the first component with it
}

// NewRefs returns Refs for about n elements in which the given references are
// taken.
func NewRefs(n int, taken ...string) *Refs {
	r := &Refs{taken: make(map[string]bool, n+len(taken)), copies: make(map[string]int), byID: make(map[string]string, n)}
	for _, t := range taken {
		r.taken[t] = true
	}
	return r
}

// Take returns a reference that is like want and that nobody else has.
func (r *Refs) Take(want string) string {
	ref := want
	for ref == "" || r.taken[ref] {
		r.copies[want]++
		ref = want + "-" + strconv.Itoa(r.copies[want]+1)
	}
	r.taken[ref] = true
	return ref
}

// TakeComponent is Take for a component with an id.
func (r *Refs) TakeComponent(id, want string) string {
	ref := r.Take(want)
	if _, ok := r.byID[id]; !ok {
		r.byID[id] = ref
	}
	return ref
}

// Ends returns the references of both ends of a relationship. It reports false,
// and records the loss, when one of them is not in the document.
func (r *Refs) Ends(rel *sbom.Relationship, losses *Losses) (from, to string, ok bool) {
	from, okFrom := r.byID[rel.From]
	to, okTo := r.byID[rel.To]
	if !okFrom || !okTo {
		losses.Add("", "relationships", reasonEnds, 1)
		return "", "", false
	}
	return from, to, true
}
