package reconcile

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// verdict is the cause of one input's lacking something.
type verdict struct {
	cause     Cause
	certainty Certainty
	proof     Proof // Sides hold only those of the input that lacks it.
}

// absent is a verdict with the input it is about.
type absent struct {
	input int
	verdict
}

// verdicts groups the inputs that lack something by what the verdicts on them
// have in common, so that there is one difference for all of them.
func verdicts(all []absent) [][]absent {
	type key struct {
		cause     Cause
		certainty Certainty
		check     string
		because   string
	}
	at := make(map[key]int)
	var groups [][]absent
	for _, v := range all {
		k := key{v.cause, v.certainty, v.proof.Check, v.proof.Because}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}

// combine makes one proof of those of a group.
func combine(has []Side, group []absent) Proof {
	p := group[0].proof
	p.Sides = slices.Concat(has, p.Sides)
	for _, v := range group[1:] {
		for _, s := range v.proof.Sides {
			if v.cause != CauseHeuristic || !slices.ContainsFunc(p.Sides, s.same) {
				p.Sides = append(p.Sides, s)
			}
		}
		p.Absence = append(slices.Clip(p.Absence), v.proof.Absence...)
		p.Candidates = append(slices.Clip(p.Candidates), v.proof.Candidates...)
	}
	return p
}

// unique returns an id derived from the parts; equal parts get different ids in
// the order in which they come.
func (r *run) unique(prefix string, parts ...string) string {
	h := sha256.New()
	for _, s := range parts {
		_, _ = io.WriteString(h, strconv.Itoa(len(s))+":"+s)
	}
	id := prefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:10]))
	n := r.ids[id]
	r.ids[id] = n + 1
	if n > 0 {
		id += "-" + strconv.Itoa(n+1)
	}
	return id
}

// add gives a difference its id and keeps it.
func (r *run) add(d *Difference) {
	d.ID = r.unique("d-", string(d.Kind), string(d.Cause), d.Row, d.FindingRow, strings.Join(d.In, "\x00"), strings.Join(d.NotIn, "\x00"))
	r.out.Differences = append(r.out.Differences, *d)
}

func (r *run) name(i int) string { return r.sources[i].Name }

func (r *run) names(mask uint64) []string {
	var names []string
	for _, i := range members(mask) {
		names = append(names, r.name(i))
	}
	return names
}

// side cites a component in its input.
func (r *run) side(n int, field string) Side {
	e := &r.entities[n]
	s := r.sources[e.input]
	if field == "purl" && e.comp.PURL == "" {
		field = "name" // and version
	}
	return Side{Input: s.Name, Document: s.Digest, Component: e.comp.ID, Field: field, Words: componentWords(e.comp, field), Location: e.comp.Location()}
}

// same reports whether two sides are one citation.
func (s Side) same(o Side) bool {
	return s.Input == o.Input && s.Component == o.Component && s.Finding == o.Finding && s.Pointer == o.Pointer && s.Field == o.Field &&
		s.Words == o.Words && s.Location.Path == o.Location.Path
}

// citeAlso cites a sighting that sides leaves out.
func (r *run) citeAlso(i, n int, field string) []Side {
	for _, k := range r.rows[i].entities {
		if k == n {
			return nil
		}
		if r.entities[k].input == r.entities[n].input {
			break
		}
	}
	return []Side{r.side(n, field)}
}

// sides cites the first sighting of each input of a row, leaving out inputs.
func (r *run) sides(w *row, mask uint64, field string) []Side {
	var all []Side
	for _, n := range w.entities {
		if bit := uint64(1) << r.entities[n].input; mask&bit != 0 {
			mask &^= bit
			all = append(all, r.side(n, field))
		}
	}
	return all
}

// findingSide cites a finding in its report.
func (r *run) findingSide(at foundAt, field string) Side {
	f, s := r.at(at), r.sources[at.input]
	return Side{Input: s.Name, Document: s.document(field), Component: f.Component.ID, Finding: f.ID, Pointer: f.Pointer, Field: field,
		Words: findingWords(f, field), Location: f.Component.Location}
}

// finish turns what was found into the result, in its one order.
func (r *run) finish() *Reconciliation {
	out := r.out
	for i := range r.sources {
		out.Inputs = append(out.Inputs, r.describe(i))
	}
	for i := range r.rows {
		out.Components = append(out.Components, r.present(&r.rows[i]))
		if r.comparable(&r.rows[i]) {
			out.Summary.Components++
			out.Summary.SharedComponents += shared(r.rows[i].mask)
		}
	}
	for i := range r.findings {
		out.Findings = append(out.Findings, r.presentFinding(&r.findings[i]))
		out.Summary.SharedFindings += shared(r.findings[i].mask)
	}
	out.Summary.Findings = len(out.Findings)
	slices.SortStableFunc(out.Differences, compareDifference)
	out.Summary.Counts = counts(out.Differences)
	return out
}

func shared(mask uint64) int {
	if mask&(mask-1) != 0 {
		return 1
	}
	return 0
}

var kindOrder = map[Kind]int{KindSubject: 0, KindComponent: 1, KindFinding: 2, KindSeverity: 3}

var causeOrder = func() map[Cause]int {
	m := make(map[Cause]int, len(causes))
	for i := range causes {
		m[causes[i].cause] = i
	}
	return m
}()

func compareDifference(a, b Difference) int {
	return cmp.Or(kindOrder[a.Kind]-kindOrder[b.Kind], causeOrder[a.Cause]-causeOrder[b.Cause],
		strings.Compare(string(a.Certainty), string(b.Certainty)))
}

func counts(diffs []Difference) []Count {
	var all []Count
	for i := range diffs {
		d := &diffs[i]
		if n := len(all); n > 0 && all[n-1].Kind == d.Kind && all[n-1].Cause == d.Cause && all[n-1].Certainty == d.Certainty {
			all[n-1].N++
			continue
		}
		all = append(all, Count{d.Kind, d.Cause, d.Certainty, 1})
	}
	return all
}

func (r *run) describe(i int) Source {
	s := r.sources[i]
	src := Source{Name: s.Name, Digest: s.Digest, ReportDigest: s.ReportDigest, Subject: s.subject, Distribution: s.dist, Components: s.count, Complete: s.complete,
		Report: s.Report != nil, Witness: s.Witness, OtherSubject: r.names(r.conflicts[i])}
	if s.inv != nil {
		src.Tools = s.inv.Tools
	}
	if s.Report != nil {
		src.Findings = len(s.Report.Findings)
		if len(src.Tools) == 0 && s.Report.Tool.Name != "" {
			src.Tools = append(src.Tools, s.Report.Tool)
		}
	}
	return src
}

func (r *run) present(w *row) Row {
	first := &r.entities[w.entities[0]]
	out := Row{ID: w.id, Key: w.key, Level: w.level, Name: first.comp.Name, Version: first.comp.Version, Type: first.id.Type,
		Sightings: make([]Sighting, 0, len(w.entities))}
	for _, n := range w.entities {
		e := &r.entities[n]
		sighting := Sighting{Input: r.name(e.input), Component: scan.RefOf(e.comp), Level: identity.LevelNone,
			Rewrites: r.rewrites(w, e)}
		if w.level != identity.LevelNone {
			sighting.Level = r.levelTo(first, e)
		}
		out.Sightings = append(out.Sightings, sighting)
	}
	return out
}

// rewrites lead from a spelling to the row's key.
func (r *run) rewrites(w *row, e *entity) []identity.Rewrite {
	if w.level <= identity.LevelBytes {
		return nil
	}
	all := e.id.RewritesTo(min(w.level, identity.LevelLoose))
	if e.rewrite != nil {
		all = append(all[:len(all):len(all)], *e.rewrite)
	}
	return all
}

func (r *run) presentFinding(w *finding) FindingRow {
	out := FindingRow{ID: w.id, Vulnerability: r.vulnerability(w), IDs: r.idsOf(w), Row: r.rows[w.row].id}
	for _, at := range w.sightings {
		f := r.at(at)
		out.Sightings = append(out.Sightings, FindingSighting{Input: r.name(at.input), ID: f.ID, Pointer: f.Pointer, Severity: f.Severity,
			Status: f.Status, Method: f.Match.Method, On: f.Component})
	}
	return out
}
