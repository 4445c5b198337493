package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// Verify finds every proof of r again in the inputs: what each side quotes, the
// rewrites of spellings and the key they lead to, the statements that connect
// ids, the order of versions, files and their layers, owners, scopes, and that
// what is said to be lacking is lacking. It uses nothing of r but the
// differences, so that a result that was stored or sent can be checked against
// the documents.
//
// It returns a *ProofError for the first difference whose proof does not hold,
// and ErrInput for inputs that Run would refuse.
func Verify(r *Reconciliation, inputs []Input) error {
	if err := checkInputs(inputs); err != nil {
		return err
	}
	v := newVerifier(inputs)
	ids := make(map[string]bool)
	for i := range r.Differences {
		ids[r.Differences[i].ID] = true
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if err := v.difference(d, ids); err != nil {
			return &ProofError{Difference: d.ID, Err: err}
		}
	}
	return nil
}

// ProofError says which proof does not hold, and why. It is ErrProof.
type ProofError struct {
	// Difference is the Difference.ID.
	Difference string
	// Err says what was not found again.
	Err error
}

// Error implements error.
func (e *ProofError) Error() string { return fmt.Sprintf("%v: %s: %v", ErrProof, e.Difference, e.Err) }

// Unwrap returns e.Err.
func (e *ProofError) Unwrap() error { return e.Err }

// Is reports whether target is ErrProof.
func (e *ProofError) Is(target error) bool { return target == ErrProof }

// verifier looks things up in the inputs, one by one and without any join.
type verifier struct {
	sources  map[string]*source
	comps    map[string]map[string][]*sbom.Component // input, component id
	findings map[string]map[string][]*scan.Finding   // input, finding id
	keys     map[string]map[identity.Key][]string    // input, key at LevelVersion: architectures
}

func newVerifier(inputs []Input) *verifier {
	v := &verifier{sources: make(map[string]*source), comps: make(map[string]map[string][]*sbom.Component),
		findings: make(map[string]map[string][]*scan.Finding), keys: make(map[string]map[identity.Key][]string)}
	r := newRun(inputs, &Options{}) // For the distribution assumed and the counts of components.
	for _, s := range r.sources {
		v.sources[s.Name] = s
		v.comps[s.Name] = make(map[string][]*sbom.Component)
		v.findings[s.Name], v.keys[s.Name] = make(map[string][]*scan.Finding), make(map[identity.Key][]string)
		if s.Report != nil {
			for i := range s.Report.Findings {
				f := &s.Report.Findings[i]
				v.findings[s.Name][f.ID] = append(v.findings[s.Name][f.ID], f)
			}
		}
	}
	for i := range r.entities {
		e := &r.entities[i]
		name := r.name(e.input)
		v.comps[name][e.comp.ID] = append(v.comps[name][e.comp.ID], e.comp)
		key := e.id.Key(identity.LevelVersion)
		v.keys[name][key] = append(v.keys[name][key], e.arch)
	}
	return v
}

func (v *verifier) difference(d *Difference, ids map[string]bool) error {
	if len(d.Proof.Sides) == 0 || d.Proof.Check == "" {
		return fmt.Errorf("there is no proof")
	}
	for _, list := range [][]Side{d.Proof.Sides, d.Proof.Candidates} {
		for i := range list {
			if err := v.side(&list[i]); err != nil {
				return err
			}
		}
	}
	for _, a := range d.Proof.Absence {
		if err := v.absence(&a, d.Kind); err != nil {
			return err
		}
	}
	for _, check := range []func(d *Difference) error{v.edges, v.comparison, v.file, v.lacking, v.cause} {
		if err := check(d); err != nil {
			return err
		}
	}
	if d.Proof.Because != "" && !ids[d.Proof.Because] {
		return fmt.Errorf("there is no difference %s", d.Proof.Because)
	}
	return nil
}

// side checks that the input says what is quoted.
func (v *verifier) side(s *Side) error {
	src := v.sources[s.Input]
	if src == nil || src.Digest != s.Document {
		return fmt.Errorf("%q with digest %q is no input", s.Input, s.Document)
	}
	var said []string
	switch {
	case s.Field == "gaps":
		if g := src.gapAt[trimRoot(s.Location.Path)]; g != nil {
			said = append(said, g.Message)
		}
	case s.Field == "unassessed":
		for i := range src.unassessed() {
			said = append(said, src.unassessed()[i].Reason)
		}
	case slices.Contains(findingFields, s.Field):
		for _, f := range v.findings[s.Input][s.Finding] {
			if f.Pointer == s.Pointer && f.Component.ID == s.Component {
				said = append(said, findingWords(f, s.Field))
			}
		}
	case s.Component == "" && sourceField(s.Field):
		said = append(said, src.words(s.Field))
	default:
		for _, c := range v.comps[s.Input][s.Component] {
			said = append(said, componentWords(c, s.Field))
		}
	}
	if !slices.Contains(said, s.Words) {
		return fmt.Errorf("%s does not say %s %q", s.Input, s.Field, s.Words)
	}
	return nil
}

func (s *source) unassessed() []scan.Unassessed {
	if s.Report == nil {
		return nil
	}
	return s.Report.Unassessed
}

// findingFields are the fields that findingWords knows.
var findingFields = []string{"id", "severity", "status", "component", "match.method", "fixedVersions", "published", "updated"}

func sourceField(field string) bool {
	return strings.HasPrefix(field, "subject.") || slices.Contains([]string{"distribution", "database.built", "created", "fix"}, field)
}

// absence counts again.
func (v *verifier) absence(a *Absence, k Kind) error {
	s := v.sources[a.Input]
	if s == nil {
		return fmt.Errorf("%q is no input", a.Input)
	}
	if k == KindComponent && a.OfType != s.ofType[a.Type] {
		return fmt.Errorf("%s has %d components of type %q, not %d", a.Input, s.ofType[a.Type], a.Type, a.OfType)
	}
	if a.Path != "" && a.AtPath != s.atPath[a.Path] {
		return fmt.Errorf("%s has %d components from %s, not %d", a.Input, s.atPath[a.Path], a.Path, a.AtPath)
	}
	return nil
}

// edges checks each statement, and that the chain is one.
func (v *verifier) edges(d *Difference) error {
	for i, e := range d.Proof.Edges {
		if i > 0 && foldID(d.Proof.Edges[i-1].To) != foldID(e.From) {
			return fmt.Errorf("%s does not follow %s", e.From, d.Proof.Edges[i-1].To)
		}
		if !v.states(&e) {
			return fmt.Errorf("nothing states that %s is %s of %s", e.From, e.Kind, e.To)
		}
	}
	return nil
}

func (v *verifier) states(e *Edge) bool {
	if e.Kind == EdgeName {
		from, to := foldID(e.From), foldID(e.To)
		return slices.ContainsFunc(mergingPrefixes, func(p string) bool { return p+to == from || p+from == to })
	}
	for _, f := range v.findings[e.Input][e.Finding] {
		said := f.Aliases
		if e.Kind == EdgeRelated {
			said = slices.Concat(f.Aliases, f.Related)
		}
		one, other := foldID(e.From), foldID(e.To)
		if foldID(f.ID) == other {
			one, other = other, one
		}
		if f.Pointer == e.Pointer && foldID(f.ID) == one && contains(said, other) {
			return true
		}
	}
	return false
}

func (v *verifier) comparison(d *Difference) error {
	c := d.Proof.Comparison
	if c == nil {
		return nil
	}
	n, err := identity.Compare(c.Ecosystem, c.A, c.B)
	if err != nil || sign(n) != c.Result {
		return fmt.Errorf("%s and %s compare as %d (%v), not %d", c.A, c.B, n, err, c.Result)
	}
	return nil
}

// file checks that the input has the file in the layer, with the owner.
func (v *verifier) file(d *Difference) error {
	p := d.Proof.File
	if p == nil {
		return nil
	}
	s := v.sources[p.Input]
	if s == nil {
		return fmt.Errorf("%q is no input", p.Input)
	}
	if f := s.fileAt[trimRoot(p.Path)]; f != nil && f.Owner == p.Owner && sameLayer(f.Layer, p.Layer) {
		return nil
	}
	for _, side := range d.Proof.Sides {
		for _, c := range v.comps[side.Input][side.Component] {
			if side.Input == p.Input && trimRoot(c.Location().Path) == trimRoot(p.Path) && sameLayer(c.Location().Layer, p.Layer) &&
				(p.Owner == "" || s.ownerOf[c.ID] == p.Owner) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s does not show %s", p.Input, p.Path)
}

func sameLayer(a, b *sbom.LayerRef) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// lacking checks that the inputs that are said to lack a component have none
// with its key.
func (v *verifier) lacking(d *Difference) error {
	if d.Kind != KindComponent || d.Cause == CauseDuplicate || len(d.In) == 0 {
		return nil
	}
	c := v.component(d.In[0], &d.Component)
	if c == nil {
		return fmt.Errorf("%s does not have %s", d.In[0], refWords(&d.Component))
	}
	key := identity.Canonical(c, v.sources[d.In[0]].dist).Key(identity.LevelVersion)
	for _, name := range d.NotIn {
		if v.keys[name] == nil {
			return fmt.Errorf("%q is no input", name)
		}
		// An input can have one of several places or architectures of a key.
		same := func(arch string) bool { return agree(arch, architecture(c)) }
		if key != "" && len(v.keys[d.In[0]][key]) < 2 && slices.ContainsFunc(v.keys[name][key], same) {
			return fmt.Errorf("%s does have %s", name, key)
		}
	}
	return nil
}

// component finds a component by id and spelling.
func (v *verifier) component(input string, ref *scan.ComponentRef) *sbom.Component {
	for _, c := range v.comps[input][ref.ID] {
		if componentWords(c, "purl") == refWords(ref) {
			return c
		}
	}
	return nil
}

// cause checks what the cause claims beyond its quotations.
func (v *verifier) cause(d *Difference) error {
	sides := d.Proof.Sides
	switch d.Cause {
	case CauseOtherSubject, CauseRelease:
		if len(sides) < 2 || sides[len(sides)-2].Words == sides[len(sides)-1].Words {
			return fmt.Errorf("no two sides differ")
		}
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

// spelling checks that each side is one component with another of another
// input, and that the rewrites are those of its spelling.
func (v *verifier) spelling(d *Difference) error {
	sides := d.Proof.Sides
	for i := range sides {
		s := &sides[i]
		if !slices.ContainsFunc(v.cite(s), func(c cited) bool { return rewritten(c.id, s.Rewrites) }) {
			return fmt.Errorf("the rewrites of %q are others", s.Words)
		}
		joined := func(o Side) bool { return o.Input != s.Input && v.pair(s, &o, sameComponent) }
		if !slices.ContainsFunc(sides, joined) {
			return fmt.Errorf("%q is no other spelling of a component", s.Words)
		}
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
