package report

import (
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

type trivyPackage struct {
	ID         string          `json:"ID"`
	Name       string          `json:"Name"`
	Identifier trivyIdentifier `json:"Identifier"`
	Version    string          `json:"Version"`
	Release    string          `json:"Release"`
	Epoch      int             `json:"Epoch"`
	Arch       string          `json:"Arch"`
	SrcName    string          `json:"SrcName"`
	SrcVersion string          `json:"SrcVersion"`
	SrcRelease string          `json:"SrcRelease"`
	SrcEpoch   int             `json:"SrcEpoch"`
	Licenses   []string        `json:"Licenses"`
	Maintainer string          `json:"Maintainer"`
	DependsOn  []string        `json:"DependsOn"`
	Layer      trivyLayer      `json:"Layer"`
	FilePath   string          `json:"FilePath"`
	Digest     string          `json:"Digest"`
}

// version joins the parts that Trivy keeps apart, as in "1:2.36.1-8".
func trivyVersion(epoch int, version, release string) string {
	if version == "" {
		return ""
	}
	var b strings.Builder
	if epoch > 0 {
		b.WriteString(strconv.Itoa(epoch) + ":")
	}
	b.WriteString(version)
	if release != "" {
		b.WriteString("-" + release)
	}
	return b.String()
}

func (p *trivyPackage) source() *sbom.SourcePackage {
	if p.SrcName == "" {
		return nil
	}
	return &sbom.SourcePackage{Name: p.SrcName, Version: trivyVersion(p.SrcEpoch, p.SrcVersion, p.SrcRelease)}
}

// trivyKey is by which the rows of a result name its packages.
func trivyKey(uid, id, name, version string) string {
	switch {
	case uid != "":
		return "uid:" + uid
	case id != "":
		return "id:" + id
	}
	return "name:" + name + "@" + version
}

// packages reads the packages of a result into the inventory, and returns them
// by all of their keys.
func (t *trivyReader) packages(i int, r *trivyResult) map[string]*trivyPackage {
	if len(r.Packages) == 0 {
		return nil
	}
	if t.inventory == nil {
		t.inventory = &sbom.Inventory{}
	}
	by := make(map[string]*trivyPackage, 3*len(r.Packages))
	var components []sbom.Component
	refs := map[string]string{}
	var all []*trivyPackage
	for j, raw := range r.Packages {
		p := new(trivyPackage)
		if !t.row(raw, pointer("Results", i, "Packages", j), p) {
			continue
		}
		version := trivyVersion(p.Epoch, p.Version, p.Release)
		for _, key := range []string{trivyKey(p.Identifier.UID, "", "", ""), trivyKey("", p.ID, "", ""), trivyKey("", "", p.Name, version)} {
			if by[key] == nil {
				by[key] = p
			}
		}
		c := t.packageComponent(r, p, version)
		components = append(components, c)
		all = append(all, p)
		refs[p.ID] = c.ID
	}
	t.inventory.Components = append(t.inventory.Components, components...)
	for k, p := range all {
		for _, dep := range p.DependsOn {
			if to := refs[dep]; to != "" {
				t.inventory.Relationships = append(t.inventory.Relationships,
					sbom.Relationship{From: components[k].ID, To: to, Type: sbom.DependsOn})
			}
		}
	}
	return by
}

func (t *trivyReader) packageComponent(r *trivyResult, p *trivyPackage, version string) sbom.Component {
	typ := trivyTypes[r.Type]
	c := sbom.Component{ID: p.Identifier.UID, Type: sbom.TypeLibrary, PURL: p.Identifier.PURL, Version: version,
		Architecture: p.Arch, Supplier: p.Maintainer, Source: p.source(), Attribution: sbom.Attribution{Visible: true}}
	c.Group, c.Name = splitGroup(typ, p.Name)
	if c.PURL == "" {
		c.PURL = sbom.NewPURL(typ, c.Group, c.Name, version, nil)
	}
	if d := digest(p.Digest); d != "" {
		c.Hashes = []sbom.Digest{d}
	}
	for _, l := range p.Licenses {
		c.Licenses = append(c.Licenses, sbom.License{Name: l})
	}
	loc := t.location(r, p.FilePath, p.Layer.DiffID)
	c.Attribution.Introduced = loc.Layer
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueOther, Value: p.ID, Location: loc, Detector: "trivy"}}
	if c.ID == "" {
		c.ID = sbom.ComponentID(&c)
	}
	return c
}

// finish completes the inventory and puts it into the report.
func (t *trivyReader) finish(diffIDs []string) {
	if t.inventory == nil {
		return
	}
	inv := t.inventory
	inv.Subject, inv.Distribution, inv.Created = t.report.Subject, t.report.Distribution, t.report.Created
	inv.Tools = []sbom.Tool{t.report.Tool}
	for i, id := range diffIDs {
		inv.Layers = append(inv.Layers, sbom.Layer{Index: i, DiffID: digest(id)})
	}
	t.report.Inventory = inv
}
