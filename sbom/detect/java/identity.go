package java

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
)

const (
	maxText     = 512
	maxLicenses = 16
)

// identify adds the components that the archive's metadata states: its own and
// those shaded into it.
func (s *scanner) identify(a *archive) {
	var poms []*pom
	for _, dir := range slices.Sorted(maps.Keys(a.poms)) {
		poms = append(poms, a.poms[dir])
	}
	own, confidence := a.own(poms)
	c := a.component(own, confidence)
	roots := a.unclaimed(&c, poms)
	property(&c, "java:unclaimed-packages", named(roots))
	a.key = s.add(a, c)
	for _, p := range poms {
		if p != own {
			s.shaded(a, p)
		}
	}
	if len(roots) > 0 && a.merged(&c, poms, own) {
		s.frag.Gaps = append(s.frag.Gaps, sbom.Gap{Kind: sbom.GapIncomplete, Path: a.path, Component: a.key,
			Message: "the archive " + a.base + " is made of several artifacts, and nothing states of which one, and of what version, are the packages " + named(roots)})
	}
	a.poms, a.packages = nil, nil // They are large, and archives inside this one come next.
}

// merged reports whether the archive was made of several artifacts, by the poms of
// others in it or by its classifier.
func (a *archive) merged(c *sbom.Component, poms []*pom, own *pom) bool {
	if len(poms) > 1 || len(poms) == 1 && own == nil {
		return true
	}
	switch c.Property("java:classifier") {
	case "all", "uber", "shaded", "fat", "jar-with-dependencies":
		return true
	}
	return false
}

// add adds the archive's component and returns its key. A nested archive's key
// is its directory and name, so that another version of it is an upgrade.
func (s *scanner) add(a *archive, c sbom.Component) string {
	key := a.key
	if a.outer != "" {
		if k := a.dir + " " + c.Group + ":" + c.Name + ":" + c.Property("java:classifier"); !s.keys[k] {
			key = k
		}
	}
	s.keys[key] = true
	s.frag.Components = append(s.frag.Components, detect.Component{Component: c, Key: key})
	if a.outer != "" {
		s.contains(a.outer, key)
	}
	switch {
	case c.Version == "":
		s.incomplete(a.path, "neither the metadata nor the name of the archive "+a.base+" states a version")
	case c.Group == "":
		s.incomplete(a.path, "nothing states the group id of the archive "+a.base)
	}
	return key
}

func (s *scanner) contains(outer, inner string) {
	s.frag.Relations = append(s.frag.Relations, detect.Relation{From: outer, To: inner, Type: sbom.Contains})
}

// own chooses the pom that is the archive's own, nil if none is, and how sure
// the choice is.
func (a *archive) own(poms []*pom) (*pom, float64) {
	name := parseFileName(a.base)
	var best *pom
	fit, length := 0, 0
	for _, p := range poms {
		c, _ := p.coordinates()
		if n := name.names(c); n > fit || n == fit && n > 0 && len(c.artifact) > length {
			best, fit, length = p, n, len(c.artifact)
		}
	}
	if best != nil {
		return best, 1 - 0.05*float64(3-fit)
	}
	if len(poms) == 1 {
		c, _ := poms[0].coordinates()
		stated, _ := a.manifest.version()
		if a.manifest.byMaven() && agree(name.version, c.version) && agree(stated, c.version) {
			return poms[0], 0.9
		}
	}
	var confirmed []*pom
	for _, p := range poms {
		if c, _ := p.coordinates(); a.manifest.confirms(c) {
			confirmed = append(confirmed, p)
		}
	}
	if len(confirmed) == 1 {
		return confirmed[0], 0.8
	}
	return nil, 0
}

// agree reports whether a version does not contradict that of a pom. Bundles
// spell 1.0-SNAPSHOT as 1.0.0.SNAPSHOT, so the leading numbers decide.
func agree(stated, version string) bool {
	return stated == "" || slices.Equal(numbers(stated), numbers(version))
}

// numbers returns the leading numbers of a version without zeros at the end.
func numbers(v string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == '.' || r == '-' || r == '+' }) {
		if strings.Trim(part, "0123456789") != "" {
			break
		}
		out = append(out, strings.TrimLeft(part, "0"))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// confirms reports whether the manifest names the coordinates as those of the
// archive: by title, by bundle, or because the main class is in a package named
// like the group.
func (m manifest) confirms(c coordinates) bool {
	if c.group == "" || c.artifact == "" {
		return false
	}
	if m.text("Implementation-Title") == c.artifact || m.text("Implementation-Vendor-Id") == c.group {
		return true
	}
	switch m.symbolicName() {
	case c.artifact, c.group + "." + c.artifact:
		return true
	}
	class := m.text("Start-Class", "Main-Class")
	return strings.HasPrefix(class, c.group+".")
}

// component describes the archive by its own pom, or without one.
func (a *archive) component(own *pom, confidence float64) sbom.Component {
	c := sbom.Component{Type: sbom.TypeLibrary, Hashes: a.hashes}
	name := parseFileName(a.base)
	var at coordinates
	if own != nil {
		at = a.fromPOM(&c, own, confidence)
	}
	if c.Group == "" || c.Version == "" || c.Name == "" {
		a.fromElsewhere(&c, name)
	}
	if at == (coordinates{}) {
		at = coordinates{c.Group, c.Name, c.Version}
	}
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(a.base), "."))
	switch ext {
	case "war", "ear", "hpi", "jpi":
		c.Type = sbom.TypeApplication
	}
	if a.boot {
		c.Type = sbom.TypeApplication
	}
	classifier := name.classifierOf(at)
	if !a.classes && len(a.nested) == 0 && (classifier == "sources" || classifier == "javadoc") {
		c.Scope = sbom.ScopeDeclared
	}
	a.describe(&c, own)
	property(&c, "java:classifier", classifier)
	if c.Group != "" {
		q := map[string]string{"classifier": classifier}
		if ext != "jar" {
			q["type"] = ext
		}
		c.PURL = sbom.NewPURL("maven", c.Group, c.Name, c.Version, q)
	}
	return c
}

// fromPOM takes the coordinates of the archive's own pom.
func (a *archive) fromPOM(c *sbom.Component, own *pom, confidence float64) coordinates {
	at, source := own.coordinates()
	if source == "pom.xml" {
		confidence -= 0.05
	}
	c.Group, c.Name, c.Version = at.group, at.artifact, at.version
	a.evidence(c, "group", sbom.TechniqueManifest, confidence, c.Group)
	a.evidence(c, "name", sbom.TechniqueManifest, confidence, c.Name)
	a.evidence(c, "version", sbom.TechniqueManifest, confidence, c.Version)
	return at
}

// fromElsewhere fills in what no pom states: from the place in a repository,
// the manifest and the file name. It takes no group id from the latter two.
func (a *archive) fromElsewhere(c *sbom.Component, name fileName) {
	if at, ok := layout(a.path); ok && (c.Name == "" || c.Name == at.artifact) {
		if c.Group == "" {
			c.Group = at.group
			a.evidence(c, "group", sbom.TechniqueFilename, 0.8, at.group)
		}
		if c.Name == "" {
			c.Name = at.artifact
			a.evidence(c, "name", sbom.TechniqueFilename, 0.8, at.artifact)
		}
		if c.Version == "" {
			c.Version = at.version
			a.evidence(c, "version", sbom.TechniqueFilename, 0.8, at.version)
		}
	}
	if c.Name == "" {
		a.setName(c, name)
	}
	if c.Version == "" {
		a.setVersion(c, name)
	}
}

// setName prefers a file name that follows the convention; the title of the
// manifest is often prose.
func (a *archive) setName(c *sbom.Component, name fileName) {
	title := token(a.manifest.text("Implementation-Title"))
	if v, _ := a.manifest.version(); name.version == "" && title != "" && v != "" && !strings.Contains(title, ".") {
		c.Name = title
		a.evidence(c, "name", sbom.TechniqueManifest, 0.6, title)
		return
	}
	c.Name = oneline.Text(name.artifact, maxText)
	if c.Name == "" {
		c.Name = oneline.Text(a.base, maxText) // ".jar"
	}
	a.evidence(c, "name", sbom.TechniqueFilename, 0.5, a.base)
}

// setVersion takes the version that the manifest and the file name agree on,
// then the file name's, then the manifest's: bundles spell versions their own way.
func (a *archive) setVersion(c *sbom.Component, name fileName) {
	stated, attribute := a.manifest.version()
	switch {
	case name.version != "":
		c.Version = name.version
		if stated == name.version {
			a.evidence(c, "version", sbom.TechniqueManifest, 0.8, attribute+": "+stated)
		}
		a.evidence(c, "version", sbom.TechniqueFilename, 0.6, a.base)
	case stated != "":
		c.Version = stated
		a.evidence(c, "version", sbom.TechniqueManifest, 0.7, attribute+": "+stated)
	}
}

func (a *archive) evidence(c *sbom.Component, field string, t sbom.Technique, confidence float64, value string) {
	if value != "" {
		c.Evidence = append(c.Evidence, sbom.Evidence{Field: field, Technique: t, Confidence: confidence,
			Value: oneline.Text(value, maxText), Location: sbom.Location{Path: a.path}})
	}
}

// describe adds what is not identity.
func (a *archive) describe(c *sbom.Component, own *pom) {
	if own != nil && own.xml != nil {
		own.xml.describe(c, a.path+"!/"+own.location("pom.xml"))
	}
	if c.Supplier == "" {
		c.Supplier = a.manifest.text("Implementation-Vendor", "Bundle-Vendor")
	}
	if !slices.ContainsFunc(c.References, func(r sbom.Reference) bool { return r.Type == origin.Website }) {
		c.References = origin.Refer(c.References, origin.Website, a.manifest.text("Implementation-URL"))
	}
	if c.Description == "" {
		c.Description = a.manifest.text("Bundle-Description")
	}
	if s := a.manifest.text("Bundle-License"); len(c.Licenses) == 0 && s != "" {
		first, _, _ := strings.Cut(s, ";")
		c.Licenses = []sbom.License{license(a.path+"!/META-INF/MANIFEST.MF", first, s)}
	}
	property(c, "java:bundle", a.manifest.symbolicName())
	property(c, "java:module", a.manifest.text("Automatic-Module-Name"))
}

func (p *project) describe(c *sbom.Component, location string) {
	c.Supplier = oneline.Text(p.resolve(p.Organization), maxText)
	c.References = p.references()
	c.Description = oneline.Text(p.resolve(p.Description), maxText)
	for _, l := range p.Licenses[:min(len(p.Licenses), maxLicenses)] {
		if l.Name != "" || l.URL != "" {
			c.Licenses = append(c.Licenses, license(location, l.Name, l.URL))
		}
	}
}

// references returns the addresses that the pom itself states; those of its parents, which
// it inherits, are not in the archive.
func (p *project) references() []sbom.Reference {
	refs := p.refer(nil, origin.Website, p.URL)
	n := len(refs)
	if refs = p.refer(refs, origin.VCS, p.SCM.Connection); len(refs) == n {
		refs = p.refer(refs, origin.VCS, p.SCM.URL)
	}
	refs = p.refer(refs, origin.IssueTracker, p.Issues)
	return p.refer(refs, origin.Distribution, p.Download)
}

// refer appends a reference unless the address depends on what this pom does not say.
func (p *project) refer(refs []sbom.Reference, typ, address string) []sbom.Reference {
	if address = p.resolve(address); strings.Contains(address, "${") {
		return refs
	}
	return origin.Refer(refs, typ, address)
}

// license maps the first statement that can be mapped; the name is the first one.
func license(location string, statements ...string) sbom.License {
	l := sbom.License{Location: location}
	for _, s := range statements {
		if s = oneline.Text(s, maxText); s == "" {
			continue
		}
		if l.Name == "" {
			l.Name = s
		}
		if expr, ok := spdxexpr.FromText(s); ok {
			l.Expression = expr
			break
		}
	}
	if l.Name == l.Expression {
		l.Name = ""
	}
	return l
}

func property(c *sbom.Component, name, value string) {
	if value = oneline.Text(value, maxText); value != "" {
		c.Properties = append(c.Properties, sbom.Property{Name: name, Value: value})
	}
}

// shaded adds a component whose classes were copied into the archive together
// with its pom.
func (s *scanner) shaded(a *archive, p *pom) {
	at, source := p.coordinates()
	location := a.path + "!/" + p.location(source)
	if at.artifact == "" || at.version == "" || at.group == "" {
		s.incomplete(location, "the pom of an artifact inside "+a.base+" states no full coordinates")
		return
	}
	c := sbom.Component{
		Type: sbom.TypeLibrary, Group: at.group, Name: at.artifact, Version: at.version,
		PURL:       sbom.NewPURL("maven", at.group, at.artifact, at.version, nil),
		Properties: []sbom.Property{{Name: "java:shaded", Value: "true"}},
	}
	for _, e := range []struct{ field, value string }{{"group", at.group}, {"name", at.artifact}, {"version", at.version}} {
		c.Evidence = append(c.Evidence, sbom.Evidence{Field: e.field, Technique: sbom.TechniqueManifest, Confidence: 0.9,
			Value: e.value, Location: sbom.Location{Path: location}})
	}
	if p.xml != nil {
		p.xml.describe(&c, a.path+"!/"+p.location("pom.xml"))
	}
	key := a.key + " shaded " + at.group + ":" + at.artifact
	if s.keys[key] {
		return // Two directories with the pom of one artifact.
	}
	s.keys[key] = true
	s.frag.Components = append(s.frag.Components, detect.Component{Component: c, Key: key})
	s.contains(a.key, key)
}
