package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// maxReasons is how many reasons of one code the summary spells out.
const maxReasons = 3

// summary tells a person what was found.
func (t *trust) summary(w io.Writer, out string) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	inv := t.inventory
	p("%s", title(inv.Subject))
	p("%s", line(inv))
	p("")
	p("Contents    %s", componentsLine(inv))
	for _, s := range sbom.States() {
		if n := inv.Accounting()[s]; n.Files > 0 {
			p("            %4d %s %s (%s)", n.Files, plural(n.Files, "executable"), stateWords[s], size(n.Bytes))
		}
	}
	for _, f := range inv.Files {
		if s := f.State(); f.Executable() && (s == sbom.StateModified || s == sbom.StateUnaccounted) {
			p("            ! %s: %s", f.Path, fileWords(inv, &f))
		}
	}
	p("Scan        %s", t.scanLine())
	p("Compare     %s", t.compareLine())
	p("Runtime     %s", t.runtimeLine())
	p("Attested    %s", t.attestedLine())
	p("")
	p("Decision    %s", strings.ToUpper(string(t.decision.Verdict)))
	for _, g := range groups(t.decision.Reasons) {
		for i, r := range g {
			if i == maxReasons {
				p("            … and %d more like these", len(g)-i)
				break
			}
			p("  %-9s %s", mark(r.Verdict), r.Message)
		}
	}
	p("")
	p("Took %s. Report: %s", t.took.Round(time.Millisecond), filepath.Join(out, "trust-report.html"))
}

func title(s sbom.Subject) string {
	switch {
	case s.Digest != "":
		return s.Name + " " + string(s.Digest)
	case s.Config != "":
		return s.Name + " (a docker-archive, which does not state the digest of its image)"
	}
	return s.Name + " (a directory, not an image)"
}

func line(inv *sbom.Inventory) string {
	parts := []string{count(len(inv.Layers), "layer")}
	if d := inv.Distribution; d != nil {
		parts = append(parts, d.Name)
	}
	if s := inv.Subject.Platform.String(); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// componentsLine counts the visible installed packages by ecosystem.
func componentsLine(inv *sbom.Inventory) string {
	counts, order := map[string]int{}, []string{}
	removed := 0
	for i := range inv.Components {
		c := &inv.Components[i]
		if !c.Attribution.Visible {
			removed++
			continue
		}
		if c.Scope != sbom.ScopeInstalled || c.Type == sbom.TypeOperatingSystem {
			continue
		}
		kind := kindOf(c)
		if counts[kind] == 0 && kind != noPURL {
			order = append(order, kind)
		}
		counts[kind]++
	}
	var parts []string
	for _, k := range order {
		parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
	}
	if n := counts[noPURL]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", n, noPURL))
	}
	if removed > 0 {
		parts = append(parts, fmt.Sprintf("%d removed by a later layer", removed))
	}
	if len(parts) == 0 {
		return "nothing that a detector knows"
	}
	return strings.Join(parts, ", ")
}

// noPURL is the kind of components that no ecosystem is known of.
const noPURL = "without purl"

func kindOf(c *sbom.Component) string {
	if p, err := c.ParsePURL(); err == nil && c.PURL != "" {
		return p.Type
	}
	return noPURL
}

var stateWords = map[sbom.State]string{
	sbom.StateIntact:      "of packages, as packaged",
	sbom.StateModified:    "of packages, not as packaged",
	sbom.StateUnverified:  "of packages that recorded no digest",
	sbom.StateIdentified:  "identified by content",
	sbom.StateUnaccounted: "of nobody",
}

func fileWords(inv *sbom.Inventory, f *sbom.File) string {
	if f.State() == sbom.StateUnaccounted {
		return fmt.Sprintf("no package owns it, nothing says what it is; layer %d brought it", f.Layer.Index)
	}
	owner := "its package"
	if c := inv.Component(f.Owner); c != nil {
		owner = c.Name
	}
	return fmt.Sprintf("not as %s packaged it; layer %d changed it", owner, f.Layer.Index)
}

func (t *trust) scanLine() string {
	if len(t.reports) == 0 {
		return "not scanned: give vulnerability data with -osv"
	}
	counts := map[scan.Severity]int{}
	r := t.reports[0]
	fixable := 0
	for i := range r.Findings {
		counts[r.Findings[i].Severity]++
		if r.Findings[i].Fixable() {
			fixable++
		}
	}
	var parts []string
	for s := scan.SeverityCritical; s >= scan.SeverityUnknown; s-- {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	unassessed := count(len(r.Unassessed), "component") + " not assessed"
	if len(r.Findings) == 0 {
		return "no findings, " + unassessed
	}
	return fmt.Sprintf("%s (%s), %d fixable, %s", count(len(r.Findings), "finding"), strings.Join(parts, ", "), fixable, unassessed)
}

func (t *trust) compareLine() string {
	s := &t.reconciliation.Summary
	if len(t.reconciliation.Inputs) < 2 {
		return "nothing to compare with: give SBOMs and reports with -with"
	}
	unexplained := 0
	for _, c := range s.Counts {
		if c.Certainty == reconcile.Unexplained {
			unexplained += c.N
		}
	}
	return fmt.Sprintf("%d inputs, %d components (%d shared), %d findings (%d shared); %d differences, %d unexplained",
		len(t.reconciliation.Inputs), s.Components, s.SharedComponents, s.Findings, s.SharedFindings, len(t.reconciliation.Differences), unexplained)
}

func (t *trust) runtimeLine() string {
	if t.rbom == nil {
		return "not recorded: give a recording with -recording"
	}
	counts := map[rbom.Level]int{}
	for _, u := range t.rbom.Usage {
		counts[u.Level]++
	}
	line := fmt.Sprintf("%s executed, %d loaded, %d opened; %s contacted; %s unknown, %d drifted",
		count(counts[rbom.Executed], "component"), counts[rbom.Loaded], counts[rbom.Opened], count(len(t.rbom.Endpoints), "system"), count(len(t.rbom.Unknown), "file"), len(t.rbom.Drift))
	if n := len(t.rbom.Unchecked); n > 0 {
		line += fmt.Sprintf(", %d not compared", n)
	}
	return line
}

func (t *trust) attestedLine() string {
	var parts []string
	for _, a := range t.attestations {
		parts = append(parts, a.PredicateType()+" by "+a.Signer().Name)
	}
	if len(t.rejected) > 0 {
		parts = append(parts, fmt.Sprintf("%d rejected", len(t.rejected)))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "\n            ")
}

func mark(v policy.Verdict) string {
	if v == policy.Deny {
		return "✗ deny"
	}
	return "? unsure"
}

// groups puts reasons of the same verdict and code together, in their order.
func groups(reasons []policy.Reason) (out [][]policy.Reason) {
	index := map[string]int{}
	for _, r := range reasons {
		key := string(r.Verdict) + r.Rule + r.Code
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// count is a number of things for people.
func count(n int, word string) string { return fmt.Sprintf("%d %s", n, plural(n, word)) }

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
