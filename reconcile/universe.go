package reconcile

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// entity is a component of one input: from its inventory, or named by a finding
// of its report.
type entity struct {
	input int
	comp  *sbom.Component
	id    *identity.Identity
	path  string // where it was seen, "" when not known
	arch  string // "" when not stated or for any architecture
	// named says that only a finding's reference names it.
	named bool
	// joined is the level by which it came to its row when the keys do not say
	// so, with the rewrite that did it.
	joined  identity.Level
	rewrite *identity.Rewrite
}

// source is an input with what is looked up in it.
type source struct {
	*Input
	inv      *sbom.Inventory // nil when the input lists no components
	dist     *sbom.Distribution
	subject  sbom.Subject
	complete bool
	first    int // its first entity
	count    int // how many entities it has

	byID   map[string]int       // component id to entity
	byKey  map[identity.Key]int // key at LevelVersion and LevelLoose to entity
	ofType map[string]int       // purl type to number of components
	atPath map[string]int       // path to number of components
	sole   map[spot]int         // spot to the one package there, -1 when there are several
	bare   map[string][]int     // name in lower case to entities without an identity
	unread map[string]*sbom.Gap // path to the gap that says that it was not read
	// incomplete is path to the gap that says that it does not identify what it has.
	incomplete map[string]*sbom.Gap
	ownerOf    map[string]string // component id to owning component's id
	fileAt     map[string]*sbom.File

	findingEntity []int // of Report.Findings
}

// run is one comparison.
type run struct {
	opts     *Options
	sources  []*source
	entities []entity
	rowOf    []int // entity to row
	rows     []row

	packages map[identity.Key][]int // package key to rows
	sourced  map[identity.Key][]int // "source key@version" to rows built from it

	conflicts []uint64 // per input: inputs proven to describe another image
	complete  uint64   // inputs whose components are a full list
	reports   uint64   // inputs with a report

	vulns    *aliases
	findings []finding

	out    *Reconciliation
	ids    map[string]int
	diffOf map[[2]int]string // row and missing input to the id of the difference
}

func newRun(inputs []Input, opts *Options) *run {
	r := &run{opts: opts, ids: make(map[string]int), diffOf: make(map[[2]int]string), out: &Reconciliation{}}
	for i := range inputs {
		r.sources = append(r.sources, newSource(&inputs[i]))
	}
	shared := sharedDistribution(r.sources)
	for i, s := range r.sources {
		if s.dist == nil {
			s.dist = shared
		}
		r.addComponents(i, s)
		r.addNamed(i, s)
		s.count = len(r.entities) - s.first
		s.complete = s.complete || s.listsMore()
		if s.complete {
			r.complete |= 1 << i
		}
		if s.Report != nil {
			r.reports |= 1 << i
		}
	}
	return r
}

func newSource(in *Input) *source {
	s := &source{Input: in, inv: in.Inventory, complete: in.Inventory != nil,
		byID: make(map[string]int), byKey: make(map[identity.Key]int), ofType: make(map[string]int), atPath: make(map[string]int),
		sole: make(map[spot]int), bare: make(map[string][]int),
		unread: make(map[string]*sbom.Gap), incomplete: make(map[string]*sbom.Gap), ownerOf: make(map[string]string), fileAt: make(map[string]*sbom.File)}
	if s.inv == nil {
		s.inv = in.Report.Inventory
	}
	if s.inv != nil {
		s.subject, s.dist = s.inv.Subject, s.inv.Distribution
		s.index(s.inv)
	}
	if in.Report != nil {
		s.subject = completeSubject(s.subject, in.Report.Subject)
		if s.dist == nil {
			s.dist = in.Report.Distribution
		}
		for i := range in.Report.Gaps {
			s.addGap(&in.Report.Gaps[i])
		}
	}
	return s
}

func (s *source) index(inv *sbom.Inventory) {
	for i := range inv.Gaps {
		s.addGap(&inv.Gaps[i])
	}
	for _, rel := range inv.Relationships {
		if rel.Type == sbom.Owns {
			s.ownerOf[rel.To] = rel.From
		}
	}
	for i := range inv.Files {
		s.fileAt[trimRoot(inv.Files[i].Path)] = &inv.Files[i]
	}
}

func (s *source) addGap(g *sbom.Gap) {
	at := s.unread
	switch g.Kind {
	case sbom.GapLimit, sbom.GapCorrupt, sbom.GapUnsupported, sbom.GapEncrypted:
	case sbom.GapIncomplete:
		at = s.incomplete
	default:
		return
	}
	if path := trimRoot(g.Path); path != "" && at[path] == nil {
		at[path] = g
	}
}

// listsMore reports whether a report's component list has more than the
// components with findings, so that it is a list of all.
func (s *source) listsMore() bool {
	if s.inv == nil || s.Report == nil {
		return false
	}
	found := make(map[int]bool)
	for _, e := range s.findingEntity {
		found[e] = true
	}
	return len(found) < len(s.inv.Components)
}

func completeSubject(a, b sbom.Subject) sbom.Subject {
	if a.Name == "" {
		a.Name = b.Name
	}
	if a.Digest == "" {
		a.Digest = b.Digest
	}
	if a.Index == "" {
		a.Index = b.Index
	}
	if a.Config == "" {
		a.Config = b.Config
	}
	if a.Platform == (sbom.Platform{}) {
		a.Platform = b.Platform
	}
	return a
}

// sharedDistribution is what completes inputs that name no distribution: that
// of the others, if they are of one mind.
func sharedDistribution(sources []*source) *sbom.Distribution {
	var shared *sbom.Distribution
	for _, s := range sources {
		switch {
		case s.dist == nil:
		case shared == nil:
			shared = s.dist
		case identity.DistributionID(shared.ID) != identity.DistributionID(s.dist.ID):
			return nil
		}
	}
	return shared
}

func (r *run) addComponents(i int, s *source) {
	s.first = len(r.entities)
	if s.inv == nil {
		return
	}
	for k := range s.inv.Components {
		c := &s.inv.Components[k]
		n := r.addEntity(entity{input: i, comp: c, id: identity.Canonical(c, s.dist)})
		if _, dup := s.byID[c.ID]; c.ID != "" && !dup {
			s.byID[c.ID] = n
		}
	}
}

func (r *run) addEntity(e entity) int {
	s := r.sources[e.input]
	e.path, e.arch = trimRoot(e.comp.Location().Path), architecture(e.comp)
	n := len(r.entities)
	r.entities = append(r.entities, e)
	for _, l := range []identity.Level{identity.LevelVersion, identity.LevelLoose} {
		if k := e.id.Key(l); k != "" {
			if _, dup := s.byKey[k]; !dup {
				s.byKey[k] = n
			}
		}
	}
	s.ofType[e.id.Type]++
	if e.id.Err != nil && e.comp.Name != "" {
		name := strings.ToLower(e.comp.Name)
		s.bare[name] = append(s.bare[name], n)
	}
	if e.path != "" && e.id.Type != "file" {
		s.atPath[outerPath(e.path)]++
	}
	if e.path != "" && !isFile(&e) {
		s.addSole(spot{e.path, e.id.Type}, n)
		s.addSole(spot{e.path, anyType}, n)
	}
	return n
}

func (s *source) addSole(at spot, n int) {
	if _, several := s.sole[at]; several {
		n = -1
	}
	s.sole[at] = n
}

// addNamed resolves the findings' components, and adds those that the input's
// inventory does not have.
func (r *run) addNamed(i int, s *source) {
	if s.Report == nil {
		return
	}
	seen := make(map[refKey]int)
	s.findingEntity = make([]int, len(s.Report.Findings))
	for k := range s.Report.Findings {
		ref := &s.Report.Findings[k].Component
		key := refKey{ref.ID, ref.PURL, ref.Type, ref.Group, ref.Name, ref.Version, ref.Location.Path}
		n, ok := seen[key]
		if !ok {
			n = r.resolve(i, s, ref)
			seen[key] = n
		}
		s.findingEntity[k] = n
	}
}

type refKey struct{ id, purl, typ, group, name, version, path string }

func (r *run) resolve(i int, s *source, ref *scan.ComponentRef) int {
	if n, ok := s.byID[ref.ID]; ok && r.entities[n].comp.Name == ref.Name {
		return n
	}
	c := componentOf(ref, s.dist)
	id := identity.Canonical(c, s.dist)
	for _, l := range []identity.Level{identity.LevelVersion, identity.LevelLoose} {
		if n, ok := s.byKey[id.Key(l)]; ok && id.Key(l) != "" {
			return n
		}
	}
	return r.addEntity(entity{input: i, comp: c, id: id, named: true})
}

// componentOf makes a component of a finding's reference. A reference that has
// a type and no purl is given one.
func componentOf(ref *scan.ComponentRef, d *sbom.Distribution) *sbom.Component {
	c := &sbom.Component{ID: ref.ID, PURL: ref.PURL, Group: ref.Group, Name: ref.Name, Version: ref.Version, Source: ref.Source}
	if ref.Location.Path != "" {
		c.Evidence = []sbom.Evidence{{Location: ref.Location}}
	}
	if c.PURL != "" || ref.Type == "" {
		return c
	}
	ns, name := ref.Group, ref.Name
	switch ref.Type {
	case "golang", "npm", "composer":
		if k := strings.LastIndexByte(name, '/'); ns == "" && k > 0 {
			ns, name = name[:k], name[k+1:]
		}
	case "deb", "rpm", "apk":
		if ns == "" && d != nil {
			ns = d.ID
		}
	}
	c.PURL = sbom.NewPURL(ref.Type, ns, name, ref.Version, nil)
	return c
}

func trimRoot(path string) string { return strings.TrimLeft(path, "/") }

// outerPath is the file of the image that a path inside archives is in.
func outerPath(path string) string {
	outer, _, _ := strings.Cut(path, "!/")
	return outer
}

// architectures maps the package managers' names to one of them.
var architectures = map[string]string{"x86_64": "amd64", "aarch64": "arm64", "i686": "i386", "i586": "i386", "x86": "i386", "386": "i386",
	"armv7hl": "armhf", "armv7": "armhf", "all": "", "noarch": "", "any": "", "source": "", "src": ""}

func architecture(c *sbom.Component) string {
	arch := c.Architecture
	if arch == "" {
		arch = qualifier(c.PURL, "arch")
	}
	if a, ok := architectures[arch]; ok {
		return a
	}
	return arch
}

// qualifier reads one qualifier of a purl, for values without encoding.
func qualifier(purl, key string) string {
	_, query, ok := strings.Cut(purl, "?")
	for ok {
		var pair string
		pair, query, ok = strings.Cut(query, "&")
		if v, found := strings.CutPrefix(pair, key+"="); found {
			v, _, _ = strings.Cut(v, "#")
			return v
		}
	}
	return ""
}
