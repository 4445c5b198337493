package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/scan"
)

// findingDifferences finds the differences between the inputs' findings.
func (r *run) findingDifferences() {
	if shared(r.reports) == 0 {
		return
	}
	x := r.indexFindings()
	for i := range r.findings {
		w := &r.findings[i]
		r.otherIDs(w)
		r.severities(w)
		r.disagreement(w)
		if w.active != 0 {
			r.missingFinding(x, i, w)
		}
	}
}

// aboutFinding begins a difference about a finding.
func (r *run) aboutFinding(k Kind, w *finding, in uint64) *Difference {
	d := &Difference{Kind: k, Row: r.rows[w.row].id, FindingRow: w.id, Finding: r.idsOf(w), In: r.names(in)}
	for _, at := range w.sightings {
		if in&(1<<at.input) != 0 {
			d.Component = r.at(at).Component
			break
		}
	}
	return d
}

// firsts returns the first sighting of each input in the mask.
func firsts(w *finding, mask uint64) []foundAt {
	var all []foundAt
	for _, at := range w.sightings {
		if mask&(1<<at.input) != 0 {
			mask &^= 1 << at.input
			all = append(all, at)
		}
	}
	return all
}

// otherIDs notes a finding that no two inputs report under one id.
func (r *run) otherIDs(w *finding) {
	if shared(w.mask) == 0 {
		return
	}
	ids := make(map[int][]string)
	for _, at := range w.sightings {
		ids[at.input] = append(ids[at.input], r.at(at).ID)
	}
	all := firsts(w, w.mask)
	for _, at := range all[1:] {
		a, b := all[0], at
		if slices.ContainsFunc(ids[a.input], func(id string) bool { return contains(ids[b.input], id) }) {
			continue
		}
		from, to := r.at(a).ID, r.at(b).ID
		d := r.aboutFinding(KindFinding, w, 1<<a.input|1<<b.input)
		d.Cause, d.Certainty = CauseAlias, Proven
		d.Proof = Proof{Check: "a chain of alias statements leads from " + quote(from) + " to " + quote(to),
			Sides: []Side{r.findingSide(a, "id"), r.findingSide(b, "id")}, Edges: r.edges(from, to)}
		if len(d.Proof.Edges) == 0 {
			d.Certainty, d.Proof.Check = Inferred, "both ids are in one group of aliases, by more statements than are cited"
		}
		r.add(d)
	}
}

// edges cites the statements that lead from one id to another.
func (r *run) edges(from, to string) []Edge {
	var all []Edge
	for _, s := range r.vulns.path(r.vulns.intern(from), r.vulns.intern(to)) {
		all = append(all, r.cite(r.vulns.names[s.from], r.vulns.names[s.edge.to], s.edge))
	}
	return all
}

func (r *run) cite(from, to string, e edge) Edge {
	out := Edge{Kind: e.kind, From: from, To: to}
	if e.input >= 0 {
		f := &r.sources[e.input].Report.Findings[e.finding]
		out.Input, out.Finding, out.Pointer = r.name(e.input), f.ID, f.Pointer
	}
	return out
}

// severities notes a finding that inputs label differently.
func (r *run) severities(w *finding) {
	if shared(w.active) == 0 {
		return
	}
	worst := make(map[int]foundAt)
	for _, at := range w.sightings {
		if f := r.at(at); isActive(f) {
			if old, ok := worst[at.input]; !ok || f.Severity > r.at(old).Severity {
				worst[at.input] = at
			}
		}
	}
	var sides []Side
	low, high := scan.SeverityCritical+1, scan.SeverityUnknown
	for _, i := range members(w.active) {
		f := r.at(worst[i])
		low, high = min(low, f.Severity), max(high, f.Severity)
		sides = append(sides, r.findingSide(worst[i], "severity"))
	}
	if low == high {
		return
	}
	d := r.aboutFinding(KindSeverity, w, w.active)
	d.Cause, d.Certainty = CauseSeverity, Proven
	d.Proof = Proof{Check: fmt.Sprintf("the labels go from %s to %s", low, high), Sides: sides}
	r.add(d)
}

// disagreement notes inputs that have the finding and say that it does not
// affect the component, while others say that it does.
func (r *run) disagreement(w *finding) {
	against := w.mask &^ w.active
	if w.active == 0 || against == 0 {
		return
	}
	for _, at := range firsts(w, against) {
		f := r.at(at)
		d := r.aboutFinding(KindFinding, w, w.active)
		d.NotIn, d.Cause, d.Certainty = []string{r.name(at.input)}, CauseSuppressed, Proven
		if unreachable(f) {
			d.Cause = CauseUnreachable
		}
		d.Proof.Check = "the other input has the finding with status " + string(f.Status)
		for _, has := range firsts(w, w.active) {
			d.Proof.Sides = append(d.Proof.Sides, r.findingSide(has, "status"))
		}
		d.Proof.Sides = append(d.Proof.Sides, r.findingSide(at, "status"))
		r.add(d)
	}
}

// unreachable reports whether a finding is denied because the vulnerable code
// is not there or not called (OpenVEX and CycloneDX justifications).
func unreachable(f *scan.Finding) bool {
	switch strings.ToLower(f.Justification) {
	case "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path", "code_not_present", "code_not_reachable":
		return true
	}
	return false
}
