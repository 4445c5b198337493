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
	run      *run // without rows
	entity   map[*sbom.Component]int
	sources  map[string]*source
	comps    map[string]map[string][]*sbom.Component // input, component id
	findings map[string]map[string][]*scan.Finding   // input, finding id
	on       map[*scan.Finding]reportedOn
	reported map[string]map[reportKey][]string    // input, finding id and key at LevelVersion: architectures
	keys     map[string]map[identity.Key][]string // input, key at LevelVersion: architectures
}

// reportKey is a finding's id on a component.
type reportKey struct {
	id  string
	key identity.Key
}

// reportedOn is a reportKey with the component's architecture.
type reportedOn struct {
	reportKey
	arch string
}

func newVerifier(inputs []Input) *verifier {
	v := &verifier{sources: make(map[string]*source), comps: make(map[string]map[string][]*sbom.Component),
		findings: make(map[string]map[string][]*scan.Finding), keys: make(map[string]map[identity.Key][]string),
		reported: make(map[string]map[reportKey][]string), on: make(map[*scan.Finding]reportedOn)}
	r := newRun(inputs, &Options{}) // For the distribution assumed, the counts of components and what is at a path.
	v.run, v.entity = r, make(map[*sbom.Component]int, len(r.entities))
	for _, s := range r.sources {
		v.sources[s.Name] = s
		v.comps[s.Name] = make(map[string][]*sbom.Component)
		v.findings[s.Name], v.keys[s.Name] = make(map[string][]*scan.Finding), make(map[identity.Key][]string)
		v.reported[s.Name] = make(map[reportKey][]string)
		if s.Report != nil {
			for i := range s.Report.Findings {
				f := &s.Report.Findings[i]
				v.findings[s.Name][f.ID] = append(v.findings[s.Name][f.ID], f)
				e := &r.entities[s.findingEntity[i]]
				k := reportKey{f.ID, e.id.Key(identity.LevelVersion)}
				v.reported[s.Name][k] = append(v.reported[s.Name][k], e.arch)
				v.on[f] = reportedOn{k, e.arch}
			}
		}
	}
	for i := range r.entities {
		e := &r.entities[i]
		v.entity[e.comp] = i
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
		if err := v.absence(&a); err != nil {
			return err
		}
	}
	for _, check := range []func(d *Difference) error{v.edges, v.comparison, v.file, v.lacking, v.unreported, v.cause} {
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
	if src == nil || src.document(s.Field) != s.Document {
		return fmt.Errorf("%q with digest %q is no input", s.Input, s.Document)
	}
	var said []string
	switch {
	case s.Field == "gaps":
		for _, g := range []*sbom.Gap{src.unread[trimRoot(s.Location.Path)], src.incomplete[trimRoot(s.Location.Path)]} {
			if g != nil {
				said = append(said, g.Message)
			}
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

// document is the digest of the document that says what is in a field of Side.Field.
func (s *source) document(field string) sbom.Digest {
	if s.ReportDigest != "" && (slices.Contains(findingFields, field) || slices.Contains(reportFields, field)) {
		return s.ReportDigest
	}
	return s.Digest
}

// reportFields are the fields that a report has about itself and about components.
var reportFields = []string{"unassessed", "database.built", "created", "fix"}

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
func (v *verifier) absence(a *Absence) error {
	s := v.sources[a.Input]
	if s == nil {
		return fmt.Errorf("%q is no input", a.Input)
	}
	if a.OfType != s.ofType[a.Type] {
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
		same := func(arch string) bool { return v.sameArch(key, arch, architecture(c)) }
		if key != "" && len(v.keys[d.In[0]][key]) < 2 && slices.ContainsFunc(v.keys[name][key], same) {
			return fmt.Errorf("%s does have %s", name, key)
		}
	}
	return nil
}

// sameArch reports whether two architectures of a key are surely the same. One
// that is not stated is, when the inputs know the key of one architecture only.
func (v *verifier) sameArch(key identity.Key, a, b string) bool {
	if a != "" && b != "" {
		return a == b
	}
	stated := ""
	for _, keys := range v.keys {
		for _, arch := range keys[key] {
			if !agree(stated, arch) {
				return false
			}
			if arch != "" {
				stated = arch
			}
		}
	}
	return true
}

// unreported checks that the inputs that are said to lack a finding do not have
// one of its ids on a component with its key.
func (v *verifier) unreported(d *Difference) error {
	if d.Kind != KindFinding || d.Cause == CauseSuppressed || d.Cause == CauseUnreachable {
		return nil
	}
	on := v.foundOn(d)
	for _, name := range d.NotIn {
		has := func(w reportedOn) bool {
			several := len(v.reported[d.In[0]][w.reportKey]) > 1 // As for components.
			return !several && w.key != "" && slices.ContainsFunc(v.reported[name][w.reportKey], func(a string) bool { return v.sameArch(w.key, a, w.arch) })
		}
		if len(on) > 0 && !slices.ContainsFunc(on, func(w reportedOn) bool { return !has(w) }) {
			return fmt.Errorf("%s does report %s on %s", name, on[0].id, on[0].key)
		}
	}
	return nil
}

// foundOn is what the finding's first side can mean.
func (v *verifier) foundOn(d *Difference) []reportedOn {
	var on []reportedOn
	s := &d.Proof.Sides[0]
	if len(d.In) == 0 || s.Input != d.In[0] {
		return nil
	}
	for _, f := range v.findings[s.Input][s.Finding] {
		if f.Pointer == s.Pointer && f.Component.ID == s.Component && len(on) < citedLimit {
			on = append(on, v.on[f])
		}
	}
	return on
}

// component finds a component by id and spelling.
func (v *verifier) component(input string, ref *scan.ComponentRef) *sbom.Component {
	for _, c := range v.comps[input][ref.ID] {
		if c.PURL == ref.PURL && c.Name == ref.Name && c.Version == ref.Version {
			return c
		}
	}
	return nil
}
