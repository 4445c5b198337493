package spdx

import (
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// component writes a component: the fields that SPDX has, and in an annotation what
// they cannot say.
func (e *encoder) component(c *sbom.Component, id string) {
	p := e.pkg(c, id, true)
	got := e.mapper.fields(&p)
	rest, ok := subtract(c.Properties, got.Properties)
	if !ok { // what was restored reads as something else
		p = e.pkg(c, id, false)
		got = e.mapper.fields(&p)
		rest = c.Properties
	}
	got.ID = strings.TrimPrefix(id, refPrefix)
	plain, renamed := document.Properties(rest)
	e.annotate(&p, append(append(plain, renamed...), document.Component(c, &got)...))
	e.sink.pkg(&p)
}

// subtract returns the properties of want that are not in got. It reports false when
// got has others.
func subtract(want, got []sbom.Property) ([]sbom.Property, bool) {
	if len(got) == 0 {
		return want, true
	}
	there := make(map[sbom.Property]int, len(got))
	for _, p := range got {
		there[p]++
	}
	var rest []sbom.Property
	n := 0
	for _, p := range want {
		if there[p] > 0 {
			there[p]--
			n++
		} else {
			rest = append(rest, p)
		}
	}
	return rest, n == len(got)
}

// isFile reports whether a component is written as a file and not as a package: an
// SPDX 2 file must have a SHA-1.
func (e *encoder) isFile(c *sbom.Component) bool {
	if c.Type != sbom.TypeFile || c.Version+c.PURL != "" || len(c.CPEs) > 0 {
		return false
	}
	return e.version == version301 || slices.ContainsFunc(c.Hashes, func(d sbom.Digest) bool {
		return d.Algorithm() == "sha1" && document.GoodDigest(d)
	})
}

var purposes = map[sbom.ComponentType]string{
	sbom.TypeLibrary:         "LIBRARY",
	sbom.TypeApplication:     "APPLICATION",
	sbom.TypeFramework:       "FRAMEWORK",
	sbom.TypeOperatingSystem: purposeOS,
	sbom.TypeFile:            purposeFile,
	sbom.TypeContainer:       purposeContainer,
	"firmware":               "FIRMWARE",
	"device":                 "DEVICE",
	"archive":                "ARCHIVE",
	"install":                "INSTALL",
	"source":                 "SOURCE",
	"other":                  "OTHER",
}

// pkg maps to the fields that SPDX has. With restored, these hold again what other
// tools' documents said in them.
func (e *encoder) pkg(c *sbom.Component, id string, restored bool) pkg {
	p := e.newPackage(document.Clean(c.Name), id, purposes[c.Type])
	p.Version = document.Clean(c.Version)
	p.Checksums = checksums(c.Hashes)
	p.SourceInfo = sourceInfo(c.Source)
	p.LicenseDeclared = e.declare(c.Licenses, false)
	p.LicenseConcluded = e.declare(c.Licenses, true)
	p.Description = prose(c.Description)
	if s := prose(c.Copyright); !unstated(s) && s != none {
		p.Copyright = s
	}
	e.external(&p, c)
	if e.isFile(c) {
		p.file = &fileOnly{}
	}
	if restored {
		restore(e.mapper.kept, &p, c.Properties, e.version)
		p.FromFiles = append(p.FromFiles, e.found(&p, c.Licenses)...)
	}
	if s := document.Clean(c.Supplier); s != "" && p.Supplier == "" {
		p.Supplier = "Organization: " + s
	}
	switch {
	case p.file == nil:
	case e.version == version301:
		p.SourceInfo, p.DownloadLocation, p.HomePage = "", noAssertion, ""
	default:
		p = p.asFile().pkg()
		p.SPDXID = id
	}
	return p
}

// external writes the references. Only the first of a kind has a place.
func (e *encoder) external(p *pkg, c *sbom.Component) {
	if document.GoodPURL(c.PURL) {
		p.ExternalRefs = append(p.ExternalRefs, purlRef(c.PURL))
	}
	for _, cpe := range c.CPEs {
		if !document.GoodCPE(cpe) {
			break
		}
		typ := "cpe23Type"
		if strings.HasPrefix(strings.ToLower(cpe), "cpe:/") {
			typ = "cpe22Type"
		}
		p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: "SECURITY", Type: typ, Locator: cpe})
	}
	for _, r := range c.References {
		switch {
		case !location(r.URL):
		case r.Type == "distribution" && p.DownloadLocation == noAssertion:
			p.DownloadLocation = r.URL
		case r.Type == "website" && p.HomePage == "":
			p.HomePage = r.URL
		}
	}
}

// location reports whether s can stand where SPDX wants a URI: the validators of
// all formats take it.
func location(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || rest == "" || scheme == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte(`"<>\^{|}`+"`[]", s[i]) >= 0 {
			return false
		}
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return false
		}
	}
	return strings.IndexFunc(scheme, func(r rune) bool { return !idString(r) && r != '+' }) < 0 && 'a' <= s[0]|0x20 && s[0]|0x20 <= 'z'
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// builtFrom begins the source information of binary packages, in the words that
// Trivy writes and reads.
const builtFrom = "built package from: "

func sourceInfo(s *sbom.SourcePackage) string {
	if s == nil || s.Name == "" {
		return ""
	}
	return document.Clean(builtFrom + s.Name + " " + s.Version)
}
