package composer

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits on what is kept of a package.
const (
	maxText    = 512
	maxVersion = 256
	maxNames   = 2000 // dependencies, replaced packages or programs of one package
	maxAuthors = 32
)

// describe returns the component of one package of a list, which is a
// composer.json with what Composer added. Name and version are empty
// where the list states no valid ones.
func describe(o statement.Object, location string) sbom.Component {
	group, name := splitName(o.Text("name"))
	c := sbom.Component{
		Type: sbom.TypeLibrary, Group: group, Name: name, Version: version(o.Text("version")),
		Description: oneline.Text(o.Text("description"), maxText), Supplier: authors(o), Licenses: licenses(o, location),
	}
	source, dist := o.Object("source"), o.Object("dist")
	vcs := ""
	if branch(c.Version) {
		vcs = origin.Repository(source.Text("url"), source.Text("reference"))
	}
	c.PURL = sbom.NewPURL("composer", strings.ToLower(group), strings.ToLower(name), c.Version, map[string]string{"vcs_url": vcs})
	if d, err := sbom.ParseDigest("sha1:" + dist.Text("shasum")); err == nil {
		c.Hashes = []sbom.Digest{d}
	}
	reference := source.Text("reference")
	if reference == "" {
		reference = dist.Text("reference")
	}
	c.Properties = statement.Property(c.Properties, "composer:reference", reference)
	if t := o.Text("type"); t != "library" {
		c.Properties = statement.Property(c.Properties, "composer:type", t)
	}
	c.References = references(o, c.Hashes)
	return c
}

// references returns the home page, where the source and the archive were taken from, and
// what the package's authors say of support.
func references(o statement.Object, archive []sbom.Digest) []sbom.Reference {
	refs := origin.Refer(nil, origin.Website, o.Text("homepage"))
	n := len(refs)
	if refs = origin.Refer(refs, origin.VCS, o.Object("source").Text("url")); len(refs) == n {
		refs = origin.Refer(refs, origin.VCS, o.Object("support").Text("source"))
	}
	refs = origin.Refer(refs, origin.IssueTracker, o.Object("support").Text("issues"))
	n = len(refs)
	if refs = origin.Refer(refs, origin.Distribution, o.Object("dist").Text("url")); len(refs) > n {
		refs[n].Hashes = archive
	}
	return refs
}

// splitName returns both parts of VENDOR/NAME, empty if s is no valid name.
func splitName(s string) (group, name string) {
	group, name, _ = strings.Cut(s, "/")
	if !validPart(group) || !validPart(name) || len(s) > maxText {
		return "", ""
	}
	return group, name
}

// validPart accepts what Composer has ever accepted: letters, digits and ".-_", the
// first a letter or digit. Platform packages ("php", "ext-json") have one part.
func validPart(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return s != "" && !strings.ContainsRune("-_.", rune(s[0]))
}

// version returns s if it is one. Composer invents 1.0.0+no-version-set for an
// application that has none.
func version(s string) string {
	if strings.HasSuffix(s, "+no-version-set") {
		return ""
	}
	return oneline.Token(s, maxVersion)
}

// branch reports whether a version is a branch and no release.
func branch(version string) bool {
	return strings.HasPrefix(version, "dev-") || strings.HasSuffix(version, "-dev")
}

func authors(o statement.Object) string {
	var names []string
	for _, a := range o.Objects("authors") {
		name := origin.Contact(a.Text("name"), a.Text("email"), maxText)
		if name != "" && len(names) < maxAuthors {
			names = append(names, name)
		}
	}
	return oneline.Text(strings.Join(names, ", "), maxText)
}

// licenses reads the licence, or the array of those that one may choose from.
func licenses(o statement.Object, location string) []sbom.License {
	texts := o.Texts("license")
	if len(texts) < 2 || len(texts) > statement.MaxLicenses {
		return statement.Licenses(texts, location)
	}
	alternatives := make([]string, len(texts))
	for i, text := range texts {
		l := statement.License(text, location)
		if l.Expression == "" {
			return statement.Licenses(texts, location)
		}
		alternatives[i] = l.Expression // OR binds least: no parentheses are needed.
	}
	return []sbom.License{statement.License(strings.Join(alternatives, " OR "), location)}
}

// packages returns the names of packages that are keys of the object at field, in
// lower case and order. Names of the platform are left out.
func packages(o statement.Object, field string) []string {
	var names []string
	for name := range o.Object(field) {
		if group, _ := splitName(name); group != "" {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxNames)]
}

// programs returns the names that a package's programs have in vendor/bin.
func programs(o statement.Object) []string {
	names := make(map[string]bool)
	for _, p := range o.Texts("bin") {
		if base := path.Base(p); len(base) <= 255 && base != "." && base != ".." && base != "/" && oneline.Text(base, 255) == base && len(names) < maxNames {
			names[base] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// elements returns the objects of an array, nil if b is none.
func elements(b []byte) ([]statement.Object, error) {
	var list []statement.Object
	err := json.Unmarshal(b, &list)
	return list, err
}
