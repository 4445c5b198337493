package reconcile

import (
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// components finds the differences between the inputs' components.
func (r *run) components() {
	for i := range r.rows {
		w := &r.rows[i]
		if !r.comparable(w) {
			continue
		}
		r.spelling(w)
		r.duplicates(w)
		r.missing(i, w)
	}
}

// difference begins one about a component.
func (r *run) difference(w *row, in uint64) *Difference {
	d := &Difference{Kind: KindComponent, Row: w.id, In: r.names(in)}
	for _, n := range w.entities {
		if in&(1<<r.entities[n].input) != 0 {
			d.Component = scan.RefOf(r.entities[n].comp)
			break
		}
	}
	return d
}

// spelling notes a component that several inputs have, and not with the same
// bytes.
func (r *run) spelling(w *row) {
	if shared(w.mask) == 0 {
		return
	}
	level := identity.LevelNone
	var sides []Side
	var seen uint64
	for _, n := range w.entities {
		e := &r.entities[n]
		if seen&(1<<e.input) != 0 && (w.level < identity.LevelFile || len(sides) > 2*bucketLimit) {
			continue // One of each input, and all where it takes a file to join them.
		}
		seen |= 1 << e.input
		level = max(level, r.levelTo(&r.entities[w.entities[0]], e))
		side := r.side(n, "purl")
		side.Rewrites = e.id.RewritesTo(min(w.level, identity.LevelLoose))
		if e.rewrite != nil {
			side.Rewrites = append(side.Rewrites[:len(side.Rewrites):len(side.Rewrites)], *e.rewrite)
		}
		sides = append(sides, side)
	}
	if level <= identity.LevelBytes {
		return
	}
	d := r.difference(w, w.mask)
	d.Cause, d.Certainty = CauseSpelling, Proven
	if level >= identity.LevelLoose {
		d.Certainty = Inferred
	}
	d.Proof = Proof{Check: fmt.Sprintf("the spellings are equal at level %s", level), Sides: sides}
	r.add(d)
}

// duplicates notes inputs that have a component more often than others do.
func (r *run) duplicates(w *row) {
	if len(w.entities) == bitCount(w.mask) {
		return
	}
	at := make(map[int][]int)
	for _, n := range w.entities {
		at[r.entities[n].input] = append(at[r.entities[n].input], n)
	}
	for _, i := range members(w.mask) {
		var fewer uint64
		for _, k := range members(w.mask & r.complete &^ (1 << i)) {
			if len(at[k]) < len(at[i]) {
				fewer |= 1 << k
			}
		}
		if fewer != 0 {
			r.duplicate(w, i, at[i], fewer)
		}
	}
}

// duplicate explains the places of one input that others do not have: those
// that are no installation first.
func (r *run) duplicate(w *row, i int, at []int, fewer uint64) {
	d := r.difference(w, 1<<i)
	d.NotIn, d.Cause, d.Certainty = r.names(fewer), CauseDuplicate, Proven
	d.Proof.Check = fmt.Sprintf("the component is listed %d times under one key", len(at))
	field := "location"
	for _, n := range at {
		if why := outOfScope(r.entities[n].comp); why != "" {
			d.Cause, d.Proof.Check = CauseScope, why
		}
	}
	paths := make(map[string]bool)
	for _, n := range at {
		paths[r.entities[n].path] = true
		d.Proof.Sides = append(d.Proof.Sides, r.side(n, field))
	}
	if d.Cause == CauseDuplicate && (len(paths) < len(at) || paths[""]) {
		d.Certainty = Inferred // Two places were not shown.
	}
	r.add(d)
}

// missing explains why inputs lack a component.
func (r *run) missing(i int, w *row) {
	lack := r.complete &^ w.mask
	if lack == 0 {
		return
	}
	var all []absent
	for _, m := range members(lack) {
		all = append(all, absent{m, r.whyMissing(i, m)})
	}
	for _, group := range verdicts(all) {
		d := r.difference(w, w.mask)
		d.Cause, d.Certainty = group[0].cause, group[0].certainty
		for _, v := range group {
			d.NotIn = append(d.NotIn, r.name(v.input))
		}
		d.Proof = combine(r.sides(w, w.mask, fieldOf(group[0].cause)), group)
		r.add(d)
		for _, v := range group {
			r.diffOf[[2]int{i, v.input}] = r.out.Differences[len(r.out.Differences)-1].ID
		}
	}
}

// fieldOf is the field that a cause is about.
func fieldOf(c Cause) string {
	switch c {
	case CauseVersionConflict:
		return "version"
	case CauseSourcePackage:
		return "source"
	case CauseScope, CauseNotCatalogued:
		return "location"
	}
	return "purl"
}

func bitCount(mask uint64) int { return len(members(mask)) }

func quote(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return fmt.Sprintf("%q", s)
}

// contains is slices.Contains for ids in any case.
func contains(ids []string, id string) bool {
	return slices.ContainsFunc(ids, func(o string) bool { return foldID(o) == foldID(id) })
}
