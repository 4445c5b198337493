package npm

import (
	"cmp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
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
	// store is the directory around those of a virtual store or a cache, whose names
	// have the versions of the packages in them; empty for packages elsewhere.
	store string
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
		name, n := packageAt(segs, i)
		if n == 0 {
			loose = append(loose, segs[i])
			continue
		}
		if end == 0 {
			loose = nil // What lies above the first package says nothing about it.
		}
		versioned := segs[i] == "npm" || segs[i] == "cache" // Deno's and Bun's
		if versioned && p.store == "" {
			p.store = strings.Join(segs[:i+1], "/")
		}
		i += n
		if strings.HasPrefix(name, ".") { // .pnpm, .cache
			p.store = cmp.Or(p.store, strings.Join(segs[:i+1], "/"))
			continue
		}
		outer = end
		p.name, end = name, i+1
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
	if p.kind != installed {
		p.store = ""
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

// packageAt returns the name of the package whose directory is some segments behind
// segs[i], and how many, because segs[i] is a directory of packages; 0 if it is
// none.
func packageAt(segs []string, i int) (name string, n int) {
	switch segs[i] {
	case "npm":
		return denoPackage(segs[i+1:])
	case "cache":
		if i > 0 && segs[i-1] == "install" {
			return bunPackage(segs[i+1:])
		}
		return "", 0
	}
	if segs[i] != "node_modules" && !debianRoot(segs, i) {
		return "", 0
	}
	n = nameLen(segs[i+1:])
	return strings.Join(segs[i+1:i+1+n], "/"), n
}

// nameLen returns how many of the first segments are the name of a package: 2 of a
// scoped one, else 1; 0 if they do not suffice.
func nameLen(segs []string) int {
	n := 1
	if len(segs) > 0 && strings.HasPrefix(segs[0], "@") {
		n = 2
	}
	if len(segs) < n {
		return 0
	}
	return n
}

// denoPackage reads HOST/NAME/VERSION, the directories behind "npm" in which Deno
// has packages where it needs no node_modules.
func denoPackage(segs []string) (name string, n int) {
	if len(segs) < 3 || !strings.Contains(segs[0], ".") {
		return "", 0
	}
	n = 1 + nameLen(segs[1:])
	if len(segs) <= n || segs[n] == "" || segs[n][0] < '0' || segs[n][0] > '9' {
		return "", 0
	}
	return strings.Join(segs[1:n], "/"), n + 1
}

// bunPackage reads NAME@VERSION@@@N, the directories behind "install/cache" in which
// Bun has packages for all projects, and from which it runs scripts that have none. Those
// of repositories and archives have a kind and a digest there: @GH@…, @G@…, @T@….
func bunPackage(segs []string) (name string, n int) {
	if len(segs) > 0 && strings.HasPrefix(segs[0], "@") && strings.Count(segs[0], "@") > 1 {
		return segs[0], 1
	}
	n = nameLen(segs)
	if n == 0 || !strings.Contains(segs[n-1], "@") {
		return "", 0
	}
	name, _ = node.SplitVersion(strings.Join(segs[:n], "/"))
	return name, n
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
