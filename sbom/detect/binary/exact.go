package binary

import (
	"regexp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/stringref"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Rules of strings whose ends are known by what refers to them (package stringref).
const (
	ruleBesideName = "string-beside-name"
	ruleOnlyString = "only-string-version"
	ruleMostUsed   = "most-used-string-version"
	ruleGoVariable = "go-version-variable"
	ruleGoCode     = "go-version-in-code"
)

// exact is a version that is a whole string, or a line of one, with the strings that stand
// at once before and behind it.
type exact struct {
	*stringref.String
	version       string
	before, after []string
	titled        bool // The line before is "NAME - what it is for".
}

// packs reports whether the program may be of a language that does not end its strings.
func (j *judge) packs() bool { return j.has("Rust") || j.has("Go") }

// fromStrings takes versions that are whole strings of a program in Rust or Go. It takes
// a file that can be read again.
func (j *judge) fromStrings() {
	if j.file == nil || j.facts.Format != "ELF" || !j.packs() || j.goStated || slices.ContainsFunc(j.claims, certain) {
		return
	}
	p := stringref.Open(j.file, j.fileSize)
	if p == nil {
		return
	}
	list := p.Strings()
	if states(p) {
		return // The toolchain knows better.
	}
	j.distrust(list)
	if p.Go() {
		j.fromGo(p, list)
	} else {
		j.fromRust(p, list)
	}
	if p.Limited() && j.report.Limited == "" {
		j.report.Limited = "more strings next to versions than are looked at"
	}
}

// certain reports whether nothing that strings say would count against a claim.
func certain(c claim) bool { return c.weight >= confidence[ruleGoVariable] }

// distrust drops the claims of rules that took what stands side by side for one text: where a
// string of the program begins between a name and its version. The strings of other
// languages in the program, which end with a NUL, have no such users.
func (j *judge) distrust(list []stringref.String) {
	starts := make(map[int64]bool, len(list))
	for i := range list {
		starts[list[i].Offset] = true
	}
	known := len(versions(list)) > 0
	j.claims = slices.DeleteFunc(j.claims, func(c claim) bool {
		return c.rule == rulePacked && known || packedRules[c.rule] && (starts[c.offset] || starts[c.offset-1])
	})
}

// packedRules are those that look at what stands before a version.
var packedRules = map[string]bool{ruleNameStated: true, ruleNameOpened: true, ruleNameLoose: true, ruleOwn: true, ruleFormat: true}

// Limits on what is looked at, in strings.
const (
	maxBeside   = 64
	maxVersions = 4096
	maxAsked    = 8 // names of which the program is asked for a repository
)

// semantic are versions as Go and Rust have them, alone in a string but for a new line.
var semantic = regexp.MustCompile(`^v?(\d{1,8}(?:\.\d{1,8}){1,3}(?:[-~][0-9A-Za-z.~-]+)?(?:\+[0-9A-Za-z.~+-]+)?)\n?$`)

// heading is a version that a line of a string begins with.
var heading = regexp.MustCompile(`^v?(\d{1,8}\.\d{1,8}\.\d{1,8}(?:-[0-9A-Za-z.-]+)?)( .*)?$`)

// agent is a program with its version, as it introduces itself to servers.
var agent = regexp.MustCompile(`^([A-Za-z][0-9A-Za-z_-]+)/v?(\d{1,8}\.\d{1,8}\.\d{1,8}(?:-[0-9A-Za-z.]+)?)$`)

// versions returns the strings that are versions.
func versions(list []stringref.String) (out []exact) {
	for i := range list {
		if len(out) == maxVersions {
			break // Which of so many is the program's, can't be said.
		}
		s := &list[i]
		if m := semantic.FindStringSubmatch(s.Text); m != nil && number(m[1]) && !foreign(m[1]) {
			e := exact{String: s, version: m[1]}
			e.before, e.after = beside(list, i)
			out = append(out, e)
		}
	}
	return out
}

// beside returns the strings that end where list[i] begins, and those that begin where it
// ends.
func beside(list []stringref.String, i int) (before, after []string) {
	s := &list[i]
	for k := i - 1; k >= max(0, i-maxBeside); k-- {
		if list[k].End() == s.Addr {
			before = append(before, list[k].Text)
		}
	}
	for k := i + 1; k < min(len(list), i+maxBeside) && list[k].Addr <= s.End(); k++ {
		if list[k].Addr == s.End() {
			after = append(after, list[k].Text)
		}
	}
	return before, after
}

// number reports whether the text is not an address, a date or a number that stands for none.
func number(version string) bool {
	numbers := numbersOf(version)
	zeros := 0
	for _, n := range numbers {
		if len(n) > 1 && n[0] == '0' {
			return false
		}
		if n == "0" {
			zeros++
		}
	}
	return zeros < len(numbers) && !address([]byte(version)) && !strings.HasPrefix(version, "127.0.0")
}

// numbersOf returns the numbers of a version.
func numbersOf(version string) []string {
	if i := strings.IndexAny(version, "-+~"); i >= 0 {
		version = version[:i]
	}
	return strings.Split(version, ".")
}

// fromRust takes the version that stands beside the program's name, else that beside its
// author, else the only one, else that which the code uses by far most. It takes none where two
// are left.
func (j *judge) fromRust(p *stringref.Program, list []stringref.String) {
	found := j.ownVersions(versions(list))
	if len(found) == 0 {
		found = j.ownVersions(headings(list))
	}
	name := j.agentName(p, list, found)
	if name == "" {
		return
	}
	j.claims = slices.DeleteFunc(j.claims, func(c claim) bool { // A text speaks of another version.
		same := func(e exact) bool { return strings.HasPrefix(e.version, c.version) }
		return (c.rule == ruleNameLoose || c.rule == ruleNameOpened) && !slices.ContainsFunc(found, same)
	})
	only := ruleOnlyString
	if j.facts.Library || j.has("C++") { // It need not have its own, or not be one of Rust at all.
		only = ruleOnly
	}
	for _, by := range []struct {
		rule string
		sign func(string) bool
	}{{ruleBesideName, j.isName}, {ruleOnlyString, author.MatchString}, {only, nil}} {
		var signed []exact
		for _, e := range found {
			if by.sign == nil || slices.ContainsFunc(e.before, by.sign) || slices.ContainsFunc(e.after, by.sign) {
				signed = append(signed, e)
			}
		}
		if len(signed) == 0 {
			continue
		}
		rule := by.rule
		e, ok := single(signed)
		if !ok {
			e, ok = mostUsed(signed)
			rule = ruleMostUsed
			if j.has("C++") {
				rule = ruleOnly
			}
		}
		if ok {
			j.claim(Is, rule, j.product, name, e.version, place{e.Offset, showExact(&e)}, len(e.Code)+len(e.Data))
		}
		return
	}
}

// mostUsed returns the version that code refers to at least three times, and twice as often as
// to any other: that of a program is in its help, in what it reports and in what it
// sends, and those of examples and formats where they are needed.
func mostUsed(list []exact) (best exact, ok bool) {
	uses := make(map[string]int)
	for _, e := range list {
		uses[e.version] += len(e.Code)
	}
	most, next := 0, 0
	for _, e := range list {
		switch n := uses[e.version]; {
		case e.version == best.version:
		case n > most:
			best, most, next = e, n, most
		default:
			next = max(next, n)
		}
	}
	return best, most > 2 && most >= 2*next
}

// author is who wrote the program, as Cargo has it: what describes a command line has it next to
// its version.
var author = regexp.MustCompile(`^[^<>]{3,80} <[^<> ]+@[^<> ]+>`)

// ownVersions leaves out the versions that are known to be of something else.
func (j *judge) ownVersions(list []exact) []exact {
	crates := make(map[string][]string) // names by version
	for k := range j.modules {
		if k.purlType == "cargo" && !j.isName(k.name) {
			crates[k.version] = append(crates[k.version], names.Key(k.name))
		}
	}
	stated := j.statedVersions()
	return slices.DeleteFunc(list, func(e exact) bool {
		if len(numbersOf(e.version)) != 3 || stated.has(j.product, e.version) {
			return true
		}
		return slices.ContainsFunc(slices.Concat(e.before, e.after), func(s string) bool { return otherThing.MatchString(s) || ofCrate(s, crates[e.version]) })
	})
}

// otherThing are strings next to versions that are not the program's.
var otherThing = regexp.MustCompile(`(?i)^\S*(sdk|driver|schema|protocol|crate_version)\S*$`)

// ofCrate reports whether a string next to a version says that it is that of a library: of one
// of the crates in the program that have that version.
func ofCrate(beside string, crates []string) bool {
	if len(crates) == 0 || strings.ContainsAny(beside, " \n") {
		return false
	}
	n := names.Key(beside)
	return strings.Contains(n, "version") || slices.ContainsFunc(crates, func(c string) bool { return strings.HasPrefix(n, c) })
}

// foreign reports whether what follows the numbers names something else: 1.3.0-zlib-rs-0.
func foreign(version string) bool {
	_, more, ok := strings.Cut(version, "-")
	if !ok || revision.MatchString(more) {
		return false
	}
	for _, word := range []string{"alpha", "beta", "rc", "dev", "pre", "nightly", "canary", "next", "git", "snapshot", "ds", "dfsg"} {
		if strings.HasPrefix(more, word) {
			return false
		}
	}
	return true
}

// revision is what a distribution appends to a version: -1, -2+b4.
var revision = regexp.MustCompile(`^\d+(\.\d+)*([+~][0-9a-z.+~]*)?$`)

// headings returns the versions that lines of strings begin with.
func headings(list []stringref.String) (out []exact) {
	for i := range list {
		if len(out) > maxVersions {
			break
		}
		before := ""
		if semantic.MatchString(list[i].Text) {
			continue
		}
		for line := range strings.SplitSeq(list[i].Text, "\n") {
			if m := heading.FindStringSubmatch(line); m != nil && number(m[1]) && !foreign(m[1]) && !rules.Comparison([]byte(m[2])) {
				e := exact{String: &list[i], version: m[1]}
				title, _, titled := strings.Cut(before, " - ")
				e.before, e.titled = []string{title}, titled
				out = append(out, e)
			}
			before = line
		}
	}
	return out
}

// isName reports whether a string is one of the file's names, or leads to its version:
// "User-Agent: NAME/".
func (j *judge) isName(s string) bool {
	s = strings.TrimRight(s, "-/ ")
	return slices.Contains(j.names, names.Key(s[strings.LastIndexByte(s, ' ')+1:]))
}

// agentName returns what the program calls itself where it states one of the versions to
// servers, and else the name of the file. Where that says nothing, it is the string before
// the version, if the address of a repository ends in it.
func (j *judge) agentName(p *stringref.Program, list []stringref.String, found []exact) string {
	switch {
	case len(found) == 0:
		return ""
	case j.product != nil:
		return j.product.Name
	}
	asked := 0
	for i := range list {
		m := agent.FindStringSubmatch(list[i].Text)
		if asked > maxAsked {
			break
		}
		if m == nil || !slices.ContainsFunc(found, func(e exact) bool { return e.version == m[2] }) {
			continue
		}
		asked++
		if len(j.names) == 0 && p.HasRepository(strings.ToLower(m[1])) || slices.ContainsFunc(strings.FieldsFunc(m[1], func(r rune) bool { return r == '-' || r == '_' }), j.isName) {
			return strings.ToLower(m[1])
		}
	}
	for _, e := range found {
		for _, s := range e.before {
			if len(s) > 3 && !names.Anonymous(names.Key(j.stem)) && programName.MatchString(s) && strings.HasPrefix(strings.ToLower(j.stem), s) {
				j.names = append(j.names, names.Key(s)) // cargo-capi is of cargo-c.
				return s
			}
		}
	}
	if len(j.names) > 0 {
		return j.ownName()
	}
	if _, ok := single(found); !ok {
		return "" // Next to which of them, is not known.
	}
	for _, e := range found {
		for _, s := range e.before {
			if asked++; asked > maxAsked {
				return ""
			}
			if programName.MatchString(s) && !names.Anonymous(s) && (e.titled || p.HasRepository(s)) {
				return s
			}
		}
	}
	return ""
}

// programName is what names of programs look like.
var programName = regexp.MustCompile(`^[a-z][a-z0-9]+([-_][a-z0-9]+)*$`)

// showExact returns the string with those around it.
func showExact(e *exact) string {
	text := e.Text
	if len(e.before) > 0 {
		text = e.before[0] + " | " + text
	}
	if len(e.after) > 0 {
		text += " | " + e.after[0]
	}
	return oneline.Text(text, maxText)
}

// stringsMatter reports whether the file is to be read once more for the strings of a program
// in Rust or Go that nothing surer names, and that has no list which does.
func (r *reading) stringsMatter() bool {
	if !r.d.again || !r.trait("Rust") && !r.trait("Go") || r.goStated {
		return false
	}
	report := r.judge()
	main := report.Main()
	return report.Format == "ELF" && (main == nil || main.Confidence() < confidence[ruleGoVariable])
}
