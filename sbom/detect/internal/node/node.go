// Package node holds what detectors of the JavaScript world have in common: names,
// integrity strings, and the lock files that are also found among installed
// packages.
package node

import (
	"encoding/base64"
	"encoding/hex"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
)

// Limits of npm itself (name) and of what is worth keeping.
const (
	MaxName      = 214
	MaxVersion   = 256
	maxIntegrity = 2048
)

// ValidName reports whether s is a name that npm has ever accepted: one word of
// URL-safe characters, with at most a scope before it. Old packages have capitals.
func ValidName(s string) bool {
	if len(s) > MaxName {
		return false
	}
	if strings.HasPrefix(s, "@") {
		scope, name, ok := strings.Cut(s[1:], "/")
		return ok && urlSafe(scope) && urlSafe(name)
	}
	return urlSafe(s) && s[0] != '_'
}

func urlSafe(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.~!'()*", r)) {
			return false
		}
	}
	return s != "" && s[0] != '.'
}

// Split returns the scope of a name, with its "@", and the rest.
func Split(full string) (scope, name string) {
	if scope, name, ok := strings.Cut(full, "/"); ok {
		return scope, name
	}
	return "", full
}

// SplitVersion splits NAME@VERSION, where NAME may begin with "@". The version is
// empty if there is none.
func SplitVersion(s string) (name, version string) {
	if s == "" {
		return "", ""
	}
	i := strings.IndexByte(s[1:], '@')
	if i < 0 {
		return s, ""
	}
	return s[:i+1], s[i+2:]
}

// Digests returns those of a Subresource Integrity string: of the package's
// archive. What is malformed is left out.
func Digests(integrity string) []sbom.Digest {
	if len(integrity) > maxIntegrity {
		return nil
	}
	var out []sbom.Digest
	for word := range strings.FieldsSeq(integrity) {
		alg, sum, _ := strings.Cut(word, "-")
		sum, _, _ = strings.Cut(sum, "?") // options
		raw, err := base64.StdEncoding.DecodeString(sum)
		if err != nil {
			continue
		}
		if d, err := sbom.ParseDigest(alg + ":" + hex.EncodeToString(raw)); err == nil {
			out = append(out, d)
		}
	}
	return out
}

// Package is a package that a lock file names.
type Package struct {
	// Name is the package's own name, not that of an alias.
	Name, Version string
	// Resolved is the address that it was or will be taken from, as stated.
	Resolved string
	// Commit is that of a source repository, if Resolved does not have it.
	Commit string
	// Integrity are digests of its archive, as in Subresource Integrity.
	Integrity string
	// SHA1 is another digest of the archive, in hexadecimal.
	SHA1 string
	// Dev and Optional tell what it is needed for; both false: always.
	Dev, Optional bool
}

// References returns the address that the package comes from, if that is one of a
// network.
func (p *Package) References() []sbom.Reference {
	if origin.IsRepository(p.Resolved) || p.Commit != "" {
		return origin.Refer(nil, origin.VCS, p.Resolved)
	}
	return origin.Refer(nil, origin.Distribution, p.Resolved)
}

// Properties returns where the package comes from if that is no address of a network: a
// file.
func (p *Package) Properties() []sbom.Property {
	if p.References() != nil || p.Resolved == "" {
		return nil
	}
	return property(nil, "npm:resolved", origin.Address(p.Resolved))
}

// Qualifiers are those of the package URL of a package that does not come from a registry:
// it is another thing than what a registry has under its name and version.
func (p *Package) Qualifiers() []sbom.Property {
	switch {
	case origin.IsRepository(p.Resolved) || p.Commit != "":
		return property(nil, "vcs_url", origin.Repository(p.Resolved, p.Commit))
	case origin.Remote(p.Resolved) && !registryArchive(p.Resolved, p.Name):
		return property(nil, "download_url", origin.Address(p.Resolved))
	}
	return nil
}

// Digests are those of the package's archive.
func (p *Package) Digests() []sbom.Digest {
	out := Digests(p.Integrity)
	if d, err := sbom.ParseDigest("sha1:" + p.SHA1); err == nil {
		out = append(out, d)
	}
	return out
}

// Component returns what the lock says as a component. ok is false when it has no
// valid name or no version.
func (p *Package) Component() (c sbom.Component, ok bool) {
	version := oneline.Token(p.Version, MaxVersion)
	if !ValidName(p.Name) || version == "" {
		return c, false
	}
	scope, name := Split(p.Name)
	c = sbom.Component{Group: scope, Name: name, Version: version, Hashes: p.Digests(), References: p.References(), Properties: p.Properties()}
	if p.Dev {
		c.Properties = property(c.Properties, "npm:dev", "true")
	}
	if p.Optional {
		c.Properties = property(c.Properties, "npm:optional", "true")
	}
	c.PURL = sbom.AddQualifiers(sbom.NewPURL("npm", scope, name, version, nil), p.Qualifiers())
	return c, true
}

func property(list []sbom.Property, name, value string) []sbom.Property {
	if value == "" {
		return list
	}
	return append(list, sbom.Property{Name: name, Value: value})
}

// registryArchive reports whether an address has the form by which registries
// serve the archives of a package; others do so under NAME/-/ too. An archive of
// elsewhere is another thing than the package of that name and version.
func registryArchive(address, name string) bool {
	rest, _, _ := strings.Cut(address, "#")
	rest, _, _ = strings.Cut(rest, "?")
	i := strings.LastIndex(rest, "/-/")
	if i < 0 {
		// GitHub's registry: /download/@SCOPE/NAME/VERSION/DIGEST
		return strings.Contains(rest, "/download/"+name+"/")
	}
	last := strings.ReplaceAll(strings.ReplaceAll(rest[:i], "%2f", "/"), "%2F", "/")
	return strings.HasSuffix(last, "/"+name) || strings.HasSuffix(last, "/"+path.Base(name))
}

// jsrRegistry is where JSR serves its packages to npm, @scope/name as
// @jsr/scope__name.
const jsrRegistry = "https://npm.jsr.io"

// JSR returns a package of JSR as a component. Package URLs have no type for that
// registry; it has the name and the address under which it is served to npm. ok is
// false when name or version are not valid.
func JSR(name, version string) (c sbom.Component, ok bool) {
	scope, rest := Split(name)
	version = oneline.Token(version, MaxVersion)
	if !ValidName(name) || scope == "" || version == "" {
		return c, false
	}
	return sbom.Component{Group: scope, Name: rest, Version: version,
		PURL: sbom.NewPURL("npm", "@jsr", scope[1:]+"__"+rest, version, map[string]string{"repository_url": jsrRegistry})}, true
}
