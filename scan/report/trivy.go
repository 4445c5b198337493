package report

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

type trivyDocument struct {
	SchemaVersion int    `json:"SchemaVersion"`
	CreatedAt     string `json:"CreatedAt"`
	ArtifactName  string `json:"ArtifactName"`
	Trivy         struct {
		Version string `json:"Version"`
	} `json:"Trivy"`
	Metadata struct {
		OS struct {
			Family string `json:"Family"`
			Name   string `json:"Name"`
		} `json:"OS"`
		ImageID     string   `json:"ImageID"`
		DiffIDs     []string `json:"DiffIDs"`
		RepoDigests []string `json:"RepoDigests"`
		ImageConfig struct {
			Architecture string `json:"architecture"`
			OS           string `json:"os"`
			Variant      string `json:"variant"`
		} `json:"ImageConfig"`
	} `json:"Metadata"`
	Results []json.RawMessage `json:"Results"`
}

type trivyResult struct {
	Target          string            `json:"Target"`
	Class           string            `json:"Class"`
	Type            string            `json:"Type"`
	Packages        []json.RawMessage `json:"Packages"`
	Vulnerabilities []json.RawMessage `json:"Vulnerabilities"`
	Modified        []json.RawMessage `json:"ExperimentalModifiedFindings"`
}

type trivyIdentifier struct {
	PURL   string `json:"PURL"`
	UID    string `json:"UID"`
	BOMRef string `json:"BOMRef"`
}

type trivyLayer struct {
	DiffID string `json:"DiffID"`
}

type trivyVulnerability struct {
	VulnerabilityID  string          `json:"VulnerabilityID"`
	VendorIDs        []string        `json:"VendorIDs"`
	PkgID            string          `json:"PkgID"`
	PkgName          string          `json:"PkgName"`
	PkgPath          string          `json:"PkgPath"`
	PkgIdentifier    trivyIdentifier `json:"PkgIdentifier"`
	InstalledVersion string          `json:"InstalledVersion"`
	FixedVersion     string          `json:"FixedVersion"`
	Status           string          `json:"Status"`
	Layer            trivyLayer      `json:"Layer"`
	SeveritySource   string          `json:"SeveritySource"`
	PrimaryURL       string          `json:"PrimaryURL"`
	DataSource       struct {
		ID   string `json:"ID"`
		Name string `json:"Name"`
	} `json:"DataSource"`
	Severity       string         `json:"Severity"`
	VendorSeverity map[string]int `json:"VendorSeverity"`
	CVSS           map[string]struct {
		V2Vector  string  `json:"V2Vector"`
		V3Vector  string  `json:"V3Vector"`
		V40Vector string  `json:"V40Vector"`
		V2Score   float64 `json:"V2Score"`
		V3Score   float64 `json:"V3Score"`
		V40Score  float64 `json:"V40Score"`
	} `json:"CVSS"`
	PublishedDate    string `json:"PublishedDate"`
	LastModifiedDate string `json:"LastModifiedDate"`
}

type trivyModified struct {
	Type      string          `json:"Type"`
	Status    string          `json:"Status"`
	Statement string          `json:"Statement"`
	Source    string          `json:"Source"`
	Finding   json.RawMessage `json:"Finding"`
}

func (d *decoder) trivy(text []byte) error {
	var doc trivyDocument
	if err := json.Unmarshal(text, &doc); err != nil {
		return d.fail("", err)
	}
	m := &doc.Metadata
	d.report.Subject = sbom.Subject{Name: doc.ArtifactName, Config: digest(m.ImageID),
		Platform: sbom.Platform{OS: m.ImageConfig.OS, Architecture: m.ImageConfig.Architecture, Variant: m.ImageConfig.Variant}}
	for _, ref := range m.RepoDigests {
		d.report.Subject.Digest = cmp.Or(d.report.Subject.Digest, repoDigest(ref))
	}
	if m.OS.Family != "" && m.OS.Family != "none" {
		d.report.Distribution = &sbom.Distribution{ID: cmp.Or(trivyFamilies[m.OS.Family], m.OS.Family), VersionID: m.OS.Name}
	}
	d.report.Tool = sbom.Tool{Vendor: "aquasecurity", Name: "trivy", Version: doc.Trivy.Version}
	d.report.Created = parseTime(doc.CreatedAt)

	t := &trivyReader{decoder: d, layers: newLayers(m.DiffIDs)}
	for i, raw := range doc.Results {
		var r trivyResult
		if d.row(raw, pointer("Results", i), &r) {
			if err := t.result(i, &r); err != nil {
				return err
			}
		}
	}
	t.finish(m.DiffIDs)
	return nil
}

// trivyFamilies are the os-release ids of Trivy's families, where they differ.
var trivyFamilies = map[string]string{
	"redhat": "rhel", "alma": "almalinux", "oracle": "ol", "amazon": "amzn", "cbl-mariner": "mariner",
	"suse linux enterprise server": "sles", "slem": "sle-micro", "suse linux enterprise micro": "sle-micro",
	"opensuse.leap": "opensuse-leap", "opensuse.tumbleweed": "opensuse-tumbleweed",
}

// trivyTypes are the purl types of Trivy's result types.
var trivyTypes = map[string]string{
	"alpine": "apk", "wolfi": "apk", "chainguard": "apk", "minimos": "apk", "debian": "deb", "ubuntu": "deb", "echo": "deb",
	"redhat": "rpm", "centos": "rpm", "rocky": "rpm", "alma": "rpm", "oracle": "rpm", "amazon": "rpm", "fedora": "rpm", "photon": "rpm",
	"cbl-mariner": "rpm", "azurelinux": "rpm", "suse linux enterprise server": "rpm", "slem": "rpm", "opensuse": "rpm",
	"opensuse.leap": "rpm", "opensuse.tumbleweed": "rpm", "opensuse-leap": "rpm", "opensuse-tumbleweed": "rpm",
	"gobinary": "golang", "gomod": "golang", "python-pkg": "pypi", "pip": "pypi", "pipenv": "pypi", "poetry": "pypi", "uv": "pypi",
	"pylock": "pypi", "node-pkg": "npm", "npm": "npm", "yarn": "npm", "pnpm": "npm", "bun": "npm", "javascript": "npm",
	"jar": "maven", "pom": "maven", "gradle": "maven", "sbt": "maven", "gemspec": "gem", "bundler": "gem",
	"cargo": "cargo", "rustbinary": "cargo", "rust-binary": "cargo", "composer": "composer", "composer-vendor": "composer",
	"nuget": "nuget", "dotnet-core": "nuget", "packages-props": "nuget", "conan": "conan", "conda-pkg": "conda",
	"conda-environment": "conda", "swift": "swift", "cocoapods": "cocoapods", "pub": "pub", "hex": "hex", "mix-lock": "hex",
	"julia": "julia", "bitnami": "bitnami", "k8s": "k8s",
}

// trivyReader reads the results of a report.
type trivyReader struct {
	*decoder
	layers    layers
	inventory *sbom.Inventory
}

func (t *trivyReader) result(i int, r *trivyResult) error {
	if err := t.take(len(r.Vulnerabilities) + len(r.Modified)); err != nil {
		return err
	}
	packages := t.packages(i, r)
	for j, raw := range r.Vulnerabilities {
		at := pointer("Results", i, "Vulnerabilities", j)
		var v trivyVulnerability
		if t.row(raw, at, &v) {
			f := t.finding(r, &v, packages)
			f.Pointer = at
			t.report.Findings = append(t.report.Findings, f)
		}
	}
	for j, raw := range r.Modified {
		at := pointer("Results", i, "ExperimentalModifiedFindings", j)
		var m trivyModified
		if !t.row(raw, at, &m) || m.Type != "" && m.Type != "vulnerability" {
			continue // Misconfigurations, secrets and licences are no vulnerabilities.
		}
		var v trivyVulnerability
		if t.row(m.Finding, at+"/Finding", &v) {
			f := t.finding(r, &v, packages)
			f.Pointer = at
			f.Status, f.Justification = m.status()
			t.report.Findings = append(t.report.Findings, f)
		}
	}
	return nil
}

// status is that of a finding which the user or a VEX document changed.
func (m *trivyModified) status() (scan.Status, string) {
	var words []string
	for _, s := range []string{m.Status, m.Statement, m.Source} {
		if s != "" && s != "N/A" {
			words = append(words, s)
		}
	}
	status := scan.StatusSuppressed // "ignored", and what is not known.
	switch scan.Status(m.Status) {
	case scan.StatusNotAffected, scan.StatusFixed, scan.StatusUnderInvestigation, scan.StatusAffected:
		status = scan.Status(m.Status)
	}
	return status, strings.Join(words, "; ")
}

func (t *trivyReader) finding(r *trivyResult, v *trivyVulnerability, packages map[string]*trivyPackage) scan.Finding {
	f := scan.Finding{ID: v.VulnerabilityID, Severity: scan.ParseSeverity(v.Severity), URL: v.PrimaryURL,
		Published: parseTime(v.PublishedDate), Updated: parseTime(v.LastModifiedDate)}
	f.Component = t.component(r, v)
	f.Match.Words = strings.TrimSpace(v.DataSource.Name + " severity by " + cmp.Or(v.SeveritySource, "nobody"))
	f.Match.Ecosystem = v.DataSource.ID
	pkg := packages[trivyKey(v.PkgIdentifier.UID, v.PkgID, v.PkgName, v.InstalledVersion)]
	switch {
	case pkg != nil && pkg.SrcName != "" && pkg.SrcName != v.PkgName:
		f.Match.Method = scan.MethodSource
	case pkg != nil || r.Class == "lang-pkgs":
		f.Match.Method = scan.MethodExact
	}
	if pkg != nil {
		f.Component.Source = pkg.source()
	}
	for s := range strings.SplitSeq(v.FixedVersion, ",") {
		if s = strings.TrimSpace(s); s != "" {
			f.FixedVersions = append(f.FixedVersions, s)
		}
	}
	f.Status, f.Fix = trivyStatus(v.Status, len(f.FixedVersions) > 0)
	addIDs(&f, v.VendorIDs)
	v.addScores(&f)
	return f
}

// trivyStatus maps Trivy's status, which is about fixes more than about the
// component.
func trivyStatus(status string, fixed bool) (scan.Status, scan.FixState) {
	fix := scan.FixUnknown
	if fixed {
		fix = scan.FixAvailable
	}
	switch status {
	case "affected", "fix_deferred":
		return scan.StatusAffected, cmp.Or(fix, scan.FixNone)
	case "will_not_fix", "end_of_life":
		return scan.StatusAffected, cmp.Or(fix, scan.FixWontFix)
	case "fixed": // There is a fix; the installed version does not have it.
		return scan.StatusAffected, scan.FixAvailable
	case "not_affected":
		return scan.StatusNotAffected, fix
	case "under_investigation":
		return scan.StatusUnderInvestigation, fix
	}
	return scan.StatusAffected, fix
}

func (v *trivyVulnerability) addScores(f *scan.Finding) {
	for _, source := range slices.Sorted(maps.Keys(v.VendorSeverity)) {
		if n := v.VendorSeverity[source]; n > 0 && n < len(trivySeverities) {
			f.Scores = append(f.Scores, scan.Score{Source: source, Severity: trivySeverities[n]})
		}
	}
	for _, source := range slices.Sorted(maps.Keys(v.CVSS)) {
		c := v.CVSS[source]
		for _, s := range []struct {
			vector string
			value  float64
		}{{c.V2Vector, c.V2Score}, {c.V3Vector, c.V3Score}, {c.V40Vector, c.V40Score}} {
			if s.vector != "" || s.value > 0 {
				f.Scores = append(f.Scores, cvss(source, s.vector, s.value))
			}
		}
	}
}

// trivySeverities are Trivy's severities by number.
var trivySeverities = [...]scan.Severity{scan.SeverityUnknown, scan.SeverityLow, scan.SeverityMedium, scan.SeverityHigh, scan.SeverityCritical}

func (t *trivyReader) component(r *trivyResult, v *trivyVulnerability) scan.ComponentRef {
	c := scan.ComponentRef{ID: v.PkgIdentifier.UID, PURL: v.PkgIdentifier.PURL, Name: v.PkgName, Version: v.InstalledVersion}
	typ := trivyTypes[r.Type]
	if c.PURL == "" {
		c.Type = typ
	}
	c.Group, c.Name = splitGroup(typ, c.Name)
	c.Location = t.location(r, v.PkgPath, v.Layer.DiffID)
	return c
}

// splitGroup takes the group out of a Maven name "group:artifact" and of a scoped
// npm name.
func splitGroup(typ, name string) (group, rest string) {
	sep := map[string]string{"maven": ":", "npm": "/", "composer": "/"}[typ]
	if i := strings.LastIndex(name, sep); sep != "" && i > 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// location is where the package was found: its path, or the target, which for
// binaries and lock files is a path too.
func (t *trivyReader) location(r *trivyResult, path, diffID string) sbom.Location {
	if path == "" && r.Class == "lang-pkgs" && !trivyAggregates[r.Type] {
		path = r.Target
	}
	return sbom.Location{Path: strings.TrimPrefix(path, "/"), Layer: t.layers.ref(diffID)}
}

// trivyAggregates are types whose target is a heading such as "Python", and not
// a file.
var trivyAggregates = map[string]bool{"python-pkg": true, "node-pkg": true, "jar": true, "gemspec": true, "conda-pkg": true, "composer-vendor": true}
