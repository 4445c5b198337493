package reconcile

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

// whyMissing gives the cause of row i missing from input m. The order is that of
// strength: what the documents state, then what follows from other rows, then
// what the place shows.
func (r *run) whyMissing(i, m int) verdict {
	for _, try := range []func(i, m int) (verdict, bool){
		r.otherSubject, r.unread, r.otherIdentity, r.notCorrelatable, r.sourcePackage, r.versionConflict, r.ownership, r.scope, r.guessed, r.withoutIdentity,
		r.notCatalogued,
	} {
		if v, ok := try(i, m); ok {
			return v
		}
	}
	return r.unexplainedComponent(i, m)
}

func (r *run) otherSubject(i, m int) (verdict, bool) {
	w := &r.rows[i]
	if w.mask&^r.conflicts[m] != 0 {
		return verdict{}, false
	}
	k := members(w.mask)[0]
	p := r.subjectProof(m, k, subjectMismatch(r.sources[m], r.sources[k]))
	p.Check = "the inputs describe different images"
	return verdict{CauseOtherSubject, Proven, p}, true
}

// unread holds when m says that it did not read the file.
func (r *run) unread(i, m int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		if g := r.sources[m].unreadFile(r.entities[n].path); g != nil {
			return verdict{CausePartialRun, Proven, Proof{Check: "the input did not read " + quote(g.Path),
				Sides: append(r.citeAlso(i, n, "purl"), r.sources[m].gapSide(g))}}, true
		}
	}
	return verdict{}, false
}

// unreadFile returns the gap that says that a file, or the one that it is in,
// was not read.
func (s *source) unreadFile(path string) *sbom.Gap {
	if path == "" {
		return nil
	}
	if g := s.unread[path]; g != nil {
		return g
	}
	return s.unread[outerPath(path)]
}

func (s *source) gapSide(g *sbom.Gap) Side {
	return Side{Input: s.Name, Document: s.Digest, Field: "gaps", Words: g.Message, Location: sbom.Location{Path: g.Path, Layer: g.Layer}}
}

func (r *run) notCorrelatable(i, _ int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		if r.entities[n].id.Err == nil {
			return verdict{}, false
		}
	}
	return verdict{CauseNotCorrelatable, Proven, Proof{Check: r.first(i).id.Err.Error()}}, true
}

// sourcePackage looks for the other end of the build: m's source package of a
// binary, or m's binaries of a source package. Either counts only when the
// inputs that have the one do not have the other: a source and a binary of one
// name are often both there.
func (r *run) sourcePackage(i, m int) (verdict, bool) {
	w := &r.rows[i]
	for _, n := range w.entities {
		id := r.entities[n].id
		if id.Source != "" && id.Source != id.Package {
			for _, k := range r.packages[id.Source] {
				o := r.ofInput(k, m, func(o *identity.Identity) bool { return o.Package == id.Source && o.Version == id.SourceVersion })
				if o >= 0 && r.rows[k].mask&w.mask == 0 {
					return r.sourceVerdict(n, o, "the other input lists its source package in the source's version"), true
				}
			}
		}
		for _, k := range r.sourced[id.Package+"@"+identity.Key(id.Version)] {
			o := r.ofInput(k, m, func(o *identity.Identity) bool { return o.Source == id.Package && o.SourceVersion == id.Version })
			if o >= 0 && r.rows[k].mask&w.mask == 0 {
				return r.sourceVerdict(n, o, "the other input lists a package built from it"), true
			}
		}
	}
	return verdict{}, false
}

func (r *run) sourceVerdict(n, other int, check string) verdict {
	return verdict{CauseSourcePackage, Proven, Proof{Check: check, Sides: []Side{r.side(n, "source"), r.side(other, "source")}}}
}

// ofInput returns the first entity of row k in input m that fits, -1 when there
// is none. A nil fits fits all.
func (r *run) ofInput(k, m int, fits func(id *identity.Identity) bool) int {
	if r.rows[k].mask&(1<<m) == 0 {
		return -1
	}
	for _, n := range r.rows[k].entities {
		if e := &r.entities[n]; e.input == m && (fits == nil || fits(e.id)) {
			return n
		}
	}
	return -1
}

// versionConflict looks for m's own version of the package, in a row that not
// all of those that have row i have as well.
func (r *run) versionConflict(i, m int) (verdict, bool) {
	w := &r.rows[i]
	e := r.first(i)
	for _, k := range r.packages[e.id.Package] {
		o := r.ofInput(k, m, func(o *identity.Identity) bool { return o.Package == e.id.Package })
		if k == i || o < 0 || w.mask&^r.rows[k].mask == 0 || differentArch(e, &r.entities[o]) {
			continue
		}
		other := &r.entities[o]
		v := verdict{CauseVersionConflict, Inferred, Proof{Check: "both list the package, in different versions", Sides: []Side{r.side(o, "version")}}}
		_, distribution := distributions[e.id.Type]
		if distribution || e.path != "" && e.path == other.path {
			v.certainty = Proven // Only one version can be there.
		}
		eco, ok := identity.FamilyOf(e.id.Type)
		if c, err := identity.Compare(eco, e.id.Version, other.id.Version); ok && err == nil {
			v.proof.Comparison = &Comparison{eco, e.id.Version, other.id.Version, sign(c)}
		} else {
			v.certainty = Inferred
		}
		return v, true
	}
	return verdict{}, false
}

// distributions are the purl types of package managers that install one
// version of a package.
var distributions = map[string]struct{}{"deb": {}, "apk": {}}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// ownership looks for the distribution's package that owns the component's
// files, in any input that says so, and in m.
func (r *run) ownership(i, m int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		owner, file := r.owner(n)
		if owner < 0 || r.rowOf[owner] == i {
			continue
		}
		o := r.ofInput(r.rowOf[owner], m, nil)
		if o < 0 {
			continue
		}
		return verdict{CauseOwnership, Proven, Proof{Check: "the other input lists the package that owns the component's files",
			File: file, Sides: []Side{r.side(o, "purl")}}}, true
	}
	return verdict{}, false
}

// owner returns the entity that owns entity n, and the statement that says so.
func (r *run) owner(n int) (int, *FileProof) {
	e := &r.entities[n]
	s := r.sources[e.input]
	if id, ok := s.ownerOf[e.comp.ID]; ok && e.comp.ID != "" && !e.named {
		if o, ok := s.byID[id]; ok {
			return o, &FileProof{Input: s.Name, Path: e.path, Layer: e.comp.Location().Layer, Owner: id}
		}
	}
	if e.path == "" {
		return -1, nil
	}
	for _, s := range r.sources {
		f := s.fileAt[e.path]
		if f == nil || f.Owner == "" || f.Claim != sbom.ClaimRecorded {
			continue
		}
		if o, ok := s.byID[f.Owner]; ok {
			return o, &FileProof{Input: s.Name, Path: f.Path, Layer: f.Layer, Owner: f.Owner}
		}
	}
	return -1, nil
}

// guessed holds for components that are no package manager's word.
func (r *run) guessed(i, _ int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		why := guess(&r.entities[n])
		if why == "" {
			continue
		}
		return verdict{CauseHeuristic, Proven, Proof{Check: why, Sides: r.citeAlso(i, n, "purl")}}, true
	}
	return verdict{}, false
}

func guess(e *entity) string {
	if found := e.comp.Property("syft:package:foundBy"); strings.HasPrefix(found, "binary-c") {
		return "a classifier of binaries found it: " + found
	}
	if len(e.comp.Evidence) > 0 {
		best := e.comp.Evidence[0]
		if best.Technique == sbom.TechniqueFilename {
			return "only a file's name says so"
		}
		if best.Confidence > 0 && best.Confidence < 0.5 {
			return fmt.Sprintf("the confidence stated is %.2g", best.Confidence)
		}
	}
	if e.id.Version == "" && e.id.Type != "os" && e.id.Type != "file" {
		return "it has no version"
	}
	return ""
}

// withoutIdentity holds when m has a component of the name that has no identity,
// and so may be it.
func (r *run) withoutIdentity(i, m int) (verdict, bool) {
	e := r.first(i)
	best := -1
	bare := r.sources[m].bare[strings.ToLower(e.comp.Name)]
	for _, n := range bare[:min(len(bare), bucketLimit)] {
		if best < 0 || r.entities[n].comp.Version == e.comp.Version && r.entities[best].comp.Version != e.comp.Version {
			best = n
		}
	}
	if best < 0 {
		return verdict{}, false
	}
	return verdict{CauseNotCorrelatable, Inferred, Proof{Check: "the other input has a component of the name, without a package URL",
		Sides: []Side{r.side(best, "purl")}}}, true
}

// notCatalogued holds when the component is shown to be there and m has nothing
// that could be it.
func (r *run) notCatalogued(i, m int) (verdict, bool) {
	e := r.first(i)
	ofType := r.sources[m].ofType[e.id.Type]
	v := verdict{CauseNotCatalogued, Inferred, Proof{}}
	best := -1
	for _, n := range r.rows[i].entities {
		if r.entities[n].path == "" {
			continue
		}
		if best < 0 || r.sources[r.entities[n].input].Witness && !r.sources[r.entities[best].input].Witness {
			best = n
		}
	}
	if best < 0 {
		v.proof.Check = "the other input has no component of this ecosystem"
		v.proof.Absence = []Absence{{Input: r.name(m), Type: e.id.Type, OfType: ofType}}
		return v, ofType == 0
	}
	v.proof.File, v.certainty = r.fileProof(best)
	p := outerPath(r.entities[best].path)
	atPath := r.sources[m].atPath[p]
	v.proof.Absence = []Absence{{Input: r.name(m), Type: e.id.Type, OfType: ofType, Path: p, AtPath: atPath}}
	switch {
	case ofType == 0:
		v.proof.Check = "the component is in a file of the image, and the other input has no component of this ecosystem"
	case atPath == 0:
		v.proof.Check = "the component is in a file of the image, and the other input has no component from that file"
		if len(r.sources[m].atPath) == 0 {
			v.certainty = Inferred // It has no places at all.
		}
	default:
		return verdict{}, false
	}
	return v, true
}

// fileProof shows where an entity is. A witness proves it, with the layer; any
// other document only says so.
func (r *run) fileProof(n int) (*FileProof, Certainty) {
	e := &r.entities[n]
	s := r.sources[e.input]
	p := &FileProof{Input: s.Name, Path: e.path, Layer: e.comp.Location().Layer}
	if s.Witness && p.Layer != nil {
		return p, Proven
	}
	for _, w := range r.sources {
		if f := w.fileAt[outerPath(e.path)]; w.Witness && f != nil && f.Layer != nil && f.Integrity != sbom.Missing {
			return &FileProof{Input: w.Name, Path: f.Path, Layer: f.Layer, Owner: f.Owner}, Proven
		}
	}
	return p, Inferred
}

// unexplainedComponent names the nearest components that m has.
func (r *run) unexplainedComponent(i, m int) verdict {
	e := r.first(i)
	v := verdict{CauseUnexplained, Unexplained, Proof{Check: "no proof was found for any cause",
		Absence: []Absence{{Input: r.name(m), Type: e.id.Type, OfType: r.sources[m].ofType[e.id.Type], Path: outerPath(e.path), AtPath: r.sources[m].atPath[outerPath(e.path)]}}}}
	for _, k := range r.packages[e.id.Package] {
		if o := r.ofInput(k, m, nil); o >= 0 && len(v.proof.Candidates) < 3 {
			v.proof.Candidates = append(v.proof.Candidates, r.side(o, "purl"))
		}
	}
	return v
}
