package reconcile

import (
	"slices"
	"strings"
)

// aliases groups the ids of vulnerabilities that are said to be the same.
//
// Only aliases merge. Advisories that cover several vulnerabilities are linked to
// them, whatever a report calls the link, and a group never has two CVE ids: a
// record that says otherwise would fold two vulnerabilities into one.
type aliases struct {
	index  map[string]int
	names  []string
	parent []int
	cve    []string // of a group's root: its CVE id
	edges  [][]edge // of an id: statements that merge
	links  [][]edge // of an id: statements that do not merge, both ways
}

// edge is a statement in a finding that one id belongs to another.
type edge struct {
	to      int
	input   int // -1 for a rule of names
	finding int
	kind    EdgeKind
}

// mergingPrefixes are those of databases that give each vulnerability of
// another database one id of their own, made of its prefix and the other's id
// (OSV schema, "id; modified").
var mergingPrefixes = []string{"DEBIAN-", "ALPINE-", "UBUNTU-", "AZL-", "BELL-", "BIT-", "ECHO-", "MINI-"}

// advisoryPrefixes are those of advisories, each of which can cover several
// vulnerabilities.
var advisoryPrefixes = []string{"DSA-", "DLA-", "DTSA-", "ELA-", "USN-", "LSN-", "RHSA-", "RHBA-", "RHEA-", "ALAS", "ELSA-", "ELBA-",
	"ALSA-", "ALBA-", "ALEA-", "RLSA-", "RXSA-", "SUSE-", "OPENSUSE-", "OESA-", "MGASA-", "GLSA-", "PHSA-", "ASA-", "KB", "OVMSA-"}

func isAdvisory(id string) bool {
	id = strings.ToUpper(id)
	return slices.ContainsFunc(advisoryPrefixes, func(p string) bool { return strings.HasPrefix(id, p) })
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }

// foldID is the form in which ids are compared: the databases' ids have no case.
func foldID(id string) string { return strings.ToUpper(strings.TrimSpace(id)) }

func newAliases() *aliases {
	return &aliases{index: make(map[string]int)}
}

// intern returns the number of an id.
func (a *aliases) intern(id string) int {
	key := foldID(id)
	if n, ok := a.index[key]; ok {
		return n
	}
	n := len(a.names)
	a.index[key] = n
	a.names = append(a.names, id)
	a.parent = append(a.parent, n)
	a.edges = append(a.edges, nil)
	a.links = append(a.links, nil)
	a.cve = append(a.cve, "")
	if isCVE(key) {
		a.cve[n] = key
	}
	for _, p := range mergingPrefixes {
		if rest, ok := strings.CutPrefix(key, p); ok && isCVE(rest) {
			a.merge(n, a.intern(rest), edge{input: -1, kind: EdgeName})
			break
		}
	}
	return n
}

func (a *aliases) find(n int) int {
	for a.parent[n] != n {
		a.parent[n] = a.parent[a.parent[n]]
		n = a.parent[n]
	}
	return n
}

// edgeLimit bounds the statements kept per id: a few prove as much as many.
const edgeLimit = 32

// merge makes two ids one group, unless that would unite two CVE ids.
func (a *aliases) merge(x, y int, e edge) {
	rx, ry := a.find(x), a.find(y)
	if a.cve[rx] != "" && a.cve[ry] != "" && a.cve[rx] != a.cve[ry] {
		a.link(x, y, e)
		return
	}
	if len(a.edges[x]) < edgeLimit && !a.has(x, y) {
		a.edges[x] = append(a.edges[x], edge{y, e.input, e.finding, e.kind})
		a.edges[y] = append(a.edges[y], edge{x, e.input, e.finding, e.kind})
	}
	if rx == ry {
		return
	}
	if rx > ry {
		rx, ry = ry, rx // The first seen stays the root, whatever the order of joins.
	}
	a.parent[ry] = rx
	if a.cve[rx] == "" {
		a.cve[rx] = a.cve[ry]
	}
}

func (a *aliases) has(x, y int) bool {
	return slices.ContainsFunc(a.edges[x], func(e edge) bool { return e.to == y })
}

// link notes that two ids belong together without being the same.
func (a *aliases) link(x, y int, e edge) {
	for _, ends := range [2][2]int{{x, y}, {y, x}} {
		to := ends[1]
		if l := a.links[ends[0]]; len(l) < linkLimit && !slices.ContainsFunc(l, func(o edge) bool { return o.to == to }) {
			a.links[ends[0]] = append(l, edge{to, e.input, e.finding, EdgeRelated})
		}
	}
}

// linkLimit bounds the links kept per id. The largest advisories cover a few
// hundred vulnerabilities.
const linkLimit = 1024

// state takes in what one finding says about its ids.
func (a *aliases) state(input, n int, id string, same, related []string) {
	x := a.intern(id)
	for _, other := range same {
		y := a.intern(other)
		e := edge{input: input, finding: n, kind: EdgeAlias}
		if x == y {
			continue
		}
		if isAdvisory(id) != isAdvisory(other) {
			a.link(x, y, e)
			continue
		}
		a.merge(x, y, e)
	}
	for _, other := range related {
		if y := a.intern(other); x != y {
			a.link(x, y, edge{input: input, finding: n, kind: EdgeRelated})
		}
	}
}

// searchLimit bounds the search for a chain of statements.
const searchLimit = 256

// path returns the shortest chain of statements from one id to another, nil
// when there is none within searchLimit ids.
func (a *aliases) path(from, to int) []step {
	came := map[int]step{from: {}}
	queue := []int{from}
	for len(queue) > 0 && len(came) < searchLimit {
		n := queue[0]
		queue = queue[1:]
		if n == to {
			return unwind(came, from, to)
		}
		for _, e := range a.edges[n] {
			if _, seen := came[e.to]; !seen {
				came[e.to] = step{from: n, edge: e}
				queue = append(queue, e.to)
			}
		}
	}
	if _, ok := came[to]; ok {
		return unwind(came, from, to)
	}
	return nil
}

// step is one statement of a chain.
type step struct {
	from int
	edge edge
}

func unwind(came map[int]step, from, to int) []step {
	var path []step
	for n := to; n != from; n = came[n].from {
		path = append(path, came[n])
	}
	slices.Reverse(path)
	return path
}
