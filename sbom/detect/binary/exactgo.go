package binary

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/stringref"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
)

// goProgram is what is known of a Go program beside its strings.
type goProgram struct {
	*stringref.Program
	root string // of the main module, without its major version
}

// fromGo takes the version that the linker set; else that of a variable that the main
// module's own functions read; else that which they have in their code. It takes none where
// two stay.
func (j *judge) fromGo(p *stringref.Program, list []stringref.String) {
	j.claims = slices.DeleteFunc(j.claims, func(c claim) bool { // What only looked like it.
		return c.rule == ruleLinked || c.rule == ruleOwn || c.rule == ruleFormat
	})
	pkg, module, _ := p.Build()
	if module == "" {
		module = moduleOf(pkg)
	}
	g := &goProgram{p, majorSuffix.ReplaceAllString(module, "")}
	j.goModule, j.goName = module, moduleName(module)
	if _, command, ok := strings.Cut(pkg, "/cmd/"); ok && len(j.goName) < 3 { // mvdan.cc/sh/v3/cmd/shfmt
		j.goName = moduleName(command)
	}
	all := versions(list)
	for _, by := range []struct {
		rule string
		list []exact
	}{{ruleLinked, g.linked(all)}, {ruleGoVariable, g.variables(all)}, {ruleGoCode, g.coded(all)}} {
		if len(by.list) == 0 {
			continue
		}
		e, ok := single(by.list)
		if !ok && by.rule != ruleLinked {
			continue
		}
		if name := j.goOwnName(); ok && name != "" {
			j.claim(Is, by.rule, j.product, name, ofUpstream(e.version), place{e.Offset, showExact(&e)}, len(e.Code)+len(e.Data))
		}
		return
	}
}

// states reports whether the build information of a Go program has the version of its main
// module.
func states(p *stringref.Program) bool {
	_, module, version := p.Build()
	return module != "" && version != "" && version != "(devel)" && !pseudo.MatchString(version)
}

// goMain notes that the build information of a Go program has the version of the main module, or
// of what the linker was told to set: package golang reads it there.
func (c *collector) goMain(v *textscan.Version) {
	if bytes.HasPrefix(v.Before, []byte("mod\t")) && bytes.HasSuffix(v.Before, []byte("\tv")) && !pseudo.Match(v.After) ||
		bytes.HasPrefix(v.Before, []byte("build\t-ldflags=")) && setVersion.Match(v.Before) {
		c.goStated = true
	}
}

// setVersion is how the linker is told to set a version.
var setVersion = regexp.MustCompile(`[./](v|[a-z]*V)ersion=v?$`)

// pseudo are versions that stand for a revision, or for one with changes.
var pseudo = regexp.MustCompile(`[.-]\d{14}-[0-9a-f]{12}(\+.*)?$|\+dirty$`)

// single returns the version of a list if there is just one, but for longer spellings of it.
func single(list []exact) (e exact, ok bool) {
	e = slices.MinFunc(list, func(a, b exact) int { return len(a.version) - len(b.version) })
	for _, other := range list {
		if other.version != e.version && !longer(other.version, e.version) {
			return e, false
		}
	}
	return e, true
}

// linked returns the versions that the linker set: it ends them with a NUL, and pads them.
func (g *goProgram) linked(list []exact) (out []exact) {
	for _, e := range list {
		if e.Apart && len(e.Data) > 0 {
			out = append(out, e)
		}
	}
	if len(out) > 0 {
		if _, ok := single(out); !ok {
			return g.read(out, g.Writable)
		}
	}
	return out
}

// variables returns the versions of variables that the main module's functions read.
func (g *goProgram) variables(list []exact) (out []exact) {
	for _, e := range list {
		if slices.ContainsFunc(e.Data, g.Writable) && !trivial(e.version) {
			out = append(out, e)
		}
	}
	return g.read(out, g.Writable)
}

// read returns the versions that the main module's functions, and no other's, read from data of
// a kind.
func (g *goProgram) read(list []exact, kind func(uint64) bool) (out []exact) {
	readers := g.Readers(data(list))
	for _, e := range list {
		var code []uint64
		for _, a := range e.Data {
			if kind(a) {
				code = append(code, readers[a]...)
			}
		}
		if own, others := g.users(code); len(own) > 0 && !others {
			out = append(out, e)
		}
	}
	return out
}

// users returns the functions of the main module that have the code at the addresses, and
// whether other modules have more of it: then what the code has is theirs.
func (g *goProgram) users(code []uint64) (own []string, others bool) {
	balance := 0
	for _, a := range code {
		switch name := g.Function(a); {
		case g.ofModule(name):
			balance++
			if !slices.Contains(own, name) && !otherVersion.MatchString(name) {
				own = append(own, name)
			}
		default:
			if host, _, ok := strings.Cut(name, "/"); ok && strings.Contains(host, ".") {
				balance--
			}
		}
	}
	return own, balance < 0
}

// data returns the addresses of the data that refers to strings.
func data(list []exact) (addrs []uint64) {
	for _, e := range list {
		addrs = append(addrs, e.Data...)
	}
	return addrs
}

// coded returns the versions that the main module has in its code: in its main package, in a
// function that is about versions; else in several, or in one that is close to the command
// line. What only one other has may be of anything: of a format, or of a program that it runs.
func (g *goProgram) coded(list []exact) []exact {
	readers := g.Readers(data(list))
	var about, several, front []exact
	for _, e := range list {
		code := e.Code
		for _, a := range e.Data { // Of constants that become values of an interface.
			code = append(slices.Clone(code), readers[a]...)
		}
		switch names, others := g.users(code); {
		case others:
		case trivial(e.version):
		case slices.ContainsFunc(names, versionFunction.MatchString):
			about = append(about, e)
		case len(names) > 1:
			several = append(several, e)
		case slices.ContainsFunc(names, g.frontFunction):
			front = append(front, e)
		}
	}
	if len(about) > 0 {
		return about
	}
	return append(several, front...)
}

// frontFunction reports whether a function is of the package that the module is named after,
// or of one that is about the command line.
func (g *goProgram) frontFunction(name string) bool {
	rest, _ := strings.CutPrefix(name, g.root)
	return strings.HasPrefix(rest, ".") || frontPackage.MatchString(rest)
}

var frontPackage = regexp.MustCompile(`^(/v[0-9]+)?(/internal|/pkg)?/(cli|cmd|app|commands?)[/.]`)

var (
	versionFunction = regexp.MustCompile(`(?i)^main\.[^(]|version|buildinfo|useragent`)
	otherVersion    = regexp.MustCompile(`(?i:check|minimum|require|compat|migrat|compare|openapi|schema|sarif)|V\d`)
)

// trivial reports whether a version may stand for anything: 1.0.0, 0.1.0, and that of the
// format that static analysers report in (SARIF).
func trivial(version string) bool {
	numbers := numbersOf(version)
	zeros, digits := 0, 0
	for _, n := range numbers {
		if n == "0" {
			zeros++
		}
		digits += len(n)
	}
	return len(numbers) != 3 || zeros > 1 && digits == 3 || version == "2.1.0"
}

// ofModule reports whether a function is of the main module.
func (g *goProgram) ofModule(name string) bool {
	if strings.HasPrefix(name, "main.") {
		return true
	}
	rest, ok := strings.CutPrefix(name, g.root)
	return ok && g.root != "" && rest != "" && (rest[0] == '/' || rest[0] == '.') && !strings.Contains(rest, "/vendor/")
}

// moduleOf returns the module that a package is of, by the habits of hosts: github.com/a/b of
// github.com/a/b/cmd/c.
func moduleOf(pkg string) string {
	if pkg == "" || pkg == "command-line-arguments" {
		return ""
	}
	pkg, _, _ = strings.Cut(pkg, "/cmd/")
	elements := strings.Split(pkg, "/")
	if hosts[elements[0]] && len(elements) > 3 {
		elements = elements[:3]
	}
	return strings.Join(elements, "/")
}

// hosts are those whose repositories have an owner and a name.
var hosts = map[string]bool{"github.com": true, "gitlab.com": true, "bitbucket.org": true, "codeberg.org": true, "git.sr.ht": true, "salsa.debian.org": true, "gitea.com": true}

// moduleName returns the name of a module's project, empty if its path ends in a word that says
// nothing.
func moduleName(module string) string {
	elements := strings.Split(majorSuffix.ReplaceAllString(module, ""), "/")
	name := strings.TrimSuffix(elements[len(elements)-1], ".git")
	if len(elements) == 1 && strings.Count(name, ".") == 1 {
		name, _, _ = strings.Cut(name, ".") // miniflux.app
	}
	if strings.Contains(name, ".") && len(elements) == 1 || name == "cli" || name == "cmd" || name == "tools" || len(name) < 2 || names.Anonymous(name) {
		return ""
	}
	return strings.ToLower(name)
}

var majorSuffix = regexp.MustCompile(`/v[0-9]+$`)

// goOwnName is the name that a Go program goes by: that of the table, of its module, or its
// file's.
func (j *judge) goOwnName() string {
	switch {
	case j.product != nil:
		return j.product.Name
	case j.goName != "":
		return j.goName
	case len(j.names) > 0:
		return j.ownName()
	}
	return j.goModule // Only the path as a whole says what it is.
}

// ofUpstream returns a version without what a distribution appends to it for itself: 2.8.2+ds1,
// 1.6.7~rc0-1.
func ofUpstream(version string) string {
	version = repacked.ReplaceAllString(version, "")
	return strings.ReplaceAll(version, "~", "-")
}

var repacked = regexp.MustCompile(`[+~-](ds|dfsg|repack).*$`)
