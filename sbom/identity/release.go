package identity

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// debianReleases are the code names of Debian's releases. Testing has a code
// name and no VERSION_ID in os-release.
var debianReleases = map[string]string{
	"wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11",
	"bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
}

var ubuntuReleases = map[string]string{
	"trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04",
	"noble": "24.04", "resolute": "26.04",
	"mantic": "23.10", "oracular": "24.10", "plucky": "25.04", "questing": "25.10",
}

// rolling are distributions without releases.
var rolling = map[string]Ecosystem{"wolfi": "Wolfi", "chainguard": "Chainguard", "minimos": "MinimOS"}

// distributionEcosystem returns the ecosystem of a distribution's packages of
// the given purl type, false when OSV has none or the release is not stated.
func distributionEcosystem(typ string, d *sbom.Distribution) (Ecosystem, bool) {
	id, release := DistributionID(d.ID), ""
	base := ""
	switch typ + "/" + id {
	case "deb/debian":
		base, release = "Debian", firstOf(major(d.VersionID), debianReleases[d.Codename])
	case "deb/ubuntu":
		base, release = "Ubuntu", ubuntuRelease(firstOf(d.VersionID, ubuntuReleases[d.Codename]))
	case "apk/alpine":
		base, release = "Alpine", alpineRelease(d.VersionID)
	case "apk/wolfi", "apk/chainguard", "apk/minimos":
		return rolling[id], true
	case "apk/alpaquita":
		base, release = "Alpaquita", firstOf(major(d.VersionID), "stream")
	case "rpm/almalinux":
		base, release = "AlmaLinux", major(d.VersionID)
	case "rpm/rocky":
		base, release = "Rocky Linux", major(d.VersionID)
	case "rpm/rhel":
		base, release = "Red Hat", prefixed("enterprise_linux:", major(d.VersionID))
	case "rpm/azurelinux", "rpm/mariner":
		base, release = "Azure Linux", major(d.VersionID)
	case "rpm/mageia":
		base, release = "Mageia", major(d.VersionID)
	case "rpm/photon":
		base, release = "Photon OS", d.VersionID
	case "rpm/opensuse-tumbleweed":
		base, release = "openSUSE", "Tumbleweed"
	case "rpm/opensuse-leap", "rpm/opensuse":
		base, release = "openSUSE", prefixed("Leap ", d.VersionID)
	case "rpm/sles":
		base, release = "SUSE", suseRelease("Linux Enterprise Server ", d.VersionID)
	case "rpm/sle-micro", "rpm/sl-micro", "rpm/suse-microos":
		base, release = "SUSE", prefixed("Linux Enterprise Micro ", d.VersionID)
	case "rpm/openeuler":
		base, release = "openEuler", openEulerRelease(d)
	}
	if base == "" || release == "" {
		return "", false
	}
	return Ecosystem(base + ":" + release), true
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func major(version string) string {
	m, _, _ := strings.Cut(version, ".")
	return m
}

// ubuntuRelease marks the long-term releases, those of an even year's April.
func ubuntuRelease(version string) string {
	year, rest, ok := strings.Cut(version, ".")
	if !ok || len(year) != 2 {
		return ""
	}
	month, _, _ := strings.Cut(rest, ".") // "22.04.1" is a point release of 22.04.
	release := year + "." + month
	if month == "04" && (year[1]-'0')%2 == 0 {
		return release + ":LTS"
	}
	return release
}

// alpineRelease is the branch of a release: v3.15 of 3.15.4. A pre-release such
// as 3.21_alpha20240807 is of the branch edge.
func alpineRelease(version string) string {
	if strings.Contains(version, "_") || strings.HasPrefix(version, "edge") {
		return "edge"
	}
	maj, rest, ok := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if !ok {
		return ""
	}
	minor, _, _ := strings.Cut(rest, ".")
	return "v" + maj + "." + minor
}

// suseRelease turns "15.5" into "15 SP5", as SUSE's advisories write it.
func suseRelease(product, version string) string {
	maj, sp, ok := strings.Cut(version, ".")
	if maj == "" {
		return ""
	}
	if !ok || sp == "0" {
		return product + maj
	}
	return product + maj + " SP" + sp
}

// openEulerRelease takes "22.03-LTS-SP1" out of "openEuler 22.03 (LTS-SP1)":
// VERSION_ID lacks the service pack.
func openEulerRelease(d *sbom.Distribution) string {
	if _, rest, ok := strings.Cut(d.Name, "("); ok && d.VersionID != "" {
		if sp, _, ok := strings.Cut(rest, ")"); ok && sp != "" {
			return d.VersionID + "-" + sp
		}
	}
	return d.VersionID
}
