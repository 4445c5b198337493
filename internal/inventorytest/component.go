package inventorytest

import (
	"fmt"
	"strconv"

	"github.com/imagetrust/imagetrust/sbom"
)

func (g *generator) components() {
	for i := range g.size(9, 150) {
		c := g.component(i)
		for n := 2; g.ids[c.ID]; n++ {
			c.ID = sbom.ComponentID(&c) + "-" + strconv.Itoa(n)
		}
		g.ids[c.ID] = true
		g.inv.Components = append(g.inv.Components, c)
	}
}

func (g *generator) component(i int) sbom.Component {
	c := sbom.Component{
		Type: pick(g, sbom.TypeLibrary, sbom.TypeLibrary, sbom.TypeApplication, sbom.TypeFramework, sbom.TypeOperatingSystem, sbom.TypeFile, sbom.TypeContainer),
		Name: fmt.Sprintf("%s%d", g.word(), i), Version: g.optional(g.version),
		Scope:    pick(g, sbom.ScopeInstalled, sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture, sbom.ScopeResidual, sbom.ScopeBuild),
		Supplier: g.optional(g.person), Description: g.optional(g.text), Copyright: g.optional(g.text),
		Licenses: list(g, 3, g.license), CPEs: list(g, 3, g.cpe), Hashes: list(g, 3, g.digest), References: list(g, 3, g.reference),
		Attribution: g.attribution(), Files: g.counts(), Evidence: list(g, 4, g.evidence), Properties: g.properties(),
	}
	g.ecosystem(&c)
	c.ID = sbom.ComponentID(&c)
	return c
}

// ecosystem gives the component what the package managers name it by.
func (g *generator) ecosystem(c *sbom.Component) {
	switch g.IntN(7) {
	case 0:
		g.distributed(c, "deb", "debian")
	case 1:
		g.distributed(c, "rpm", "redhat")
	case 2:
		g.distributed(c, "apk", "alpine")
	case 3:
		c.Group = pick(g, "", "@babel", "@日本")
		c.PURL = sbom.NewPURL("npm", c.Group, c.Name, c.Version, nil)
	case 4:
		c.Group = "org.example." + g.word()
		c.PURL = sbom.NewPURL("maven", c.Group, c.Name, c.Version, map[string]string{"classifier": pick(g, "", "sources")})
	case 5:
		c.PURL = sbom.NewPURL("golang", "example.org/"+g.word(), c.Name, c.Version, nil)
	}
}

func (g *generator) distributed(c *sbom.Component, typ, namespace string) {
	c.Architecture = pick(g, "amd64", "arm64", "all")
	q := map[string]string{"arch": c.Architecture, "distro": pick(g, "", "debian-12", "alpine-3.19")}
	if g.mostly() {
		c.Source = &sbom.SourcePackage{Name: g.word(), Version: g.optional(g.version)}
		q["upstream"] = pick(g, "", c.Source.Name, c.Source.Name+"@"+c.Source.Version)
	}
	c.PURL = sbom.NewPURL(typ, pick(g, "", namespace), c.Name, c.Version, q)
}

func (g *generator) license() sbom.License {
	l := pick(g,
		sbom.License{Expression: "MIT"}, sbom.License{Expression: "Apache-2.0", Name: "Apache License 2.0"},
		sbom.License{Expression: "GPL-2.0-or-later WITH Classpath-exception-2.0"}, sbom.License{Expression: "Artistic-1.0-Perl OR GPL-1.0-or-later", Name: "Perl"},
		sbom.License{Expression: "LicenseRef-own AND (MIT OR BSD-3-Clause)"}, sbom.License{Name: g.text()})
	l.Acknowledgement = pick(g, sbom.LicenseDeclared, sbom.LicenseDeclared, sbom.LicenseConcluded, sbom.LicenseFound)
	if l.Acknowledgement == sbom.LicenseFound {
		l.Confidence = pick(g, 0, 0.75, 1)
	}
	l.Location = g.optional(g.path)
	return l
}

func (g *generator) cpe() string {
	return pick(g, "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*", `cpe:2.3:a:g\+\+:lib\!x:1:*:*:*:*:node.js:*:*`, "cpe:/a:vendor:product:1.0", "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*")
}

func (g *generator) reference() sbom.Reference {
	return sbom.Reference{
		Type:    pick(g, "website", "vcs", "distribution", "issue-tracker", "advisories", "other", "source-distribution", "patent", "purl", "security contact"),
		URL:     pick(g, "https://example.org/"+g.word(), "git+https://example.org/x.git@v1", "https://example.org/a b", "urn:x:y", "", "not a URL %zz", "https://example.org/ü"),
		Comment: g.optional(g.text), Hashes: list(g, 2, g.digest),
	}
}

func (g *generator) attribution() sbom.Attribution {
	a := sbom.Attribution{Introduced: g.layer(), Visible: true}
	if g.rarely() {
		a.Modified = g.layer()
	}
	if g.rarely() {
		a.Removed, a.Visible = g.layer(), false
	}
	return a
}

func (g *generator) counts() sbom.FileCounts {
	if g.rarely() {
		return sbom.FileCounts{}
	}
	modified, verified, other, missing := g.IntN(3), g.IntN(90), g.IntN(3), g.IntN(3)
	present := modified + verified + other
	return sbom.FileCounts{Owned: present + missing, Present: present, Missing: missing, Modified: modified, Verified: verified}
}

func (g *generator) evidence() sbom.Evidence {
	e := sbom.Evidence{
		Field: pick(g, "purl", "purl", "name", "version", "group", "license", "cpe", "hash"),
		Technique: pick(g, sbom.TechniqueManifest, sbom.TechniqueManifest, sbom.TechniqueBinary, sbom.TechniqueHash, sbom.TechniqueFilename, sbom.TechniqueInstrumentation,
			sbom.TechniqueAttestation, sbom.TechniqueAST, sbom.TechniqueSource, sbom.TechniqueDynamic, sbom.TechniqueOther),
		Confidence: pick(g, 0, 0.1, 0.25, 0.5, 0.8, 1, 1.0/3),
		Value:      g.optional(g.text), Detector: g.optional(g.detector),
	}
	e.Location.Path = g.optional(g.path)
	if e.Location.Path != "" {
		e.Location.Layer = g.layer()
	}
	return e
}

func (g *generator) properties() []sbom.Property {
	return list(g, 4, func() sbom.Property {
		return sbom.Property{Name: pick(g, "go:vcs.revision", "npm:private", "dpkg:section", "Größe", "x"), Value: g.optional(g.text)}
	})
}
