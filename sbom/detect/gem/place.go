package gem

import (
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
)

// kind is what the place of a gemspec makes of it.
type kind int

const (
	elsewhere kind = iota // a source file
	inGems                // specifications/
	withRuby              // specifications/default/
	checkout              // bundler/gems/REPOSITORY-COMMIT/
)

// place is where a gemspec lies.
type place struct {
	file string
	kind kind
	// root is the directory that has gems/ and specifications/.
	root string
	// dir is the directory of the code, for kind checkout.
	dir string
	// top is the directory of the checkout that dir is or is in, and commit its
	// abbreviated commit.
	top, commit string
	scope       sbom.Scope
	// owner is the directory of the gem around root, if that is inside of one.
	owner string
}

// placeOf classifies the path of a gemspec.
func placeOf(file string) place {
	dir, _ := path.Split(file)
	dir = strings.TrimSuffix(dir, "/")
	p := place{file: file}
	switch {
	case path.Base(dir) == "specifications":
		p.kind, p.root = inGems, path.Dir(dir)
	case strings.HasSuffix(dir, "/specifications/default"):
		p.kind, p.root = withRuby, strings.TrimSuffix(dir, "/specifications/default")
	default:
		p.findCheckout(dir)
	}
	if p.kind != elsewhere {
		p.enclosing()
	}
	return p
}

// findCheckout recognises bundler/gems/REPOSITORY-COMMIT and the two levels below it
// that Bundler looks for specifications in.
func (p *place) findCheckout(dir string) {
	const marker = "bundler/gems/"
	i := strings.LastIndex(dir, marker)
	if i < 0 || i > 0 && dir[i-1] != '/' {
		return
	}
	name, below, _ := strings.Cut(dir[i+len(marker):], "/")
	at := strings.LastIndexByte(name, '-')
	if strings.Count(below, "/") > 1 || at <= 0 || !isCommit(name[at+1:]) {
		return
	}
	p.kind, p.root, p.dir, p.commit = checkout, path.Clean(dir[:i]), dir, name[at+1:]
	p.top = dir[:i+len(marker)+len(name)]
	if fixture.Path(below) {
		p.scope = sbom.ScopeFixture
	}
}

func isCommit(s string) bool {
	return len(s) >= 7 && len(s) <= 40 && strings.Trim(s, "0123456789abcdef") == ""
}

// enclosing finds the gem that the root lies in. A root may itself be called
// gems/ruby-3.1.0, so a gem's directory has to be above it.
func (p *place) enclosing() {
	segs := strings.Split(p.root, "/")
	for i := len(segs) - 3; i >= 0; i-- {
		if segs[i] != "gems" || !strings.Contains(segs[i+1], "-") {
			continue
		}
		p.owner = strings.Join(segs[:i+2], "/")
		if p.scope == sbom.ScopeInstalled {
			p.scope = sbom.ScopeBundled
		}
		if fixture.Path(strings.Join(segs[i+2:], "/")) {
			p.scope = sbom.ScopeFixture
		}
		return
	}
}

// environment names the set of roots that one Ruby looks for gems in, so that the
// gems of one can depend on those of another. Roots of no known layout are sets
// of their own.
func environment(root string) string {
	segs := strings.Split(root, "/")
	n := len(segs)
	tail := func(dirs ...string) (string, bool) {
		if n < len(dirs) {
			return "", false
		}
		for i, d := range dirs {
			if d != "*" && segs[n-len(dirs)+i] != d {
				return "", false
			}
		}
		return strings.Join(segs[:n-len(dirs)], "/"), true
	}
	for _, dirs := range [][]string{
		{"usr", "share", "rubygems-integration", "*"}, {"usr", "lib", "*", "rubygems-integration", "*"}, {"var", "lib", "gems", "*"},
		{"usr", "share", "gems"}, {"usr", "lib64", "gems", "*"}, // Fedora's
		{"usr", "lib", "ruby", "gems", "*"}, {"usr", "local", "lib", "ruby", "gems", "*"}, {"usr", "local", "bundle"},
		{"usr", "local"}, {"usr"}, // of programs in their bin
	} {
		if prefix, ok := tail(dirs...); ok {
			return path.Join(prefix, "usr")
		}
	}
	if prefix, ok := tail("lib", "ruby", "gems", "*"); ok {
		return prefix
	}
	return root
}

// alias is the name by which gems and programs of an environment refer to a gem.
func alias(environment, name string) string { return environment + " gem " + name }
