package spdx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// mapper turns a document into an inventory.
type mapper struct {
	doc      *doc
	inv      *sbom.Inventory
	gaps     document.Gaps
	pointers bool // whether components are told their place in the document
	own      bool // whether the document is one of Encode
	subject  string
	ids      map[string]string // SPDX identifier -> component id
	known    map[string]bool   // identifiers of elements that are no components
	used     map[string]bool   // component ids
	copies   map[string]int
	licenses map[string]*extracted
	layers   document.Layers
	files    map[string]*file
	evident  map[string][]sbom.Location // SPDX identifier -> files that show it
	distro   *sbom.Distribution         // named by a package URL
}

// mapDoc maps the fields of the document and then applies the overlay.
func mapDoc(d *doc, pointers bool) *sbom.Inventory {
	m := &mapper{
		doc: d, inv: &sbom.Inventory{}, pointers: pointers,
		ids: make(map[string]string, len(d.Packages)), known: map[string]bool{d.SPDXID: true, noAssertion: true, "NONE": true},
		used: make(map[string]bool, len(d.Packages)), copies: make(map[string]int), licenses: make(map[string]*extracted),
		files: make(map[string]*file), evident: make(map[string][]sbom.Location),
	}
	m.layers.Inventory = m.inv
	var props []sbom.Property
	for _, a := range d.Annotations {
		if own, ok := parseStatement(a.Comment); ok {
			m.own = true
			props = append(props, own...)
		}
	}
	m.creation()
	for i := range d.Licenses {
		m.licenses[d.Licenses[i].ID] = &d.Licenses[i]
	}
	m.findSubject()
	m.findEvidence()
	m.packages()
	if m.inv.Distribution == nil {
		m.inv.Distribution = m.distro
	}
	for i := range d.Relationships {
		m.relate(&d.Relationships[i])
	}
	m.inv.Gaps = m.gaps.List()
	document.ApplyInventory(m.inv, props)
	return m.inv
}

// creation maps the creators: an organization is the vendor of the tools beside
// it when it is the only one.
func (m *mapper) creation() {
	var err error
	if m.inv.Created, err = document.ParseTime(m.doc.Creation.Created); err != nil {
		m.gaps.Add(sbom.GapCorrupt, "", "creation date %.40q is no time", m.doc.Creation.Created)
	}
	var vendors []string
	for _, c := range m.doc.Creation.Creators {
		if v, ok := strings.CutPrefix(c, "Organization: "); ok {
			vendors = append(vendors, v)
		}
	}
	for _, c := range m.doc.Creation.Creators {
		if name, ok := strings.CutPrefix(c, "Tool: "); ok {
			t := tool(name)
			if len(vendors) == 1 {
				t.Vendor = vendors[0]
			}
			m.inv.Tools = append(m.inv.Tools, t)
		}
	}
}

// tool reads "NAME-VERSION", where the version begins with a digit, perhaps
// behind a "v".
func tool(s string) sbom.Tool {
	for i := 1; i+1 < len(s); i++ {
		if s[i] != '-' {
			continue
		}
		if v := strings.TrimPrefix(s[i+1:], "v"); v != "" && v[0] >= '0' && v[0] <= '9' {
			return sbom.Tool{Name: s[:i], Version: s[i+1:]}
		}
	}
	return sbom.Tool{Name: s}
}

// findSubject finds the one package that the document describes, unless that is
// all it holds.
func (m *mapper) findSubject() {
	described := make(map[string]bool)
	for _, id := range m.doc.Describes {
		described[id] = true
	}
	for _, r := range m.doc.Relationships {
		switch {
		case r.Type == relDescribes && r.From == m.doc.SPDXID:
			described[r.To] = true
		case r.Type == relDescribedBy && r.To == m.doc.SPDXID:
			described[r.From] = true
		}
	}
	if len(described) == 1 {
		for i := range m.doc.Packages {
			p := &m.doc.Packages[i]
			if described[p.SPDXID] && (m.own || p.Purpose == purposeContainer || len(m.doc.Packages) > 1) {
				m.mapSubject(p)
				return
			}
		}
	}
	m.inv.Subject.Name = m.doc.Name
}

func (m *mapper) mapSubject(p *pkg) {
	m.subject = p.SPDXID
	m.known[p.SPDXID] = true
	s := &m.inv.Subject
	s.Name = p.Name
	if d, err := sbom.ParseDigest(p.Version); err == nil {
		s.Digest = d
	}
	for _, r := range p.ExternalRefs {
		if d, arch := document.ParseSubjectPURL(r.Locator); d != "" && r.Type == "purl" {
			if s.Digest == "" {
				s.Digest = d
			}
			s.Platform.Architecture = arch
		}
	}
	for _, t := range texts(p) {
		m.subjectText(t)
	}
	if s.Name == string(s.Digest) || m.own && s.Name == "image" {
		s.Name = ""
	}
}

// texts returns what Trivy says in attribution texts or annotations, "NAME: VALUE".
func texts(p *pkg) []string {
	out := slices.Clip(p.Attribution)
	for _, a := range p.Annotations {
		if !strings.HasPrefix(a.Comment, heading) {
			out = append(out, a.Comment)
		}
	}
	return out
}

func (m *mapper) subjectText(t string) {
	name, value, _ := strings.Cut(t, ": ")
	m.layers.TrivyFact(name, value)
}

// findEvidence collects the files by which Syft says that a package is evident.
func (m *mapper) findEvidence() {
	for i := range m.doc.Files {
		m.files[m.doc.Files[i].SPDXID] = &m.doc.Files[i]
	}
	for _, r := range m.doc.Relationships {
		if f := m.files[r.To]; f != nil && evidentBy(&r) {
			l := sbom.Location{Path: strings.TrimPrefix(f.Name, "/")}
			if _, diffID, ok := strings.Cut(f.Comment, "layerID: "); ok {
				diffID, _, _ = strings.Cut(diffID, "\n")
				l.Layer = m.layers.Ref(diffID)
			}
			m.evident[r.From] = append(m.evident[r.From], l)
		}
	}
}

func evidentBy(r *relationship) bool {
	return r.Type == relOther && strings.HasPrefix(r.Comment, "evident-by")
}

// relate maps one relationship. Relationships of the document and of the image
// say nothing about components and are left out.
func (m *mapper) relate(r *relationship) {
	from, to, typ := r.From, r.To, sbom.RelationshipType("")
	switch r.Type {
	case relDependsOn:
		typ = sbom.DependsOn
	case relDependencyOf, relRuntimeOf:
		from, to, typ = to, from, sbom.DependsOn
	case relContains:
		typ = sbom.Contains
	case relContainedBy:
		from, to, typ = to, from, sbom.Contains
	case relDescribes, relDescribedBy:
		return
	default:
		typ = sbom.RelationshipType("spdx:" + r.Type)
	}
	if own, ok := strings.CutPrefix(r.Comment, document.RelationPrefix); ok && r.Type == relOther {
		typ = sbom.RelationshipType(document.Unquote(own))
	}
	if r.Type == relOther && strings.HasPrefix(r.Comment, "ownership-by-file-overlap") {
		typ = sbom.Owns
	}
	if m.known[from] || m.known[to] || evidentBy(r) && m.files[r.To] != nil {
		return
	}
	fromID, ok := m.resolve(from)
	toID, ok2 := m.resolve(to)
	if ok && ok2 {
		m.inv.Relationships = append(m.inv.Relationships, sbom.Relationship{From: fromID, To: toID, Type: typ})
	}
}

func (m *mapper) resolve(ref string) (string, bool) {
	id, ok := m.ids[ref]
	if !ok {
		m.gaps.Add(sbom.GapCorrupt, "", "relationship with %.200q, which is no element of the document", ref)
	}
	return id, ok
}

// identify gives c an id that no other component of the document's own has, and
// reports whether c is the one that its reference means.
func (m *mapper) identify(c *sbom.Component, ref string) bool {
	c.ID = ref
	if m.own {
		c.ID = strings.TrimPrefix(ref, refPrefix)
	}
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
		m.gaps.Add(sbom.GapCorrupt, c.ID, "SPDX identifier %.200q is not unique: relationships are those of the first element with it", ref)
		return false
	}
	return ref != ""
}
