package binary

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

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
		f.PURL = sbom.NewPURL(note.Type, oneline.Token(note.OS, maxText), name, version, map[string]string{"arch": oneline.Token(note.Architecture, maxText)})
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
	relations := make(map[*rules.Product]Relation, len(products))
	for p := range products {
		relations[p] = j.relation(p)
	}
	for k, h := range j.hits {
		rule, relation := ruleTable, relations[k.product]
		if k.self {
			rule, relation = ruleTableSelf, Is
		}
		if h.learned {
			rule = learnedRules[rule]
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

// fromAnchors takes versions that stand alone, for products whose anchors are all there. What
// is known to be the version of another product is not looked at, and what may be that of
// two is neither's.
func (j *judge) fromAnchors() {
	type found struct {
		product *rules.Product
		at      place
	}
	byVersion, stated := make(map[string][]found), j.statedVersions()
	for p, seen := range j.anchors {
		if !j.d.index().Anchored(p, seen) {
			continue
		}
		if version, at, ok := only(stated, p, j.bare); ok {
			byVersion[version] = append(byVersion[version], found{p, at.place})
		} else if version, at, ok := only(stated, p, j.behind); ok {
			byVersion[version] = append(byVersion[version], found{p, at})
		}
	}
	for version, list := range byVersion {
		if f := list[0]; len(list) == 1 {
			j.claim(j.relation(f.product), ruleTableBare, f.product, f.product.Name, version, f.at, 0)
		}
	}
}

// fromPairs takes versions next to one of the file's names.
func (j *judge) fromPairs() {
	for k, p := range j.pairs {
		words := strings.Fields(k.words)
		if k.words == "%s" {
			known := names.ReleasesOf(j.ownProject(j.ownName(), k.version)).Has(k.version)
			if len(j.names) > 0 && p.form == own && (known || strings.Count(k.version, ".") > 1) {
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

// fromLinker takes the version that the linker set in a Go program ("-X main.version=1.2.3").
// Go's own strings stand side by side, and only those that the linker makes end with a NUL.
func (j *judge) fromLinker() {
	if !j.has("Go") || len(j.names) == 0 {
		return
	}
	found, times := "", 0
	for v, b := range j.bare {
		if b.between && strings.Count(v, ".") == 2 {
			found = v
			times++
		}
	}
	if times == 1 {
		b := j.bare[found]
		j.claim(Is, ruleLinked, j.product, j.ownName(), found, b.place, b.count)
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
			if names.Key(w) == n {
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
		if j.product != nil && (j.product.Name == name || slices.Contains(j.product.Names, name)) {
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
				CPE: cpe("golang:go", v), Evidence: []Evidence{{ruleGoToolchain, at, "go" + v, confidence[ruleGoToolchain]}}})
		}
	}
}
