package binary

import (
	"cmp"
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
	rulePackageNote:   0.99,
	ruleGoPath:        0.98,
	ruleGoToolchain:   0.95,
	ruleCratePath:     0.97,
	ruleTableSelf:     0.97,
	ruleTable:         0.95,
	ruleTableBare:     0.9,
	ruleLearnedSelf:   0.96,
	ruleLearned:       0.94,
	ruleLearnedAnchor: 0.9,
	ruleLearnedName:   0.9,
	ruleNameStated:    0.93,
	ruleNameOpened:    0.88,
	ruleNameLoose:     0.8,
	ruleOwn:           0.9,
	ruleNeighbour:     0.7,
	ruleFileName:      0.85,
	ruleOnly:          0.6,
	ruleLinked:        0.9,
	ruleBesideName:    0.93,
	ruleOnlyString:    0.88,
	ruleMostUsed:      0.85,
	ruleGoVariable:    0.94,
	ruleGoCode:        0.86,
	ruleSentence:      0.6,
	rulePacked:        0.85,
	ruleDirectory:     0.93,
	ruleFormat:        0.7,
	ruleBundled:       0.98,
	ruleBuildID:       0.97,
	ruleDigest:        1,
	ruleCompiler:      0.85,
	ruleRelease:       0.91,
	ruleReleaseShort:  0.87,
	ruleReleaseName:   0.87,
	ruleReleaseStated: 0.85,
	ruleUnwound:       0.92,
	ruleUnwoundFew:    0.89,
}

// The rules.
const (
	rulePackageNote   = "package-note"
	ruleGoPath        = "go-path"
	ruleGoToolchain   = "go-toolchain"
	ruleCratePath     = "crate-path"
	ruleTableSelf     = "table-self"
	ruleTable         = "table"
	ruleTableBare     = "table-bare"
	ruleLearnedSelf   = "learned-self"
	ruleLearned       = "learned"
	ruleLearnedAnchor = "learned-anchor"
	ruleLearnedName   = "learned-name"
	ruleNameStated    = "name-states-version"
	ruleNameOpened    = "name-opens-string"
	ruleNameLoose     = "name-before-version"
	ruleOwn           = "own-version"
	ruleNeighbour     = "neighbour"
	ruleFileName      = "file-name"
	ruleOnly          = "only-version"
	ruleLinked        = "go-linked-version"
	ruleSentence      = "name-in-sentence"
	rulePacked        = "name-packed-with-version"
	ruleDirectory     = "build-directory"
	ruleFormat        = "beside-format"
	ruleBundled       = "bundled-table"
	ruleBuildID       = "build-id"
	ruleDigest        = "file-digest"
	ruleCompiler      = "compiler-of-system"
	ruleRelease       = "known-release"
	ruleReleaseShort  = "known-release-of-two-numbers"
	ruleReleaseName   = "known-release-in-file-name"
	ruleReleaseStated = "known-release-stated"
	ruleUnwound       = "unwind-table"
	ruleUnwoundFew    = "unwind-table-few"
)

// learnedRules are the names of the rules of the table where the text was learned.
var learnedRules = map[string]string{ruleTableSelf: ruleLearnedSelf, ruleTable: ruleLearned}

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

	goModule, goName string // of a Go program: the main module, and what it is called
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
	facts := c.facts()
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
		if v := c.d.index().Trait(i).Value; !slices.Contains(j.report.Traits, v) {
			j.report.Traits = append(j.report.Traits, v)
		}
	}
	if facts.Format == "" {
		return j.report
	}
	j.nameFile()
	j.report.Project = j.projectOfName()
	j.packageNote()
	j.fromTable()
	j.fromAnchors()
	j.fromLearned()
	j.fromPairs()
	j.fromBare()
	j.fromLinker()
	j.fromPacked()
	j.fromStrings()
	j.fromFileName()
	j.fromReleases()
	j.fromStatedReleases()
	j.fromCompiler()
	j.fromUnwound()
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
		for _, n := range names.Spellings(s) {
			if !slices.Contains(j.names, n) {
				j.names = append(j.names, n)
			}
		}
	}
	j.stem = stems[0]
	libraries := []string{path.Base(j.facts.SONAME)}
	if file := path.Base(j.path); strings.Contains(file, ".so") {
		libraries = append(libraries, file)
	}
	j.product = j.d.index().Owner(libraries, base)
	var more []string
	if j.product != nil {
		more = append([]string{j.product.Name}, j.product.Names...)
	} else if !j.isModule() {
		j.project = names.Project(j.stem)
		more = names.Spellings(j.project)
	}
	for _, n := range more {
		if n = names.Key(n); !slices.Contains(j.names, n) {
			j.names = append(j.names, n)
		}
	}
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
	return strings.ToLower(unnumbered(j.stem))
}

// isModule reports whether the file is loaded by a program of its own accord, as the modules of
// Python and PHP are, which are called by what they make known there.
func (j *judge) isModule() bool {
	return j.facts.Library && !strings.HasPrefix(path.Base(j.path), "lib") && !strings.HasPrefix(j.facts.SONAME, "lib")
}

// decide makes findings of claims.
func (j *judge) decide() {
	least := precise
	if j.d.eager {
		least = eager
	}
	j.doubt(j.claims)
	if f := j.settle(j.claims, least); f != nil && j.report.Main() == nil {
		j.report.Findings = append(j.report.Findings, *f)
	}
	j.fromBundled()
	byProduct := make(map[string][]claim)
	for _, c := range j.others {
		byProduct[c.name] = append(byProduct[c.name], c)
	}
	main := j.report.Main()
	for name, claims := range byProduct {
		if main != nil && main.Name == name {
			continue // What it is, it does not contain.
		}
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
			cmp.Compare(a.version, b.version), cmp.Compare(a.offset, b.offset), cmp.Compare(a.name, b.name), cmp.Compare(a.rule, b.rule))
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
	if best.relation == Is && best.product == nil {
		f.Name = j.ownProject(best.name, best.version)
	}
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
	kind, name, version := "generic", f.Name, f.Version
	if p != nil {
		f.License = p.License
		if p.CPE != "" {
			f.CPE = cpe(p.CPE, f.Version)
		}
		if p.PURL != "" {
			kind, name, _ = strings.Cut(p.PURL, "/")
		}
	}
	if p == nil && f.Relation == Is && (f.Name == j.goName || f.Name == j.goModule) && j.goModule != "" {
		kind, name, version = "golang", j.goModule, "v"+version
	}
	group, name := path.Split(name)
	f.PURL = sbom.NewPURL(kind, strings.Trim(group, "/"), name, version, nil)
}

// Traits that say that another detector knows better.
const (
	goBuildInfo    = "Go build information"
	cargoAuditable = "cargo auditable"
)

func (j *judge) has(trait string) bool { return slices.Contains(j.report.Traits, trait) }
