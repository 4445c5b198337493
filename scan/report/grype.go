package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

type grypeDocument struct {
	Matches []json.RawMessage `json:"matches"`
	Ignored []json.RawMessage `json:"ignoredMatches"`
	Source  struct {
		Type   string          `json:"type"`
		Target json.RawMessage `json:"target"`
	} `json:"source"`
	Distro struct {
		Name    string       `json:"name"`
		Version string       `json:"version"`
		IDLike  stringOrList `json:"idLike"`
	} `json:"distro"`
	Descriptor struct {
		Name      string  `json:"name"`
		Version   string  `json:"version"`
		Timestamp string  `json:"timestamp"`
		DB        grypeDB `json:"db"`
	} `json:"descriptor"`
}

// grypeDB is the database as Grype up to 0.86 (schema 5) and later (schema 6,
// under "status") describes it.
type grypeDB struct {
	Built         string        `json:"built"`
	SchemaVersion stringOrValue `json:"schemaVersion"`
	Checksum      string        `json:"checksum"`
	From          string        `json:"from"`
	Status        *grypeDB      `json:"status"`
}

// stringOrValue is a JSON string or, for other values, their text.
type stringOrValue string

func (s *stringOrValue) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(s))
	}
	if !bytes.Equal(b, []byte("null")) {
		*s = stringOrValue(b)
	}
	return nil
}

// stringOrList is a list of strings, or one string as early versions write it.
type stringOrList []string

func (l *stringOrList) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*l = strings.Fields(s)
		return err
	}
	return json.Unmarshal(b, (*[]string)(l))
}

type grypeTarget struct {
	UserInput      string   `json:"userInput"`
	ImageID        string   `json:"imageID"`
	ManifestDigest string   `json:"manifestDigest"`
	MediaType      string   `json:"mediaType"`
	RepoDigests    []string `json:"repoDigests"`
	Architecture   string   `json:"architecture"`
	OS             string   `json:"os"`
	Layers         []struct {
		Digest string `json:"digest"`
	} `json:"layers"`
}

type grypeMatch struct {
	Vulnerability grypeVulnerability   `json:"vulnerability"`
	Related       []grypeVulnerability `json:"relatedVulnerabilities"`
	Details       []grypeDetail        `json:"matchDetails"`
	Artifact      grypeArtifact        `json:"artifact"`
	Rules         []grypeRule          `json:"appliedIgnoreRules"`
}

type grypeVulnerability struct {
	ID         string `json:"id"`
	DataSource string `json:"dataSource"`
	Namespace  string `json:"namespace"`
	Severity   string `json:"severity"`
	CVSS       []struct {
		Source  string `json:"source"`
		Version string `json:"version"`
		Vector  string `json:"vector"`
		Metrics struct {
			BaseScore float64 `json:"baseScore"`
		} `json:"metrics"`
	} `json:"cvss"`
	Fix struct {
		Versions []string `json:"versions"`
		State    string   `json:"state"`
	} `json:"fix"`
	Advisories []struct {
		ID string `json:"id"`
	} `json:"advisories"`
}

type grypeDetail struct {
	Type       string        `json:"type"`
	Matcher    string        `json:"matcher"`
	SearchedBy grypeSearched `json:"searchedBy"`
	Found      grypeFound    `json:"found"`
}

type grypeSearched struct {
	Namespace string   `json:"namespace"`
	Language  string   `json:"language"`
	CPEs      []string `json:"cpes"`
	Package   struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"package"`
}

type grypeFound struct {
	VersionConstraint string   `json:"versionConstraint"`
	CPEs              []string `json:"cpes"`
}

// UnmarshalJSON reads what is an object; the type of this member is left to each
// matcher.
func (s *grypeSearched) UnmarshalJSON(b []byte) error {
	type plain grypeSearched
	_ = json.Unmarshal(b, (*plain)(s))
	return nil
}

// UnmarshalJSON is that of grypeSearched.
func (s *grypeFound) UnmarshalJSON(b []byte) error {
	type plain grypeFound
	_ = json.Unmarshal(b, (*plain)(s))
	return nil
}

type grypeArtifact struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Version   string `json:"version"`
	Type      string `json:"type"`
	PURL      string `json:"purl"`
	Locations []struct {
		Path        string            `json:"path"`
		LayerID     string            `json:"layerID"`
		Annotations map[string]string `json:"annotations"`
	} `json:"locations"`
	Upstreams []struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"upstreams"`
}

type grypeRule struct {
	Vulnerability    string `json:"vulnerability"`
	Reason           string `json:"reason"`
	Namespace        string `json:"namespace"`
	FixState         string `json:"fix-state"`
	VEXStatus        string `json:"vex-status"`
	VEXJustification string `json:"vex-justification"`
}

func (d *decoder) grype(text []byte) error {
	var doc grypeDocument
	if err := json.Unmarshal(text, &doc); err != nil {
		return d.fail("", err)
	}
	if err := d.take(len(doc.Matches) + len(doc.Ignored)); err != nil {
		return err
	}
	d.report.Tool = sbom.Tool{Name: cmp.Or(doc.Descriptor.Name, "grype"), Version: doc.Descriptor.Version}
	d.report.Created = parseTime(doc.Descriptor.Timestamp)
	d.report.Database = doc.Descriptor.DB.database()
	if doc.Distro.Name != "" {
		d.report.Distribution = &sbom.Distribution{ID: doc.Distro.Name, VersionID: doc.Distro.Version, IDLike: doc.Distro.IDLike}
	}
	lay := d.grypeSubject(doc.Source.Target)
	d.report.Findings = make([]scan.Finding, 0, len(doc.Matches)+len(doc.Ignored))
	for _, list := range []struct {
		name string
		rows []json.RawMessage
	}{{"matches", doc.Matches}, {"ignoredMatches", doc.Ignored}} {
		for i, raw := range list.rows {
			at := pointer(list.name, i)
			var m grypeMatch
			if !d.row(raw, at, &m) {
				continue
			}
			f := m.finding(lay)
			f.Pointer = at
			if list.name == "ignoredMatches" {
				f.Status, f.Justification = grypeIgnored(m.Rules)
			}
			d.report.Findings = append(d.report.Findings, f)
		}
	}
	return nil
}

func (db *grypeDB) database() scan.Database {
	if db.Status != nil {
		db = db.Status
	}
	out := scan.Database{Name: "grype-db", Version: string(db.SchemaVersion), Digest: digest(db.Checksum), Built: parseTime(db.Built)}
	if _, sum, ok := strings.Cut(db.From, "checksum="); ok && out.Digest == "" {
		out.Digest = digest(strings.Replace(sum, "%3A", ":", 1))
	}
	return out
}

// grypeSubject reads the image. The target is a text for a directory or file.
func (d *decoder) grypeSubject(raw json.RawMessage) layers {
	s := &d.report.Subject
	var t grypeTarget
	if json.Unmarshal(raw, &t) != nil {
		_ = json.Unmarshal(raw, &s.Name)
		return nil
	}
	s.Name, s.Config, s.MediaType = t.UserInput, digest(t.ImageID), t.MediaType
	s.Digest = digest(t.ManifestDigest)
	s.Platform = sbom.Platform{OS: t.OS, Architecture: t.Architecture}
	for _, ref := range t.RepoDigests {
		if rd := repoDigest(ref); rd != "" && rd != s.Digest {
			s.Index = rd // What the registry gave for the name is not the manifest itself.
			break
		}
	}
	ids := make([]string, len(t.Layers))
	for i := range t.Layers {
		ids[i] = t.Layers[i].Digest
	}
	return newLayers(ids)
}

func (m *grypeMatch) finding(lay layers) scan.Finding {
	v := &m.Vulnerability
	f := scan.Finding{ID: v.ID, Component: m.Artifact.component(lay), Severity: scan.ParseSeverity(v.Severity),
		Status: scan.StatusAffected, URL: v.DataSource, FixedVersions: v.Fix.Versions, Match: m.match()}
	switch v.Fix.State {
	case "fixed":
		f.Fix = scan.FixAvailable
	case "not-fixed":
		f.Fix = scan.FixNone
	case "wont-fix":
		f.Fix = scan.FixWontFix
	}
	v.addScores(&f)
	var ids []string
	for i := range m.Related {
		ids = append(ids, m.Related[i].ID)
		m.Related[i].addScores(&f)
	}
	for _, a := range v.Advisories {
		ids = append(ids, a.ID)
	}
	addIDs(&f, ids)
	return f
}

func (v *grypeVulnerability) addScores(f *scan.Finding) {
	if s := scan.ParseSeverity(v.Severity); s != scan.SeverityUnknown {
		f.Scores = append(f.Scores, scan.Score{Source: v.Namespace, Severity: s})
	}
	for _, c := range v.CVSS {
		f.Scores = append(f.Scores, cvss(cmp.Or(c.Source, v.Namespace), c.Vector, c.Metrics.BaseScore))
	}
}

func (a *grypeArtifact) component(lay layers) scan.ComponentRef {
	c := scan.ComponentRef{ID: a.ID, PURL: a.PURL, Name: a.Name, Version: a.Version}
	if a.PURL == "" {
		c.Type = grypeTypes[a.Type]
	}
	if len(a.Upstreams) > 0 {
		c.Source = &sbom.SourcePackage{Name: a.Upstreams[0].Name, Version: a.Upstreams[0].Version}
	}
	for i, l := range a.Locations {
		if i == 0 || l.Annotations["evidence"] == "primary" && a.Locations[0].Annotations["evidence"] != "primary" {
			c.Location = sbom.Location{Path: strings.TrimPrefix(l.Path, "/"), Layer: lay.ref(l.LayerID)}
		}
	}
	return c
}

// grypeTypes are the purl types of Syft's package types.
var grypeTypes = map[string]string{
	"deb": "deb", "rpm": "rpm", "apk": "apk", "alpm": "alpm", "go-module": "golang", "java-archive": "maven", "jenkins-plugin": "maven",
	"npm": "npm", "python": "pypi", "gem": "gem", "rust-crate": "cargo", "php-composer": "composer", "dotnet": "nuget", "conan": "conan",
	"hex": "hex", "dart-pub": "pub", "pod": "cocoapods", "swift": "swift", "hackage": "hackage", "R-package": "cran", "binary": "generic",
	"portage": "ebuild", "nix": "nix", "bitnami": "bitnami",
}

// match takes the strongest of the match's details.
func (m *grypeMatch) match() scan.Match {
	var best scan.Match
	rank := -1
	for i := range m.Details {
		det := &m.Details[i]
		out := scan.Match{Method: det.method(m.Artifact.Name), Ecosystem: cmp.Or(det.SearchedBy.Namespace, m.Vulnerability.Namespace),
			Package: det.SearchedBy.Package.Name, Version: det.SearchedBy.Package.Version, Range: det.Found.VersionConstraint,
			Words: strings.TrimSpace(det.Type + " " + det.Matcher)}
		if r := methodRank[out.Method]; r > rank {
			best, rank = out, r
		}
	}
	return best
}

var methodRank = map[scan.Method]int{scan.MethodUnknown: 0, scan.MethodCPE: 1, scan.MethodSource: 2, scan.MethodExact: 3}

// method reads the match type; Grype up to 0.34 does not write it, and what it
// searched by tells.
func (det *grypeDetail) method(artifact string) scan.Method {
	switch det.Type {
	case "exact-direct-match":
		return scan.MethodExact
	case "exact-indirect-match":
		return scan.MethodSource
	case "cpe-match":
		return scan.MethodCPE
	case "":
		switch name := det.SearchedBy.Package.Name; {
		case len(det.SearchedBy.CPEs) > 0:
			return scan.MethodCPE
		case name == "":
		case name == artifact:
			return scan.MethodExact
		default:
			return scan.MethodSource
		}
	}
	return scan.MethodUnknown // "fuzzy-match" among them.
}

// grypeIgnored is the status of an ignored match: a VEX statement's, else that
// its user ignores it.
func grypeIgnored(rules []grypeRule) (scan.Status, string) {
	status, words := scan.StatusSuppressed, []string(nil)
	for _, r := range rules {
		switch scan.Status(r.VEXStatus) {
		case scan.StatusNotAffected, scan.StatusFixed:
			status = scan.Status(r.VEXStatus)
		}
		words = append(words, r.words())
	}
	return status, strings.Join(words, "; ")
}

func (r *grypeRule) words() string {
	var b strings.Builder
	for _, p := range []struct{ name, value string }{{"vex-status", r.VEXStatus}, {"vex-justification", r.VEXJustification},
		{"reason", r.Reason}, {"vulnerability", r.Vulnerability}, {"fix-state", r.FixState}, {"namespace", r.Namespace}} {
		if p.value != "" {
			fmt.Fprintf(&b, ", %s: %s", p.name, p.value)
		}
	}
	if b.Len() == 0 {
		return "ignored by a rule"
	}
	return b.String()[2:]
}
