package document

import (
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
)

// GoodPURL reports whether documents can carry s where they ask for a valid
// package URL: it parses, and is an ASCII URI.
func GoodPURL(s string) bool {
	if !strings.HasPrefix(s, "pkg:") || !Plain(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`"<>\^{|}`+"`", c) >= 0 {
			return false
		}
	}
	_, err := packageurl.FromString(s)
	return err == nil
}

// SubjectPURL returns the package URL of an image (pkg:oci), empty when the
// image has no digest or no name that one could be made of.
func SubjectPURL(s *sbom.Subject) string {
	if !GoodDigest(s.Digest) || !Plain(s.Name) || s.Name == "" || strings.ContainsAny(s.Name[:1], "/.") {
		return ""
	}
	repository, _, _ := strings.Cut(s.Name, "@")
	tag := ""
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository, tag = repository[:i], repository[i+1:]
	}
	name := repository[strings.LastIndexByte(repository, '/')+1:]
	if name == "" || strings.Contains(repository, "://") || strings.ContainsAny(s.Name, " \t") {
		return ""
	}
	q := map[string]string{"arch": s.Platform.Architecture, "tag": tag}
	if host, _, ok := strings.Cut(repository, "/"); ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		q["repository_url"] = repository
	}
	if p := sbom.NewPURL("oci", "", name, string(s.Digest), q); GoodPURL(p) {
		return p
	}
	return ""
}

// Derived is what a package URL says beyond the component's name.
type Derived struct {
	Architecture string
	Source       *sbom.SourcePackage
	Distro       string // the distro qualifier, such as "debian-12"
	Namespace    string
}

// DerivePURL reads the qualifiers of a distribution's package URL. It reports
// false for one that does not parse.
func DerivePURL(s string) (Derived, bool) {
	p, err := packageurl.FromString(s)
	if err != nil {
		return Derived{}, false
	}
	d := Derived{Namespace: p.Namespace}
	switch p.Type {
	case "deb", "rpm", "apk", "alpm":
	default:
		return d, true
	}
	for _, q := range p.Qualifiers {
		switch q.Key {
		case "arch":
			d.Architecture = q.Value
		case "distro":
			d.Distro = q.Value
		case "upstream":
			d.Source = upstream(p.Type, q.Value, p.Version)
		case "source":
			if d.Source == nil && q.Value != "" {
				d.Source = &sbom.SourcePackage{Name: q.Value}
			}
		}
	}
	if d.Source != nil {
		for _, q := range p.Qualifiers {
			if q.Key == "sourceversion" {
				d.Source.Version = q.Value
			}
		}
	}
	return d, true
}

// upstream reads "NAME", "NAME@VERSION" and, of rpm, the name of a source package
// file, "NAME-VERSION-RELEASE.src.rpm".
func upstream(typ, value, version string) *sbom.SourcePackage {
	if value == "" {
		return nil
	}
	if nvr, ok := strings.CutSuffix(value, ".src.rpm"); ok && typ == "rpm" {
		if i := strings.LastIndexByte(nvr, '-'); i > 0 {
			if j := strings.LastIndexByte(nvr[:i], '-'); j > 0 {
				return &sbom.SourcePackage{Name: nvr[:j], Version: nvr[j+1:]}
			}
		}
	}
	name, v, ok := strings.Cut(value, "@")
	if !ok {
		v = version
	}
	return &sbom.SourcePackage{Name: name, Version: v}
}

// distroNames are the words of the distro qualifier and of documents that differ
// from os-release's ID.
var distroNames = map[string]string{"redhat": "rhel", "oracle": "ol", "amazon": "amzn", "suse linux enterprise server": "sles"}

// Codenames of releases that documents name instead of the number.
var codenames = map[string]string{
	"stretch": "debian-9", "buster": "debian-10", "bullseye": "debian-11", "bookworm": "debian-12", "trixie": "debian-13",
	"bionic": "ubuntu-18.04", "focal": "ubuntu-20.04", "jammy": "ubuntu-22.04", "noble": "ubuntu-24.04",
}

// ParseDistro reads a distro qualifier: "debian-12", "alpine-3.17.2" or a code
// name. It returns nil when the qualifier names none.
func ParseDistro(s string) *sbom.Distribution {
	codename := ""
	if full, ok := codenames[s]; ok {
		codename, s = s, full
	}
	for i := 1; i+1 < len(s); i++ {
		if s[i] == '-' && s[i+1] >= '0' && s[i+1] <= '9' {
			return &sbom.Distribution{ID: DistroID(s[:i]), VersionID: s[i+1:], Codename: codename}
		}
	}
	return nil
}

// DistroID returns os-release's ID for the name of a distribution.
func DistroID(name string) string {
	if id, ok := distroNames[strings.ToLower(name)]; ok {
		return id
	}
	return name
}

// ParseSubjectPURL returns the digest and the architecture of an image's package
// URL (pkg:oci).
func ParseSubjectPURL(s string) (sbom.Digest, string) {
	p, err := packageurl.FromString(s)
	if err != nil || p.Type != "oci" && p.Type != "docker" {
		return "", ""
	}
	d, err := sbom.ParseDigest(p.Version)
	if err != nil {
		return "", ""
	}
	return d, p.Qualifiers.Map()["arch"]
}
