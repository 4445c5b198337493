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
	seen := make(map[string]int)
	for _, rep := range e.Reports {
		for i := range rep.Findings {
			r.finding(&o, rep, &rep.Findings[i], least, seen)
		}
		r.unassessed(&o, rep)
		gaps(&o, rep)
	}
	return o.settle()
}

// finding adds a reason for a finding that counts, once for all reports: that of
// the one that knows its severity.
func (r NoFixableFinding) finding(o *Outcome, rep *scan.Report, f *scan.Finding, least scan.Severity, seen map[string]int) {
	unknown := f.Severity == scan.SeverityUnknown
	if settled(f.Status) || !f.Fixable() || !unknown && f.Severity < least || unknown && r.AllowUnknown {
		return
	}
	reason := Reason{Verdict: Deny, Code: "fixable", Component: f.Component.ID, Path: f.Component.Location.Path, Finding: f.ID,
		Message: fmt.Sprintf("%s %s has %s (%s), fixed in %s, says %s.", f.Component.Name, f.Component.Version, f.ID, f.Severity,
			strings.Join(f.FixedVersions, ", "), rep.Tool.Name)}
	if unknown {
		reason.Verdict, reason.Code = Indeterminate, "unknown-severity"
	}
	at, known := given(f, seen, len(o.Reasons))
	switch {
	case !known:
		o.add(reason)
	case o.Reasons[at].Verdict == Indeterminate && !unknown:
		o.Reasons[at] = reason
	}
}

// settled reports whether a finding is known not to count. A status that nobody
// knows settles nothing.
func settled(s scan.Status) bool {
	return s == scan.StatusNotAffected || s == scan.StatusFixed || s == scan.StatusSuppressed
}

// given returns the place of the reason that another report gave for the finding,
// under any of its ids, or remembers that it gets the reason at next.
func given(f *scan.Finding, seen map[string]int, next int) (at int, known bool) {
	at = next
	keys := f.IDs()
	for i, id := range keys {
		keys[i] = id + "\x00" + f.Component.Name + "\x00" + f.Component.Version
		if n, ok := seen[keys[i]]; ok && !known {
			at, known = n, true
		}
	}
	for _, key := range keys {
		seen[key] = at
	}
	return at, known
}

func (r NoFixableFinding) unassessed(o *Outcome, rep *scan.Report) {
	if n := len(rep.Unassessed); n > 0 && !r.AllowUnassessed {
		u := rep.Unassessed[0]
		o.add(Reason{Verdict: Indeterminate, Code: "unassessed", Component: u.Component.ID,
			Message: fmt.Sprintf("%s could not assess %d components, such as %s: %s.", rep.Tool.Name, n, u.Component.Name, strings.TrimSuffix(u.Reason, "."))})
	}
}

// gaps adds a reason for parts of an imported report that were not understood:
// findings may be among them.
func gaps(o *Outcome, rep *scan.Report) {
	if n := len(rep.Gaps); n > 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "report-gap",
			Message: fmt.Sprintf("The report of %s was not understood whole (%d gaps), such as: %s.", rep.Tool.Name, n, strings.TrimSuffix(rep.Gaps[0].Message, "."))})
	}
}
