package reconcile

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
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
		if seen&(1<<e.input) != 0 {
			continue
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

// whyMissing gives the cause of row i missing from input m. The order is that of
// strength: what the documents state, then what follows from other rows, then
// what the place shows.
func (r *run) whyMissing(i, m int) verdict {
	for _, try := range []func(i, m int) (verdict, bool){
		r.otherSubject, r.statedGap, r.notCorrelatable, r.sourcePackage, r.versionConflict, r.ownership, r.scope, r.guessed, r.notCatalogued,
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

func (r *run) statedGap(i, m int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		e := &r.entities[n]
		g := r.sources[m].gapAt[e.path]
		if g == nil {
			g = r.sources[m].gapAt[outerPath(e.path)]
		}
		if e.path == "" || g == nil {
			continue
		}
		return verdict{CausePartialRun, Proven, Proof{Check: "the input states a gap at " + quote(g.Path),
			Sides: []Side{{Input: r.name(m), Document: r.sources[m].Digest, Field: "gaps", Words: g.Message, Location: sbom.Location{Path: g.Path, Layer: g.Layer}}}}}, true
	}
	return verdict{}, false
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

// scope holds when no sighting is installed software.
func (r *run) scope(i, _ int) (verdict, bool) {
	why := ""
	for _, n := range r.rows[i].entities {
		w := outOfScope(r.entities[n].comp)
		if w == "" {
			return verdict{}, false
		}
		if why == "" {
			why = w
		}
	}
	return verdict{CauseScope, Proven, Proof{Check: why}}, true
}

// outOfScope says why a component is no installed software, empty when it may
// be.
func outOfScope(c *sbom.Component) string {
	switch {
	case c.Attribution.Removed != nil:
		return fmt.Sprintf("layer %d removed it", c.Attribution.Removed.Index)
	case c.Scope != sbom.ScopeInstalled:
		return "its scope is " + string(c.Scope)
	}
	return scopeOfPath(trimRoot(c.Location().Path))
}

// manifests are files that name software without installing it.
var manifests = map[string]string{
	"package-lock.json": "lock file", "npm-shrinkwrap.json": "lock file", "yarn.lock": "lock file", "pnpm-lock.yaml": "lock file",
	"bun.lock": "lock file", "Gemfile.lock": "lock file", "gems.locked": "lock file", "Pipfile.lock": "lock file", "poetry.lock": "lock file",
	"uv.lock": "lock file", "pdm.lock": "lock file", "requirements.txt": "list of requirements", "go.mod": "module file", "go.sum": "module file",
	"Cargo.lock": "lock file", "Cargo.toml": "manifest", "composer.lock": "lock file", "pom.xml": "build file", "gradle.lockfile": "lock file",
	"packages.lock.json": "lock file", "mix.lock": "lock file", "pubspec.lock": "lock file", "Package.resolved": "lock file",
	"Podfile.lock": "lock file", "conan.lock": "lock file", "stack.yaml.lock": "lock file", "Manifest.toml": "manifest",
}

// archiveCaches are the directories in which package managers keep what they
// downloaded, with the suffix of the archives.
var archiveCaches = [][2]string{{"var/cache/apt/archives/", ".deb"}, {"var/cache/apk/", ".apk"}, {"etc/apk/cache/", ".apk"},
	{"var/cache/dnf/", ".rpm"}, {"var/cache/yum/", ".rpm"}, {"var/cache/zypp/", ".rpm"}}

// scopeOfPath says why a path shows that something is not installed.
func scopeOfPath(p string) string {
	for _, c := range archiveCaches {
		if strings.HasPrefix(p, c[0]) && strings.HasSuffix(p, c[1]) {
			return "it is an archive in a package manager's cache"
		}
	}
	if what, ok := manifests[path.Base(p)]; ok && !strings.Contains(p, "!/") {
		return "a " + what + " names it, which installs nothing"
	}
	return ""
}

// guessed holds for components that are no package manager's word.
func (r *run) guessed(i, _ int) (verdict, bool) {
	for _, n := range r.rows[i].entities {
		why := guess(&r.entities[n])
		if why == "" {
			continue
		}
		return verdict{CauseHeuristic, Proven, Proof{Check: why}}, true
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
