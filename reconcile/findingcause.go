package reconcile

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// missingFinding explains why inputs with a report lack a finding.
func (r *run) missingFinding(x *findingIndex, i int, w *finding) {
	var all []absent
	for _, m := range members(r.reports &^ w.mask) {
		all = append(all, absent{m, r.whyNoFinding(x, i, m)})
	}
	for _, group := range verdicts(all) {
		d := r.aboutFinding(KindFinding, w, w.active)
		d.Cause, d.Certainty = group[0].cause, group[0].certainty
		for _, v := range group {
			d.NotIn = append(d.NotIn, r.name(v.input))
		}
		var has []Side
		for _, at := range firsts(w, w.active) {
			has = append(has, r.findingSide(at, "id"))
		}
		d.Proof = combine(has, group)
		r.add(d)
	}
}

// whyNoFinding gives the cause of finding row i missing from input m's report.
func (r *run) whyNoFinding(x *findingIndex, i, m int) verdict {
	for _, try := range []func(x *findingIndex, i, m int) (verdict, bool){
		r.findingOtherSubject, r.relatedID, r.otherPackage, r.matchGuess, r.notAssessed, r.componentMissing, r.otherRelease,
		r.versionOrder, r.newerData, r.otherRange, r.filtered,
	} {
		if v, ok := try(x, i, m); ok {
			return v
		}
	}
	return r.unexplainedFinding(x, i, m)
}

func (r *run) findingOtherSubject(_ *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	if w.active&^r.conflicts[m] != 0 {
		return verdict{}, false
	}
	k := members(w.active)[0]
	p := r.subjectProof(m, k, subjectMismatch(r.sources[m], r.sources[k]))
	p.Check = "the inputs describe different images"
	return verdict{CauseOtherSubject, Proven, p}, true
}

// relatedID looks for an advisory of m on the same component that some record
// says covers the finding, or that the finding covers.
func (r *run) relatedID(x *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	for _, id := range r.idsOf(w) {
		links := r.vulns.links[r.vulns.intern(id)]
		for _, e := range links[:min(len(links), 16*bucketLimit)] {
			k, ok := x.at[[2]int{w.row, r.vulns.find(e.to)}]
			if !ok || k == i || r.findings[k].mask&(1<<m) == 0 {
				continue
			}
			at := firsts(&r.findings[k], 1<<m)[0]
			to := r.vulns.names[e.to]
			edges := append([]Edge{r.cite(id, to, e)}, r.edges(to, r.at(at).ID)...)
			return verdict{CauseAlias, Proven, Proof{Check: "the other input has an id that is stated to cover it, on the same component",
				Edges: edges, Sides: []Side{r.findingSide(at, "id")}}}, true
		}
	}
	return verdict{}, false
}

// otherPackage looks for the vulnerability in m on a package of the same
// source, on the owner of the component, or on another version's row of it.
func (r *run) otherPackage(x *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	id := r.first(w.row).id
	for _, k := range x.bySource[groupKey{w.group, sourceOf(id)}] {
		if at := firsts(&r.findings[k], 1<<m); k != i && len(at) > 0 {
			return verdict{CauseOtherPackage, Proven, Proof{Check: "the other input has it on a package of the same source " + quote(string(sourceOf(id))),
				Sides: []Side{r.findingSide(at[0], "component")}}}, true
		}
	}
	for _, n := range r.rows[w.row].entities {
		owner, file := r.owner(n)
		if owner < 0 {
			continue
		}
		k, ok := x.at[[2]int{r.rowOf[owner], w.group}]
		if !ok || k == i {
			continue
		}
		if at := firsts(&r.findings[k], 1<<m); len(at) > 0 {
			return verdict{CauseOtherPackage, Proven, Proof{Check: "the other input has it on the package that owns this one", File: file,
				Sides: []Side{r.findingSide(at[0], "component")}}}, true
		}
	}
	return verdict{}, false
}

// matchGuess holds when all who have the finding guessed it.
func (r *run) matchGuess(_ *findingIndex, i, _ int) (verdict, bool) {
	w := &r.findings[i]
	if e := r.first(w.row); e.id.Type != "" && e.id.Version == "" {
		return verdict{CauseMatchGuess, Proven, Proof{Check: "the component has no version that a range could exclude",
			Sides: []Side{r.side(r.rows[w.row].entities[0], "version")}}}, true
	}
	var sides []Side
	for _, at := range w.sightings {
		f := r.at(at)
		if isActive(f) && f.Match.Method != scan.MethodCPE {
			return verdict{}, false
		}
		if len(sides) == 0 {
			sides = append(sides, r.findingSide(at, "match.method"))
		}
	}
	return verdict{CauseMatchGuess, Proven, Proof{Check: "every input that has it matched a guessed CPE", Sides: sides}}, true
}

func (r *run) notAssessed(x *findingIndex, i, m int) (verdict, bool) {
	u := x.unchecked[m][r.findings[i].row]
	if u == nil {
		return verdict{}, false
	}
	s := r.sources[m]
	return verdict{CausePartialRun, Proven, Proof{Check: "the other input says that it did not assess the component",
		Sides: []Side{{Input: s.Name, Document: s.document("unassessed"), Component: u.Component.ID, Field: "unassessed", Words: u.Reason}}}}, true
}

// componentMissing holds when m would list the component and does not.
func (r *run) componentMissing(_ *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	if r.complete&(1<<m) == 0 || r.rows[w.row].mask&(1<<m) != 0 {
		return verdict{}, false
	}
	s := r.sources[m]
	return verdict{CauseComponentMissing, Proven, Proof{Check: "the other input does not have the component", Because: r.diffOf[[2]int{w.row, m}],
		Absence: []Absence{{Input: s.Name, Type: r.first(w.row).id.Type, OfType: s.ofType[r.first(w.row).id.Type]}}}}, true
}

// otherRelease compares the distributions that the reports assume, for packages
// of a distribution.
func (r *run) otherRelease(_ *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	if t := r.first(w.row).id.Type; t != "deb" && t != "apk" && t != "rpm" {
		return verdict{}, false
	}
	k := members(w.active)[0]
	a, b := r.sources[k].dist, r.sources[m].dist
	if a == nil || b == nil || identity.DistributionID(a.ID) == identity.DistributionID(b.ID) && sameRelease(a.VersionID, b.VersionID) {
		return verdict{}, false
	}
	return verdict{CauseRelease, Proven, Proof{Check: "the inputs assume different releases", Sides: []Side{
		{Input: r.name(k), Document: r.sources[k].Digest, Field: "distribution", Words: r.sources[k].words("distribution")},
		{Input: r.name(m), Document: r.sources[m].Digest, Field: "distribution", Words: r.sources[m].words("distribution")}}}}, true
}

// sameRelease reports whether one version is the other with more places: 12 and
// 12.5.
func sameRelease(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// versionOrder holds when a finding contradicts itself: every version it calls
// fixed is the installed one or older.
func (r *run) versionOrder(_ *findingIndex, i, _ int) (verdict, bool) {
	w := &r.findings[i]
	e := r.first(w.row)
	eco, ok := identity.FamilyOf(e.id.Type)
	installed := assessed(e.id)
	if !ok || installed == "" {
		return verdict{}, false
	}
	var v *verdict
	for _, at := range w.sightings {
		f := r.at(at)
		if !isActive(f) || len(f.FixedVersions) == 0 {
			return verdict{}, false
		}
		for _, fixed := range f.FixedVersions {
			n, err := identity.Compare(eco, fixed, installed)
			if err != nil || n > 0 {
				return verdict{}, false
			}
			if v == nil {
				v = &verdict{CauseVersionOrder, Proven, Proof{Check: "every version that it calls fixed is at or before the installed one",
					Comparison: &Comparison{eco, fixed, installed, sign(n)}, Sides: []Side{r.findingSide(at, "fixedVersions")}}}
			}
		}
	}
	if v == nil {
		return verdict{}, false
	}
	return *v, true
}

// assessed is the version that advisories are compared with: the source
// package's where there is one.
func assessed(id *identity.Identity) string {
	if id.SourceVersion != "" {
		return id.SourceVersion
	}
	return id.Version
}

// newerData holds when the record is younger than m's data.
func (r *run) newerData(_ *findingIndex, i, m int) (verdict, bool) {
	s := r.sources[m]
	built, field := s.Report.Database.Built, "database.built"
	if built.IsZero() {
		built, field = s.Report.Created, "created"
	}
	if built.IsZero() {
		return verdict{}, false
	}
	for _, at := range r.findings[i].sightings {
		f := r.at(at)
		v := verdict{CauseNewerData, Proven, Proof{Sides: []Side{{Input: s.Name, Document: s.document(field), Field: field, Words: s.words(field)}}}}
		switch {
		case f.Published.After(built):
			v.proof.Check = "the record was published after the other input's data was made"
			v.proof.Sides = append(v.proof.Sides, r.findingSide(at, "published"))
		case f.Updated.After(built):
			v.certainty = Inferred
			v.proof.Check = "the record was changed after the other input's data was made"
			v.proof.Sides = append(v.proof.Sides, r.findingSide(at, "updated"))
		default:
			continue
		}
		return v, true
	}
	return verdict{}, false
}

// otherRange holds when m knows the vulnerability of the package, in another
// version, and with a fixed version that the installed one has reached.
func (r *run) otherRange(x *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	e := r.first(w.row)
	eco, ok := identity.FamilyOf(e.id.Type)
	installed := assessed(e.id)
	if !ok || installed == "" {
		return verdict{}, false
	}
	for _, k := range x.byPackage[groupKey{w.group, e.id.Package}] {
		for _, at := range firsts(&r.findings[k], 1<<m) {
			for _, fixed := range r.at(at).FixedVersions {
				n, err := identity.Compare(eco, installed, fixed)
				if err != nil || n < 0 {
					continue
				}
				return verdict{CauseRange, Proven, Proof{Check: "the other input calls the package fixed in a version that the installed one has reached",
					Comparison: &Comparison{eco, installed, fixed, sign(n)}, Sides: []Side{r.findingSide(at, "fixedVersions")}}}, true
			}
		}
	}
	return verdict{}, false
}

// filterEvidence is how many findings a report must have before the lack of
// one class of them says that it was filtered out.
const filterEvidence = 20

// filtered holds when m has many findings and none without a fix, and the
// finding has no fix.
func (r *run) filtered(x *findingIndex, i, m int) (verdict, bool) {
	w := &r.findings[i]
	for _, at := range w.sightings {
		if f := r.at(at); f.Fixable() || f.Fix == scan.FixUnknown {
			return verdict{}, false
		}
	}
	fixed := x.anyFixed[m]
	if fixed[scan.FixAvailable] < filterEvidence || fixed[scan.FixNone]+fixed[scan.FixWontFix]+fixed[scan.FixUnknown] > 0 {
		return verdict{}, false
	}
	s := r.sources[m]
	return verdict{CauseSuppressed, Inferred, Proof{Check: "the finding has no fix, and the other input has no finding without one",
		Sides: []Side{{Input: s.Name, Document: s.document("fix"), Field: "fix", Words: s.words("fix")}}}}, true
}

// unexplainedFinding says what m has instead.
func (r *run) unexplainedFinding(x *findingIndex, i, m int) verdict {
	w := &r.findings[i]
	id := r.first(w.row).id
	v := verdict{CauseUnexplained, Unexplained, Proof{Check: "no proof was found for any cause",
		Absence: []Absence{{Input: r.name(m), Type: id.Type, OfType: r.sources[m].ofType[id.Type]}}}}
	for _, k := range x.onRow[w.row][:min(len(x.onRow[w.row]), 4*bucketLimit)] {
		for _, at := range firsts(&r.findings[k], 1<<m) {
			if len(v.proof.Candidates) < 3 {
				v.proof.Candidates = append(v.proof.Candidates, r.findingSide(at, "id"))
			}
		}
	}
	return v
}
