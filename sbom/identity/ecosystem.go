package identity

import (
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
)

// Ecosystem is an ecosystem in the words of the OSV schema ("affected[].package
// field"), with the release where the ecosystem has releases: "PyPI", "npm",
// "Go", "Maven", "crates.io", "Debian:12", "Ubuntu:22.04:LTS", "Alpine:v3.18",
// "AlmaLinux:8", "openSUSE:Leap 15.5", "Wolfi".
//
// For Red Hat it is "Red Hat:enterprise_linux:8", the part that all CPE
// suffixes of that release have in common: OSV records go on with the stream
// and the repository, so it is a prefix of theirs, at a colon.
type Ecosystem string

// Base returns the ecosystem without its release: "Debian" of "Debian:12".
func (e Ecosystem) Base() string {
	base, _, _ := strings.Cut(string(e), ":")
	return base
}

// Release returns what follows the first colon, empty when nothing does.
func (e Ecosystem) Release() string {
	_, release, _ := strings.Cut(string(e), ":")
	return release
}

// languages are the ecosystems of purl types that have no releases.
var languages = map[string]Ecosystem{
	"bioconductor": "Bioconductor",
	"bitnami":      "Bitnami",
	"cargo":        "crates.io",
	"composer":     "Packagist",
	"conan":        "ConanCenter",
	"cran":         "CRAN",
	"gem":          "RubyGems",
	"golang":       "Go",
	"hackage":      "Hackage",
	"hex":          "Hex",
	"julia":        "Julia",
	"maven":        "Maven",
	"npm":          "npm",
	"nuget":        "NuGet",
	"opam":         "opam",
	"pub":          "Pub",
	"pypi":         "PyPI",
	"swift":        "SwiftURL",
}

// families are the ecosystems whose version order the packages of a package
// manager follow, whatever the distribution.
var families = map[string]Ecosystem{"deb": "Debian", "apk": "Alpine", "alpine": "Alpine", "rpm": "Red Hat"}

// unadvised are the types of package managers that OSV has no ecosystem for, but
// whose versions have a known order. That has the name of the type.
var unadvised = map[string]Ecosystem{"alpm": "alpm", "ebuild": "ebuild", "opkg": "opkg"}

// FamilyOf returns an ecosystem whose version order packages of the given purl
// type have: "Debian" for every deb, whatever its distribution. It is false for
// types without a known order. The ecosystem names no release, so it serves
// [Compare] and not the lookup of advisories. For types that OSV has no ecosystem
// for, it has the name of the type: "alpm", "ebuild", "opkg".
func FamilyOf(purlType string) (Ecosystem, bool) {
	if e, ok := families[purlType]; ok {
		return e, true
	}
	if e, ok := unadvised[purlType]; ok {
		return e, true
	}
	e, ok := languages[purlType]
	return e, ok
}

// distributed reports whether the namespace of a purl type is a distribution.
func distributed(purlType string) bool {
	_, ok := families[purlType]
	return ok || purlType == "alpm"
}

// EcosystemOf returns the ecosystem whose advisories concern the component. d
// is the distribution of the image, nil when it is not known. The distribution
// counts only when the component's purl does not name another one; where d does
// not help, the purl's distro qualifier is used.
//
// It is false when there is no such ecosystem: the purl is missing or broken,
// its type has no advisories in OSV, it is private to an organization of Hex, or it is a distribution's package and the
// distribution or its release is not known. Advisories of another release than
// the right one are worse than none.
func EcosystemOf(c *sbom.Component, d *sbom.Distribution) (Ecosystem, bool) {
	p, err := c.ParsePURL()
	if err != nil {
		return "", false
	}
	typ := canonicalType(p.Type)
	if typ == "hex" && p.Namespace != "" {
		return "", false // An organization's own: the public package of that name is another.
	}
	if typ == "cran" && strings.HasPrefix(p.Qualifiers.Map()["repository_url"], "https://bioconductor.org") {
		typ = "bioconductor" // As packages of R are written where one type has to do for all.
	}
	if e, ok := languages[typ]; ok {
		return e, true
	}
	if _, ok := families[typ]; !ok {
		return "", false
	}
	if d != nil && sameDistribution(p.Namespace, d.ID) {
		if e, ok := distributionEcosystem(typ, d); ok {
			return e, true
		}
	}
	if q := qualifiedDistribution(&p); q != nil && sameDistribution(p.Namespace, q.ID) {
		return distributionEcosystem(typ, q)
	}
	return "", false
}

// canonicalType lowers a purl type and maps the aliases that generators wrote.
func canonicalType(typ string) string {
	typ = strings.ToLower(typ)
	if typ == "alpine" {
		return "apk"
	}
	return typ
}

// distributionIDs maps the names that generators write for a distribution, in
// purl namespaces and qualifiers, to os-release ids.
var distributionIDs = map[string]string{
	"alma":          "almalinux",
	"amazon":        "amzn",
	"azure":         "azurelinux",
	"cbl-mariner":   "mariner",
	"oracle":        "ol",
	"oraclelinux":   "ol",
	"redhat":        "rhel",
	"rocky linux":   "rocky",
	"rockylinux":    "rocky",
	"opensuse.leap": "opensuse-leap",
	"suse":          "sles",
	"sle":           "sles",
	"sled":          "sles",
	"sles_sap":      "sles",
}

// DistributionID returns the os-release id of a distribution that generators
// write by another name, such as "ol" for "oracle" and "rhel" for "redhat"; any
// other name is lowered.
func DistributionID(name string) string {
	name = strings.ToLower(name)
	if id, ok := distributionIDs[name]; ok {
		return id
	}
	return name
}

// sameDistribution reports whether a purl namespace can be that of a package of
// distribution id. A missing one can; openSUSE's products share one namespace.
func sameDistribution(namespace, id string) bool {
	ns, id := DistributionID(namespace), DistributionID(id)
	switch {
	case ns == "" || ns == id:
		return true
	case ns == "opensuse":
		return strings.HasPrefix(id, "opensuse")
	case strings.HasPrefix(ns, "opensuse"):
		return id == "opensuse"
	}
	return false
}

// qualifiedDistribution reads the distribution out of a purl's qualifiers:
// "distro=debian-11.4" (Syft, Trivy), "distro=bookworm" (osv-scalibr),
// "distro=3.15.4" (Trivy for apk), "os_name=alpine&os_version=3.24" (Docker Scout).
func qualifiedDistribution(p *packageurl.PackageURL) *sbom.Distribution {
	q := p.Qualifiers.Map()
	if q["os_name"] != "" {
		return &sbom.Distribution{ID: DistributionID(q["os_name"]), VersionID: q["os_version"]}
	}
	distro := q["distro"]
	if distro == "" {
		return nil
	}
	if i := strings.LastIndexByte(distro, '-'); i > 0 && startsWithDigit(distro[i+1:]) {
		return &sbom.Distribution{ID: DistributionID(distro[:i]), VersionID: distro[i+1:]}
	}
	id := DistributionID(p.Namespace)
	if id == "" && canonicalType(p.Type) == "apk" {
		id = "alpine"
	}
	if startsWithDigit(distro) {
		return &sbom.Distribution{ID: id, VersionID: distro}
	}
	if DistributionID(distro) == id { // Rolling: "distro=wolfi".
		return &sbom.Distribution{ID: id}
	}
	return &sbom.Distribution{ID: id, Codename: strings.ToLower(distro)}
}

func startsWithDigit(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }
