package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/scan"
)

// finding is a distinct finding while it is being put together.
type finding struct {
	row       int // component row of its first sighting
	group     int // alias group
	id        string
	sightings []foundAt
	mask      uint64 // inputs that have it in any status
	active    uint64 // inputs that have it as affecting the component
	// guessed says that it was joined by name and version only.
	guessed bool
}

// foundAt points to a finding of a report.
type foundAt struct{ input, n int }

func (r *run) at(f foundAt) *scan.Finding { return &r.sources[f.input].Report.Findings[f.n] }

// isActive reports whether a finding says that the component is affected.
func isActive(f *scan.Finding) bool {
	switch f.Status {
	case scan.StatusNotAffected, scan.StatusFixed, scan.StatusSuppressed:
		return false
	}
	return true
}

// joinFindings makes a row of each alias group on each component.
func (r *run) joinFindings() {
	r.vulns = newAliases()
	for i, s := range r.sources {
		for n := range s.findingEntity {
			f := &s.Report.Findings[n]
			r.vulns.state(i, n, f.ID, f.Aliases, f.Related)
		}
	}
	at := make(map[[2]int]int)
	for i, s := range r.sources {
		for n, e := range s.findingEntity {
			f := &s.Report.Findings[n]
			key := [2]int{r.rowOf[e], r.vulns.find(r.vulns.intern(f.ID))}
			k, ok := at[key]
			if !ok {
				k = len(r.findings)
				at[key] = k
				r.findings = append(r.findings, finding{row: key[0], group: key[1]})
			}
			r.findings[k].see(foundAt{i, n}, f)
		}
	}
	r.joinUntyped()
	r.orderFindings()
}

func (w *finding) see(at foundAt, f *scan.Finding) {
	w.sightings = append(w.sightings, at)
	w.mask |= 1 << at.input
	if isActive(f) {
		w.active |= 1 << at.input
	}
}

// joinUntyped joins findings of reports that name components by name and version
// alone with the one finding of the same vulnerability on a component of that
// name and version, where there is just one.
func (r *run) joinUntyped() {
	type key struct {
		group         int
		name, version string
	}
	typed := make(map[key][]int)
	for i := range r.findings {
		e := r.first(r.findings[i].row)
		if e.id.Type != "" {
			k := key{r.findings[i].group, strings.ToLower(e.comp.Name), e.comp.Version}
			typed[k] = append(typed[k], i)
		}
	}
	dead := make(map[int]bool)
	for i := range r.findings {
		w := &r.findings[i]
		e := r.first(w.row)
		if e.id.Type != "" {
			continue
		}
		for _, name := range bareNames(e.comp.Name) {
			rows := typed[key{w.group, name, e.comp.Version}]
			if len(rows) != 1 || r.findings[rows[0]].mask&w.mask != 0 {
				continue
			}
			to := &r.findings[rows[0]]
			to.sightings, to.guessed = append(to.sightings, w.sightings...), true
			to.mask, to.active = to.mask|w.mask, to.active|w.active
			dead[i] = true
			break
		}
	}
	n := 0
	for i := range r.findings {
		if !dead[i] {
			r.findings[n] = r.findings[i]
			n++
		}
	}
	r.findings = r.findings[:n]
}

// bareNames are the names that a report without package types may mean: Snyk
// writes "source/binary".
func bareNames(name string) []string {
	name = strings.ToLower(name)
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		return []string{name, name[i+1:]}
	}
	return []string{name}
}

func (r *run) first(row int) *entity { return &r.entities[r.rows[row].entities[0]] }

func (r *run) orderFindings() {
	for i := range r.findings {
		w := &r.findings[i]
		slices.SortFunc(w.sightings, func(a, b foundAt) int { return cmp.Or(a.input-b.input, a.n-b.n) })
	}
	slices.SortStableFunc(r.findings, func(a, b finding) int {
		return cmp.Or(a.row-b.row, strings.Compare(r.vulnerability(&a), r.vulnerability(&b)))
	})
	for i := range r.findings {
		w := &r.findings[i]
		w.id = r.unique("f-", r.rows[w.row].id, r.vulnerability(w))
	}
}

// vulnerability is the id by which people know a finding.
func (r *run) vulnerability(w *finding) string {
	if cve := r.vulns.cve[w.group]; cve != "" {
		return cve
	}
	best := ""
	for _, at := range w.sightings {
		if id := r.at(at).ID; best == "" || id < best {
			best = id
		}
	}
	return best
}

// idsOf are the ids under which inputs report a finding, sorted.
func (r *run) idsOf(w *finding) []string {
	var ids []string
	for _, at := range w.sightings {
		ids = append(ids, r.at(at).ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
