package cyclonedx

import (
	"slices"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// mapper turns a document into an inventory, part by part in whatever order they
// come.
type mapper struct {
	inv      *sbom.Inventory
	gaps     document.Gaps
	losses   document.Losses
	pointers bool // whether components are told their place in the document
	own      bool // whether the document is one of Encode
	// at is where in the inventory the component with a reference is; root and
	// services are references of what is no component.
	at       map[string]int
	used     map[string]bool
	copies   map[string]int
	root     map[string]bool
	services map[string]bool
	ofRoot   map[int]bool // the components on which the image as a whole depends
	pending  []pending
	depends  []cdx.Dependency
	props    []sbom.Property // of the metadata
	layers   document.Layers
	early    []*sbom.LayerRef // those that were named before the layers were listed
	derived  struct{ component, purl *sbom.Distribution }
	itself   []string        // what the document states about itself
	strange  map[string]bool // names of parts that CycloneDX does not have
}

// pending is a relationship whose target may stand later in the document.
type pending struct {
	from int
	typ  sbom.RelationshipType
	ref  string
}

func newMapper(pointers bool) *mapper {
	m := &mapper{
		inv: &sbom.Inventory{}, pointers: pointers,
		at: make(map[string]int), used: make(map[string]bool), copies: make(map[string]int),
		root: make(map[string]bool), services: make(map[string]bool), ofRoot: make(map[int]bool), strange: make(map[string]bool),
	}
	m.layers.Inventory = m.inv
	return m
}

// mapBOM maps a document that is in memory.
func mapBOM(bom *cdx.BOM) *sbom.Inventory {
	m := newMapper(true)
	if bom.Metadata != nil {
		m.metadata(bom.Metadata)
	}
	if bom.Components != nil {
		m.inv.Components = slices.Grow(m.inv.Components, len(*bom.Components))
		m.components(*bom.Components, "/components", -1)
	}
	if bom.Services != nil {
		for i := range *bom.Services {
			m.services[(*bom.Services)[i].BOMRef] = true
		}
	}
	if bom.Dependencies != nil {
		m.depends = *bom.Dependencies
	}
	inv, _ := m.finish()
	return inv
}

// layer refers to a layer that the document names.
func (m *mapper) layer(diffID string) *sbom.LayerRef {
	r := m.layers.Ref(diffID)
	if r != nil && r.Index < 0 {
		m.early = append(m.early, r)
	}
	return r
}

// finish does what can be done only when the whole document was seen.
func (m *mapper) finish() (*sbom.Inventory, []sbom.Loss) {
	m.relate()
	if m.inv.Distribution == nil && !m.own {
		if m.inv.Distribution = m.derived.component; m.inv.Distribution == nil {
			m.inv.Distribution = m.derived.purl
		}
	}
	for _, r := range m.early {
		*r = *m.layers.Ref(string(r.DiffID))
	}
	if !m.own {
		m.incomplete()
		for _, name := range m.itself {
			m.losses.Add("", name, reasonIdentity, 1)
		}
	}
	rest := document.ApplyInventory(m.inv, m.props)
	m.losses.Add("", "metadata.properties", reasonNoPlace, len(rest)-count(rest, markOwn))
	m.inv.Gaps = append(m.inv.Gaps, m.gaps.List()...)
	return m.inv, m.losses.List()
}

func count(props []sbom.Property, name string) int {
	n := 0
	for _, p := range props {
		if p.Name == name {
			n++
		}
	}
	return n
}

// incomplete tells which components have no version.
func (m *mapper) incomplete() {
	for i := range m.inv.Components {
		if c := &m.inv.Components[i]; c.Version == "" && c.Type != sbom.TypeFile {
			m.gaps.Add(sbom.GapIncomplete, c.ID, "the document states no version of %.200q", c.Name)
		}
	}
}

// metadata maps what is about the whole document.
func (m *mapper) metadata(md *cdx.Metadata) {
	m.props = properties(md.Properties)
	m.own = count(m.props, markOwn) > 0
	var err error
	if m.inv.Created, err = document.ParseTime(md.Timestamp); err != nil {
		m.gaps.Add(sbom.GapCorrupt, "", "metadata.timestamp %.40q is no time", md.Timestamp)
	}
	m.inv.Tools = tools(md.Tools)
	if c := md.Component; c != nil {
		m.root[c.BOMRef] = true
		m.subject(c)
		if c.Components != nil {
			m.components(*c.Components, "/metadata/component/components", -1)
		}
	}
	if !m.own {
		m.loseMetadata(md)
	}
}

func properties(in *[]cdx.Property) []sbom.Property {
	if in == nil {
		return nil
	}
	out := make([]sbom.Property, len(*in))
	for i, p := range *in {
		out[i] = sbom.Property{Name: p.Name, Value: p.Value}
	}
	return out
}

func tools(t *cdx.ToolsChoice) []sbom.Tool {
	var out []sbom.Tool
	if t == nil {
		return nil
	}
	if t.Tools != nil {
		for _, tool := range *t.Tools {
			out = append(out, sbom.Tool{Vendor: tool.Vendor, Name: tool.Name, Version: tool.Version})
		}
	}
	if t.Components != nil {
		for i := range *t.Components {
			c := &(*t.Components)[i]
			vendor := supplier(c)
			if vendor == "" {
				vendor = c.Group
			}
			out = append(out, sbom.Tool{Vendor: vendor, Name: c.Name, Version: c.Version})
		}
	}
	if t.Services != nil {
		for _, s := range *t.Services {
			tool := sbom.Tool{Name: s.Name, Version: s.Version}
			if s.Provider != nil {
				tool.Vendor = s.Provider.Name
			}
			out = append(out, tool)
		}
	}
	return out
}

// subject maps the component that the document is about.
func (m *mapper) subject(c *cdx.Component) {
	s := &m.inv.Subject
	s.Name = c.Name
	if d, err := sbom.ParseDigest(c.Version); err == nil {
		s.Digest = d
	}
	if d, arch := document.ParseSubjectPURL(c.PackageURL); d != "" {
		if s.Digest == "" {
			s.Digest = d
		}
		s.Platform.Architecture = arch
	}
	for _, p := range properties(c.Properties) {
		m.subjectProperty(p)
	}
	// A digest that stands in for a missing name is no name.
	if s.Name == string(s.Digest) {
		s.Name = ""
	}
}

// subjectProperty maps the properties of Trivy's documents.
func (m *mapper) subjectProperty(p sbom.Property) {
	subject, layers := m.inv.Subject, len(m.inv.Layers)
	if name, ok := strings.CutPrefix(p.Name, "aquasecurity:trivy:"); ok {
		m.layers.TrivyFact(name, p.Value)
	}
	if subject == m.inv.Subject && layers == len(m.inv.Layers) {
		m.losses.Add("", "subject.properties", reasonNoPlace, 1)
	}
}

// components maps a list of components; parent is the component in which they are
// nested, if any.
func (m *mapper) components(list []cdx.Component, pointer string, parent int) {
	for i := range list {
		m.element(&list[i], pointer+"/"+strconv.Itoa(i), parent)
	}
}

// element maps a component and what is nested in it.
func (m *mapper) element(c *cdx.Component, pointer string, parent int) {
	at := parent
	switch role := role(c); {
	case role == document.RoleDistribution && c.Type == cdx.ComponentTypeOS && m.inv.Distribution == nil && bare(c):
		m.distribution(c)
	case role == document.RoleFile && c.Type == cdx.ComponentTypeFile && bare(c):
		m.file(c)
	default:
		at = m.component(c, pointer, parent)
	}
	if c.Components != nil {
		m.components(*c.Components, pointer+"/components", at)
	}
}

// bare reports whether a component has nothing that Encode does not write of a
// distribution or a file. Whatever else says that it is one is software: by a property
// that other readers do not know, nothing may vanish from the inventory.
func bare(c *cdx.Component) bool {
	return c.PackageURL == "" && c.CPE == "" && c.Group == "" && c.Licenses == nil && c.Components == nil &&
		(c.Type == cdx.ComponentTypeOS || c.Version == "")
}

func (m *mapper) distribution(c *cdx.Component) {
	m.inv.Distribution = &sbom.Distribution{ID: c.Name, VersionID: c.Version, Name: c.Description}
	m.root[c.BOMRef] = true
}

func role(c *cdx.Component) string {
	if c.Properties == nil {
		return ""
	}
	for _, p := range *c.Properties {
		if p.Name == document.Role {
			return p.Value
		}
	}
	return ""
}

func (m *mapper) file(c *cdx.Component) {
	f := sbom.File{Path: c.Name, Digests: digests(c.Hashes)}
	rest := document.ApplyFile(&f, properties(c.Properties))
	m.losses.Add("", "files.properties", reasonNoPlace, len(rest))
	m.losses.Add("", "files", reasonNoPlace, len(kept(c)))
	m.inv.Files = append(m.inv.Files, f)
}

// identify gives c an id that no other component of the document's own has, and
// reports whether c is the one that its reference means.
func (m *mapper) identify(c *sbom.Component, ref string) bool {
	if c.ID == "" {
		c.ID = sbom.ComponentID(c)
	}
	base := c.ID
	for m.used[c.ID] {
		m.copies[base]++
		c.ID = base + "~" + strconv.Itoa(m.copies[base]+1)
	}
	m.used[c.ID] = true
	if _, twice := m.at[ref]; twice {
		m.gaps.Add(sbom.GapCorrupt, c.ID, "bom-ref %.200q is not unique: relationships are those of the first component with it", ref)
		return false
	}
	return ref != ""
}

func (m *mapper) relationship(from, to int, typ sbom.RelationshipType) {
	m.inv.Relationships = append(m.inv.Relationships, sbom.Relationship{From: m.inv.Components[from].ID, To: m.inv.Components[to].ID, Type: typ})
}

// relate maps dependencies and the overlay's relationships.
func (m *mapper) relate() {
	for _, p := range m.pending {
		m.edge(p.from, p.ref, p.typ)
	}
	m.pending = nil
	for i := range m.depends {
		m.dependency(&m.depends[i])
	}
	m.depends = nil
}

// provides is the type of relationships of CycloneDX that no constant of package
// sbom names: From implements To, such as an algorithm.
const provides sbom.RelationshipType = "provides"

func (m *mapper) dependency(d *cdx.Dependency) {
	for _, list := range []struct {
		refs *[]string
		typ  sbom.RelationshipType
	}{{d.Dependencies, sbom.DependsOn}, {d.Provides, provides}} {
		if list.refs != nil {
			m.edges(d.Ref, *list.refs, list.typ)
		}
	}
}

func (m *mapper) edges(ref string, to []string, typ sbom.RelationshipType) {
	from, ok := m.at[ref]
	switch {
	case ok:
		for _, on := range to {
			m.edge(from, on, typ)
		}
	case m.root[ref]:
		for _, on := range to {
			m.rootEdge(on, typ)
		}
	case m.services[ref]:
		m.losses.Add("", "dependencies", reasonService, len(to))
	case len(to) > 0:
		m.gaps.Add(sbom.GapCorrupt, "", "dependencies of %.200q, which is no component of the document", ref)
	}
}

func (m *mapper) edge(from int, ref string, typ sbom.RelationshipType) {
	if to, ok := m.at[ref]; ok {
		m.relationship(from, to, typ)
		return
	}
	m.nowhere(m.inv.Components[from].ID, ref)
}

// nowhere tells of an edge to what is no component.
func (m *mapper) nowhere(component, ref string) {
	switch {
	case m.root[ref]:
		m.losses.Add("", "dependencies", reasonRoot, 1)
	case m.services[ref]:
		m.losses.Add("", "dependencies", reasonService, 1)
	default:
		m.gaps.Add(sbom.GapCorrupt, component, "relationship with %.200q, which is no component of the document", ref)
	}
}

// rootEdge maps a dependency of the image as a whole.
func (m *mapper) rootEdge(ref string, typ sbom.RelationshipType) {
	to, ok := m.at[ref]
	switch {
	case !ok:
		m.nowhere("", ref)
	case typ != sbom.DependsOn:
		m.losses.Add("", "dependencies", reasonRoot, 1)
	default:
		if c := &m.inv.Components[to]; !m.ofRoot[to] {
			m.ofRoot[to] = true
			c.Properties = append(c.Properties, sbom.Property{Name: dependencyOf, Value: subjectRef})
		}
	}
}
