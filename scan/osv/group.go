package osv

import (
	"cmp"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/identity"
)

// match is a record that affects a package's version.
type match struct {
	*posting
	facts   recordFacts
	verdict verdict
}

// group are the matches of one vulnerability, the best record first.
type group struct{ matches []match }

// groupByAlias joins the matches whose records are aliases of each other,
// directly or through others. Groups are in the order of their first record's id.
func groupByAlias(eco identity.Ecosystem, matches []match) []group {
	parent := make([]int, len(matches))
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	seen := map[string]int{}
	for i := range matches {
		parent[i] = i
		for _, id := range matches[i].facts.ids() {
			if j, ok := seen[id]; ok {
				parent[find(i)] = find(j)
			} else {
				seen[id] = i
			}
		}
	}
	by := map[int]*group{}
	for i, m := range matches {
		root := find(i)
		if by[root] == nil {
			by[root] = &group{}
		}
		by[root].matches = append(by[root].matches, m)
	}
	out := make([]group, 0, len(by))
	for _, g := range by {
		g.sort(eco)
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b group) int { return cmp.Compare(a.matches[0].facts.id, b.matches[0].facts.id) })
	return out
}

// sort puts the best record first: the distribution's or the ecosystem's own
// database, then those that name the range, then the smallest id.
func (g *group) sort(eco identity.Ecosystem) {
	slices.SortStableFunc(g.matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(rank(eco, a.facts.id), rank(eco, b.facts.id)),
			cmp.Compare(a.facts.id, b.facts.id), -cmp.Compare(len(a.verdict.fixed), len(b.verdict.fixed)))
	})
}

// ids returns all ids and aliases of a group, the first record's id first.
func (g *group) ids() []string { return g.collect(func(f *recordFacts) []string { return f.ids() }) }

// links returns what the records of a group mention and is not their own.
func (g *group) links() []string {
	own := g.ids()
	links := g.collect(func(f *recordFacts) []string { return f.links() })
	return slices.DeleteFunc(links, func(id string) bool { return slices.Contains(own, id) })
}

func (g *group) collect(of func(*recordFacts) []string) []string {
	var out []string
	seen := map[string]bool{}
	for i := range g.matches {
		for _, id := range of(&g.matches[i].facts) {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}
