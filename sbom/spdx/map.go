package spdx

import (
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
	lost     document.Losses
	own      bool // whether the document is one of Encode
	kept     []kept
	subject  string
	ids      map[string]string // SPDX identifier -> component id
	known    map[string]bool   // identifiers of elements that are no components
	used     map[string]bool   // component ids
	copies   map[string]int
	licenses map[string]*extracted
	told     map[string]bool // licences that a component told in full
	contains map[[2]string]bool
	layers   document.Layers
	files    map[string]*pkg
	evident  map[string][]sbom.Location // SPDX identifier -> files that show it
	distro   *sbom.Distribution         // named by a package URL
}

func newMapper(d *doc) *mapper {
	m := &mapper{
		doc: d, inv: &sbom.Inventory{}, lost: d.lost, kept: keptFields(), licenses: make(map[string]*extracted), told: make(map[string]bool),
		ids: make(map[string]string, len(d.Packages)), known: map[string]bool{d.SPDXID: true, noAssertion: true, none: true},
		used: make(map[string]bool, len(d.Packages)), copies: make(map[string]int),
		files: make(map[string]*pkg), evident: make(map[string][]sbom.Location),
	}
	m.layers.Inventory = m.inv
	return m
}

// mapDoc maps the fields of the document and then applies the overlay. It takes
// the packages of d apart as it goes.
func mapDoc(d *doc) (*sbom.Inventory, []sbom.Loss) {
	m := newMapper(d)
	var props []sbom.Property
	for _, a := range d.Annotations {
		if own, ok := parseStatement(a.Comment); ok {
			m.own = true
			props = append(props, own...)
		} else {
			m.lost.Add("", "annotations", reasonDocument, 1)
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
	m.loseLicenses()
	m.inv.Gaps = m.gaps.List()
	document.ApplyInventory(m.inv, props)
	return m.inv, m.lost.List()
}

// Reasons of losses.
const (
	reasonDocument = "an inventory has no place for what is said about the document"
	reasonSubject  = "the subject of an inventory has no such field"
	reasonNobody   = "it is about no component"
	reasonClass    = "an inventory has no place for it"
)

// creation maps the creators: an organization is the vendor of the tools beside
// it when it is the only one.
func (m *mapper) creation() {
	var err error
	c := &m.doc.Creation
	if m.inv.Created, err = document.ParseTime(c.Created); err != nil {
		m.gaps.Add(sbom.GapCorrupt, "", "creation date %.40q is no time", c.Created)
	}
	var vendors []string
	for _, c := range c.Creators {
		if v, ok := strings.CutPrefix(c, "Organization: "); ok {
			vendors = append(vendors, v)
		}
	}
	others := len(c.Creators)
	for _, c := range c.Creators {
		if name, ok := strings.CutPrefix(c, "Tool: "); ok {
			others--
			t := tool(name)
			if len(vendors) == 1 {
				t.Vendor = vendors[0]
			}
			m.inv.Tools = append(m.inv.Tools, t)
		}
	}
	if len(vendors) == 1 && len(m.inv.Tools) > 0 {
		others--
	}
	if m.own {
		return
	}
	m.lost.Add("", "creationInfo.creators", reasonDocument, others)
	m.lose("creationInfo.comment", c.Comment)
	m.lose("creationInfo.licenseListVersion", c.LicenseListVersion)
}

func (m *mapper) lose(field, value string) {
	if value != "" {
		m.lost.Add("", field, reasonDocument, 1)
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
			if described[p.SPDXID] && p.file == nil && (m.own || p.Purpose == purposeContainer || m.several()) {
				m.mapSubject(p)
				return
			}
		}
	}
	m.inv.Subject.Name = m.doc.Name
	m.lost.Add("", "documentDescribes", "an inventory describes one image", len(described))
}

// several reports whether the document has more than one package.
func (m *mapper) several() bool {
	n := 0
	for i := range m.doc.Packages {
		if m.doc.Packages[i].file == nil {
			n++
		}
		if n > 1 {
			return true
		}
	}
	return false
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
		name, value, _ := strings.Cut(t, ": ")
		m.layers.TrivyFact(name, value)
	}
	if s.Name == string(s.Digest) || m.own && s.Name == "image" {
		s.Name = ""
	}
	if !m.own {
		m.loseSubject(p)
	}
}

// loseSubject reports what the package of the image says and a subject does not.
func (m *mapper) loseSubject(p *pkg) {
	s := &m.inv.Subject
	lose := func(field string, n int) { m.lost.Add("", "subject."+field, reasonSubject, n) }
	if p.Version != "" && string(s.Digest) != p.Version {
		lose("versionInfo", 1)
	}
	for _, c := range p.Checksums {
		if digest(&c) != s.Digest {
			lose("checksum", 1)
		}
	}
	if m.doc.Name != "" && m.doc.Name != p.Name {
		m.lost.Add("", "name", reasonDocument, 1)
	}
	for _, v := range []struct{ name, value string }{
		{"supplier", p.Supplier}, {"licenseDeclared", p.LicenseDeclared}, {"licenseConcluded", p.LicenseConcluded}, {"copyrightText", p.Copyright},
		{"description", p.Description}, {"downloadLocation", p.DownloadLocation}, {"homepage", p.HomePage},
	} {
		if !unstated(v.value) && v.value != none && !person(v.value) {
			lose(v.name, 1)
		}
	}
	for _, s := range p.FromFiles {
		if found(s) {
			lose("licenseInfoFromFile", 1)
		}
	}
	if p.Description == "" && p.Summary != "" {
		lose("summary", 1)
	}
	for i := range p.ExternalRefs {
		if r := &p.ExternalRefs[i]; !keepRef(p, r) && (r.Type != "purl" || !strings.Contains(r.Locator, s.Digest.Hex()) || s.Digest == "") {
			lose("externalRef", 1)
		}
	}
	for _, prop := range keptProperties(m.kept, p) {
		if name := strings.TrimPrefix(prop.Name, propertyPrefix); name != "checksum" && !m.trivyFact(name, prop.Value) {
			lose(name, 1)
		}
	}
}

// trivyFact reports a text of Trivy's that became a part of the subject or of the
// layers.
func (m *mapper) trivyFact(name, value string) bool {
	switch name {
	case "annotation":
		a, _ := exact[annotation](value)
		value = a.Comment
	case "attributionText":
	default:
		return false
	}
	name, value, _ = strings.Cut(value, ": ")
	d, err := sbom.ParseDigest(value[strings.LastIndexByte(value, '@')+1:])
	switch {
	case err != nil:
		return false
	case name == "RepoDigest":
		return d == m.inv.Subject.Digest
	}
	return name == "ImageID" && d == m.inv.Subject.Config || name == "DiffID"
}

// texts returns what Trivy says in attribution texts or annotations, "NAME: VALUE".
func texts(p *pkg) []string {
	if len(p.Annotations) == 0 {
		return p.Attribution
	}
	out := append([]string(nil), p.Attribution...)
	for _, a := range p.Annotations {
		if !strings.HasPrefix(a.Comment, heading) {
			out = append(out, a.Comment)
		}
	}
	return out
}

// findEvidence collects the files by which Syft says that a package is evident.
func (m *mapper) findEvidence() {
	for i := range m.doc.Packages {
		if p := &m.doc.Packages[i]; p.file != nil {
			m.files[p.SPDXID] = p
		}
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

// relate maps one relationship. Those of the document and of the image that say
// what it holds are the inventory itself.
func (m *mapper) relate(r *relationship) {
	typ, inverted := relationType(r.Type)
	from, to := r.From, r.To
	if inverted {
		from, to = to, from
	}
	told := r.Comment == ""
	if own, ok := strings.CutPrefix(r.Comment, document.RelationPrefix); ok && r.Type == relOther {
		typ, told = sbom.RelationshipType(document.Unquote(own)), true
	}
	if r.Type == relOther && strings.HasPrefix(r.Comment, "ownership-by-file-overlap") {
		typ, told = sbom.Owns, true
	}
	switch {
	case evidentBy(r) && m.files[r.To] != nil:
		return
	case m.known[from] || m.known[to]:
		m.loseRelationship(r, typ, from, told)
		return
	}
	fromID, ok := m.resolve(from)
	toID, ok2 := m.resolve(to)
	if !ok || !ok2 {
		return // told as a gap
	}
	m.inv.Relationships = append(m.inv.Relationships, sbom.Relationship{From: fromID, To: toID, Type: typ})
	if r.Type == relRuntimeOf {
		m.lost.Add("", "relationships.scope", "a dependency at run time is a dependency", 1)
	}
	if !told {
		m.lost.Add("", "relationships.comment", "a relationship has no comment", 1)
	}
}

// loseRelationship reports a relationship with an end that is no component, unless it
// says that the document describes the image, or that the image holds a component.
func (m *mapper) loseRelationship(r *relationship, typ sbom.RelationshipType, from string, told bool) {
	describes := r.Type == relDescribes || r.Type == relDescribedBy
	switch {
	case m.own || describes && told: // what is described besides is reported by findSubject
	case typ == sbom.Contains && from != m.doc.SPDXID && m.known[from] && told: // by the image
	default:
		m.lost.Add("", "relationships", reasonNobody, 1)
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
