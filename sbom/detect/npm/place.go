package npm

import (
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
)

// kind is what the place of a package.json makes of it.
type kind int

const (
	application kind = iota
	installed
	bundled
	fixtureData
	documented
)

func (k kind) scope() sbom.Scope {
	switch k {
	case bundled:
		return sbom.ScopeBundled
	case fixtureData:
		return sbom.ScopeFixture
	case documented:
		return sbom.ScopeDeclared
	}
	return sbom.ScopeInstalled
}

// confidence is how sure it is that the manifest describes what lies beside it:
// an installed one was put there by a package manager.
func (k kind) confidence() float64 {
	switch k {
	case installed:
		return 1
	case application:
		return 0.9
	case bundled:
		return 0.8
	}
	return 0.5
}

// place is the directory of a package.json.
type place struct {
	dir  string
	kind kind
	// name is the name of the package that the directory is or is in, as the
	// directory spells it.
	name string
	// owner is the directory of the package that contains this one, for bundled
	// copies and fixtures; empty when it is none of ours.
	owner string
}

// placeOf classifies a directory. The last package directory on the way decides,
// and test data stays test data however many node_modules it has.
func placeOf(dir string) place {
	p := place{dir: dir}
	segs := strings.Split(dir, "/")
	var loose []string // directories that belong to no package's name
	end, outer := 0, 0 // of the last package directory, and of the one around it
	for i := 0; i < len(segs); i++ {
		n := nameLen(segs, i)
		if n == 0 {
			loose = append(loose, segs[i])
			continue
		}
		if end == 0 {
			loose = nil // What lies above the first package says nothing about it.
		}
		name := segs[i+1 : i+1+n]
		i += n
		if !strings.HasPrefix(name[0], ".") { // .pnpm, .cache
			outer = end
			p.name, end = strings.Join(name, "/"), i+1
		}
	}
	switch {
	case fixture.Path(strings.Join(loose, "/")):
		p.kind = fixtureData
	case end == len(segs):
		p.kind = installed
	case end > 0 || foreignTree(segs):
		p.kind = bundled
	case index(segs, "usr", "share", "doc") >= 0:
		p.kind = documented
	}
	switch {
	case end > 0 && end < len(segs):
		p.owner = strings.Join(segs[:end], "/")
	case p.kind == fixtureData && outer > 0:
		p.owner = strings.Join(segs[:outer], "/")
	}
	return p
}

// foreignTree reports whether a directory that is in no Node package lies in a
// directory of third-party sources, or in a package of another ecosystem.
func foreignTree(segs []string) bool {
	for i, dir := range segs {
		below := len(segs) - 1 - i
		switch dir {
		case "vendor", "_vendor", "third_party", "third-party", "thirdparty", "site-packages", "dist-packages":
			if below > 0 {
				return true
			}
		case "gems": // gems/NAME-VERSION, or of Bundler gems/NAME-COMMIT
			if below > 1 && strings.Contains(segs[i+1], "-") {
				return true
			}
		case "mod": // pkg/mod/MODULE@VERSION
			if i > 0 && segs[i-1] == "pkg" && strings.Contains(strings.Join(segs[i+1:], "/"), "@v") {
				return true
			}
		}
	}
	return false
}

// index returns where the directories follow each other in segs, -1 if nowhere.
func index(segs []string, dirs ...string) int {
	for i := range len(segs) - len(dirs) + 1 {
		if slices.Equal(segs[i:i+len(dirs)], dirs) {
			return i
		}
	}
	return -1
}

// nameLen returns how many segments behind segs[i] are the name of a package
// because segs[i] is a directory of packages: 2 for a scoped one, else 1.
func nameLen(segs []string, i int) int {
	if !(segs[i] == "node_modules" || debianRoot(segs, i)) || i+1 == len(segs) {
		return 0
	}
	if !strings.HasPrefix(segs[i+1], "@") {
		return 1
	}
	if i+2 == len(segs) {
		return 0
	}
	return 2
}

// debianRoot reports whether segs[:i+1] is usr/share/nodejs, usr/lib/nodejs or
// usr/lib/TRIPLET/nodejs, wherever the root file system begins.
func debianRoot(segs []string, i int) bool {
	if segs[i] != "nodejs" {
		return false
	}
	switch above := segs[:i]; {
	case i >= 2 && above[i-2] == "usr":
		return above[i-1] == "share" || above[i-1] == "lib"
	case i >= 3 && above[i-3] == "usr":
		return above[i-2] == "lib"
	}
	return false
}
