package osv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// finding makes the finding of a group on a component.
func (g *group) finding(r *run, c *sbom.Component, key memoKey) scan.Finding {
	best := &g.matches[0]
	ids := g.ids()
	f := scan.Finding{
		ID: ids[0], Aliases: sorted(ids[1:]), Related: sorted(g.links()), Component: scan.RefOf(c),
		Status: scan.StatusAffected, Published: best.facts.published, Updated: best.facts.modified, URL: best.facts.url,
		Match: scan.Match{Method: method(c, key), Ecosystem: string(key.eco), Package: key.name, Version: key.version,
			Range: best.verdict.because, Record: best.facts.digestString(), Words: best.words()},
	}
	for i := range g.matches {
		g.matches[i].addScores(&f)
		if len(f.FixedVersions) == 0 {
			f.FixedVersions = slices.Clone(g.matches[i].verdict.fixed)
		}
	}
	f.Fix = g.fixState(len(f.FixedVersions) > 0)
	g.addSymbols(&f, r.inv.Subject.Platform)
	return f
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

// words name the record's package where it is not spelled as it was looked up.
func (m *match) words() string {
	return "record " + m.facts.id + " on " + m.affected.name + " in " + m.affected.ecosystem
}

// method tells a match by source package from one by the package itself.
func method(c *sbom.Component, key memoKey) scan.Method {
	if c.Source != nil && key.name == c.Source.Name && key.name != c.Name {
		return scan.MethodSource
	}
	return scan.MethodExact
}

// addScores adds a record's scores; the best record's word is the severity.
func (m *match) addScores(f *scan.Finding) {
	db := databaseOf(m.facts.id)
	list := scores(db, m.affected.severities, m.facts.severities)
	packageLabel, recordLabel := m.affected.label, m.facts.label
	if strings.HasPrefix(m.facts.id, "MAL-") {
		packageLabel = scan.SeverityCritical.String() // A package made to do harm.
	}
	if f.Severity == scan.SeverityUnknown {
		f.Severity = judge(packageLabel, recordLabel, list)
	}
	for _, label := range []string{packageLabel, recordLabel} {
		if s := scan.ParseSeverity(label); s != scan.SeverityUnknown {
			list = append(list, scan.Score{Source: db, Severity: s})
		}
	}
	for _, s := range list {
		if !slices.Contains(f.Scores, s) {
			f.Scores = append(f.Scores, s)
		}
	}
}

func (g *group) fixState(fixed bool) scan.FixState {
	if fixed {
		return scan.FixAvailable
	}
	for i := range g.matches {
		if strings.EqualFold(g.matches[i].affected.label, "end-of-life") {
			return scan.FixWontFix // Debian.
		}
	}
	for i := range g.matches {
		v := &g.matches[i].verdict
		if v.lastAffected || len(g.matches[i].affected.ranges) == 0 {
			return scan.FixUnknown // There may be a later version; no record says which.
		}
	}
	return scan.FixNone
}

// addSymbols lists the vulnerable functions. Where all of them exist only on
// other platforms, the finding is not affected.
func (g *group) addSymbols(f *scan.Finding, p sbom.Platform) {
	symbols, elsewhere, everywhere := []string(nil), []string(nil), false
	for i := range g.matches {
		a := &g.matches[i].affected
		everywhere = everywhere || len(a.imports) == 0
		symbols = append(symbols, a.functions...)
		for _, imp := range a.imports {
			if !imp.builtFor(p) {
				elsewhere = append(elsewhere, imp.path)
				continue
			}
			everywhere = true
			symbols = append(symbols, imp.names()...)
		}
	}
	slices.Sort(symbols)
	f.Symbols = slices.Compact(symbols)
	if !everywhere {
		f.Status = scan.StatusNotAffected
		f.Justification = fmt.Sprintf("vulnerable_code_not_present: %s is not built for %s", strings.Join(elsewhere, ", "), p)
	}
}

// names are the symbols with the package's path before them; the package as a
// whole is "path.*".
func (imp *goImport) names() []string {
	if len(imp.symbols) == 0 {
		return []string{imp.path + ".*"}
	}
	out := make([]string, len(imp.symbols))
	for i, s := range imp.symbols {
		out[i] = imp.path + "." + s
	}
	return out
}

// builtFor reports whether the vulnerable code exists on a platform. An unknown
// platform has everything.
func (imp *goImport) builtFor(p sbom.Platform) bool {
	return (p.OS == "" || len(imp.goos) == 0 || slices.Contains(imp.goos, p.OS)) &&
		(p.Architecture == "" || len(imp.goarch) == 0 || slices.Contains(imp.goarch, p.Architecture))
}

// distributionSays lets the package that owns a component speak: where its
// distribution has a record of the same vulnerability, that record decides.
func (r *run) distributionSays(c *sbom.Component, f *scan.Finding) error {
	for _, owner := range r.owners[c.ID] {
		eco, ok := identity.EcosystemOf(owner, r.inv.Distribution)
		if !ok || !isDistribution(eco) {
			continue
		}
		name, version := identity.LookupName(owner, eco)
		status, why, err := r.scanner.ownersWord(eco, name, version, f)
		if err != nil {
			return err
		}
		if status != "" {
			f.Status, f.Justification = status, fmt.Sprintf("owned by %s; %s", owner.PURL, why)
			return nil
		}
	}
	return nil
}

// ownersWord is what a distribution's records say of a finding in the version of the
// owning package; the status is empty when they are silent. A record by which
// that version is affected outweighs one by which it is fixed.
func (s *Scanner) ownersWord(eco identity.Ecosystem, name, version string, f *scan.Finding) (scan.Status, string, error) {
	ps, err := s.db.lookup(eco, name)
	if err != nil || version == "" {
		return "", "", err
	}
	ids := f.IDs()
	var status scan.Status
	var why string
	for i := range ps {
		facts, err := s.db.facts(ps[i].record)
		if err != nil {
			return "", "", err
		}
		if !intersects(ids, slices.Concat(facts.ids(), facts.links())) {
			continue
		}
		v := evaluate(eco, &ps[i].affected, version)
		if v.affected {
			return scan.StatusSuppressed, "the finding is that package's, as " + facts.id, nil
		}
		if fixed, ok := statesFixed(eco, &ps[i].affected, version); ok && v.err == nil {
			status, why = scan.StatusFixed, fmt.Sprintf("%s says that it is fixed in %s %s", facts.id, name, fixed)
		}
	}
	return status, why, nil
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
