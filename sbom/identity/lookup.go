package identity

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// binaryAdvisories are the distributions whose advisories name binary packages;
// those of all others name source packages.
var binaryAdvisories = map[string]bool{"AlmaLinux": true, "Red Hat": true}

// LookupName returns the name and version by which advisories of eco know the
// component, eco being what [EcosystemOf] gave for it.
//
// For distributions they are those of the source package; where the component
// states no source version, the binary's version serves, without the "+b1" of
// Debian's binary-only rebuilds. AlmaLinux and Red Hat name binary packages.
// Otherwise: the module path for Go and "stdlib" for its standard library, both
// with the version as in OSV, without "v" and "go"; the PEP 503 name for PyPI;
// "group:artifact" for Maven; "@scope/name" for npm; "vendor/name" for Packagist.
//
// The name is empty when the component has none. The version is empty when it
// is not known, which "(devel)" is a way to say.
func LookupName(c *sbom.Component, eco Ecosystem) (name, version string) {
	namespace, name, version := spelling(c)
	switch base := eco.Base(); base {
	case "Go":
		return goLookup(goModule(c, joinPath(namespace, name)), version)
	case "PyPI":
		return pep503(name), version
	case "Maven":
		return mavenLookup(namespace, name), version
	case "npm":
		return joinPath(npmScope(namespace), name), strings.TrimPrefix(version, "v")
	case "Packagist":
		return strings.ToLower(joinPath(namespace, name)), version
	case "SwiftURL":
		return joinPath(namespace, name), version
	default:
		if schemes[base].distribution {
			return sourceLookup(c, eco, name, version)
		}
	}
	return name, version
}

// spelling gives the parts of the component's purl, or its own fields where it
// has no usable purl or the purl no version.
func spelling(c *sbom.Component) (namespace, name, version string) {
	p, err := c.ParsePURL()
	if err != nil {
		return c.Group, c.Name, c.Version
	}
	version = c.Version // It has the epoch, which an rpm purl keeps in a qualifier.
	if version == "" {
		version = purlVersion(&p)
	}
	name = p.Name
	if c.Name != "" && strings.EqualFold(c.Name, p.Name) {
		name = c.Name // purl lowers names that the ecosystem spells otherwise.
	}
	return p.Namespace, name, version
}

func sourceLookup(c *sbom.Component, eco Ecosystem, name, version string) (string, string) {
	if c.Source == nil || c.Source.Name == "" || binaryAdvisories[eco.Base()] {
		return name, version
	}
	if c.Source.Version != "" {
		return c.Source.Name, c.Source.Version
	}
	if schemes[eco.Base()].order == orderDebian {
		version = stripBinNMU(version)
	}
	return c.Source.Name, version
}

// stripBinNMU drops the "+b<n>" that a binary-only rebuild adds to the source's
// version (Debian Developer's Reference, 5.10.2.1).
func stripBinNMU(version string) string {
	i := strings.LastIndex(version, "+b")
	if i < 0 || !allDigits(version[i+2:]) {
		return version
	}
	return version[:i]
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || '9' < s[i] {
			return false
		}
	}
	return s != ""
}

// goModule returns the module path with the case of its letters, which a purl
// drops and advisories keep.
func goModule(c *sbom.Component, path string) string {
	if p, err := c.ParsePURL(); err == nil && p.Subpath != "" {
		path += "/" + p.Subpath
	}
	for _, own := range []string{c.Name, joinPath(c.Group, c.Name)} {
		if strings.EqualFold(own, path) {
			return own
		}
	}
	return path
}

func goLookup(module, version string) (string, string) {
	if isGoStdlib(module) {
		return "stdlib", goVersion(version)
	}
	return module, goVersion(version)
}

// isGoStdlib reports whether a module is the standard library: generators call
// it "stdlib", after the toolchain "go", or "std" as the go command does.
func isGoStdlib(module string) bool {
	return module == "stdlib" || module == "go" || module == "std"
}

// goVersion strips the marks that are no part of a version in OSV. "(devel)" is
// what the go command writes when it knows none.
func goVersion(version string) string { return trimIncompatible(trimGo(trimDevel(version))) }

// pep503 is the normalised name of the Python simple repository API: lower case,
// runs of "-", "_" and "." as one "-".
func pep503(name string) string {
	var b strings.Builder
	separated := false
	for i := range len(name) {
		switch ch := name[i]; {
		case ch == '-' || ch == '_' || ch == '.':
			separated = true
		default:
			if separated {
				b.WriteByte('-')
				separated = false
			}
			b.WriteByte(lower(ch))
		}
	}
	if separated {
		b.WriteByte('-')
	}
	return b.String()
}

func lower(ch byte) byte {
	if 'A' <= ch && ch <= 'Z' {
		return ch + 'a' - 'A'
	}
	return ch
}

func mavenLookup(group, artifact string) string {
	if group == "" || strings.Contains(artifact, ":") {
		return artifact // "group:artifact" written as the name.
	}
	return group + ":" + artifact
}

func npmScope(namespace string) string {
	if namespace == "" || strings.HasPrefix(namespace, "@") {
		return namespace
	}
	return "@" + namespace
}

func joinPath(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
