package reconcile

import (
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
)

// mismatch is a field in which two subjects cannot be one image.
type mismatch struct{ field, a, b string }

// subjectMismatch compares what two inputs say they describe. The config digest
// decides when both have it: it covers the layers, and a manifest's digest
// depends on how the layers are compressed. Nil means that nothing shows a
// difference, not that there is none.
func subjectMismatch(a, b *source) *mismatch {
	x, y := &a.subject, &b.subject
	if x.Config != "" && y.Config != "" {
		return differ("subject.config", string(x.Config), string(y.Config))
	}
	if dx, dy := diffIDs(a.inv), diffIDs(b.inv); len(dx) > 0 && len(dy) > 0 {
		if slices.Equal(dx, dy) {
			return nil
		}
	}
	if x.Digest != "" && y.Digest != "" && x.Digest != y.Digest && x.Digest != y.Index && x.Index != y.Digest {
		return differ("subject.digest", string(x.Digest), string(y.Digest))
	}
	if p, q := x.Platform, y.Platform; p.Architecture != "" && q.Architecture != "" &&
		(p.Architecture != q.Architecture || p.OS != "" && q.OS != "" && p.OS != q.OS) {
		return differ("subject.platform", p.String(), q.String())
	}
	return nil
}

func differ(field, a, b string) *mismatch {
	if a == b {
		return nil
	}
	return &mismatch{field, a, b}
}

// diffIDs returns the digests of an inventory's layers, nil unless all are known.
func diffIDs(inv *sbom.Inventory) []sbom.Digest {
	if inv == nil {
		return nil
	}
	var ids []sbom.Digest
	for _, l := range inv.Layers {
		if l.DiffID == "" {
			return nil
		}
		ids = append(ids, l.DiffID)
	}
	return ids
}

// subjects compares all pairs of inputs.
func (r *run) subjects() error {
	r.conflicts = make([]uint64, len(r.sources))
	for i, a := range r.sources {
		for k := i + 1; k < len(r.sources); k++ {
			b := r.sources[k]
			m := subjectMismatch(a, b)
			if m == nil {
				continue
			}
			if r.opts.SameSubject {
				return fmt.Errorf("%w: %s of %q is %s, of %q %s", ErrSubject, m.field, a.Name, m.a, b.Name, m.b)
			}
			r.conflicts[i] |= 1 << k
			r.conflicts[k] |= 1 << i
			r.add(&Difference{Kind: KindSubject, In: []string{a.Name}, NotIn: []string{b.Name}, Cause: CauseOtherSubject,
				Certainty: Proven, Proof: r.subjectProof(i, k, m)})
		}
	}
	return nil
}

func (r *run) subjectProof(i, k int, m *mismatch) Proof {
	a, b := r.sources[i], r.sources[k]
	return Proof{
		Check: "the inputs state different values of " + m.field,
		Sides: []Side{
			{Input: a.Name, Document: a.Digest, Field: m.field, Words: a.words(m.field)},
			{Input: b.Name, Document: b.Digest, Field: m.field, Words: b.words(m.field)},
		},
	}
}
