package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

// cause checks what the cause claims beyond its quotations.
func (v *verifier) cause(d *Difference) error {
	sides := d.Proof.Sides
	switch d.Cause {
	case CauseOtherSubject, CauseRelease:
		if len(sides) < 2 || sides[len(sides)-2].Words == sides[len(sides)-1].Words {
			return fmt.Errorf("no two sides differ")
		}
	case CausePartialRun:
		return v.unread(d)
	case CauseSpelling:
		return v.spelling(d)
	case CauseVersionConflict:
		return v.conflict(d)
	case CauseSourcePackage:
		return v.source(d)
	case CauseScope:
		return v.scope(d)
	case CauseAlias:
		if len(d.Proof.Edges) == 0 && d.Certainty == Proven {
			return fmt.Errorf("no statement connects the ids")
		}
	case CauseNotCatalogued:
		if !slices.ContainsFunc(d.Proof.Absence, func(a Absence) bool { return a.OfType == 0 || a.Path != "" && a.AtPath == 0 }) {
			return fmt.Errorf("the other input has such components")
		}
		if d.Certainty == Proven && (d.Proof.File == nil || !v.sources[d.Proof.File.Input].Witness) {
			return fmt.Errorf("no witness has the file")
		}
	case CauseSeverity:
		if !slices.ContainsFunc(sides, func(s Side) bool { return labelOf(s.Words) != labelOf(sides[0].Words) }) {
			return fmt.Errorf("the severities are equal")
		}
	case CauseHeuristic:
		return v.heuristic(d)
	case CauseOwnership:
		if d.Proof.File == nil || d.Proof.File.Owner == "" {
			return fmt.Errorf("no owner is named")
		}
	}
	return nil
}

func labelOf(words string) string {
	label, _, _ := strings.Cut(words, " ")
	return label
}

// cited is a component that a side may mean: ids of documents need not be
// unique.
type cited struct {
	comp *sbom.Component
	id   *identity.Identity
}

// citedLimit bounds how many components of one id are tried.
const citedLimit = 64

// cite finds the components that a side may mean, and canonicalises them again.
func (v *verifier) cite(s *Side) []cited {
	var all []cited
	for _, c := range v.comps[s.Input][s.Component] {
		if componentWords(c, s.Field) == s.Words && len(all) < citedLimit {
			all = append(all, cited{c, identity.Canonical(c, v.sources[s.Input].dist)})
		}
	}
	return all
}

// pair reports whether two sides can mean components of which fits holds.
func (v *verifier) pair(a, b *Side, fits func(a, b cited) bool) bool {
	left, right := v.cite(a), v.cite(b)
	return slices.ContainsFunc(left, func(x cited) bool {
		return slices.ContainsFunc(right, func(y cited) bool { return fits(x, y) })
	})
}

// spelling checks that each side is one component with another, some with one
// of another input, and that the rewrites are those of its spelling.
func (v *verifier) spelling(d *Difference) error {
	sides, across := d.Proof.Sides, false
	for i := range sides {
		s := &sides[i]
		if !slices.ContainsFunc(v.cite(s), func(c cited) bool { return rewritten(c.id, s.Rewrites) }) {
			return fmt.Errorf("the rewrites of %q are others", s.Words)
		}
		alone := true
		for k := range sides {
			if k != i && (alone || !across) && v.pair(s, &sides[k], sameComponent) {
				alone, across = false, across || sides[k].Input != s.Input
			}
		}
		if alone {
			return fmt.Errorf("%q is no other spelling of a component", s.Words)
		}
	}
	if !across {
		return fmt.Errorf("no two inputs spell one component")
	}
	return nil
}

func rewritten(id *identity.Identity, by []identity.Rewrite) bool {
	return !slices.ContainsFunc(by, func(w identity.Rewrite) bool {
		return w.Rule != RuleEqualRank && w.Rule != RuleSameFile && !slices.Contains(id.Rewrites, w)
	})
}

// sameComponent reports whether two components are one by key, by rank or by
// file.
func sameComponent(a, b cited) bool {
	if identity.LevelOf(a.id, b.id) != identity.LevelNone {
		return true
	}
	if eco, ok := identity.FamilyOf(a.id.Type); ok && a.id.Package == b.id.Package {
		if n, err := identity.Compare(eco, a.id.Version, b.id.Version); err == nil && n == 0 {
			return true
		}
	}
	keys := identity.FileKeys(b.comp, b.id)
	return slices.ContainsFunc(identity.FileKeys(a.comp, a.id), func(k identity.Key) bool { return slices.Contains(keys, k) })
}

// heuristic checks the reason that one component gives by itself; where the
// inputs name the one package in a file differently, that they do.
func (v *verifier) heuristic(d *Difference) error {
	if d.Proof.Check == checkTwoNames || d.Proof.Check == checkUnstated {
		return v.twoNames(d)
	}
	for i := range d.Proof.Sides {
		for _, c := range v.cite(&d.Proof.Sides[i]) {
			if guess(&entity{comp: c.comp, id: c.id}) == d.Proof.Check {
				return nil
			}
		}
	}
	return fmt.Errorf("no side shows that %s", d.Proof.Check)
}

// twoNames looks for the other name in each input that lacks the component, and
// for the statement that the file does not say which is right.
func (v *verifier) twoNames(d *Difference) error {
	for _, name := range d.NotIn {
		n := v.named(d, name)
		if n < 0 {
			return fmt.Errorf("%s has no other name for the package in the file", name)
		}
		s, g := v.run.unstated(v.run.entities[n].path)
		if (g != nil) != (d.Proof.Check == checkUnstated) {
			return fmt.Errorf("the inputs do not agree that %s", d.Proof.Check)
		}
		if g != nil && !slices.ContainsFunc(d.Proof.Sides, s.gapSide(g).same) {
			return fmt.Errorf("the gap at %s is not cited", g.Path)
		}
		if d.Certainty == Proven && (g == nil || !s.Witness) {
			return fmt.Errorf("no witness says that the file does not state it")
		}
	}
	return nil
}

// named returns an entity that a side cites, whose counterpart in the named
// input another side cites, -1 when there is none.
func (v *verifier) named(d *Difference, input string) int {
	m := slices.IndexFunc(v.run.sources, func(s *source) bool { return s.Name == input })
	for i := range d.Proof.Sides {
		s := &d.Proof.Sides[i]
		if m < 0 || !slices.Contains(d.In, s.Input) || s.Component == "" {
			continue
		}
		for _, c := range v.cite(s) {
			n := v.entity[c.comp]
			if o := v.run.counterpart(n, m); o >= 0 && slices.ContainsFunc(d.Proof.Sides, v.run.side(o, "purl").same) {
				return n
			}
		}
	}
	return -1
}

// unread checks that each input that lacks the component says that it did not
// read the file of one that is cited.
func (v *verifier) unread(d *Difference) error {
	for _, name := range d.NotIn {
		s := v.sources[name]
		says := func(side Side) bool {
			if s == nil || !slices.Contains(d.In, side.Input) {
				return false
			}
			g := s.unreadFile(trimRoot(side.Location.Path))
			return g != nil && slices.ContainsFunc(d.Proof.Sides, s.gapSide(g).same)
		}
		if d.Kind == KindComponent && !slices.ContainsFunc(d.Proof.Sides, says) {
			return fmt.Errorf("%s does not say that it did not read the file", name)
		}
	}
	return nil
}

func (v *verifier) conflict(d *Difference) error {
	sides := d.Proof.Sides
	differ := func(a, b cited) bool {
		return a.id.Package == b.id.Package && a.id.Package != "" && a.id.Version != b.id.Version
	}
	if !v.pair(&sides[0], &sides[len(sides)-1], differ) {
		return fmt.Errorf("%q and %q are not two versions of one package", sides[0].Words, sides[len(sides)-1].Words)
	}
	return nil
}

func (v *verifier) source(d *Difference) error {
	sides := d.Proof.Sides
	built := func(a, b cited) bool {
		return a.id.Source != "" && a.id.Source == b.id.Package && a.id.SourceVersion == b.id.Version
	}
	last := &sides[len(sides)-1]
	for i := range sides[:len(sides)-1] {
		if v.pair(&sides[i], last, built) || v.pair(last, &sides[i], built) {
			return nil
		}
	}
	return fmt.Errorf("neither side is the source of the other")
}

func (v *verifier) scope(d *Difference) error {
	for _, s := range d.Proof.Sides {
		for _, c := range v.comps[s.Input][s.Component] {
			if outOfScope(c) == d.Proof.Check {
				return nil
			}
		}
	}
	return fmt.Errorf("no side shows that %s", d.Proof.Check)
}
