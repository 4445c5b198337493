package reconcile

import (
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// scope holds when no sighting is installed software.
func (r *run) scope(i, _ int) (verdict, bool) {
	why := ""
	for _, n := range r.rows[i].entities {
		w := outOfScope(r.entities[n].comp)
		if w == "" {
			return verdict{}, false
		}
		if why == "" {
			why = w
		}
	}
	return verdict{CauseScope, Proven, Proof{Check: why}}, true
}

// outOfScope says why a component is no installed software, empty when it may
// be.
func outOfScope(c *sbom.Component) string {
	switch {
	case c.Attribution.Removed != nil:
		return fmt.Sprintf("layer %d removed it", c.Attribution.Removed.Index)
	case c.Scope != sbom.ScopeInstalled:
		return "its scope is " + string(c.Scope)
	}
	return scopeOfPath(trimRoot(c.Location().Path))
}

// manifests are files that name software without installing it.
var manifests = map[string]string{
	"package-lock.json": "lock file", "npm-shrinkwrap.json": "lock file", "yarn.lock": "lock file", "pnpm-lock.yaml": "lock file",
	"bun.lock": "lock file", "Gemfile.lock": "lock file", "gems.locked": "lock file", "Pipfile.lock": "lock file", "poetry.lock": "lock file",
	"uv.lock": "lock file", "pdm.lock": "lock file", "requirements.txt": "list of requirements", "go.mod": "module file", "go.sum": "module file",
	"Cargo.lock": "lock file", "Cargo.toml": "manifest", "composer.lock": "lock file", "pom.xml": "build file", "gradle.lockfile": "lock file",
	"packages.lock.json": "lock file", "mix.lock": "lock file", "pubspec.lock": "lock file", "Package.resolved": "lock file",
	"Podfile.lock": "lock file", "conan.lock": "lock file", "stack.yaml.lock": "lock file", "Manifest.toml": "manifest",
}

// archiveCaches are the directories in which package managers keep what they
// downloaded, with the suffix of the archives.
var archiveCaches = [][2]string{{"var/cache/apt/archives/", ".deb"}, {"var/cache/apk/", ".apk"}, {"etc/apk/cache/", ".apk"},
	{"var/cache/dnf/", ".rpm"}, {"var/cache/yum/", ".rpm"}, {"var/cache/zypp/", ".rpm"}}

// scopeOfPath says why a path shows that something is not installed.
func scopeOfPath(p string) string {
	for _, c := range archiveCaches {
		if strings.HasPrefix(p, c[0]) && strings.HasSuffix(p, c[1]) {
			return "it is an archive in a package manager's cache"
		}
	}
	if what, ok := manifests[path.Base(p)]; ok && !strings.Contains(p, "!/") {
		return "a " + what + " names it, which installs nothing"
	}
	return ""
}
