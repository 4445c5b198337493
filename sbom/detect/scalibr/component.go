package scalibr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/osv-scalibr/extractor"
	cdxmeta "github.com/google/osv-scalibr/extractor/filesystem/sbom/cdx/metadata"
	spdxmeta "github.com/google/osv-scalibr/extractor/filesystem/sbom/spdx/metadata"
	"github.com/google/osv-scalibr/inventory"
	"github.com/google/osv-scalibr/purl"
	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits on one package, in bytes and in items.
const (
	maxName    = 512
	maxVersion = 256
	maxCPEs    = 16
)

// collector collects what an extractor said of one file.
type collector struct {
	*declared.List
	name      string
	meaning   Meaning
	path      string
	facts     facts
	installed map[string]bool // by key
}

func newCollector(d *detector, f *detect.File) *collector {
	return &collector{
		List: declared.New(f), name: d.ex.Name(), meaning: d.meaning, path: f.Path,
		facts: facts{left: 1<<18 + 8*f.Size}, installed: make(map[string]bool),
	}
}

// found is a package with what is computed of it.
type found struct {
	*extractor.Package
	purl *purl.PackageURL
	text string // the package URL, canonical
}

// packages adds the packages that an extractor named, in an order of their own:
// many extractors iterate over maps. missed are the files that it did not get.
func (l *collector) packages(pkgs []*extractor.Package, missed []string) {
	all := make([]found, 0, len(pkgs))
	for _, p := range pkgs {
		if p == nil {
			continue
		}
		u, err := packageURL(p, slices.Contains(missed, "etc"))
		text := ""
		if err == nil {
			text, err = canonical(u)
		}
		if err != nil {
			l.Gaps.Add(sbom.GapIncomplete, "%s has no package URL: %v", ospkg.Clip(p.Name), err)
		}
		all = append(all, found{p, u, text})
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Location.PathOrEmpty(), b.Location.PathOrEmpty()), cmp.Compare(l.inside(a.Package), l.inside(b.Package)))
	})
	for i := range all {
		if l.Full() {
			return
		}
		l.add(&all[i])
	}
}

// add adds one package, or a gap.
func (l *collector) add(p *found) {
	name, version := oneline.Text(p.Name, maxName), oneline.Text(p.Version, maxVersion)
	if product := cpeProduct(name); product != "" {
		name = product
	}
	fields := fieldsOf(p.Metadata)
	switch {
	case name == "":
		l.Gaps.Add(sbom.GapIncomplete, "a package without a name")
		return
	case version == "":
		l.Gaps.Add(sbom.GapIncomplete, "%s has no version%s", ospkg.Clip(name), commit(p.Package))
		return
	case len(p.Name) > maxName || len(p.Version) > maxVersion:
		l.Gaps.Add(sbom.GapLimit, "the name or the version of %s is too long", ospkg.Clip(name))
		return
	case ranged(version, fields["VersionComparator"]):
		l.Gaps.Add(sbom.GapIncomplete, "%s has no version, but a range of them: %s", ospkg.Clip(name), ospkg.Clip(fields["VersionComparator"]+version))
		return
	}
	l.keep(l.component(p, name, version, fields))
}

// component returns the component of a package.
func (l *collector) component(p *found, name, version string, fields map[string]string) sbom.Component {
	c := sbom.Component{
		Type: l.meaning.Type, PURL: p.text, Name: name, Version: version, CPEs: cpesOf(p.Package), Scope: l.meaning.Scope,
		Licenses: statement.Licenses(p.Licenses, l.path), Evidence: l.evidence(p.Package, name, version),
	}
	if p.text != "" && grouped(p.purl.Type) {
		c.Group, c.Name = oneline.Text(p.purl.Namespace, maxName), oneline.Text(p.purl.Name, maxName)
	}
	if s := p.SourceCode; s != nil && s.Repo != "" {
		c.References = []sbom.Reference{{Type: "vcs", URL: oneline.Text(s.Repo, statement.MaxText), Comment: oneline.Text(s.Commit, 80)}}
	}
	c.Properties = l.facts.of(fields, &c)
	if c.Scope == sbom.ScopeInstalled && !installedAt(l.name, l.path, fields["Hash"]) {
		c.Scope = sbom.ScopeDeclared
	}
	return c
}

// keep adds a component to the list, which makes what is installed declared.
func (l *collector) keep(c sbom.Component) {
	if key := l.Add(c); c.Scope == sbom.ScopeInstalled {
		l.installed[key] = true
	}
}

// evidence is what the extractor said, and where in the file if that is an archive.
func (l *collector) evidence(p *extractor.Package, name, version string) []sbom.Evidence {
	list := statement.Evidence(l.meaning.Technique, l.meaning.Confidence, name, version)
	if at := l.inside(p); at != "" {
		for i := range list {
			list[i].Location.Path = l.path + "!/" + at
		}
	}
	return list
}

// inside returns the path within the file that a package was found at.
func (l *collector) inside(p *extractor.Package) string {
	for _, other := range p.Location.Related {
		at, ok := strings.CutPrefix(local(other.PathOrEmpty()), l.path+"/")
		if ok && len(at) <= ospkg.MaxPath {
			return strings.ToValidUTF8(at, "\uFFFD")
		}
	}
	return ""
}

// others says what else the extractor found, which has no place in an inventory.
func (l *collector) others(inv *inventory.Inventory) {
	for _, o := range []struct {
		count int
		what  string
	}{
		{len(inv.PackageVulns), "vulnerabilities"}, {len(inv.GenericFindings), "findings"}, {len(inv.Secrets), "secrets"},
		{len(inv.ContainerImageMetadata), "container images"}, {len(inv.EmbeddedFSs), "embedded file systems"},
		{len(inv.SensitiveInformation), "pieces of sensitive information"},
	} {
		if o.count > 0 {
			l.Gaps.Add(sbom.GapUnsupported, "the extractor found %d %s, which are not looked at", o.count, o.what)
		}
	}
	if l.facts.left < 0 {
		l.Gaps.Add(sbom.GapLimit, "properties of packages were left out: there are too many")
	}
}

// missing says which files the extractor did not get.
func (l *collector) missing(paths []string) {
	for _, p := range paths {
		switch p {
		case "etc", "etc/os-release", "usr/lib/os-release":
			continue // The inventory has the distribution.
		}
		l.Gaps.Add(sbom.GapUnsupported, "the extractor asked for %s too, and gets one file alone: something may be missing", ospkg.Clip(p))
	}
}

// fragment returns what was collected. The error says that a limit was reached.
func (l *collector) fragment() (*detect.Fragment, error) {
	frag, err := l.Fragment()
	if frag == nil {
		return nil, err
	}
	for i := range frag.Components {
		if c := &frag.Components[i]; l.installed[c.Key] {
			c.Scope = sbom.ScopeInstalled
		}
	}
	return frag, err
}

// packageURL calls osv-scalibr's conversion. placeless packages are those of an
// extractor that could not see which distribution it is: the namespace is a guess
// then.
func packageURL(p *extractor.Package, placeless bool) (u *purl.PackageURL, err error) {
	defer func() {
		if r := recover(); r != nil {
			u, err = nil, fmt.Errorf("osv-scalibr panicked: %v", r)
		}
	}()
	if u = p.PURL(); u != nil && placeless && u.Namespace == "linux" {
		u.Namespace = ""
	}
	return u, nil
}

// canonical returns the canonical spelling of a package URL, empty for nil.
func canonical(u *purl.PackageURL) (string, error) {
	if u == nil {
		return "", nil
	}
	q := make(map[string]string)
	for _, kv := range u.Qualifiers {
		if kv.Value != "" && kv.Value != "UNKNOWN" { // npm's "source" is that wherever it is not known.
			q[kv.Key] = kv.Value
		}
	}
	p := packageurl.NewPackageURL(u.Type, u.Namespace, u.Name, u.Version, packageurl.QualifiersFromMap(q), u.Subpath)
	err := p.Normalize()
	if i := strings.LastIndexByte(u.Name, '/'); err != nil && u.Namespace == "" && i > 0 { // Swift's are left in the name.
		p = packageurl.NewPackageURL(u.Type, u.Name[:i], u.Name[i+1:], u.Version, packageurl.QualifiersFromMap(q), u.Subpath)
		err = p.Normalize()
	}
	if err != nil {
		return "", err
	}
	text := p.ToString()
	back, err := packageurl.FromString(text)
	switch {
	case err != nil:
		return "", err
	case back.ToString() != text:
		return "", fmt.Errorf("%s has no canonical form", ospkg.Clip(text))
	case back.Version == "":
		return "", nil // The package becomes a gap, or its URL is of no use.
	}
	return text, nil
}

// grouped reports whether the namespace of a package URL is Component.Group.
func grouped(typ string) bool {
	switch typ {
	case purl.TypeNPM, purl.TypeMaven, purl.TypeComposer, purl.TypeGithub:
		return true
	}
	return false
}

// ranged reports whether a manifest's version leaves open which it is. The comparator
// is what some extractors keep beside it.
func ranged(version, comparator string) bool {
	if strings.Trim(comparator, "=") != "" {
		return true
	}
	switch version {
	case "latest", "stable", "lts", "node", "system", "(devel)":
		return true
	}
	return strings.ContainsAny(version, "<>^*|,") || version[0] == '~' || version[0] == '=' || strings.HasPrefix(version, "lts/")
}

// commit says where else a package without a version is.
func commit(p *extractor.Package) string {
	if p.SourceCode == nil || p.SourceCode.Commit == "" {
		return ""
	}
	return fmt.Sprintf(", but a commit of %s: %s", ospkg.Clip(p.SourceCode.Repo), ospkg.Clip(p.SourceCode.Commit))
}

// cpesOf returns the CPEs that a document states for a package.
func cpesOf(p *extractor.Package) []string {
	var cpes []string
	switch m := p.Metadata.(type) {
	case *spdxmeta.Metadata:
		cpes = m.CPEs
	case *cdxmeta.Metadata:
		cpes = m.CPEs
	}
	var out []string
	for _, cpe := range cpes {
		cpe = oneline.Token(cpe, maxName)
		if strings.HasPrefix(cpe, "cpe:2.3:") && len(out) < maxCPEs && !slices.Contains(out, cpe) {
			out = append(out, cpe)
		}
	}
	return out
}

// cpeProduct returns the product of a CPE, by which osv-scalibr calls packages of
// documents that have no package URL; empty for other names.
func cpeProduct(name string) string {
	if !strings.HasPrefix(name, "cpe:2.3:") {
		return ""
	}
	fields := strings.Split(name, ":")
	if len(fields) < 5 || fields[4] == "*" {
		return ""
	}
	return strings.ReplaceAll(fields[4], `\`, "")
}
