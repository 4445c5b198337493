package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// own settles who owns what, when all layers are folded.
func (f *fold) own(inv *sbom.Inventory) *ownership {
	distributions := f.distributions()
	inv.Distribution = distributions[""]
	f.mergeSystems()
	for _, t := range f.components {
		t.component.PURL = sbom.QualifyPURL(t.component.PURL, distributionOf(t.path, distributions))
	}
	return newOwnership(f)
}

// complete fills in inv what all layers together say.
func (f *fold) complete(inv *sbom.Inventory, o *ownership) {
	o.yield()
	o.siblings()
	all := f.ordered()
	disowned := f.annotate(o)
	f.annotateLinked(o)
	f.assignIDs(all)
	inv.Files = o.files()
	inv.Relationships = o.relationships(all)
	inv.Gaps = slices.Concat(f.gaps, f.sourceGaps(o), f.lostNames(), disowned)
	for _, t := range all {
		f.patience.ask()
		inv.Gaps = append(inv.Gaps, t.gaps(f.saidIncomplete(t))...)
		t.component.Attribution = t.attr
		inv.Components = append(inv.Components, t.component)
	}
	inv.Sort()
}

// ordered returns all components, those that are there first.
func (f *fold) ordered() []*tracked {
	return slices.SortedFunc(maps.Values(f.components), func(a, b *tracked) int {
		f.patience.ask()
		return cmp.Or(compareBool(b.attr.Visible, a.attr.Visible), compareIdentity(a.identity, b.identity))
	})
}

func compareIdentity(a, b identity) int {
	return cmp.Or(cmp.Compare(a.detector, b.detector), cmp.Compare(a.path, b.path), cmp.Compare(a.key, b.key), cmp.Compare(a.nth, b.nth))
}

// annotate adds what other files say about components. What removed files said
// goes to removed components. What is about the owner of a file that nobody owns is
// returned as gaps.
func (f *fold) annotate(o *ownership) []sbom.Gap {
	said := make(annotations)
	var gaps []sbom.Gap
	for _, s := range f.sources() {
		for _, fr := range s.fragments {
			for _, a := range fr.Facts.Annotations {
				switch t := o.meant(s, fr, a.Key); {
				case t != nil:
					said.add(t, &a)
				case a.Key == "" && len(a.Licenses) > 0:
					gaps = append(gaps, f.disowned(s, fr, &a))
				}
			}
		}
	}
	for _, s := range sortedSources(f.dead) {
		for _, fr := range s.fragments {
			for _, a := range fr.Facts.Annotations {
				if t := f.named(name{fr.Detector.Name, a.Key}, false); t != nil {
					said.add(t, &a)
				}
			}
		}
	}
	return gaps
}

// meant returns the component that a key in the file s means, the file's owner if the key is
// empty; nil if there is none.
func (o *ownership) meant(s *source, fr *fragment, key string) *tracked {
	if key != "" {
		return o.resolve(fr.Detector.Name, s.path, key)
	}
	n, _ := o.fold.tree.Lookup(s.path)
	if c := o.owner(s.path, n); c != nil {
		return c.owner
	}
	return nil
}

// disowned is the gap of a file that states licences of something that is no
// component: there is software, and nobody can tell which.
func (f *fold) disowned(s *source, fr *fragment, a *detect.Annotation) sbom.Gap {
	said := make([]string, 0, len(a.Licenses))
	for _, l := range a.Licenses {
		said = append(said, cmp.Or(l.Expression, l.Name))
	}
	return sbom.Gap{
		Kind: sbom.GapIncomplete, Path: valid(s.path), Layer: f.layers[s.layer], Detector: fr.Detector.String(),
		Message: valid("licences of what is no known component: " + strings.Join(said, ", ")),
	}
}

// annotations are what components were told to have, each thing once.
type annotations map[annotation]bool

type annotation struct {
	of        *tracked
	license   sbom.License
	digest    sbom.Digest
	reference reference
	property  sbom.Property
}

// reference is an sbom.Reference that can be compared.
type reference struct{ typ, url, comment, hashes string }

func comparableReference(r *sbom.Reference) reference {
	hashes := make([]string, len(r.Hashes))
	for i, d := range r.Hashes {
		hashes[i] = string(d)
	}
	return reference{r.Type, r.URL, r.Comment, strings.Join(hashes, " ")}
}

func (s annotations) add(t *tracked, a *detect.Annotation) {
	c := &t.component
	c.PURL = sbom.AddQualifiers(c.PURL, a.Qualifiers)
	first := s.news(annotation{of: t})
	join(s, first, &c.Licenses, a.Licenses, func(l *sbom.License) annotation { return annotation{of: t, license: *l} })
	join(s, first, &c.Hashes, a.Hashes, func(d *sbom.Digest) annotation { return annotation{of: t, digest: *d} })
	join(s, first, &c.References, a.References, func(r *sbom.Reference) annotation { return annotation{of: t, reference: comparableReference(r)} })
	join(s, first, &c.Properties, a.Properties, func(p *sbom.Property) annotation { return annotation{of: t, property: *p} })
}

// join appends what was not said before to the list of a component. What the list has
// by itself was said when the component is told something for the first time.
func join[T any](s annotations, first bool, list *[]T, said []T, what func(*T) annotation) {
	if first {
		for i := range *list {
			s.news(what(&(*list)[i]))
		}
	}
	for i := range said {
		if s.news(what(&said[i])) {
			*list = append(*list, said[i])
		}
	}
}

// news reports whether a was not said before, and takes note of it.
func (s annotations) news(a annotation) bool {
	if s[a] {
		return false
	}
	s[a] = true
	return true
}

// assignIDs gives each component its id. Components that differ in nothing an id
// is made of are told apart by their order.
func (f *fold) assignIDs(all []*tracked) {
	used := make(map[string]int, len(all)) // by id: the number that the next one of it gets
	for _, t := range all {
		f.patience.ask()
		id := sbom.ComponentID(&t.component)
		t.component.ID = id
		for n := max(2, used[id]); used[t.component.ID] > 0; n++ {
			f.patience.ask()
			t.component.ID = fmt.Sprintf("%s-%d", id, n)
			used[id] = n + 1
		}
		used[t.component.ID] = max(1, used[t.component.ID])
	}
}

// relationships connects components: as detectors say, and packages with what was
// found in files of theirs.
func (o *ownership) relationships(all []*tracked) []sbom.Relationship {
	var out []sbom.Relationship
	for _, s := range o.fold.sources() {
		for _, fr := range s.fragments {
			for _, r := range fr.Facts.Relations {
				from := o.meant(s, fr, r.From)
				to := o.resolve(fr.Detector.Name, s.path, r.To)
				for i := 0; to == nil && i < len(r.Else); i++ {
					to = o.resolve(fr.Detector.Name, s.path, r.Else[i])
				}
				if from != nil && to != nil && from != to {
					out = append(out, sbom.Relationship{From: from.component.ID, To: to.component.ID, Type: r.Type})
				}
			}
		}
	}
	for _, t := range all {
		if from := o.packageOf(t); from != nil {
			out = append(out, sbom.Relationship{From: from.component.ID, To: t.component.ID, Type: sbom.Owns})
		}
	}
	return out
}

// packageOf returns the package that ships the file in which t was found, nil if
// none does. Nothing but a package of a distribution can ship another's
// database, whatever its own records claim.
func (o *ownership) packageOf(t *tracked) *tracked {
	if c := o.shipper(t); c != nil {
		return c.owner
	}
	return nil
}

// shipper returns the claim by which packageOf decides.
func (o *ownership) shipper(t *tracked) *claim {
	if !t.attr.Visible || t.distributed() || t.component.Type == sbom.TypeOperatingSystem {
		return nil
	}
	where := name{t.detector, t.path} // One file can have a hundred thousand components.
	best, known := o.shippers[where]
	if known {
		return best
	}
	n, _ := o.fold.tree.Lookup(t.path)
	for c := o.on(t.path, n); c != nil; c = c.next {
		o.fold.patience.ask()
		if c.ground != byRecord || c.owner.detector == t.detector {
			continue
		}
		if best == nil || compareClaims(c, best, n) > 0 {
			best = c
		}
	}
	o.shippers[where] = best
	return best
}

// sourceGaps returns what detectors did not understand in visible files.
func (f *fold) sourceGaps(o *ownership) []sbom.Gap {
	var out []sbom.Gap
	for _, s := range f.sources() {
		for _, fr := range s.fragments {
			for _, gap := range fr.Facts.Gaps {
				if o.spoken[fr] && gap.Kind == sbom.GapIncomplete {
					continue // Its package knows.
				}
				gap.Path = valid(cmp.Or(gap.Path, s.path))
				gap.Detector = cmp.Or(gap.Detector, fr.Detector.String())
				gap.Layer = f.layers[s.layer]
				// The contract demands both; that there is a gap is known in any case.
				gap.Kind = cmp.Or(gap.Kind, sbom.GapUnsupported)
				gap.Message = cmp.Or(valid(gap.Message), "not understood")
				if gap.Component != "" {
					// Detectors know keys, and no ids.
					key := gap.Component
					gap.Component = ""
					if t := o.resolve(fr.Detector.Name, s.path, key); t != nil {
						gap.Component = t.component.ID
					}
				}
				out = append(out, gap)
			}
		}
	}
	return out
}

// saidIncomplete reports whether the detector itself said of t, or of its file as
// a whole, that something is not stated.
func (f *fold) saidIncomplete(t *tracked) bool {
	s := f.live[t.path]
	if s == nil {
		return false
	}
	said := s.incomplete(t.detector)
	if said.paths[t.component.Location().Path] {
		return true
	}
	return !t.moved && (said.keys[t.key] || slices.ContainsFunc(t.aliases, func(alias string) bool { return said.keys[alias] }))
}

// incompletes are what a detector said that its file does not state all about: components
// by their keys and aliases, and paths.
type incompletes struct{ keys, paths map[string]bool }

// incomplete finds them, once for all components of the file.
func (s *source) incomplete(detector string) incompletes {
	if said, known := s.incompletes[detector]; known {
		return said
	}
	said := incompletes{make(map[string]bool), make(map[string]bool)}
	for _, fr := range s.fragments {
		if fr.Detector.Name != detector {
			continue
		}
		for i := range fr.Facts.Gaps {
			switch gap := &fr.Facts.Gaps[i]; {
			case gap.Kind != sbom.GapIncomplete:
			case gap.Component != "":
				said.keys[gap.Component] = true
			default:
				said.paths[cmp.Or(gap.Path, s.path)] = true
			}
		}
	}
	if s.incompletes == nil {
		s.incompletes = make(map[string]incompletes)
	}
	s.incompletes[detector] = said
	return said
}

// gaps returns what is odd about a component that is there, apart from what its
// detector said already.
func (t *tracked) gaps(saidIncomplete bool) []sbom.Gap {
	c := &t.component
	if !t.attr.Visible || c.Scope != sbom.ScopeInstalled {
		return nil
	}
	var out []sbom.Gap
	gap := func(kind sbom.GapKind, message string) {
		out = append(out, sbom.Gap{
			Kind: kind, Path: valid(c.Location().Path), Layer: c.Location().Layer, Component: c.ID,
			Detector: c.Evidence[0].Detector, Message: message,
		})
	}
	if !saidIncomplete && c.Version == "" && c.Type != sbom.TypeOperatingSystem && c.Type != sbom.TypeFile {
		gap(sbom.GapIncomplete, fmt.Sprintf("no version of %s is stated", c.Name))
	}
	if t.solidOwned > 0 && t.solidPresent == 0 {
		gap(sbom.GapGhost, fmt.Sprintf("none of the %d files that %s records is there", t.solidOwned, c.Name))
	}
	return out
}
