package binary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Findings of the precise mode have at least the confidence precise, those of the eager
// mode eager. How sure each rule is was set by judgement, and is held against files with known
// answers by TestCorpus, which prints how often each is right.
const (
	precise = 0.8
	eager   = 0.5
)

var confidence = map[string]float64{
	rulePackageNote: 0.99,
	ruleGoPath:      0.98,
	ruleGoToolchain: 0.95,
	ruleCratePath:   0.97,
	ruleTableSelf:   0.97,
	ruleTable:       0.95,
	ruleTableBare:   0.9,
	ruleNameStated:  0.93,
	ruleNameOpened:  0.88,
	ruleNameLoose:   0.8,
	ruleOwn:         0.9,
	ruleNeighbour:   0.85,
	ruleFileName:    0.85,
	ruleOnly:        0.6,
	ruleSentence:    0.6,
	rulePacked:      0.85,
	ruleDirectory:   0.93,
	ruleFormat:      0.85,
}

// The rules.
const (
	rulePackageNote = "package-note"
	ruleGoPath      = "go-path"
	ruleGoToolchain = "go-toolchain"
	ruleCratePath   = "crate-path"
	ruleTableSelf   = "table-self"
	ruleTable       = "table"
	ruleTableBare   = "table-bare"
	ruleNameStated  = "name-states-version"
	ruleNameOpened  = "name-opens-string"
	ruleNameLoose   = "name-before-version"
	ruleOwn         = "own-version"
	ruleNeighbour   = "neighbour"
	ruleFileName    = "file-name"
	ruleOnly        = "only-version"
	ruleSentence    = "name-in-sentence"
	rulePacked      = "name-packed-with-version"
	ruleDirectory   = "build-directory"
	ruleFormat      = "beside-format"
)

// maxProducts is the number of products of the table that one file may have. The bundles
// with most have 30; scanners, which have texts to compare with, have more, and this package's
// own table has them all.
const maxProducts = 40

// judge weighs what was collected of one file.
type judge struct {
	*collector
	facts   header.Facts
	report  *Report
	names   []string       // of the file, best first
	stem    string         // of the file's own name, or of its SONAME
	project string         // of the file's name, as distributions have it
	product *rules.Product // that the names are of, if it is in the table
	claims  []claim        // on what the file is
	others  []claim        // on what it has
}

// claim is one reason for one version.
type claim struct {
	rule     string
	relation Relation
	product  *rules.Product // nil for what is not in the table
	name     string
	version  string
	place
	weight float64
	count  int
}

// judge closes the collection.
func (c *collector) judge() *Report {
	c.scanner.Close()
	if c.scanner.Limited() {
		c.room(1, 0, "versions")
	}
	facts := c.headers.Facts(c.library)
	j := &judge{collector: c, facts: facts, report: &Report{
		Format: facts.Format, Architecture: facts.Architecture, Linkage: linkage(&facts), SONAME: oneline.Token(facts.SONAME, maxText),
		BuildID: oneline.Token(facts.BuildID, maxText), Compilers: slices.Sorted(maps.Keys(c.compilers)), Damaged: facts.Damaged, Limited: c.limited}}
	for _, n := range facts.Needed {
		if n = oneline.Token(n, maxText); n != "" {
			j.report.Needed = append(j.report.Needed, n)
		}
	}
	j.report.Versions = len(c.bare) + len(c.pairs)
	for _, i := range slices.Sorted(maps.Keys(c.traits)) {
		if v := c.d.index.Trait(i).Value; !slices.Contains(j.report.Traits, v) {
			j.report.Traits = append(j.report.Traits, v)
		}
	}
	if facts.Format == "" {
		return j.report
	}
	j.nameFile()
	j.packageNote()
	j.fromTable()
	j.fromAnchors()
	j.fromPairs()
	j.fromBare()
	j.fromPacked()
	j.fromFileName()
	j.decide()
	j.fromModules()
	j.report.sort()
	return j.report
}

func linkage(f *header.Facts) string {
	if f.Format == "" {
		return ""
	}
	link, kind := "static", "program"
	if f.Dynamic {
		link = "dynamic"
	}
	if f.Library {
		kind = "library"
	}
	return link + " " + kind
}

// nameFile finds out what the file is called, by its SONAME first: that is what
// it was linked as.
func (j *judge) nameFile() {
	base := stem(j.path)
	stems := []string{base}
	if j.facts.SONAME != "" {
		stems = []string{stem(j.facts.SONAME), base}
	}
	for _, s := range stems {
		for _, n := range spellings(s) {
			if !contains(j.names, n) {
				j.names = append(j.names, n)
			}
		}
	}
	j.stem = stems[0]
	files := []string{path.Base(j.facts.SONAME), path.Base(j.path)}
	products := j.d.index.Products()
	for i := range products {
		p := &products[i]
		if p.Library(files[0]) || strings.Contains(files[1], ".so") && p.Library(files[1]) || j.programOf(p, base) {
			j.product = p
			break
		}
	}
	var more []string
	if j.product != nil {
		more = append([]string{j.product.Name}, j.product.Names...)
	} else if j.project = names.Project(j.stem); j.project != "" {
		more = spellings(j.project)
	}
	for _, n := range more {
		if n = normal(n); !contains(j.names, n) {
			j.names = append(j.names, n)
		}
	}
}

// programOf reports whether the product has a program of that name, with a version behind it or not.
func (j *judge) programOf(p *rules.Product, name string) bool {
	if slices.Contains(p.Programs, name) {
		return true
	}
	bare := strings.TrimRight(name, "-.0123456789")
	return bare != "" && slices.Contains(p.Programs, bare)
}

func (j *judge) claim(relation Relation, rule string, p *rules.Product, name, version string, at place, count int) {
	c := claim{rule, relation, p, name, version, at, confidence[rule], count}
	if relation == Is {
		j.claims = append(j.claims, c)
	} else {
		j.others = append(j.others, c)
	}
}

// ownName is the name that the file goes by in a finding.
func (j *judge) ownName() string {
	if j.product != nil {
		return j.product.Name
	}
	if j.project != "" {
		return j.project
	}
	return strings.ToLower(j.stem)
}

// packageNote reads the note that distributions have the linker write
// (systemd.io/PACKAGE_METADATA_FOR_EXECUTABLE_FILES).
func (j *judge) packageNote() {
	var note struct{ Type, Name, Version, OS, Architecture string }
	if json.Unmarshal(j.facts.Package, &note) != nil || note.Name == "" || note.Version == "" {
		return
	}
	name, version := oneline.Token(note.Name, maxText), oneline.Token(note.Version, maxText)
	if name == "" || version == "" {
		return
	}
	f := Finding{Name: name, Version: version, Relation: Is, Evidence: []Evidence{{rulePackageNote, 0, oneline.Text(string(j.facts.Package), maxText), confidence[rulePackageNote]}}}
	switch note.Type {
	case "deb", "rpm":
		f.PURL = sbom.NewPURL(note.Type, note.OS, name, version, map[string]string{"arch": note.Architecture})
	default:
		f.PURL = sbom.NewPURL("generic", "", name, version, nil)
	}
	j.report.Findings = append(j.report.Findings, f)
}

// fromTable takes what the patterns of the table found.
func (j *judge) fromTable() {
	products := make(map[*rules.Product]bool)
	for k := range j.hits {
		products[k.product] = true
	}
	if len(products) > maxProducts {
		j.report.Limited = fmt.Sprintf("texts of %d known products: more a table of such texts than their code", len(products))
		return
	}
	for k, h := range j.hits {
		rule, relation := ruleTable, j.relation(k.product)
		if k.self {
			rule, relation = ruleTableSelf, Is
		}
		at := h.place
		j.claim(relation, rule, k.product, k.product.Name, k.version, at, h.count*100-h.rank)
	}
}

// relation says what a product whose text is in the file is to the file.
func (j *judge) relation(p *rules.Product) Relation {
	if p == j.product {
		return Is
	}
	if slices.ContainsFunc(j.facts.Needed, p.Library) {
		return BuiltAgainst
	}
	return Contains
}

// fromAnchors takes versions that stand alone, for products whose anchors are all there.
func (j *judge) fromAnchors() {
	for p, seen := range j.anchors {
		if len(seen) < len(p.Anchors) {
			continue
		}
		var version string
		n := 0
		for v := range j.bare {
			if p.Shaped(v) {
				version = v
				n++
			}
		}
		if n == 1 {
			j.claim(j.relation(p), ruleTableBare, p, p.Name, version, j.bare[version].place, 0)
		}
	}
}

// fromPairs takes versions next to one of the file's names.
func (j *judge) fromPairs() {
	for k, p := range j.pairs {
		words := strings.Fields(k.words)
		if k.words == "%s" {
			if len(j.names) > 0 && p.form == own {
				j.claim(Is, ruleOwn, j.product, j.ownName(), k.version, p.place, p.count)
			}
			continue
		}
		rank := j.rank(words)
		if rank < 0 {
			continue
		}
		rule := map[form]string{loose: ruleNameLoose, opened: ruleNameOpened, stated: ruleNameStated}[p.form]
		if p.form == loose && (len(p.text) > 80 || strings.Count(k.version, ".") == 1) {
			rule = ruleSentence
		}
		j.claim(Is, rule, j.product, j.spelled(rank), k.version, p.place, p.count)
	}
}

// spelled is the name that the file goes by in a finding which stands on one of its
// spellings: the program gnuplot-nox that says "gnuplot" is gnuplot.
func (j *judge) spelled(rank int) string {
	if j.product != nil {
		return j.product.Name
	}
	if j.project != "" {
		return j.project
	}
	return j.names[rank]
}

// rank returns which of the file's names the words before a version are, -1 if none. Names
// may be of several words: "Midnight Commander".
func (j *judge) rank(words []string) int {
	joined := ""
	for _, w := range words {
		joined = w + joined
		for i, n := range j.names {
			if joined == n {
				return i
			}
		}
	}
	return -1
}

// fromBare takes versions that stand alone beside one of the file's names, or that are the
// only one.
func (j *judge) fromBare() {
	if len(j.names) == 0 {
		return
	}
	for v, b := range j.bare {
		if j.ofHeader(v) {
			continue
		}
		at := b.place
		at.text = oneline.Text(b.previous+" | "+b.text+" | "+b.next, maxText)
		rank := max(j.mention(b.previous), j.mention(b.next))
		switch {
		case rank >= 0:
			j.claim(Is, ruleNeighbour, j.product, j.spelled(rank), v, at, b.count)
		case printsVersion(b.previous) || printsVersion(b.next):
			j.claim(Is, ruleFormat, j.product, j.ownName(), v, at, b.count)
		}
		if len(j.bare) == 1 && strings.Count(v, ".") > 1 {
			j.claim(Is, ruleOnly, j.product, j.ownName(), v, at, b.count)
		}
	}
}

// common are versions that stand for a format or protocol more often than not.
var common = []string{"1.0", "1.1", "1.2", "2.0", "3.0", "1.0.0"}

// headers are what callers have of libraries whose functions want to know the
// version that their callers were built with.
var headers = map[string][]string{"libz.": {"1.2.", "1.3"}, "libpng16.": {"1.6."}, "libsqlite3.": {"3."}}

// ofHeader reports whether a version that stands alone need not be the file's.
func (j *judge) ofHeader(version string) bool {
	for library, starts := range headers {
		linked := func(n string) bool { return strings.HasPrefix(n, library) }
		its := func(s string) bool { return strings.HasPrefix(version, s) }
		if slices.ContainsFunc(starts, its) && slices.ContainsFunc(j.facts.Needed, linked) {
			return true
		}
	}
	return slices.Contains(common, version)
}

// mention returns which of the file's names a string has as a word, -1 if none.
func (j *judge) mention(text string) int {
	for _, w := range tokens(text, 8) {
		for i, n := range j.names {
			if normal(w) == n {
				return i
			}
		}
	}
	return -1
}

// printsVersion reports whether a string is a format into which a program puts its version.
func printsVersion(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "version %s") || strings.Contains(lower, "version: %s") || strings.HasPrefix(lower, "%s %s") || strings.HasPrefix(lower, "%s (") && strings.HasSuffix(lower, ") %s") ||
		lower == "version" || lower == "--version"
}

// fromPacked takes versions that have a name of the file at once before or behind them,
// and those of the directory that the program was built in. Of several directories none
// is the program's.
func (j *judge) fromPacked() {
	directories := 0
	for k := range j.packed {
		if k.stem < 0 {
			directories++
		}
	}
	for k, p := range j.packed {
		if k.stem >= 0 {
			if j.has("Rust") || j.has("Go") {
				j.claim(Is, rulePacked, j.product, j.ownName(), k.version, p.place, p.count)
			}
			continue
		}
		name, version, _ := strings.Cut(k.version, " ")
		if j.product != nil && (j.product.Name == name || contains(j.product.Names, name)) {
			name = j.product.Name
		}
		if directories == 1 {
			j.claim(Is, ruleDirectory, nil, name, version, p.place, p.count)
		}
	}
}

// fromFileName takes the version in a library's file name. Behind ".so" it is mostly that of
// the interface, which differs.
func (j *judge) fromFileName() {
	base := path.Base(j.path)
	name, interface_, ok := strings.Cut(base, ".so")
	if !ok || len(j.names) == 0 {
		return
	}
	at := place{0, base}
	if i := strings.LastIndexByte(name, '-'); i > 0 && isVersion(name[i+1:]) && strings.Count(name[i+1:], ".") > 1 {
		j.claim(Is, ruleFileName, j.product, j.ownName(), name[i+1:], at, 1)
	}
	if v := strings.TrimPrefix(interface_, "."); isVersion(v) && strings.Count(v, ".") == 2 {
		if b := j.bare[v]; b != nil {
			j.claim(Is, ruleNeighbour, j.product, j.ownName(), v, b.place, 1)
		}
	}
}

func isVersion(s string) bool {
	return strings.Contains(s, ".") && strings.Trim(s, "0123456789.") == "" && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".")
}

// decide makes findings of claims.
func (j *judge) decide() {
	least := precise
	if j.d.eager {
		least = eager
	}
	if f := j.settle(j.claims, least); f != nil && j.report.Main() == nil {
		j.report.Findings = append(j.report.Findings, *f)
	}
	byProduct := make(map[*rules.Product][]claim)
	for _, c := range j.others {
		byProduct[c.product] = append(byProduct[c.product], c)
	}
	for _, claims := range byProduct {
		if claims[0].relation == BuiltAgainst && !j.d.eager {
			continue
		}
		if f := j.settle(claims, least); f != nil {
			j.report.Findings = append(j.report.Findings, *f)
		}
	}
}

// settle chooses one version of several, by the best rule that has one, and nil when none
// is sure enough.
func (j *judge) settle(claims []claim, least float64) *Finding {
	slices.SortFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.count, a.count), cmp.Compare(len(b.version), len(a.version)),
			cmp.Compare(a.version, b.version), cmp.Compare(a.offset, b.offset))
	})
	if len(claims) == 0 || claims[0].weight < least {
		return nil
	}
	best := claims[0]
	for _, c := range claims[1:] { // The longer spelling of the same version.
		if best.product == nil && c.weight >= precise && longer(c.version, best.version) {
			best.version = c.version
		}
	}
	f := &Finding{Name: best.name, Version: best.version, Relation: best.relation}
	j.describe(f, best.product)
	for _, c := range claims {
		if (c.version == best.version || longer(best.version, c.version)) && len(f.Evidence) < 8 {
			f.Evidence = append(f.Evidence, Evidence{c.rule, c.offset, c.text, c.weight})
		}
	}
	return f
}

// longer reports whether long is a longer spelling of short: "1.2.3-rc1" of "1.2.3".
func longer(long, short string) bool {
	rest, ok := strings.CutPrefix(long, short)
	return ok && rest != "" && (rest[0] < '0' || rest[0] > '9')
}

// describe fills in what the table has of a product.
func (j *judge) describe(f *Finding, p *rules.Product) {
	kind, name := "generic", f.Name
	if p != nil {
		f.License = p.License
		if p.CPE != "" {
			f.CPE = "cpe:2.3:a:" + p.CPE + ":" + f.Version + ":*:*:*:*:*:*:*"
		}
		if p.PURL != "" {
			kind, name, _ = strings.Cut(p.PURL, "/")
		}
	}
	group, name := path.Split(name)
	f.PURL = sbom.NewPURL(kind, strings.Trim(group, "/"), name, f.Version, nil)
}

// fromModules adds Go modules and crates, where no list in the file names them.
func (j *judge) fromModules() {
	for k, m := range j.modules {
		if k.purlType == "golang" && j.has(goBuildInfo) || k.purlType == "cargo" && j.has(cargoAuditable) {
			continue
		}
		rule, group, name := ruleCratePath, "", k.name
		if k.purlType == "golang" {
			rule = ruleGoPath
			group, name = path.Split(k.name)
		}
		j.report.Findings = append(j.report.Findings, Finding{Name: k.name, Version: k.version, Relation: Contains, Toolchain: m.toolchain,
			PURL: sbom.NewPURL(k.purlType, strings.TrimSuffix(group, "/"), name, k.version, nil), Evidence: []Evidence{{rule, m.offset, m.text, confidence[rule]}}})
	}
	if len(j.goVersion) == 1 && j.has("Go") && !j.has(goBuildInfo) {
		for v, at := range j.goVersion {
			j.report.Findings = append(j.report.Findings, Finding{Name: "stdlib", Version: v, Relation: Contains, PURL: sbom.NewPURL("golang", "", "stdlib", v, nil),
				CPE: "cpe:2.3:a:golang:go:" + v + ":*:*:*:*:*:*:*", Evidence: []Evidence{{ruleGoToolchain, at, "go" + v, confidence[ruleGoToolchain]}}})
		}
	}
}

// Traits that say that another detector knows better.
const (
	goBuildInfo    = "Go build information"
	cargoAuditable = "cargo auditable"
)

func (j *judge) has(trait string) bool { return slices.Contains(j.report.Traits, trait) }
