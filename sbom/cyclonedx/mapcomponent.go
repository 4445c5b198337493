package cyclonedx

import (
	"slices"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// component maps one component, appends it to the inventory and returns its
// index. What it is nested in is the component at parent, or nothing if negative.
func (m *mapper) component(in *cdx.Component, pointer string, parent int) int {
	c := m.read(in)
	at := len(m.inv.Components)
	m.operatingSystem(in)
	first := m.identify(&c, in.BOMRef)
	if in.PackageURL != "" && !parses(in.PackageURL) {
		m.gaps.Add(sbom.GapCorrupt, c.ID, "package URL %.200q does not parse", in.PackageURL)
	}
	m.overlay(&c, in, at)
	c.Properties = append(c.Properties, kept(in)...)
	if first {
		m.at[in.BOMRef] = at
	}
	if m.pointers {
		c.Properties = append(c.Properties, sbom.Property{Name: document.Pointer, Value: pointer})
	}
	m.inv.Components = append(m.inv.Components, c)
	if parent >= 0 {
		m.relationship(parent, at, sbom.Contains)
	}
	return at
}

// read maps the fields of one component, and the properties of other tools.
func (m *mapper) read(in *cdx.Component) sbom.Component {
	c := sbom.Component{
		ID:          in.BOMRef,
		Type:        sbom.ComponentType(in.Type),
		PURL:        in.PackageURL,
		Group:       in.Group,
		Name:        in.Name,
		Version:     in.Version,
		Supplier:    supplier(in),
		Description: in.Description,
		Copyright:   in.Copyright,
		Licenses:    slices.Concat(mapLicenses(in.Licenses), mapFound(in.Evidence)),
		Hashes:      digests(in.Hashes),
		References:  mapReferences(in.ExternalReferences),
		Attribution: sbom.Attribution{Visible: true},
	}
	if in.Scope == cdx.ScopeExcluded {
		c.Scope = sbom.ScopeDeclared
	}
	if in.CPE != "" {
		c.CPEs = []string{in.CPE}
	}
	m.derive(&c)
	c.Evidence = mapEvidence(in.Evidence, subjectField(&c))
	m.foreign(&c, in)
	return c
}

func parses(purl string) bool {
	_, ok := document.DerivePURL(purl)
	return ok
}

// derive takes from the package URL what other fields do not say.
func (m *mapper) derive(c *sbom.Component) {
	if c.PURL == "" {
		return
	}
	d, ok := document.DerivePURL(c.PURL)
	if !ok {
		return
	}
	c.Architecture, c.Source = d.Architecture, d.Source
	if m.derived.purl == nil && d.Distro != "" {
		m.derived.purl = document.ParseDistro(d.Distro)
	}
}

// operatingSystem takes the distribution from the first operating system.
func (m *mapper) operatingSystem(in *cdx.Component) {
	if in.Type != cdx.ComponentTypeOS || m.derived.component != nil {
		return
	}
	d := &sbom.Distribution{ID: document.DistroID(in.Name), VersionID: in.Version, Name: in.Description}
	for _, p := range properties(in.Properties) {
		switch p.Name {
		case "syft:distro:versionCodename":
			d.Codename = p.Value
		case "syft:distro:prettyName":
			d.Name = p.Value
		}
	}
	m.derived.component = d
}

// overlay applies the overlay, and puts its relationships off until all
// components are known.
func (m *mapper) overlay(c *sbom.Component, in *cdx.Component, at int) {
	var relations, others []sbom.Property
	for _, p := range properties(in.Properties) {
		if strings.HasPrefix(p.Name, document.RelationPrefix) {
			relations = append(relations, p)
		} else {
			others = append(others, p)
		}
	}
	c.Properties = document.ApplyComponent(c, others)
	for _, r := range relations {
		typ := document.Unquote(strings.TrimPrefix(r.Name, document.RelationPrefix))
		m.pending = append(m.pending, pending{at, sbom.RelationshipType(typ), r.Value})
	}
}

func supplier(c *cdx.Component) string {
	switch {
	case c.Supplier != nil && c.Supplier.Name != "":
		return c.Supplier.Name
	case c.Publisher != "":
		return c.Publisher
	case c.Manufacturer != nil && c.Manufacturer.Name != "":
		return c.Manufacturer.Name
	case c.Author != "":
		return c.Author
	case c.Authors != nil && len(*c.Authors) > 0:
		return (*c.Authors)[0].Name
	}
	return ""
}

func digests(in *[]cdx.Hash) []sbom.Digest {
	if in == nil {
		return nil
	}
	var out []sbom.Digest
	for _, h := range *in {
		if d, ok := digest(h); ok {
			out = append(out, d)
		}
	}
	return out
}

var digestNames = map[cdx.HashAlgorithm]string{
	cdx.HashAlgoMD5: "md5:", cdx.HashAlgoSHA1: "sha1:", cdx.HashAlgoSHA256: "sha256:", cdx.HashAlgoSHA384: "sha384:", cdx.HashAlgoSHA512: "sha512:",
}

func digest(h cdx.Hash) (sbom.Digest, bool) {
	name, ok := digestNames[h.Algorithm]
	if !ok {
		name = strings.ReplaceAll(strings.ToLower(string(h.Algorithm)), "-", "") + ":"
	}
	d, err := sbom.ParseDigest(name + h.Value)
	return d, err == nil
}

func mapLicenses(in *cdx.Licenses) []sbom.License {
	if in == nil {
		return nil
	}
	var out []sbom.License
	for _, l := range *in {
		var license sbom.License
		switch {
		case l.Expression != "":
			license = document.License(l.Expression)
			if l.Acknowledgement != nil {
				license.Acknowledgement = acknowledgement(*l.Acknowledgement)
			}
		case l.License == nil:
			continue
		case l.License.ID != "":
			license = sbom.License{Expression: l.License.ID, Acknowledgement: acknowledgement(l.License.Acknowledgement)}
		case l.License.Name != "":
			license = document.License(l.License.Name)
			license.Acknowledgement = acknowledgement(l.License.Acknowledgement)
		default:
			continue
		}
		out = append(out, license)
	}
	return out
}

// mapFound reads the licences of the evidence, which were found, whoever acknowledged them.
func mapFound(in *cdx.Evidence) []sbom.License {
	if in == nil {
		return nil
	}
	out := mapLicenses(in.Licenses)
	for i := range out {
		out[i].Acknowledgement = sbom.LicenseFound
	}
	return out
}

func acknowledgement(a cdx.LicenseAcknowledgement) sbom.Acknowledgement {
	if a == cdx.LicenseAcknowledgementDeclared {
		return sbom.LicenseDeclared
	}
	return sbom.Acknowledgement(a)
}

// subjectField is the field that evidence is about when a document does not say.
func subjectField(c *sbom.Component) string {
	if c.PURL != "" {
		return "purl"
	}
	return "name"
}

// mapEvidence joins identities with occurrences: one occurrence is the place of
// all, as many as there are identities belong to them in order, and of others
// the first does. What is left over is evidence of its own.
func mapEvidence(in *cdx.Evidence, field string) []sbom.Evidence {
	if in == nil {
		return nil
	}
	var out []sbom.Evidence
	if id := in.Identity; id != nil {
		if id.Identity != nil {
			out = appendIdentity(out, id.Identity)
		}
		if id.Identities != nil {
			for i := range *id.Identities {
				out = appendIdentity(out, &(*id.Identities)[i])
			}
		}
	}
	if in.Occurrences == nil || len(*in.Occurrences) == 0 {
		return out
	}
	places := *in.Occurrences
	pairs := len(out) == len(places)
	for i := range out {
		place := &places[0]
		if pairs {
			place = &places[i]
		}
		out[i].Location = location(place)
	}
	if pairs {
		return out
	}
	if len(out) > 0 {
		places = places[1:]
	}
	for i := range places {
		out = append(out, sbom.Evidence{Field: field, Technique: sbom.TechniqueOther, Location: location(&places[i])})
	}
	return out
}

func appendIdentity(out []sbom.Evidence, id *cdx.EvidenceIdentity) []sbom.Evidence {
	if id.Methods == nil || len(*id.Methods) == 0 {
		return append(out, sbom.Evidence{
			Field: string(id.Field), Technique: sbom.TechniqueOther, Confidence: widen(id.Confidence), Value: id.ConcludedValue,
		})
	}
	for _, method := range *id.Methods {
		out = append(out, sbom.Evidence{
			Field: string(id.Field), Technique: sbom.Technique(method.Technique), Confidence: widen(method.Confidence), Value: method.Value,
		})
	}
	return out
}

// widen returns the number that the document states, 0.9 and not 0.899999976.
func widen(f *float32) float64 {
	if f == nil {
		return 0
	}
	switch *f {
	case 0, 1:
		return float64(*f)
	}
	wide, _ := strconv.ParseFloat(strconv.FormatFloat(float64(*f), 'g', -1, 32), 64)
	return wide
}

func location(o *cdx.EvidenceOccurrence) sbom.Location {
	l := sbom.Location{Path: strings.TrimPrefix(o.Location, "/")}
	if s, ok := strings.CutPrefix(o.AdditionalContext, layerContext); ok {
		l.Layer, _ = document.ParseLayer(s)
	}
	return l
}
