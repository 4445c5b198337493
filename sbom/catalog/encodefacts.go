package catalog

import (
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// This file describes what is encoded, in the order in which it is. A change needs
// another encodingVersion.

func (w *wire) result(r *layerResult) {
	w.int(&r.uncompressed)
	if w.reading {
		r.facts = new(layerFacts)
	}
	w.entries(&r.facts.entries)
	many(w, 11, &r.facts.fragments, func(f *fragment) {
		w.number(&f.Entry)
		if f.Entry < 0 || f.Entry >= r.facts.entries.size {
			w.fail()
			return
		}
		strs(w, &f.Detector.Name, &f.Detector.Version)
		w.fragment(&f.Facts)
		w.claims(&f.claims)
	})
	many(w, 6, &r.gaps, w.gap)
}

func (w *wire) entries(l *entryList) {
	w.number(&l.size)
	w.bytes(&l.data)
	if w.reading && !l.check(w.ctx) {
		w.interrupted()
		w.fail()
	}
}

func (w *wire) fragment(f *detect.Fragment) {
	many(w, 19, &f.Components, func(c *detect.Component) {
		str(w, &c.Key)
		many(w, 1, &c.Aliases, func(s *string) { str(w, s) })
		w.component(&c.Component)
	})
	many(w, 3, &f.Diversions, func(d *detect.Diversion) { strs(w, &d.From, &d.To, &d.By) })
	many(w, 6, &f.Annotations, func(a *detect.Annotation) {
		str(w, &a.Key)
		many(w, 4, &a.Licenses, w.license)
		many(w, 2, &a.Hashes, w.digest)
		many(w, 4, &a.References, w.reference)
		many(w, 2, &a.Properties, w.property)
		many(w, 2, &a.Qualifiers, w.property)
	})
	many(w, 3, &f.Relations, func(r *detect.Relation) {
		strs(w, &r.From, &r.To)
		str(w, &r.Type)
		many(w, 1, &r.Else, func(s *string) { str(w, s) })
	})
	w.distribution(&f.Distribution)
	many(w, 6, &f.Gaps, w.gap)
	w.flags(&f.Yields)
	optional(w, &f.Kin, func(k *detect.Kin) {
		strs(w, &k.Project, &k.Version, &k.SONAME)
		many(w, 1, &k.Needed, func(s *string) { str(w, s) })
	})
}

func (w *wire) claims(l *claimList) {
	many(w, 1, &l.keys, func(k *string) { str(w, k) })
	w.bytes(&l.data)
	if w.reading && !l.check(w.ctx) {
		w.interrupted()
		w.fail()
	}
}

func (w *wire) distribution(p **sbom.Distribution) {
	optional(w, p, func(d *sbom.Distribution) {
		strs(w, &d.ID, &d.VersionID, &d.Codename, &d.Name)
		many(w, 1, &d.IDLike, func(s *string) { str(w, s) })
	})
}

func (w *wire) component(c *sbom.Component) {
	str(w, &c.Type)
	str(w, &c.Scope)
	strs(w, &c.ID, &c.PURL, &c.Group, &c.Name, &c.Version, &c.Architecture, &c.Supplier, &c.Description, &c.Copyright)
	many(w, 5, &c.Licenses, w.license)
	many(w, 1, &c.CPEs, func(s *string) { str(w, s) })
	optional(w, &c.Source, func(s *sbom.SourcePackage) { strs(w, &s.Name, &s.Version) })
	many(w, 2, &c.Hashes, w.digest)
	many(w, 4, &c.References, w.reference)
	many(w, 14, &c.Evidence, w.evidence)
	many(w, 2, &c.Properties, w.property)
	attributed, counted := c.Attribution != sbom.Attribution{}, c.Files != sbom.FileCounts{}
	w.flags(&attributed, &counted) // Neither is before the fold.
	if attributed {
		w.attribution(&c.Attribution)
	}
	if counted {
		for _, n := range []*int{&c.Files.Owned, &c.Files.Present, &c.Files.Missing, &c.Files.Modified, &c.Files.Verified} {
			w.number(n)
		}
	}
}

func (w *wire) license(l *sbom.License) {
	strs(w, &l.Expression, &l.Name, &l.Location)
	str(w, &l.Acknowledgement)
	w.float(&l.Confidence)
}

func (w *wire) reference(r *sbom.Reference) {
	strs(w, &r.Type, &r.URL, &r.Comment)
	many(w, 2, &r.Hashes, w.digest)
}

func (w *wire) property(p *sbom.Property) { strs(w, &p.Name, &p.Value) }

func (w *wire) evidence(e *sbom.Evidence) {
	str(w, &e.Technique)
	strs(w, &e.Field, &e.Value, &e.Location.Path, &e.Detector)
	w.float(&e.Confidence)
	w.ref(&e.Location.Layer)
}

func (w *wire) attribution(a *sbom.Attribution) {
	w.ref(&a.Introduced)
	w.ref(&a.Modified)
	w.ref(&a.Removed)
	w.flags(&a.Visible)
}

// ref is a layer: its place among the layers that are known, or else what it is.
func (w *wire) ref(p **sbom.LayerRef) {
	if w.refs == nil {
		optional(w, p, func(r *sbom.LayerRef) {
			w.number(&r.Index)
			w.digest(&r.DiffID)
		})
		return
	}
	var i uint64
	if r := *p; r != nil {
		if i = uint64(r.Index) + 1; i > uint64(len(w.refs)) || *w.refs[i-1] != *r {
			w.fail()
			return
		}
	}
	if w.uint(&i); i > uint64(len(w.refs)) {
		w.fail()
	} else if i > 0 {
		*p = w.refs[i-1]
	}
}

func (w *wire) gap(g *sbom.Gap) {
	str(w, &g.Kind)
	strs(w, &g.Path, &g.Component, &g.Detector, &g.Message)
	w.ref(&g.Layer)
}
