package reconcile

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

// row is a distinct component while it is being put together.
type row struct {
	entities []int
	mask     uint64 // inputs that have it
	id       string
	level    identity.Level
	key      identity.Key
	dead     bool // joined into another
}

// bucketLimit bounds how many rows of one bucket are looked at together, so
// that no step is quadratic. Real buckets have a few.
const bucketLimit = 16

// join brings equal entities together: first by key, then what is left alone
// by looser versions and by file.
func (r *run) join() {
	r.rowOf = make([]int, len(r.entities))
	r.joinKeys()
	r.joinLoose()
	r.joinFiles()
	r.settle()
}

// joinKeys makes a row of each key at LevelVersion, which all levels below it
// lead to, and of each entity without a key.
func (r *run) joinKeys() {
	at := make(map[identity.Key]int, len(r.entities))
	for n := range r.entities {
		k := r.entities[n].id.Key(identity.LevelVersion)
		i, ok := at[k]
		if !ok || k == "" {
			i = len(r.rows)
			r.rows = append(r.rows, row{})
			at[k] = i
		}
		r.put(n, i)
	}
	for i, n := 0, len(r.rows); i < n; i++ {
		r.splitArchitectures(i)
	}
}

func (r *run) put(n, i int) {
	r.rowOf[n] = i
	r.rows[i].entities = append(r.rows[i].entities, n)
	r.rows[i].mask |= 1 << r.entities[n].input
}

// splitArchitectures parts the packages of several architectures that one
// image can have side by side. Those that state none go where their input has
// none yet.
func (r *run) splitArchitectures(i int) {
	var archs []string
	for _, n := range r.rows[i].entities {
		if a := r.entities[n].arch; a != "" && !slices.Contains(archs, a) && len(archs) < bucketLimit {
			archs = append(archs, a)
		}
	}
	if len(archs) < 2 {
		return
	}
	slices.Sort(archs)
	all := r.rows[i].entities
	rows := []int{i}
	r.rows[i] = row{}
	for range archs[1:] {
		rows = append(rows, len(r.rows))
		r.rows = append(r.rows, row{})
	}
	for _, n := range all {
		if k := slices.Index(archs, r.entities[n].arch); k >= 0 {
			r.put(n, rows[k])
		}
	}
	for _, n := range all {
		if slices.Contains(archs, r.entities[n].arch) {
			continue
		}
		k := slices.IndexFunc(rows, func(i int) bool { return r.rows[i].mask&(1<<r.entities[n].input) == 0 })
		r.put(n, rows[max(k, 0)])
	}
}

// lonely reports whether some input lacks the row.
func (r *run) lonely(i int) bool {
	return !r.rows[i].dead && r.rows[i].mask != 1<<len(r.sources)-1
}

// buckets groups lonely rows by a key of their first entity; only buckets of
// more than one row and no more than bucketLimit are returned.
func (r *run) buckets(key func(e *entity) identity.Key) [][]int {
	at := make(map[identity.Key]int)
	var all [][]int
	for i := range r.rows {
		if !r.lonely(i) {
			continue
		}
		k := key(&r.entities[r.rows[i].entities[0]])
		if k == "" {
			continue
		}
		b, ok := at[k]
		if !ok {
			b = len(all)
			at[k] = b
			all = append(all, nil)
		}
		all[b] = append(all[b], i)
	}
	return slices.DeleteFunc(all, func(b []int) bool { return len(b) < 2 || len(b) > bucketLimit })
}

// joinLoose joins rows whose versions differ in an epoch or a rebuild that one
// side does not state, or that their ecosystem ranks equal.
func (r *run) joinLoose() {
	for _, bucket := range r.buckets(func(e *entity) identity.Key { return e.id.Key(identity.LevelLoose) }) {
		if !r.contradict(bucket) {
			r.merge(bucket, func(a, b *entity) *identity.Rewrite { return nil }, r.sameSource)
		}
	}
	byPackage := func(e *entity) identity.Key {
		if strings.Contains(e.id.Version, "+") || e.id.Version == "" {
			return "" // Build metadata has no rank, and is not the same build.
		}
		return e.id.Package
	}
	for _, bucket := range r.buckets(byPackage) {
		r.merge(bucket, equalRank, func(a, b *entity) bool { return equalRank(a, b) != nil })
	}
}

// contradict reports whether rows state different epochs or rebuilds, so that
// leaving them out would hide a difference.
func (r *run) contradict(bucket []int) bool {
	var epoch, rebuild string
	for _, i := range bucket {
		for _, w := range r.entities[r.rows[i].entities[0]].id.Rewrites {
			var stated *string
			switch w.Rule {
			case identity.RuleEpochDropped:
				stated = &epoch
			case identity.RuleRebuild:
				stated = &rebuild
			default:
				continue
			}
			part := w.From[:len(w.From)-len(w.To)]
			if w.Rule == identity.RuleRebuild {
				part = w.From[len(w.To):]
			}
			if *stated != "" && *stated != part {
				return true
			}
			*stated = part
		}
	}
	return false
}

func (r *run) sameSource(a, b *entity) bool {
	return a.id.Source == "" || b.id.Source == "" || a.id.Source == b.id.Source
}

// RuleEqualRank is the rewrite between versions that their ecosystem ranks
// equal, such as 1.0 and 1.0.0 of PyPI.
const RuleEqualRank identity.Rule = "equal-rank"

func equalRank(a, b *entity) *identity.Rewrite {
	eco, ok := identity.FamilyOf(a.id.Type)
	if !ok {
		return nil
	}
	if n, err := identity.Compare(eco, a.id.Version, b.id.Version); err != nil || n != 0 {
		return nil
	}
	return &identity.Rewrite{Level: identity.LevelLoose, Rule: RuleEqualRank, From: b.id.Version, To: a.id.Version}
}

// merge joins rows of a bucket that no input has both of and that fit.
func (r *run) merge(bucket []int, how func(a, b *entity) *identity.Rewrite, fits func(a, b *entity) bool) {
	for x, i := range bucket {
		for _, k := range bucket[x+1:] {
			a, b := &r.rows[i], &r.rows[k]
			if a.dead || b.dead || a.mask&b.mask != 0 {
				continue
			}
			ea, eb := &r.entities[a.entities[0]], &r.entities[b.entities[0]]
			if differentArch(ea, eb) || !fits(ea, eb) {
				continue
			}
			r.absorb(i, k, identity.LevelLoose, how(ea, eb))
		}
	}
}

func differentArch(a, b *entity) bool { return a.arch != "" && b.arch != "" && a.arch != b.arch }

// absorb moves the entities of row k to row i.
func (r *run) absorb(i, k int, l identity.Level, w *identity.Rewrite) {
	for _, n := range r.rows[k].entities {
		r.entities[n].joined, r.entities[n].rewrite = l, w
		r.put(n, i)
	}
	r.rows[k] = row{dead: true}
}

// fileRow begins the keys of components that are files.
const fileRow = "file "

// joinFiles joins rows that are the same file, when just they are.
func (r *run) joinFiles() {
	at := make(map[identity.Key][]int)
	var order []identity.Key
	for n := range r.entities {
		e := &r.entities[n]
		for _, k := range identity.FileKeys(e.comp, e.id) {
			if isFile(e) {
				k = fileRow + k // A file is not the package in it.
			}
			rows := at[k]
			if rows == nil {
				order = append(order, k)
			}
			if len(rows) <= bucketLimit && !slices.Contains(rows, r.rowOf[n]) {
				at[k] = append(rows, r.rowOf[n])
			}
		}
	}
	for _, k := range order {
		if rows := at[k]; len(rows) > 1 && len(rows) <= bucketLimit {
			r.joinFile(k, rows)
		}
	}
}

func (r *run) joinFile(k identity.Key, rows []int) {
	var mask uint64
	for _, i := range rows {
		if r.rows[i].dead || mask&r.rows[i].mask != 0 {
			return // An input has two of them: which is which is not known.
		}
		mask |= r.rows[i].mask
	}
	first := &r.entities[r.rows[rows[0]].entities[0]]
	for _, i := range rows[1:] {
		if e := &r.entities[r.rows[i].entities[0]]; isFile(first) != isFile(e) || !sameKind(first, e) || !agree(version(first), version(e)) {
			return
		}
	}
	for _, i := range rows[1:] {
		e := &r.entities[r.rows[i].entities[0]]
		r.absorb(rows[0], i, identity.LevelFile, &identity.Rewrite{Level: identity.LevelFile, Rule: RuleSameFile,
			From: string(e.id.Key(identity.LevelVersion)), To: printableKey(k)})
	}
}

// RuleSameFile is the rewrite between components that are the same file.
const RuleSameFile identity.Rule = "same-file"

func printableKey(k identity.Key) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(k), fileRow), "\x00", " ")
}

// sameKind reports whether two components in one file can be the same: they
// are of one ecosystem, or one of them of none.
func sameKind(a, b *entity) bool {
	free := func(e *entity) bool { return e.id.Type == "" || e.id.Type == "generic" || e.id.Type == "github" }
	return a.id.Type == b.id.Type || free(a) || free(b)
}

func version(e *entity) string {
	if e.id.Version != "" {
		return e.id.Version
	}
	return e.comp.Version
}

// agree reports whether two statements can both be true: they are equal, or one
// is not made.
func agree(a, b string) bool { return a == "" || b == "" || a == b }

// settle drops joined rows, orders the rest and computes levels and ids.
func (r *run) settle() {
	rows := slices.DeleteFunc(r.rows, func(w row) bool { return w.dead })
	for i := range rows {
		w := &rows[i]
		slices.Sort(w.entities)
		r.setLevel(w)
		first := &r.entities[w.entities[0]]
		key := string(first.id.Key(identity.LevelVersion))
		if key == "" {
			key = strings.Join([]string{first.comp.Name, first.comp.Version, first.path, r.sources[first.input].Name}, "\x00")
		}
		w.id = r.unique("r-", key, first.arch)
	}
	slices.SortFunc(rows, func(a, b row) int {
		x, y := &r.entities[a.entities[0]], &r.entities[b.entities[0]]
		if n := strings.Compare(string(x.id.Key(identity.LevelVersion)), string(y.id.Key(identity.LevelVersion))); n != 0 {
			return n
		}
		if n := strings.Compare(x.comp.Name, y.comp.Name); n != 0 {
			return n
		}
		return a.entities[0] - b.entities[0]
	})
	r.rows = rows
	for i := range rows {
		for _, n := range rows[i].entities {
			r.rowOf[n] = i
		}
	}
	r.indexRows()
}

func (r *run) setLevel(w *row) {
	first := &r.entities[w.entities[0]]
	if first.id.Key(identity.LevelBytes) != "" {
		w.level = identity.LevelBytes
	}
	for _, n := range w.entities[1:] {
		w.level = max(w.level, r.levelTo(first, &r.entities[n]))
	}
	w.key = first.id.Key(min(w.level, identity.LevelLoose))
}

// levelTo is the level at which an entity equals its row's first.
func (r *run) levelTo(first, e *entity) identity.Level {
	if l := identity.LevelOf(first.id, e.id); l != identity.LevelNone {
		return l
	}
	if e.joined != identity.LevelNone {
		return e.joined
	}
	return max(first.joined, identity.LevelLoose) // Both came by way of a third.
}

func (r *run) indexRows() {
	r.packages = make(map[identity.Key][]int)
	r.sourced = make(map[identity.Key][]int)
	for i := range r.rows {
		for _, n := range r.rows[i].entities {
			id := r.entities[n].id
			addRow(r.packages, id.Package, i)
			if id.Source != "" && id.Source != id.Package {
				addRow(r.sourced, id.Source+"@"+identity.Key(id.SourceVersion), i)
			}
		}
	}
}

func addRow(m map[identity.Key][]int, k identity.Key, i int) {
	if rows := m[k]; k != "" && len(rows) < 4*bucketLimit && (len(rows) == 0 || rows[len(rows)-1] != i) {
		m[k] = append(rows, i)
	}
}

// comparable reports whether a row's absence from a document is a difference.
func (r *run) comparable(w *row) bool {
	e := &r.entities[w.entities[0]]
	switch e.comp.Type {
	case sbom.TypeOperatingSystem, sbom.TypeContainer:
		return false
	case sbom.TypeFile:
		return r.opts.Files
	}
	return true
}

func members(mask uint64) []int {
	var all []int
	for mask != 0 {
		i := bits.TrailingZeros64(mask)
		all = append(all, i)
		mask &^= 1 << i
	}
	return all
}
