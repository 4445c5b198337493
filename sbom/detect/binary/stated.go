package binary

import (
	"cmp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Rules of what formats have fields for.
const (
	ruleVersionInfo = "pe-version-info"
	ruleDylib       = "dylib-version"
	ruleDylibName   = "dylib-version-and-name"
	ruleWasm        = "wasm-version"
)

// statedBy are the rules of the fields, and how sure they are. The version of a library of
// Mach-O is often that of its interface, unless its name has the same.
var statedBy = map[string]struct {
	rule       string
	confidence float64
}{
	"VERSIONINFO":       {ruleVersionInfo, 0.95},
	"version":           {ruleWasm, 0.95},
	"LC_ID_DYLIB":       {ruleDylib, 0.6},
	"LC_ID_DYLIB, name": {ruleDylibName, 0.88},
}

// Part is one program of a universal file.
type Part struct {
	Architecture string `json:"architecture"`
	Offset       int64  `json:"offset"`
	Size         int64  `json:"size"`
	BuildID      string `json:"buildID,omitempty"`
}

// state adds what the headers state to a report.
func (r *reading) state(report *Report, facts *header.Facts) {
	report.Platform = facts.Platform
	for _, p := range facts.Parts {
		report.Parts = append(report.Parts, Part{p.Architecture, p.Offset, p.Size, oneline.Token(p.BuildID, maxText)})
	}
	for _, tool := range facts.Tools {
		if tool = oneline.Text(tool, maxText); tool != "" && !slices.Contains(report.Compilers, tool) {
			report.Compilers = append(report.Compilers, tool)
		}
	}
	for _, language := range facts.Languages {
		language, _, _ = strings.Cut(oneline.Text(language, maxText), " ") // Versions are those of the compiler.
		if language != "" && !slices.Contains(report.Traits, language) {
			report.Traits = append(report.Traits, language)
		}
	}
	if facts.Managed {
		report.Traits = append(report.Traits, ".NET assembly")
	}
	if facts.Stated != nil {
		r.stateVersion(report, facts.Stated)
	}
}

// stateVersion adds the version that a field states. It is the file's own word: it yields to
// what is surer, and agrees with what has the same version.
func (r *reading) stateVersion(report *Report, s *header.Stated) {
	version := plainVersion(s.Version)
	field := s.Field
	if field == "LC_ID_DYLIB" && strings.Contains(report.SONAME, version) {
		field += ", name"
	}
	by := statedBy[field]
	least := precise
	if r.d.eager {
		least = eager
	}
	if version == "" || by.confidence < least {
		return
	}
	e := Evidence{by.rule, s.Offset, oneline.Text(s.Words(), maxText), by.confidence}
	main := report.Main()
	if main != nil && main.Confidence() >= by.confidence || main != nil && s.Name == "" && main.Version == version {
		if main.Version == version {
			main.Evidence = append(main.Evidence, e)
			slices.SortStableFunc(main.Evidence, func(a, b Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
		}
		return
	}
	f, ok := r.statedFinding(s, version)
	if !ok {
		return
	}
	f.Evidence = []Evidence{e}
	if main == nil {
		report.Findings = append(report.Findings, f)
		return
	}
	if main.Version == version {
		f.Evidence = append(f.Evidence, main.Evidence...)
	}
	*main = f // What the file says of itself is more than what it looks like.
}

// statedFinding names the file: by the product that is stated or, without one, by its own
// names.
func (r *reading) statedFinding(s *header.Stated, version string) (f Finding, ok bool) {
	f = Finding{Name: oneline.Text(s.Name, maxText), Version: version, Relation: Is, License: oneline.Text(s.License, maxText)}
	j := &judge{collector: r.collector, report: new(Report)}
	if f.Name == "" {
		j.facts = r.facts()
		j.nameFile()
		if f.Name = j.ownName(); f.Name == "" || len(j.names) == 0 {
			return f, false
		}
	}
	product := j.product
	if product == nil {
		product = r.productNamed(f.Name)
	}
	if product != nil {
		f.Name = product.Name
	}
	j.describe(&f, product)
	if product == nil {
		f.PURL = sbom.NewPURL("generic", "", slug(f.Name), version, nil)
	}
	return f, f.PURL != ""
}

// productNamed returns the row of the table that has the name.
func (r *reading) productNamed(name string) *rules.Product {
	n := names.Key(name)
	return r.d.index().Find(func(other string) bool { return n != "" && names.Key(other) == n })
}

// slug is a name as package URLs have it.
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '+' || c == '_' || c > 127)
	}), "-")
}

// plainVersion returns the version that a field begins with: numbers may be divided by
// commas there, and words follow.
func plainVersion(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), ", ", ".")
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), " ")
	if s == "" || s[0] < '0' || s[0] > '9' {
		return ""
	}
	return oneline.Token(s, maxText)
}
