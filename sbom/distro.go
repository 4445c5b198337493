package sbom

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// QualifyPURL completes the package URL of a distribution's package with the
// distribution it belongs to: d's namespace where purl has none, and the
// qualifier "distro", such as "debian-12", where purl has none.
//
// A package database does not name its distribution, so that detectors of deb,
// rpm, apk and alpm packages leave both out. Package URLs of other types, those that
// do not parse, and all of them when d is nil or has no ID, are returned
// unchanged. Qualifying twice is qualifying once.
//
// The namespace is d.ID, with two exceptions that the package URL type
// definition of rpm and its users make: "rhel" is "redhat", and "opensuse-leap"
// and its siblings are "opensuse".
func QualifyPURL(purl string, d *Distribution) string {
	if d == nil || d.ID == "" {
		return purl
	}
	p, err := packageurl.FromString(purl)
	if err != nil || !distributed(p.Type) {
		return purl
	}
	if p.Namespace == "" {
		p.Namespace = purlNamespace(p.Type, d.ID)
	}
	q := p.Qualifiers.Map()
	if q["distro"] == "" {
		q["distro"] = d.release()
	}
	p.Qualifiers = packageurl.QualifiersFromMap(q)
	_ = p.Normalize() // as in NewPURL
	return p.ToString()
}

func distributed(typ string) bool {
	return typ == "deb" || typ == "rpm" || typ == "apk" || typ == "alpm"
}

func purlNamespace(typ, id string) string {
	switch {
	case typ == "rpm" && id == "rhel":
		return "redhat"
	case typ == "rpm" && strings.HasPrefix(id, "opensuse-"):
		return "opensuse"
	}
	return id
}

// release returns the value of the qualifier "distro".
func (d *Distribution) release() string {
	if d.VersionID == "" {
		return d.ID
	}
	return d.ID + "-" + d.VersionID
}
