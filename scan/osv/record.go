package osv

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/scan"
)

// rawRecord is what of an OSV record matters for matching; the schema is at
// https://ossf.github.io/osv-schema/. Prose is not kept.
type rawRecord struct {
	ID         string        `json:"id"`
	Modified   looseTime     `json:"modified"`
	Published  looseTime     `json:"published"`
	Withdrawn  string        `json:"withdrawn"`
	Aliases    []string      `json:"aliases"`
	Upstream   []string      `json:"upstream"`
	Related    []string      `json:"related"`
	Severity   []rawSeverity `json:"severity"`
	Affected   []rawAffected `json:"affected"`
	References []struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	} `json:"references"`
	Database rawSpecific `json:"database_specific"`
}

type rawSeverity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type rawAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity  []rawSeverity `json:"severity"`
	Ranges    []rawRange    `json:"ranges"`
	Versions  []string      `json:"versions"`
	Ecosystem rawSpecific   `json:"ecosystem_specific"`
	Database  rawSpecific   `json:"database_specific"`
}

type rawRange struct {
	Type   string `json:"type"`
	Events []struct {
		Introduced   string `json:"introduced"`
		Fixed        string `json:"fixed"`
		LastAffected string `json:"last_affected"`
		Limit        string `json:"limit"`
	} `json:"events"`
}

// rawSpecific are the free-form fields that databases are known to fill, in
// ecosystem_specific and database_specific. What has another type than expected
// is as good as absent: the schema leaves these fields to the databases.
type rawSpecific struct {
	Severity      looseString `json:"severity"`      // GitHub, Bitnami
	Urgency       looseString `json:"urgency"`       // Debian
	Priority      looseString `json:"priority"`      // Ubuntu
	Informational looseString `json:"informational"` // RustSec
	URL           looseString `json:"url"`           // Go
	Imports       looseSlice  `json:"imports"`       // Go
	Affects       looseObject `json:"affects"`       // RustSec
}

type rawImport struct {
	Path    string   `json:"path"`
	GOOS    []string `json:"goos"`
	GOARCH  []string `json:"goarch"`
	Symbols []string `json:"symbols"`
}

// rawAffects is RustSec's ecosystem_specific.affects.
type rawAffects struct {
	Functions []string `json:"functions"`
}

type looseString string

func (s *looseString) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(s))
	}
	return nil
}

type looseSlice []rawImport

func (s *looseSlice) UnmarshalJSON(b []byte) error {
	var v []rawImport
	if json.Unmarshal(b, &v) == nil {
		*s = v
	}
	return nil
}

type looseObject rawAffects

func (o *looseObject) UnmarshalJSON(b []byte) error {
	var v rawAffects
	if json.Unmarshal(b, &v) == nil {
		*o = looseObject(v)
	}
	return nil
}

func (s *rawSpecific) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	type plain rawSpecific
	return json.Unmarshal(b, (*plain)(s))
}

// looseTime is a time that is zero when it is absent or malformed: a date never
// decides whether a component is affected.
type looseTime struct{ time.Time }

func (t *looseTime) UnmarshalJSON(b []byte) error {
	s := string(bytes.Trim(b, `"`))
	if v, err := time.Parse(time.RFC3339, s); err == nil && v.Year() > 1 {
		t.Time = v.UTC()
	}
	return nil
}

// maxFieldLength bounds identifiers, names and versions, in bytes.
const maxFieldLength = 4096

// maxEvents bounds the events of a range of versions. They are sorted for each
// version that is evaluated. The longest real ones have some hundreds.
const maxEvents = 10_000

// parseRecord reads one OSV record. The error wraps ErrRecord.
func parseRecord(b []byte) (*rawRecord, error) {
	r := new(rawRecord)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if r.ID == "" || len(r.ID) > maxFieldLength {
		return nil, fmt.Errorf("%w: id of %d bytes", ErrRecord, len(r.ID))
	}
	for i := range r.Affected {
		if err := r.Affected[i].check(); err != nil {
			return nil, fmt.Errorf("%w: affected[%d]: %w", ErrRecord, i, err)
		}
	}
	return r, nil
}

func (a *rawAffected) check() error {
	if len(a.Package.Ecosystem) > maxFieldLength || len(a.Package.Name) > maxFieldLength {
		return fmt.Errorf("package of over %d bytes", maxFieldLength)
	}
	for _, r := range a.Ranges {
		if len(r.Events) > maxEvents && (r.Type == typeSemver || r.Type == typeEcosystem) {
			return fmt.Errorf("range of over %d events: %w", maxEvents, ErrLimit)
		}
		for i, e := range r.Events {
			if n := countSet(e.Introduced, e.Fixed, e.LastAffected, e.Limit); n != 1 {
				return fmt.Errorf("event %d has %d of introduced, fixed, last_affected, limit", i, n)
			}
		}
	}
	return nil
}

func countSet(ss ...string) int {
	n := 0
	for _, s := range ss {
		if s != "" {
			n++
		}
	}
	return n
}

// facts are the part of a record that all its packages share.
func (r *rawRecord) facts(raw []byte) recordFacts {
	sum := sha256.Sum256(raw)
	f := recordFacts{
		id: r.ID, digest: sum, published: r.Published.Time, modified: r.Modified.Time,
		aliases: distinct(r.Aliases, r.ID), upstream: distinct(r.Upstream, r.ID), related: distinct(r.Related, r.ID),
		severities: severities(r.Severity), label: string(r.Database.Severity), url: r.url(),
	}
	if cve := embeddedCVE(r.ID); cve != "" && !slices.Contains(f.aliases, cve) {
		f.aliases = append(f.aliases, cve)
	}
	return f
}

// embeddedCVE returns the CVE in ids such as "DEBIAN-CVE-2023-4911", which are a
// distribution's word on that one CVE.
func embeddedCVE(id string) string {
	prefix, rest, ok := strings.Cut(id, "-CVE-")
	if !ok || prefix == "" || strings.Contains(prefix, "-") {
		return ""
	}
	return "CVE-" + rest
}

// url is the best page about the record; empty means the page at osv.dev.
func (r *rawRecord) url() string {
	if u := string(r.Database.URL); u != "" {
		return u
	}
	for _, ref := range r.References {
		if ref.Type == "ADVISORY" {
			return ref.URL
		}
	}
	return ""
}

func distinct(ids []string, self string) []string {
	var out []string
	for _, id := range ids {
		if id != "" && id != self && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func severities(raw []rawSeverity) []severity {
	var out []severity
	for _, s := range raw {
		if s.Score != "" {
			out = append(out, severity{typ: s.Type, score: s.Score})
		}
	}
	return out
}

// affected returns what the record says about one package; ok is false when
// there is nothing to match by but git commits.
func (a *rawAffected) affected() (out affected, ok bool) {
	out = affected{
		ecosystem: a.Package.Ecosystem, name: a.Package.Name, versions: a.Versions,
		severities: severities(a.Severity), label: a.label(), functions: a.Ecosystem.Affects.Functions,
	}
	for _, imp := range a.Ecosystem.Imports {
		out.imports = append(out.imports, goImport{path: imp.Path, goos: imp.GOOS, goarch: imp.GOARCH, symbols: imp.Symbols})
	}
	for _, r := range a.Ranges {
		if r.Type != typeSemver && r.Type != typeEcosystem {
			continue
		}
		rng := versionRange{semver: r.Type == typeSemver}
		for _, e := range r.Events {
			switch {
			case e.Introduced != "":
				rng.events = append(rng.events, event{eventIntroduced, e.Introduced})
			case e.Fixed != "":
				rng.events = append(rng.events, event{eventFixed, e.Fixed})
			case e.LastAffected != "":
				rng.events = append(rng.events, event{eventLastAffected, e.LastAffected})
			default:
				rng.events = append(rng.events, event{eventLimit, e.Limit})
			}
		}
		out.ranges = append(out.ranges, rng)
	}
	return out, out.ecosystem != "" && out.name != "" && (len(out.ranges) > 0 || len(out.versions) > 0)
}

// label is the database's own word for the severity in this package.
func (a *rawAffected) label() string {
	for _, s := range []looseString{a.Ecosystem.Urgency, a.Ecosystem.Severity, a.Ecosystem.Priority,
		a.Database.Urgency, a.Database.Severity, a.Database.Priority} {
		if s != "" {
			return string(s)
		}
	}
	if a.Database.Informational != "" {
		return scan.SeverityNegligible.String() // RustSec: "unmaintained", "notice": no vulnerability.
	}
	return ""
}
