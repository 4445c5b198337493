package policy

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/scan"
)

// NoFixableFinding asks that no component of the image has a known vulnerability
// of the given severity or a higher one that an upgrade would mend.
//
// Findings that a statement says are not affected, or that a scanner's user
// suppressed, do not count; the reports keep them.
type NoFixableFinding struct {
	// AtLeast is the lowest severity that is refused; SeverityHigh if zero. A
	// finding of unknown severity makes the outcome indeterminate.
	AtLeast scan.Severity
	// AllowUnknown lets findings of unknown severity pass.
	AllowUnknown bool
	// AllowUnassessed lets components pass that the scanners had no data for.
	AllowUnassessed bool
}

// Evaluate denies once for each finding, and is indeterminate without a report.
func (r NoFixableFinding) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "no-fixable-finding"}
	if len(e.Reports) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-report", Message: "The image was not scanned."})
	}
	least := r.AtLeast
	if least == scan.SeverityUnknown {
		least = scan.SeverityHigh
	}
	seen := make(map[string]bool)
	for _, rep := range e.Reports {
		for i := range rep.Findings {
			r.finding(&o, rep, &rep.Findings[i], least, seen)
		}
		r.unassessed(&o, rep)
	}
	return o.settle()
}

// finding adds a reason for a finding that counts, once for all reports.
func (r NoFixableFinding) finding(o *Outcome, rep *scan.Report, f *scan.Finding, least scan.Severity, seen map[string]bool) {
	open := f.Status == scan.StatusAffected || f.Status == scan.StatusUnderInvestigation || f.Status == ""
	unknown := f.Severity == scan.SeverityUnknown
	if !open || !f.Fixable() || !unknown && f.Severity < least || unknown && r.AllowUnknown {
		return
	}
	if known(f, seen) {
		return
	}
	reason := Reason{Verdict: Deny, Code: "fixable", Component: f.Component.ID, Path: f.Component.Location.Path, Finding: f.ID,
		Message: fmt.Sprintf("%s %s has %s (%s), fixed in %s, says %s.", f.Component.Name, f.Component.Version, f.ID, f.Severity,
			strings.Join(f.FixedVersions, ", "), rep.Tool.Name)}
	if unknown {
		reason.Verdict, reason.Code = Indeterminate, "unknown-severity"
	}
	o.add(reason)
}

// known reports whether another report had the finding, under any of its ids, and
// remembers it.
func known(f *scan.Finding, seen map[string]bool) (known bool) {
	for _, id := range f.IDs() {
		key := id + "\x00" + f.Component.Name + "\x00" + f.Component.Version
		known = known || seen[key]
		seen[key] = true
	}
	return known
}

func (r NoFixableFinding) unassessed(o *Outcome, rep *scan.Report) {
	if n := len(rep.Unassessed); n > 0 && !r.AllowUnassessed {
		u := rep.Unassessed[0]
		o.add(Reason{Verdict: Indeterminate, Code: "unassessed", Component: u.Component.ID,
			Message: fmt.Sprintf("%s could not assess %d components, such as %s: %s.", rep.Tool.Name, n, u.Component.Name, strings.TrimSuffix(u.Reason, "."))})
	}
}
