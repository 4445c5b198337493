package report

import (
	"bytes"
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/scan"
)

func (d *decoder) cyclonedx(text []byte) error {
	format := cdx.BOMFileFormatJSON
	if b := bytes.TrimLeft(text, " \t\r\n"); len(b) > 0 && b[0] == '<' {
		format = cdx.BOMFileFormatXML
	}
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), format).Decode(bom); err != nil {
		return d.fail("", err)
	}
	inv, err := cyclonedx.FromBOM(bom)
	if err != nil {
		return d.fail("", err)
	}
	d.report.Subject, d.report.Distribution, d.report.Created = inv.Subject, inv.Distribution, inv.Created
	if len(inv.Tools) > 0 {
		d.report.Tool = inv.Tools[0]
	}
	if bom.Components != nil {
		d.report.Inventory = inv
	}
	r := &bomReader{decoder: d, refs: bomRefs(bom, inv)}
	for i := range deref(bom.Vulnerabilities) {
		if err := r.vulnerability(i, &(*bom.Vulnerabilities)[i]); err != nil {
			return err
		}
	}
	return nil
}

// deref is the slice behind a pointer; nil for nil.
func deref[T any](p *[]T) []T {
	if p == nil {
		return nil
	}
	return *p
}

// bomRefs maps references to components: those of the inventory, and what the
// document is about.
func bomRefs(bom *cdx.BOM, inv *sbom.Inventory) map[string]scan.ComponentRef {
	refs := make(map[string]scan.ComponentRef, len(inv.Components)+1)
	for i := range inv.Components {
		refs[inv.Components[i].ID] = scan.RefOf(&inv.Components[i])
	}
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		c := bom.Metadata.Component
		ref := scan.ComponentRef{ID: c.BOMRef, PURL: c.PackageURL, Group: c.Group, Name: c.Name, Version: c.Version}
		refs[c.BOMRef], refs[""] = ref, ref
	}
	for _, s := range deref(bom.Services) {
		refs[s.BOMRef] = scan.ComponentRef{ID: s.BOMRef, Group: s.Group, Name: s.Name, Version: s.Version}
	}
	return refs
}

type bomReader struct {
	*decoder
	refs map[string]scan.ComponentRef
}

func (r *bomReader) vulnerability(i int, v *cdx.Vulnerability) error {
	affects := deref(v.Affects)
	if err := r.take(bomCost(v)); err != nil {
		return err
	}
	base := bomFinding(v)
	if len(affects) == 0 { // About the document's subject as a whole.
		f := base
		f.Component, f.Pointer = r.refs[""], pointer("vulnerabilities", i)
		r.report.Findings = append(r.report.Findings, f)
		return nil
	}
	for j := range affects {
		f := base
		// Every finding has slices of its own: a caller may append to them.
		f.Aliases, f.Related, f.Scores = slices.Clone(base.Aliases), slices.Clone(base.Related), slices.Clone(base.Scores)
		f.Pointer = pointer("vulnerabilities", i, "affects", j)
		f.Component = r.resolve(affects[j].Ref, f.Pointer)
		f.FixedVersions = recommended(v.Recommendation, f.Component.Name)
		if len(f.FixedVersions) > 0 {
			f.Fix = scan.FixAvailable
		}
		bomVersions(&f, deref(affects[j].Range), v.Analysis != nil)
		r.report.Findings = append(r.report.Findings, f)
	}
	return nil
}

// bomCost counts the rows of a vulnerability. What each of them repeats and searches
// counts too once it is more than real reports have, or a document of some
// megabytes could ask for the square of its size.
func bomCost(v *cdx.Vulnerability) int {
	const usual = 32
	ids := len(deref(v.References))
	repeated := ids + len(deref(v.Ratings)) + len(v.Recommendation)/64
	return max(1, len(deref(v.Affects)))*(1+repeated/usual) + ids*(ids/usual)
}

// bomFinding is what a vulnerability says of all the components it affects.
func bomFinding(v *cdx.Vulnerability) scan.Finding {
	f := scan.Finding{ID: v.ID, Status: scan.StatusAffected, Published: parseTime(v.Published), Updated: parseTime(v.Updated)}
	source := ""
	if v.Source != nil {
		source, f.URL = v.Source.Name, v.Source.URL
		f.Match.Words = v.Source.Name
	}
	if a := deref(v.Advisories); len(a) > 0 {
		f.URL = cmp.Or(a[0].URL, f.URL)
	}
	var ids []string
	for _, ref := range deref(v.References) {
		ids = append(ids, ref.ID)
	}
	addIDs(&f, ids)
	for _, rating := range deref(v.Ratings) {
		f.Scores = append(f.Scores, bomScore(&rating))
	}
	f.Severity = bomSeverity(f.Scores, source)
	if v.Analysis != nil {
		f.Status, f.Justification = bomAnalysis(v.Analysis)
		if slices.Contains(deref(v.Analysis.Response), cdx.IARWillNotFix) || slices.Contains(deref(v.Analysis.Response), cdx.IARCanNotFix) {
			f.Fix = scan.FixWontFix
		}
	}
	return f
}

func bomScore(r *cdx.VulnerabilityRating) scan.Score {
	s := scan.Score{Vector: r.Vector}
	if _, typ, err := scan.BaseScore(r.Vector); err == nil {
		s.Type = typ
	}
	if r.Source != nil {
		s.Source = r.Source.Name
	}
	switch {
	case s.Type != "":
	case strings.HasPrefix(string(r.Method), "CVSSv2"):
		s.Type = scan.TypeCVSS2
	case strings.HasPrefix(string(r.Method), "CVSSv3"):
		s.Type = scan.TypeCVSS3
	case strings.HasPrefix(string(r.Method), "CVSSv4"):
		s.Type = scan.TypeCVSS4
	}
	if r.Score != nil {
		s.Value = *r.Score
	}
	s.Severity = scan.ParseSeverity(string(r.Severity))
	if s.Severity == scan.SeverityUnknown && r.Score != nil {
		s.Severity = scan.SeverityOf(*r.Score)
	}
	return s
}

// bomSeverity is the word of the vulnerability's own source, else that of the
// NVD, else the highest: CycloneDX does not say which rating the tool went by.
func bomSeverity(scores []scan.Score, source string) scan.Severity {
	highest := scan.SeverityUnknown
	by := map[string]scan.Severity{}
	for _, s := range scores {
		highest = max(highest, s.Severity)
		key := strings.ToLower(s.Source)
		by[key] = max(by[key], s.Severity)
	}
	return cmp.Or(by[strings.ToLower(source)], by["nvd"], highest)
}

// bomAnalysis maps the state of an analysis (CycloneDX impactAnalysisState).
func bomAnalysis(a *cdx.VulnerabilityAnalysis) (scan.Status, string) {
	words := make([]string, 0, 3)
	for _, s := range []string{string(a.Justification), a.Detail} {
		if s != "" {
			words = append(words, s)
		}
	}
	status := scan.StatusAffected
	switch a.State {
	case cdx.IASResolved, cdx.IASResolvedWithPedigree:
		status = scan.StatusFixed
	case cdx.IASInTriage:
		status = scan.StatusUnderInvestigation
	case cdx.IASFalsePositive, cdx.IASNotAffected:
		status = scan.StatusNotAffected
		if a.State == cdx.IASFalsePositive {
			words = slices.Insert(words, 0, string(a.State))
		}
	}
	return status, strings.Join(words, "; ")
}

// bomVersions reads affects[].versions: which of them are affected. A statement
// about the component's own version counts where there is no analysis.
func bomVersions(f *scan.Finding, versions []cdx.AffectedVersions, analysed bool) {
	var ranges []string
	for _, v := range versions {
		if v.Range != "" {
			ranges = append(ranges, string(v.Status)+" "+v.Range)
		}
		if v.Version == "" || analysed {
			continue
		}
		if f.Component.Version == "" {
			f.Component.Version = v.Version
		}
		if v.Version == f.Component.Version {
			switch v.Status {
			case cdx.VulnerabilityStatusNotAffected:
				f.Status = scan.StatusNotAffected
			case cdx.VulnerabilityStatusUnknown:
				f.Status = scan.StatusUnderInvestigation
			}
		}
	}
	f.Match.Range = strings.Join(ranges, ", ")
}

// recommended takes the version out of "Upgrade name to version 1.2", as Trivy
// writes it, several of which are joined by semicolons.
func recommended(text, name string) []string {
	var out []string
	for s := range strings.SplitSeq(text, ";") {
		rest, ok := strings.CutPrefix(strings.TrimSpace(s), "Upgrade ")
		if !ok {
			continue
		}
		who, versions, ok := strings.Cut(rest, " to version ")
		if !ok || name != "" && who != name && !strings.HasSuffix(who, ":"+name) && !strings.HasSuffix(who, "/"+name) {
			continue
		}
		for v := range strings.SplitSeq(versions, ",") {
			if v = strings.TrimSpace(v); v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// resolve finds the component behind a reference: one of this document, one of
// another by BOM-Link, or a package URL.
func (r *bomReader) resolve(ref, at string) scan.ComponentRef {
	if c, ok := r.refs[ref]; ok && ref != "" {
		return c
	}
	target := ref
	if strings.HasPrefix(ref, "urn:") {
		if _, fragment, ok := strings.Cut(ref, "#"); ok {
			if s, err := url.PathUnescape(fragment); err == nil {
				fragment = s
			}
			if c, ok := r.refs[fragment]; ok && fragment != "" {
				return c
			}
			target = fragment
		}
	}
	c := sbom.Component{PURL: target}
	if p, err := c.ParsePURL(); err == nil {
		return scan.ComponentRef{ID: ref, PURL: target, Group: p.Namespace, Name: p.Name, Version: p.Version}
	}
	r.gap(sbom.GapIncomplete, at, "the document has no component "+strconv.Quote(ref))
	return scan.ComponentRef{ID: ref, Name: target}
}
