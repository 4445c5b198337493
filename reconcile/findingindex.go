package reconcile

import (
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// findingIndex is what is looked up about all findings at once.
type findingIndex struct {
	bySource  map[groupKey][]int // alias group and source package to finding rows
	byPackage map[groupKey][]int // alias group and package to finding rows
	at        map[[2]int]int     // component row and alias group to finding row
	onRow     map[int][]int      // component row to finding rows
	anyFixed  []map[scan.FixState]int
	unchecked []map[int]*scan.Unassessed
}

type groupKey struct {
	group int
	key   identity.Key
}

func (r *run) indexFindings() *findingIndex {
	x := &findingIndex{bySource: make(map[groupKey][]int), byPackage: make(map[groupKey][]int), onRow: make(map[int][]int),
		at: make(map[[2]int]int)}
	for i := range r.findings {
		w := &r.findings[i]
		id := r.first(w.row).id
		addFinding(x.bySource, groupKey{w.group, sourceOf(id)}, i)
		addFinding(x.byPackage, groupKey{w.group, id.Package}, i)
		x.at[[2]int{w.row, w.group}] = i
		x.onRow[w.row] = append(x.onRow[w.row], i)
	}
	for i, s := range r.sources {
		fixed := make(map[scan.FixState]int)
		if s.Report != nil {
			for n := range s.Report.Findings {
				fixed[s.Report.Findings[n].Fix]++
			}
		}
		x.anyFixed = append(x.anyFixed, fixed)
		x.unchecked = append(x.unchecked, r.unassessed(i, s))
	}
	return x
}

func addFinding(m map[groupKey][]int, k groupKey, i int) {
	if k.key != "" && len(m[k]) < bucketLimit {
		m[k] = append(m[k], i)
	}
}

// sourceOf is the package that advisories of a distribution name.
func sourceOf(id *identity.Identity) identity.Key {
	if id.Source != "" {
		return id.Source
	}
	if _, ok := identity.FamilyOf(id.Type); ok && (id.Type == "deb" || id.Type == "apk" || id.Type == "rpm") {
		return id.Package
	}
	return ""
}

// unassessed finds the rows of the components that a report says it did not
// assess.
func (r *run) unassessed(i int, s *source) map[int]*scan.Unassessed {
	rows := make(map[int]*scan.Unassessed)
	if s.Report == nil {
		return rows
	}
	for k := range s.Report.Unassessed {
		u := &s.Report.Unassessed[k]
		n, ok := s.byID[u.Component.ID]
		if !ok {
			id := identity.Canonical(componentOf(&u.Component, s.dist), s.dist)
			n, ok = s.byKey[id.Key(identity.LevelVersion)]
			ok = ok && id.Err == nil
		}
		if ok {
			rows[r.rowOf[n]] = u
		}
	}
	return rows
}
