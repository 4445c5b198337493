package spdx

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// packages maps packages and files in the document's order, and lets go of each.
func (m *mapper) packages() {
	m.inv.Components = make([]sbom.Component, 0, len(m.doc.Packages))
	for i := range m.doc.Packages {
		p := &m.doc.Packages[i]
		if p.SPDXID == m.subject && m.subject != "" {
			m.subject = "" // a second package with this identifier is a component
		} else {
			m.element(p)
		}
		m.hasFiles(p)
		*p = pkg{}
	}
}

func (m *mapper) element(p *pkg) {
	props := overlay(p)
	switch role := role(props); {
	case role == document.RoleDistribution && m.purpose(p, purposeOS) && m.inv.Distribution == nil && bare(p):
		m.known[p.SPDXID] = true
		m.inv.Distribution = m.distributionOf(p)
	case role == document.RoleFile && m.purpose(p, purposeFile) && p.Version == "" && bare(p):
		m.known[p.SPDXID] = true
		f := m.fileOf(p)
		document.ApplyFile(&f, props)
		m.inv.Files = append(m.inv.Files, f)
	default:
		m.component(p, props)
	}
}

// bare reports whether a package has nothing that Encode does not write of a
// distribution or a file. Whatever else says that it is one is software: by an annotation
// that other readers do not know, nothing may vanish from the inventory.
func bare(p *pkg) bool {
	return len(p.ExternalRefs) == 0 && unstated(p.LicenseDeclared) && unstated(p.LicenseConcluded)
}

// purpose reports whether a package says that it has the purpose, which it cannot in
// SPDX 2.2.
func (m *mapper) purpose(p *pkg, want string) bool {
	return p.Purpose == want || p.Purpose == "" && m.doc.SPDXVersion == "SPDX-2.2"
}

func (m *mapper) distributionOf(p *pkg) *sbom.Distribution {
	return &sbom.Distribution{ID: m.name(p), VersionID: p.Version, Name: p.Description}
}

func (m *mapper) fileOf(p *pkg) sbom.File {
	return sbom.File{Path: m.name(p), Digests: digests(p.Checksums)}
}

// hasFiles adds what SPDX 2.2 says beside relationships, where they do not say it.
func (m *mapper) hasFiles(p *pkg) {
	if len(p.HasFiles) > 0 && m.contains == nil {
		m.contains = make(map[[2]string]bool)
		for i := range m.doc.Relationships {
			switch r := &m.doc.Relationships[i]; r.Type {
			case relContains:
				m.contains[[2]string{r.From, r.To}] = true
			case relContainedBy:
				m.contains[[2]string{r.To, r.From}] = true
			}
		}
	}
	for _, id := range p.HasFiles {
		if key := [2]string{p.SPDXID, id}; !m.contains[key] {
			m.contains[key] = true
			m.doc.Relationships = append(m.doc.Relationships, relationship{From: p.SPDXID, Type: relContains, To: id})
		}
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

// component maps a package or file, gives it its identity and applies the overlay.
func (m *mapper) component(p *pkg, props []sbom.Property) {
	c := m.fields(p)
	m.evidentBy(&c, m.evident[p.SPDXID])
	first := m.identify(&c, p.SPDXID)
	if !document.GoodPURL(c.PURL) && c.PURL != "" {
		if _, ok := document.DerivePURL(c.PURL); !ok {
			m.gaps.Add(sbom.GapCorrupt, c.ID, "package URL %.200q does not parse", c.PURL)
		}
	}
	if !m.own && c.Version == "" && c.Type != sbom.TypeFile {
		m.gaps.Add(sbom.GapIncomplete, c.ID, "the document states no version of %.200q", c.Name)
	}
	ordinary := document.ApplyComponent(&c, props)
	c.Properties = append(c.Properties, ordinary...)
	if first {
		m.ids[p.SPDXID] = c.ID
	}
	if p.at != "" {
		c.Properties = append(c.Properties, sbom.Property{Name: document.Pointer, Value: p.at})
	}
	m.inv.Components = append(m.inv.Components, c)
}

// fields maps what a package says by itself.
func (m *mapper) fields(p *pkg) sbom.Component {
	c := sbom.Component{
		Type:        componentType(p.Purpose),
		Name:        m.name(p),
		Version:     p.Version,
		Supplier:    cmp.Or(agent(p.Supplier), agent(p.Originator)),
		Description: cmp.Or(p.Description, p.Summary),
		Hashes:      digests(p.Checksums),
		Attribution: sbom.Attribution{Visible: true},
	}
	if p.Copyright != none && !unstated(p.Copyright) {
		c.Copyright = p.Copyright
	}
	c.Properties = keptProperties(m.kept, p)
	m.mapLicenses(&c, p)
	m.external(&c, p)
	m.sourceInfo(&c, p.SourceInfo)
	m.trivy(&c, p)
	m.distribution(&c)
	return c
}

// componentType reads the purpose. A package without one is a library; a purpose
// that we have no word for stays.
func componentType(purpose string) sbom.ComponentType {
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
	for i := range in {
		if d := digest(&in[i]); d != "" {
			out = append(out, d)
		}
	}
	return out
}

// digest returns the empty digest for an algorithm that an inventory does not know
// and for a malformed value.
func digest(c *checksum) sbom.Digest {
	d, err := sbom.ParseDigest(strings.ToLower(c.Algorithm) + ":" + c.Value)
	if err != nil {
		return ""
	}
	return d
}

// mapLicenses takes the declared licence, then the concluded one, then those that were
// found in files. The operands of an outermost AND are licences of their own, but not of
// what was found in one file.
func (m *mapper) mapLicenses(c *sbom.Component, p *pkg) {
	m.expression(c, p.LicenseDeclared, sbom.LicenseDeclared)
	m.expression(c, p.LicenseConcluded, sbom.LicenseConcluded)
	for _, s := range p.FromFiles {
		if !found(s) {
			continue
		}
		l := sbom.License{Name: s}
		if spdxexpr.Valid(s) {
			l = m.license(s)
			m.tell(c, s)
		}
		l.Acknowledgement = sbom.LicenseFound
		c.Licenses = append(c.Licenses, l)
	}
}

func (m *mapper) expression(c *sbom.Component, stated string, by sbom.Acknowledgement) {
	switch {
	case unstated(stated) || stated == none:
		return
	case !spdxexpr.Valid(stated):
		c.Licenses = append(c.Licenses, sbom.License{Name: stated, Acknowledgement: by})
		return
	}
	for _, part := range document.SplitAnd(stated) {
		l := m.license(part)
		l.Acknowledgement = by
		c.Licenses = append(c.Licenses, l)
	}
	m.tell(c, stated)
}

// license reads an operand: an extracted licence is known by its name, or its text.
func (m *mapper) license(part string) sbom.License {
	x := m.licenses[part]
	if x == nil {
		return sbom.License{Expression: part}
	}
	return x.license()
}

// maxLicenseName is how long a text may be that stands for a licence wherever it is
// referred to, in bytes. Longer ones stay where they are defined.
const maxLicenseName = 1000

func (x *extracted) license() sbom.License {
	switch {
	case x.Name != "" && x.Name != noAssertion && x.Name != x.ID && len(x.Name) <= maxLicenseName:
		return document.License(x.Name)
	case !unstated(x.Text) && x.Text != none && len(x.Text) <= maxLicenseName:
		return document.License(x.Text)
	}
	return sbom.License{Expression: x.ID}
}

// tell keeps the extracted licences that an expression refers to with the first
// component that does: a text of any length may be referred to any number of times.
func (m *mapper) tell(c *sbom.Component, expression string) {
	if m.own || len(m.licenses) == 0 || !strings.Contains(expression, "LicenseRef-") {
		return
	}
	for _, id := range references(expression) {
		if x := m.licenses[id]; x != nil && !m.told[id] {
			m.told[id] = true
			c.Properties = append(c.Properties, sbom.Property{Name: extractedProperty, Value: compact(x)})
		}
	}
}

const extractedProperty = propertyPrefix + "hasExtractedLicensingInfo"

// references returns the words of an expression that may refer to extracted licences.
func references(expression string) []string {
	return strings.FieldsFunc(expression, func(r rune) bool { return !idString(r) })
}

// loseLicenses reports the extracted licences that no component refers to.
func (m *mapper) loseLicenses() {
	if !m.own {
		m.lost.Add("", "hasExtractedLicensingInfos", reasonNobody, len(m.doc.Licenses)-len(m.told))
	}
}

// external maps the references.
func (m *mapper) external(c *sbom.Component, p *pkg) {
	for _, r := range p.ExternalRefs {
		switch {
		case r.Type == "purl" && c.PURL == "":
			c.PURL = r.Locator
		case isCPE(r.Type):
			c.CPEs = append(c.CPEs, r.Locator)
		}
	}
	if l := p.DownloadLocation; !unstated(l) && l != none {
		c.References = append(c.References, sbom.Reference{Type: "distribution", URL: l})
	}
	if h := p.HomePage; !unstated(h) && h != none {
		c.References = append(c.References, sbom.Reference{Type: "website", URL: h})
	}
	if c.PURL == "" {
		return
	}
	d, ok := document.DerivePURL(c.PURL)
	if !ok {
		return
	}
	c.Architecture, c.Source = d.Architecture, d.Source
	if m.distro == nil && d.Distro != "" && !m.own {
		m.distro = document.ParseDistro(d.Distro)
	}
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
	if c.Type == sbom.TypeOperatingSystem && m.inv.Distribution == nil && !m.own {
		m.inv.Distribution = &sbom.Distribution{ID: document.DistroID(c.Name), VersionID: c.Version, Name: c.Description}
	}
}

// pointer is a JSON pointer to an element of a list.
func pointer(list string, i int) string { return "/" + list + "/" + strconv.Itoa(i) }
