// Package scan holds what is known about the vulnerabilities of an image:
// findings, the reports they come in, and the Scanner interface.
//
// Package scan/osv matches an inventory against OSV records on this machine;
// package scan/report reads the reports of other scanners. Both give a
// [Report], so that package reconcile can compare them.
//
// All types are plain data: several goroutines may read them while nobody writes.
package scan

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// Scanner assesses an inventory.
type Scanner interface {
	// Scan returns the findings for the contents of the image: the components of inv
	// that are installed or bundled. What of it could not be assessed is in
	// Report.Unassessed, and what is named without being contents is counted in
	// Report.Excluded; nothing is silently left out.
	Scan(ctx context.Context, inv *sbom.Inventory) (*Report, error)
}

// Report is the result of one scanner on one image.
type Report struct {
	// Subject is the image, as far as the report says.
	Subject sbom.Subject `json:"subject"`
	// Distribution is the distribution that the scanner assumed, nil when it
	// says none.
	Distribution *sbom.Distribution `json:"distribution,omitempty"`
	// Tool is the scanner.
	Tool sbom.Tool `json:"tool"`
	// Database is the vulnerability data that the scanner used.
	Database Database `json:"database,omitzero"`
	// Created is when the scan was done; zero when not stated.
	Created time.Time `json:"created,omitzero"`
	// Findings, in the order of Report.Sort.
	Findings []Finding `json:"findings,omitempty"`
	// Unassessed are components that were not matched against any data.
	Unassessed []Unassessed `json:"unassessed,omitempty"`
	// Excluded counts the components that were left out for their scope, such as
	// those that a lock file declares, in the order of Scope. They are no contents of
	// the image, so that nothing is to be assessed of them.
	Excluded []Excluded `json:"excluded,omitempty"`
	// Inventory lists the components that the report names, also those without
	// findings where the format has them. Nil when the format has no such list
	// (Grype), or for a scan of an inventory that the caller holds.
	Inventory *sbom.Inventory `json:"-"`
	// Gaps are parts of an imported report that were not understood.
	Gaps []sbom.Gap `json:"gaps,omitempty"`
}

// Database identifies vulnerability data.
type Database struct {
	// Name of the database or of its schema.
	Name string `json:"name,omitempty"`
	// Version of the schema.
	Version string `json:"version,omitempty"`
	// Digest of the data, where it has one.
	Digest sbom.Digest `json:"digest,omitempty"`
	// Built is when the data was assembled.
	Built time.Time `json:"built,omitzero"`
}

// Unassessed is a component that was not matched, and the reason.
type Unassessed struct {
	Component ComponentRef `json:"component"`
	// Reason is one sentence: no data for the ecosystem, no version, no release.
	Reason string `json:"reason"`
}

// Excluded is a number of components that were not assessed because of their scope.
type Excluded struct {
	Scope      sbom.Scope `json:"scope"`
	Components int        `json:"components"`
}

// Finding says that a component may be affected by a vulnerability.
type Finding struct {
	// ID is the identifier the scanner uses, such as "CVE-2023-4911",
	// "GO-2023-2102" or "DSA-5514-1".
	ID string `json:"id"`
	// Aliases are identifiers of the same vulnerability. Advisories that cover
	// several vulnerabilities are Related, not Aliases.
	Aliases []string `json:"aliases,omitempty"`
	// Related are identifiers that the record mentions and that are not the
	// same: the CVEs of an advisory (OSV upstream), the advisory of a CVE.
	Related []string `json:"related,omitempty"`
	// Component is the affected component.
	Component ComponentRef `json:"component"`
	// Severity is the scanner's own judgement, SeverityUnknown when it has none.
	Severity Severity `json:"severity"`
	// Scores are the severities with their sources.
	Scores []Score `json:"scores,omitempty"`
	// Fix says whether there is a fixed version.
	Fix FixState `json:"fix,omitempty"`
	// FixedVersions are versions in which it is fixed, in the component's
	// version scheme.
	FixedVersions []string `json:"fixedVersions,omitempty"`
	// Status is the scanner's or a VEX statement's word on this component.
	Status Status `json:"status"`
	// Justification says why a finding is not affected or suppressed.
	Justification string `json:"justification,omitempty"`
	// Match is how the scanner came to the finding.
	Match Match `json:"match,omitzero"`
	// Symbols are the vulnerable functions, where the record names them, as
	// "import/path.Function" or "import/path.Type.Method" for Go. A package that is
	// vulnerable as a whole is "import/path.*".
	Symbols []string `json:"symbols,omitempty"`
	// Published and Updated are the record's dates.
	Published time.Time `json:"published,omitzero"`
	Updated   time.Time `json:"updated,omitzero"`
	// URL is where people can read about it.
	URL string `json:"url,omitempty"`
	// Pointer is the place in the imported report that says so, as a JSON
	// pointer (RFC 6901).
	Pointer string `json:"pointer,omitempty"`
}

// ComponentRef is a component as a report names it.
type ComponentRef struct {
	// ID is the component's id in the scanned inventory, empty when the report
	// has no such thing.
	ID      string `json:"id,omitempty"`
	PURL    string `json:"purl,omitempty"`
	Type    string `json:"type,omitempty"` // purl type, where there is no purl
	Group   string `json:"group,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Scope tells a copy that is bundled in another component, and what is only
	// declared, from installed software, which is the zero value. It is of the
	// inventory: imported reports do not have it.
	Scope sbom.Scope `json:"scope,omitempty"`
	// Source is the distribution's source package, where stated.
	Source *sbom.SourcePackage `json:"source,omitempty"`
	// Location is where the scanner saw it.
	Location sbom.Location `json:"location,omitzero"`
}

// RefOf returns the reference to a component of an inventory.
func RefOf(c *sbom.Component) ComponentRef {
	return ComponentRef{ID: c.ID, PURL: c.PURL, Group: c.Group, Name: c.Name, Version: c.Version,
		Scope: c.Scope, Source: c.Source, Location: c.Location()}
}

// Match is how a scanner came to a finding.
type Match struct {
	// Method of matching.
	Method Method `json:"method,omitempty"`
	// Ecosystem, Package and Version are what was looked up: for a
	// distribution's package its source package.
	Ecosystem string `json:"ecosystem,omitempty"`
	Package   string `json:"package,omitempty"`
	Version   string `json:"version,omitempty"`
	// Range is the affected range, such as "introduced 0, fixed 3.0.11-1~deb12u2".
	Range string `json:"range,omitempty"`
	// Record is the digest of the record that says so, where the data has it.
	Record sbom.Digest `json:"record,omitempty"`
	// Words are the scanner's own words for the method.
	Words string `json:"words,omitempty"`
}

// Method is the kind of matching that led to a finding.
type Method string

const (
	// MethodExact: the package itself is named by the record.
	MethodExact Method = "exact"
	// MethodSource: the record names the package's source package.
	MethodSource Method = "source-package"
	// MethodCPE: a guessed CPE matched; a heuristic.
	MethodCPE Method = "cpe"
	// MethodUnknown: the report does not say.
	MethodUnknown Method = ""
)

// Score is a severity with its source.
type Score struct {
	// Source is who gave it, such as "nvd" or "debian".
	Source string `json:"source,omitempty"`
	// Type as in OSV: CVSS_V2, CVSS_V3, CVSS_V4, or empty for a bare label.
	Type string `json:"type,omitempty"`
	// Vector is the CVSS vector, Value the base score from 0 to 10.
	Vector string  `json:"vector,omitempty"`
	Value  float64 `json:"value,omitempty"`
	// Severity is the label.
	Severity Severity `json:"severity,omitempty"`
}

// Severity is a label for how bad a vulnerability is. Its order is that of its
// values; SeverityUnknown is the lowest and means that nobody said.
type Severity int

const (
	SeverityUnknown    Severity = iota // Nobody said, or the label is not known.
	SeverityNegligible                 // Debian's "unimportant", Grype's "Negligible", "None".
	SeverityLow                        // CVSS 0.1 to 3.9.
	SeverityMedium                     // CVSS 4.0 to 6.9; "Moderate".
	SeverityHigh                       // CVSS 7.0 to 8.9; "Important".
	SeverityCritical                   // CVSS 9.0 to 10.0.
)

var severityNames = [...]string{"unknown", "negligible", "low", "medium", "high", "critical"}

// String returns the label in lower case.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return severityNames[0]
	}
	return severityNames[s]
}

// MarshalText returns the label.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads any label that ParseSeverity knows. It never fails.
func (s *Severity) UnmarshalText(b []byte) error {
	*s = ParseSeverity(string(b))
	return nil
}

// ParseSeverity reads a label as the common scanners write it, in any case;
// SeverityUnknown when it is not known.
func ParseSeverity(label string) Severity {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "critical":
		return SeverityCritical
	case "high", "important":
		return SeverityHigh
	case "medium", "moderate":
		return SeverityMedium
	case "low", "minor":
		return SeverityLow
	case "negligible", "unimportant", "none", "info", "informational":
		return SeverityNegligible
	}
	return SeverityUnknown
}

// SeverityOf returns the label for a CVSS base score from 0 to 10 (CVSS v3.1
// section 5).
func SeverityOf(score float64) Severity {
	switch {
	case score >= 9:
		return SeverityCritical
	case score >= 7:
		return SeverityHigh
	case score >= 4:
		return SeverityMedium
	case score > 0:
		return SeverityLow
	}
	return SeverityNegligible
}

// FixState says whether there is a fixed version.
type FixState string

const (
	FixUnknown   FixState = ""          // Nobody said.
	FixAvailable FixState = "fixed"     // FixedVersions has it.
	FixNone      FixState = "not-fixed" // There is none yet.
	FixWontFix   FixState = "wont-fix"  // There will be none.
)

// Status is what is known about a component and a vulnerability, in the words of VEX.
type Status string

const (
	StatusAffected           Status = "affected"            // The version is in an affected range.
	StatusNotAffected        Status = "not_affected"        // A statement says that it is not affected.
	StatusFixed              Status = "fixed"               // A statement says that it is fixed.
	StatusUnderInvestigation Status = "under_investigation" // Not known yet.
	StatusSuppressed         Status = "suppressed"          // The scanner's user chose to ignore it.
)

// IDs returns the finding's id and aliases, each once.
func (f *Finding) IDs() []string {
	ids := []string{f.ID}
	for _, a := range f.Aliases {
		if !slices.Contains(ids, a) {
			ids = append(ids, a)
		}
	}
	return ids
}

// Fixable reports whether the finding can be mended by an upgrade.
func (f *Finding) Fixable() bool { return f.Fix == FixAvailable || len(f.FixedVersions) > 0 }

// Sort brings the report into its canonical order: findings by descending
// severity, then component, then id; unassessed components by purl and name.
func (r *Report) Sort() {
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), compareRef(&a.Component, &b.Component), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(r.Unassessed, func(a, b Unassessed) int { return compareRef(&a.Component, &b.Component) })
}

func compareRef(a, b *ComponentRef) int {
	return cmp.Or(cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Location.Path, b.Location.Path), cmp.Compare(a.ID, b.ID))
}
