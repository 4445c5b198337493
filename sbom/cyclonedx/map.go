package cyclonedx

import (
	"slices"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// mapper turns a document into an inventory.
type mapper struct {
	inv      *sbom.Inventory
	gaps     document.Gaps
	pointers bool // whether components are told their place in the document
	own      bool // whether the document is one of Encode
	// ids maps references to component ids; root and os are references of the
	// image, which is no component.
	ids     map[string]string
	used    map[string]bool
	copies  map[string]int
	root    map[string]bool
	pending []pending
	layers  document.Layers
	distro  *sbom.Distribution // named by a package URL
}

// pending is a relationship whose target may stand later in the document.
type pending struct {
	from string
	typ  sbom.RelationshipType
	ref  string
}

// mapBOM maps the fields of the document and then applies the overlay.
func mapBOM(bom *cdx.BOM, pointers bool) *sbom.Inventory {
	m := &mapper{
		inv: &sbom.Inventory{}, pointers: pointers,
		ids: make(map[string]string), used: make(map[string]bool), copies: make(map[string]int), root: make(map[string]bool),
	}
	m.layers.Inventory = m.inv
	var props []sbom.Property
	if md := bom.Metadata; md != nil {
		props = m.metadata(md)
	}
	if md := bom.Metadata; md != nil && md.Component != nil && md.Component.Components != nil {
		m.components(*md.Component.Components, "/metadata/component/components", "")
	}
	if bom.Components != nil {
		m.inv.Components = slices.Grow(m.inv.Components, len(*bom.Components))
		m.components(*bom.Components, "/components", "")
	}
	if m.inv.Distribution == nil {
		m.inv.Distribution = m.distro
	}
	m.relate(bom)
	m.inv.Gaps = m.gaps.List()
	document.ApplyInventory(m.inv, props)
	return m.inv
}

// metadata maps what is about the whole document, and returns the properties
// that are to be applied at the end.
func (m *mapper) metadata(md *cdx.Metadata) []sbom.Property {
	var err error
	if m.inv.Created, err = document.ParseTime(md.Timestamp); err != nil {
		m.gaps.Add(sbom.GapCorrupt, "", "metadata.timestamp %.40q is no time", md.Timestamp)
	}
	m.inv.Tools = tools(md.Tools)
	if md.Component != nil {
		m.root[md.Component.BOMRef] = true
		m.subject(md.Component)
	}
	props := properties(md.Properties)
	for _, p := range props {
		m.own = m.own || p.Name == markOwn
	}
	return props
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
	if name, ok := strings.CutPrefix(p.Name, "aquasecurity:trivy:"); ok {
		m.layers.TrivyFact(name, p.Value)
	}
}

// components maps a list of components; parent is the id of the component in
// which they are nested.
func (m *mapper) components(list []cdx.Component, pointer, parent string) {
	for i := range list {
		c := &list[i]
		at := pointer + "/" + strconv.Itoa(i)
		id := parent
		switch role(c) {
		case document.RoleDistribution:
			m.inv.Distribution = &sbom.Distribution{ID: c.Name, VersionID: c.Version, Name: c.Description}
			m.root[c.BOMRef] = true
		case document.RoleFile:
			m.file(c)
		default:
			id = m.component(c, at)
			if parent != "" {
				m.inv.Relationships = append(m.inv.Relationships, sbom.Relationship{From: parent, To: id, Type: sbom.Contains})
			}
		}
		if c.Components != nil {
			m.components(*c.Components, at+"/components", id)
		}
	}
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
	document.ApplyFile(&f, properties(c.Properties))
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
	if _, twice := m.ids[ref]; twice {
		m.gaps.Add(sbom.GapCorrupt, c.ID, "bom-ref %.200q is not unique: relationships are those of the first component with it", ref)
		return false
	}
	return ref != ""
}

// relate maps dependencies and the overlay's relationships. What depends on the
// image as a whole says nothing about components and is left out.
func (m *mapper) relate(bom *cdx.BOM) {
	for _, p := range m.pending {
		if to, ok := m.resolve(p.from, p.ref); ok {
			m.inv.Relationships = append(m.inv.Relationships, sbom.Relationship{From: p.from, To: to, Type: p.typ})
		}
	}
	if bom.Dependencies == nil {
		return
	}
	for _, d := range *bom.Dependencies {
		if m.root[d.Ref] || d.Dependencies == nil {
			continue
		}
		from, ok := m.ids[d.Ref]
		if !ok {
			m.gaps.Add(sbom.GapCorrupt, "", "dependencies of %.200q, which is no component of the document", d.Ref)
			continue
		}
		for _, on := range *d.Dependencies {
			if to, ok := m.resolve(from, on); ok {
				m.inv.Relationships = append(m.inv.Relationships, sbom.Relationship{From: from, To: to, Type: sbom.DependsOn})
			}
		}
	}
}

func (m *mapper) resolve(from, ref string) (string, bool) {
	to, ok := m.ids[ref]
	if !ok && !m.root[ref] {
		m.gaps.Add(sbom.GapCorrupt, from, "relationship with %.200q, which is no component of the document", ref)
	}
	return to, ok
}
