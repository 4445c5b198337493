package osv

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// Options change what a Scanner does. The zero value, and nil, are good defaults.
type Options struct {
	// MaxFindings ends a scan with ErrLimit when an image has more findings; 0
	// means 1,000,000.
	MaxFindings int
	// Scopes are those of the components that are assessed; installed and bundled ones
	// if nil. With sbom.ScopeDeclared, what lock files name is assessed
	// as if it were there. Findings say the scope of their component, and
	// Report.Excluded counts the others.
	Scopes []sbom.Scope
	// Created is the report's time. The zero value leaves it out, so that
	// the same inventory and the same data give the same report.
	Created time.Time
}

// Scanner matches inventories against a DB. It is safe for concurrent use.
type Scanner struct {
	db      *DB
	options Options
}

var _ scan.Scanner = (*Scanner)(nil)

// NewScanner returns a scanner on db, which must stay open. opts may be nil.
func NewScanner(db *DB, opts *Options) *Scanner {
	s := &Scanner{db: db}
	if opts != nil {
		s.options = *opts
	}
	if s.options.MaxFindings <= 0 {
		s.options.MaxFindings = 1_000_000
	}
	if s.options.Scopes == nil {
		s.options.Scopes = contents
	} else {
		s.options.Scopes = slices.Clone(s.options.Scopes)
	}
	return s
}

// contents are the scopes of software that is in the image.
var contents = []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeBundled}

// ToolName is Report.Tool.Name of the reports of this package.
const ToolName = "imagetrust/scan/osv"

// Scan implements scan.Scanner; the package documentation says which components
// are assessed. Errors are those of ctx, of a corrupt index, and ErrLimit. There
// is no report with an error.
func (s *Scanner) Scan(ctx context.Context, inv *sbom.Inventory) (*scan.Report, error) {
	r := &run{
		scanner: s, ctx: ctx, inv: inv, memo: map[memoKey]*assessment{}, owners: owners(inv), excluded: map[sbom.Scope]int{},
		report: &scan.Report{Subject: inv.Subject, Distribution: inv.Distribution, Tool: sbom.Tool{Name: ToolName},
			Database: s.db.Database(), Created: s.options.Created},
	}
	for i := range inv.Components {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.component(&inv.Components[i]); err != nil {
			return nil, err
		}
	}
	if n := s.db.meta.rejected; n > 0 {
		r.gap(sbom.GapIncomplete, "", fmt.Sprintf("%d records of the vulnerability data could not be read when the index was built", n))
	}
	for _, scope := range slices.Sorted(maps.Keys(r.excluded)) {
		r.report.Excluded = append(r.report.Excluded, scan.Excluded{Scope: scope, Components: r.excluded[scope]})
	}
	r.report.Sort()
	return r.report, nil
}

// run is the state of one scan.
type run struct {
	scanner *Scanner
	ctx     context.Context
	inv     *sbom.Inventory
	report  *scan.Report
	// memo keeps the outcome by what was looked up: the binary packages of a
	// source have it in common.
	memo map[memoKey]*assessment
	// owners maps components to the packages that own them.
	owners map[string][]*sbom.Component
	// excluded counts the components that are left out for their scope.
	excluded map[sbom.Scope]int
}

type memoKey struct {
	eco           identity.Ecosystem
	name, version string
}

// assessment is the outcome of a lookup.
type assessment struct {
	groups []group
	// reason is why nothing could be said; empty when the package was assessed.
	reason string
	// unordered are records that could not be evaluated, with the errors.
	unordered []unordered
}

type unordered struct {
	record string
	err    error
}

// owners maps the components that a package of a distribution owns to that package.
func owners(inv *sbom.Inventory) map[string][]*sbom.Component {
	out := map[string][]*sbom.Component{}
	if len(inv.Relationships) == 0 {
		return out
	}
	byID := make(map[string]*sbom.Component, len(inv.Components))
	for i := range inv.Components {
		byID[inv.Components[i].ID] = &inv.Components[i]
	}
	for _, rel := range inv.Relationships {
		if from := byID[rel.From]; rel.Type == sbom.Owns && from != nil && rel.From != rel.To && isSoftware(from) && slices.Contains(contents, from.Scope) {
			out[rel.To] = append(out[rel.To], from)
		}
	}
	return out
}

// isSoftware reports whether a component is software that the image shows, whatever its
// scope. Components without attribution come from documents that know no layers,
// and count.
func isSoftware(c *sbom.Component) bool {
	a := &c.Attribution
	if !a.Visible && (a.Introduced != nil || a.Modified != nil || a.Removed != nil) {
		return false
	}
	switch c.Type {
	case sbom.TypeFile, sbom.TypeOperatingSystem, sbom.TypeContainer:
		return false
	}
	return true
}

func (r *run) component(c *sbom.Component) error {
	if !isSoftware(c) {
		return nil
	}
	if !slices.Contains(r.scanner.options.Scopes, c.Scope) {
		r.excluded[c.Scope]++
		return nil
	}
	eco, reason := r.ecosystem(c)
	if reason != "" {
		r.unassessed(c, reason)
		return nil
	}
	name, version := identity.LookupName(c, eco)
	a, err := r.assess(memoKey{eco, name, version})
	if err != nil {
		return err
	}
	if a.reason != "" {
		r.unassessed(c, a.reason)
	}
	for _, u := range a.unordered {
		r.gap(sbom.GapCorrupt, c.ID, fmt.Sprintf("record %s cannot be compared with %s %s: %v", u.record, name, version, u.err))
	}
	for i := range a.groups {
		f := a.groups[i].finding(r, c, memoKey{eco, name, version})
		if err := r.distributionSays(c, &f); err != nil {
			return err
		}
		r.report.Findings = append(r.report.Findings, f)
	}
	if n := len(r.report.Findings); n > r.scanner.options.MaxFindings {
		return fmt.Errorf("%w: %d findings", ErrLimit, n)
	}
	return nil
}

// ecosystem returns the component's ecosystem, or the reason why there is none.
func (r *run) ecosystem(c *sbom.Component) (identity.Ecosystem, string) {
	eco, ok := identity.EcosystemOf(c, r.inv.Distribution)
	if ok {
		return eco, ""
	}
	p, err := c.ParsePURL()
	switch {
	case c.PURL == "":
		return "", "it has no package URL, so no advisory can name it"
	case err != nil:
		return "", fmt.Sprintf("its package URL is malformed: %v", err)
	}
	switch p.Type {
	case "deb", "apk", "alpine", "rpm":
	case "hex":
		return "", fmt.Sprintf("it is private to the organization %q of Hex, which no advisories are about", p.Namespace)
	default:
		return "", fmt.Sprintf("there are no advisories for packages of type %q", p.Type)
	}
	if r.inv.Distribution == nil {
		return "", "the distribution and its release are not known"
	}
	return "", fmt.Sprintf("there are no advisories for %s packages of distribution %q, release %q",
		p.Type, r.inv.Distribution.ID, r.inv.Distribution.VersionID)
}

// assess looks a package up, once for each name and version.
func (r *run) assess(key memoKey) (*assessment, error) {
	if a, ok := r.memo[key]; ok {
		return a, nil
	}
	a, err := r.scanner.assess(key)
	if err == nil {
		r.memo[key] = a
	}
	return a, err
}

func (s *Scanner) assess(key memoKey) (*assessment, error) {
	switch {
	case !s.db.Has(key.eco):
		return &assessment{reason: fmt.Sprintf("the data has no records for %s", key.eco)}, nil
	case key.name == "":
		return &assessment{reason: "it has no name"}, nil
	case key.version == "":
		return &assessment{reason: "its version is not known"}, nil
	}
	a := &assessment{}
	if _, err := identity.Compare(key.eco, key.version, key.version); err != nil {
		a.reason = fmt.Sprintf("its version cannot be ordered: %v", err)
	}
	ps, err := s.db.lookup(key.eco, key.name)
	if err != nil {
		return nil, err
	}
	var matches []match
	for i := range ps {
		v := evaluate(key.eco, &ps[i].affected, key.version)
		if !v.affected && v.err == nil {
			continue
		}
		facts, err := s.db.facts(ps[i].record)
		if err != nil {
			return nil, err
		}
		if v.affected {
			matches = append(matches, match{posting: &ps[i], facts: facts, verdict: v})
		} else if a.reason == "" {
			a.unordered = append(a.unordered, unordered{facts.id, v.err})
		}
	}
	a.groups = groupByAlias(key.eco, matches)
	return a, nil
}

func (r *run) unassessed(c *sbom.Component, reason string) {
	r.report.Unassessed = append(r.report.Unassessed, scan.Unassessed{Component: scan.RefOf(c), Reason: reason})
}

func (r *run) gap(kind sbom.GapKind, component, message string) {
	r.report.Gaps = append(r.report.Gaps, sbom.Gap{Kind: kind, Component: component, Detector: ToolName, Message: message})
}
