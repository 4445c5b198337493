package spdx

import (
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// packages maps packages, then files, in the document's order.
func (m *mapper) packages() {
	m.inv.Components = make([]sbom.Component, 0, len(m.doc.Packages)+len(m.doc.Files))
	for i := range m.doc.Packages {
		p := &m.doc.Packages[i]
		if p.SPDXID == m.subject && m.subject != "" {
			m.subject = "" // a second package with this identifier is a component
			continue
		}
		props := overlay(p)
		switch role(props) {
		case document.RoleDistribution:
			m.known[p.SPDXID] = true
			m.inv.Distribution = &sbom.Distribution{ID: m.name(p), VersionID: p.Version, Name: p.Description}
		case document.RoleFile:
			m.known[p.SPDXID] = true
			f := sbom.File{Path: m.name(p), Digests: digests(p.Checksums)}
			document.ApplyFile(&f, props)
			m.inv.Files = append(m.inv.Files, f)
		default:
			m.component(p, props)
		}
	}
	for i := range m.doc.Files {
		f := &m.doc.Files[i]
		m.component(&pkg{Name: f.Name, SPDXID: f.SPDXID, Checksums: f.Checksums, Comment: f.Comment, Purpose: purposeFile, at: f.at}, nil)
	}
}

// name returns the package's name, for which our own documents write NOASSERTION
// when it is empty.
func (m *mapper) name(p *pkg) string {
	if m.own && p.Name == noAssertion {
		return ""
	}
	return p.Name
}

func overlay(p *pkg) []sbom.Property {
	var props []sbom.Property
	for _, a := range p.Annotations {
		if own, ok := parseStatement(a.Comment); ok {
			props = append(props, own...)
		}
	}
	return props
}

func role(props []sbom.Property) string {
	for _, p := range props {
		if p.Name == document.Role {
			return p.Value
		}
	}
	return ""
}

func (m *mapper) component(p *pkg, props []sbom.Property) {
	c := sbom.Component{
		Type:        componentType(p.Purpose),
		Name:        m.name(p),
		Version:     p.Version,
		Supplier:    agent(p.Supplier),
		Description: p.Description,
		Licenses:    m.mapLicenses(p),
		Hashes:      digests(p.Checksums),
		Attribution: sbom.Attribution{Visible: true},
	}
	if c.Supplier == "" {
		c.Supplier = agent(p.Originator)
	}
	if c.Description == "" {
		c.Description = p.Summary
	}
	badPURL := m.external(&c, p)
	m.sourceInfo(&c, p.SourceInfo)
	m.trivy(&c, p)
	m.evidentBy(&c, m.evident[p.SPDXID])
	m.distribution(&c)
	first := m.identify(&c, p.SPDXID)
	if badPURL != "" {
		m.gaps.Add(sbom.GapCorrupt, c.ID, "package URL %.200q does not parse", badPURL)
	}
	if !m.own && c.Version == "" && c.Type != sbom.TypeFile {
		m.gaps.Add(sbom.GapIncomplete, c.ID, "the document states no version of %.200q", c.Name)
	}
	c.Properties = document.ApplyComponent(&c, props)
	if first {
		m.ids[p.SPDXID] = c.ID
	}
	if m.pointers {
		c.Properties = append(c.Properties, sbom.Property{Name: document.Pointer, Value: p.at})
	}
	m.inv.Components = append(m.inv.Components, c)
}

// componentType reads the purpose, which tag-value spells with a hyphen. A
// package without one is a library; a purpose that we have no word for stays.
func componentType(purpose string) sbom.ComponentType {
	purpose = strings.ReplaceAll(purpose, "-", "_")
	if purpose == "" {
		return sbom.TypeLibrary
	}
	for typ, p := range purposes {
		if p == purpose {
			return typ
		}
	}
	return sbom.ComponentType(strings.ToLower(purpose))
}

func agent(s string) string {
	if s == noAssertion {
		return ""
	}
	for _, prefix := range []string{"Organization: ", "Person: "} {
		if name, ok := strings.CutPrefix(s, prefix); ok {
			return name
		}
	}
	return s
}

func digests(in []checksum) []sbom.Digest {
	var out []sbom.Digest
	for _, c := range in {
		if d, err := sbom.ParseDigest(strings.ToLower(c.Algorithm) + ":" + c.Value); err == nil {
			out = append(out, d)
		}
	}
	return out
}

// mapLicenses takes the declared licence, or the concluded one where none is
// declared. The operands of an outermost AND are licences of their own.
func (m *mapper) mapLicenses(p *pkg) []sbom.License {
	stated := p.LicenseDeclared
	if unstated(stated) {
		stated = p.LicenseConcluded
	}
	if unstated(stated) {
		return nil
	}
	if !document.IsExpression(stated) {
		return []sbom.License{{Name: stated}}
	}
	var out []sbom.License
	for _, part := range document.SplitAnd(stated) {
		out = append(out, m.license(part))
	}
	return out
}

func unstated(s string) bool { return s == "" || s == noAssertion || s == "NONE" }

func (m *mapper) license(part string) sbom.License {
	x := m.licenses[part]
	if x == nil {
		return sbom.License{Expression: part}
	}
	switch {
	case x.Name != "" && x.Name != noAssertion && x.Name != part:
		return document.License(x.Name)
	case !unstated(x.Text):
		return document.License(x.Text)
	}
	return sbom.License{Expression: part}
}

// external maps the references to package managers and vulnerability databases.
// It returns the package URL if it does not parse.
func (m *mapper) external(c *sbom.Component, p *pkg) (bad string) {
	for _, r := range p.ExternalRefs {
		switch {
		case r.Type == "purl" && c.PURL == "":
			c.PURL = r.Locator
		case r.Type == "cpe23Type", r.Type == "cpe22Type":
			c.CPEs = append(c.CPEs, r.Locator)
		}
	}
	if c.PURL == "" {
		return ""
	}
	d, ok := document.DerivePURL(c.PURL)
	if !ok {
		return c.PURL
	}
	c.Architecture, c.Source = d.Architecture, d.Source
	if m.distro == nil && d.Distro != "" {
		m.distro = document.ParseDistro(d.Distro)
	}
	return ""
}

// maxPaths is how many paths of one package's source information are read. A path
// takes three bytes there, and evidence fifty times that.
const maxPaths = 1000

// sourceInfo reads what Trivy and Syft say there.
func (m *mapper) sourceInfo(c *sbom.Component, s string) {
	if source, ok := strings.CutPrefix(s, builtFrom); ok {
		name, version, _ := strings.Cut(source, " ")
		c.Source = &sbom.SourcePackage{Name: name, Version: version}
		return
	}
	how, ok := strings.CutPrefix(s, "acquired package info from ")
	if !ok {
		return
	}
	_, paths, _ := strings.Cut(how, ": ")
	for path := range strings.SplitSeq(paths, ", ") {
		if len(c.Evidence) == maxPaths {
			m.gaps.Add(sbom.GapLimit, "", "more than %d files show package %.200q", maxPaths, c.Name)
			return
		}
		if path != "" {
			c.Evidence = append(c.Evidence, evidence(c, sbom.Location{Path: strings.TrimPrefix(path, "/")}))
		}
	}
}

// trivy maps what Trivy says in texts, "NAME: VALUE".
func (m *mapper) trivy(c *sbom.Component, p *pkg) {
	var l sbom.Location
	for _, t := range texts(p) {
		name, value, _ := strings.Cut(t, ": ")
		switch name {
		case "LayerDiffID":
			l.Layer = m.layers.Ref(value)
			c.Attribution.Introduced = l.Layer
		case "FilePath":
			l.Path = strings.TrimPrefix(value, "/")
		}
	}
	if l != (sbom.Location{}) {
		m.evidentBy(c, []sbom.Location{l})
	}
}

func evidence(c *sbom.Component, l sbom.Location) sbom.Evidence {
	field := "name"
	if c.PURL != "" {
		field = "purl"
	}
	return sbom.Evidence{Field: field, Technique: sbom.TechniqueOther, Location: l}
}

// evidentBy adds the files that show the package. One that is known already only
// gets its layer.
func (m *mapper) evidentBy(c *sbom.Component, places []sbom.Location) {
	if len(places) == 0 {
		return
	}
	at := make(map[string]int, len(c.Evidence)+len(places))
	for i := range c.Evidence {
		at[c.Evidence[i].Location.Path] = i
	}
	for _, l := range places {
		i, ok := at[l.Path]
		if !ok {
			at[l.Path] = len(c.Evidence)
			c.Evidence = append(c.Evidence, evidence(c, l))
		} else if e := &c.Evidence[i].Location; e.Layer == nil {
			e.Layer = l.Layer
		}
	}
}

// distribution takes the distribution from the first operating system.
func (m *mapper) distribution(c *sbom.Component) {
	if c.Type == sbom.TypeOperatingSystem && m.inv.Distribution == nil {
		m.inv.Distribution = &sbom.Distribution{ID: document.DistroID(c.Name), VersionID: c.Version, Name: c.Description}
	}
}

// pointer is a JSON pointer to an element of a list.
func pointer(list string, i int) string { return "/" + list + "/" + strconv.Itoa(i) }
