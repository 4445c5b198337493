package identity

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/package-url/packageurl-go"

	"github.com/imagetrust/imagetrust/sbom"
)

// Level is a step on the way from a spelling to an identity. Each level
// forgives what those before it do not, so the level at which two components
// first are equal says how much had to be forgiven.
type Level int

const (
	// LevelNone: there is no key; the component has no usable purl.
	LevelNone Level = iota
	// LevelBytes: the purl as it is spelled.
	LevelBytes
	// LevelPURL: the purl in its canonical form (ECMA-427): encoding, case and
	// order of qualifiers.
	LevelPURL
	// LevelEcosystem: the ecosystem's rules for names, and no qualifiers.
	LevelEcosystem
	// LevelVersion: the version without decoration that changes nothing: a "v"
	// prefix, "+incompatible", an epoch of 0.
	LevelVersion
	// LevelLoose: the version without what some generators leave out: any epoch,
	// the number of a binary-only rebuild. Different versions can be equal here,
	// so it joins only what is left alone on both sides.
	LevelLoose
	// LevelFile: the same file, by digest or by path and name.
	LevelFile
)

var levelNames = [...]string{"none", "bytes", "purl", "ecosystem", "version", "loose-version", "file"}

// String returns the level in lower case.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("level(%d)", int(l))
	}
	return levelNames[l]
}

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name; the error says that there is no such level.
func (l *Level) UnmarshalText(b []byte) error {
	for i, name := range levelNames {
		if name == string(b) {
			*l = Level(i)
			return nil
		}
	}
	return fmt.Errorf("identity: no level %q", b)
}

// Key is a component's canonical identity at one level. From LevelPURL on, the
// keys of components with a purl are purls themselves, and canonicalising one
// gives it back. The empty Key equals nothing.
type Key string

// Rule names a rewrite.
type Rule string

// The rules, in the order in which they are applied.
const (
	RuleCanonicalPURL Rule = "canonical-purl"    // ECMA-427 encoding, case, order of qualifiers.
	RuleTypeAlias     Rule = "type-alias"        // pkg:alpine is pkg:apk.
	RuleSubpath       Rule = "module-subpath"    // The subpath of a Go purl is part of the module path.
	RuleEpoch         Rule = "epoch-qualifier"   // An rpm purl keeps the epoch in a qualifier.
	RuleQualifiers    Rule = "qualifiers"        // distro, arch, upstream and the like are not identity.
	RuleNamespace     Rule = "namespace"         // A distribution's namespace, missing or by another name.
	RulePEP503        Rule = "pep503-name"       // Python's normalised names.
	RuleScope         Rule = "npm-scope"         // A scope has an "@" and is the namespace.
	RuleMavenName     Rule = "maven-coordinates" // "group:artifact" as the name.
	RuleGoStdlib      Rule = "go-stdlib"         // The standard library by its other names.
	RuleDoubled       Rule = "doubled-module"    // A Go module of one path element, written as its own namespace.
	RuleCase          Rule = "case"              // Names whose case means nothing.
	RuleOSRelease     Rule = "os-release"        // A distribution's version, reduced to its release.
	RuleUnversioned   Rule = "version-unknown"   // "(devel)" and "UNKNOWN" say that there is no version.
	RuleVersionPrefix Rule = "version-prefix"    // "v1.2.3", "go1.22".
	RuleIncompatible  Rule = "incompatible"      // "+incompatible" of Go modules.
	RuleEpochZero     Rule = "epoch-zero"        // "0:" is no epoch.
	RuleVersionCase   Rule = "version-case"      // PEP 440 and NuGet versions have no case.
	RuleEpochDropped  Rule = "epoch-dropped"     // LevelLoose: a generator left the epoch out.
	RuleRebuild       Rule = "binary-rebuild"    // LevelLoose: "+b1" of a Debian binary-only rebuild.
)

// Rewrite is one step from a spelling to a key.
type Rewrite struct {
	// Level is the first level that has the step.
	Level Level `json:"level"`
	Rule  Rule  `json:"rule"`
	// From and To are the purl's part before and after: the whole purl for
	// RuleCanonicalPURL, otherwise the name, the version or the qualifiers.
	From string `json:"from"`
	To   string `json:"to"`
}

// String returns "rule: from -> to".
func (r Rewrite) String() string { return fmt.Sprintf("%s: %q -> %q", r.Rule, r.From, r.To) }

// ErrPURL is wrapped by Identity.Err when a component's purl cannot be used.
var ErrPURL = errors.New("identity: unusable purl")

// Identity is what a component is, in keys. The zero value equals nothing.
type Identity struct {
	keys [LevelLoose + 1]Key
	// Type is the purl type after RuleTypeAlias, such as "deb"; empty without a
	// usable purl.
	Type string
	// Package is the key without a version: components that share it are the
	// same package, perhaps in different versions.
	Package Key
	// Version is the version in the key at LevelVersion; empty when not known.
	Version string
	// Source is the package key of the source package, for packages of a
	// distribution that state one.
	Source Key
	// SourceVersion is the version of the source package.
	SourceVersion string
	// Rewrites are the steps taken, in order.
	Rewrites []Rewrite
	// Err says why there are no keys, wrapping ErrPURL; nil when there are.
	Err error
}

// Key returns the key at a level from LevelBytes to LevelLoose, empty when
// there is none. LevelFile has no single key: see [FileKeys].
func (id *Identity) Key(l Level) Key {
	if l < 0 || int(l) >= len(id.keys) {
		return ""
	}
	return id.keys[l]
}

// RewritesTo returns the rewrites that lead to the key at a level.
func (id *Identity) RewritesTo(l Level) []Rewrite {
	n := 0
	for n < len(id.Rewrites) && id.Rewrites[n].Level <= l {
		n++
	}
	return id.Rewrites[:n:n]
}

// LevelOf returns the lowest level at which two identities are equal, LevelNone
// when they differ at all of them.
func LevelOf(a, b *Identity) Level {
	for l := LevelBytes; l <= LevelLoose; l++ {
		if k := a.keys[l]; k != "" && k == b.keys[l] {
			return l
		}
	}
	return LevelNone
}

// Canonical returns the identity of a component. d is the distribution of its
// image; it completes purls of a distribution's packages that lack the
// namespace, and may be nil. Components of type operating-system and file need
// no purl: they are identified by distribution and release, and by path.
func Canonical(c *sbom.Component, d *sbom.Distribution) *Identity {
	id := &Identity{}
	switch {
	case c.PURL == "" && c.Type == sbom.TypeOperatingSystem:
		id.operatingSystem(c)
	case c.PURL == "" && c.Type == sbom.TypeFile:
		id.file(c)
	case c.PURL == "":
		id.Err = fmt.Errorf("%w: the component has none", ErrPURL)
	default:
		id.purl(c, d)
	}
	return id
}

func (id *Identity) all(k Key) {
	for l := LevelBytes; l <= LevelLoose; l++ {
		id.keys[l] = k
	}
}

func (id *Identity) note(l Level, r Rule, from, to string) {
	if from != to {
		id.Rewrites = append(id.Rewrites, Rewrite{Level: l, Rule: r, From: from, To: to})
	}
}

func (id *Identity) operatingSystem(c *sbom.Component) {
	if c.Name == "" {
		id.Err = fmt.Errorf("%w: an operating system without a name", ErrPURL)
		return
	}
	release := major(c.Version)
	if name := DistributionID(c.Name); name == "ubuntu" || name == "alpine" || name == "opensuse-leap" {
		if _, rest, ok := strings.Cut(c.Version, "."); ok {
			release += "." + major(rest)
		}
	}
	id.all(Key("os:" + DistributionID(c.Name) + "@" + release))
	id.keys[LevelBytes] = Key("os:" + c.Name + "@" + c.Version)
	id.keys[LevelPURL] = id.keys[LevelBytes]
	id.note(LevelEcosystem, RuleOSRelease, c.Name+"@"+c.Version, DistributionID(c.Name)+"@"+release)
	id.Type, id.Package, id.Version = "os", Key("os:"+DistributionID(c.Name)), release
}

func (id *Identity) file(c *sbom.Component) {
	path := strings.TrimPrefix(firstOf(c.Location().Path, c.Name), "/")
	if path == "" {
		id.Err = fmt.Errorf("%w: a file without a path", ErrPURL)
		return
	}
	id.all(Key("file:" + path))
	id.Type, id.Package = "file", Key("file:"+path)
}

func (id *Identity) purl(c *sbom.Component, d *sbom.Distribution) {
	canonical, p, err := canonicalPURL(c.PURL)
	if err != nil {
		id.Err = err
		return
	}
	id.keys[LevelBytes] = Key(c.PURL)
	id.keys[LevelPURL] = Key(canonical)
	id.note(LevelPURL, RuleCanonicalPURL, c.PURL, canonical)
	if p.Version == "" {
		p.Version = strings.ToValidUTF8(c.Version, "\uFFFD")
		if p.Version != "" { // The purl alone does not identify it.
			id.keys[LevelBytes] += Key("#" + p.Version)
			id.keys[LevelPURL] += Key("#" + p.Version)
		}
	}
	id.ecosystem(&p, d)
	id.version(&p)
	id.source(c, &p)
}

// ecosystem brings p to LevelEcosystem.
func (id *Identity) ecosystem(p *packageurl.PackageURL, d *sbom.Distribution) {
	typ := canonicalType(p.Type)
	id.note(LevelEcosystem, RuleTypeAlias, p.Type, typ)
	p.Type, id.Type = typ, typ
	id.name(p)
	if v := purlVersion(p); v != p.Version {
		id.note(LevelEcosystem, RuleEpoch, p.Version, v)
		p.Version = v
	}
	q := qualifiedDistribution(p)
	if len(p.Qualifiers) > 0 {
		id.note(LevelEcosystem, RuleQualifiers, p.Qualifiers.String(), "")
		p.Qualifiers = nil
	}
	if distributed(typ) {
		ns := namespaceOf(p.Namespace, q, d)
		id.note(LevelEcosystem, RuleNamespace, p.Namespace, ns)
		p.Namespace = ns
	}
	id.keys[LevelEcosystem] = Key(p.ToString())
	bare := *p
	bare.Version = ""
	id.Package = Key(bare.ToString())
}

// namespaceOf is a distribution package's namespace by os-release id: the one
// stated, or that of the purl's distro qualifier, or that of the image.
func namespaceOf(stated string, q, d *sbom.Distribution) string {
	ns := DistributionID(stated)
	if ns == "" && q != nil && plain(q.ID) {
		ns = DistributionID(q.ID)
	}
	if ns == "" && d != nil && plain(d.ID) {
		ns = DistributionID(d.ID)
	}
	if strings.HasPrefix(ns, "opensuse") {
		return "opensuse"
	}
	return ns
}

// plain reports whether s is written as os-release(5) wants an ID to be.
func plain(s string) bool {
	for _, ch := range strings.ToLower(s) {
		if !('a' <= ch && ch <= 'z' || '0' <= ch && ch <= '9' || strings.ContainsRune("._- ", ch)) {
			return false
		}
	}
	return true
}

// name applies the ecosystem's rules for names.
func (id *Identity) name(p *packageurl.PackageURL) {
	before := joinPath(p.Namespace, p.Name)
	rule := RuleCase
	switch p.Type {
	case "golang":
		if p.Subpath != "" {
			id.note(LevelEcosystem, RuleSubpath, p.Subpath, "")
			setPath(p, before+"/"+p.Subpath)
			p.Subpath, before = "", before+"/"+p.Subpath
		}
		rule = id.module(p, before)
	case "pypi":
		rule, p.Name = RulePEP503, pep503(p.Name)
	case "npm":
		rule = RuleScope
		if strings.HasPrefix(p.Name, "@") && strings.Contains(p.Name, "/") && p.Namespace == "" {
			setPath(p, p.Name)
		}
		p.Namespace = npmScope(p.Namespace)
	case "maven":
		rule = RuleMavenName
		mavenCoordinates(p)
	case "apk", "bitnami", "composer", "deb", "github", "hex", "luarocks", "nuget", "otp", "pub":
		p.Namespace, p.Name = strings.ToLower(p.Namespace), strings.ToLower(p.Name)
	}
	id.note(LevelEcosystem, rule, before, joinPath(p.Namespace, p.Name))
}

// module applies the rules for Go's module paths.
func (id *Identity) module(p *packageurl.PackageURL, path string) Rule {
	if isGoStdlib(path) {
		setPath(p, "stdlib")
		return RuleGoStdlib
	}
	setPath(p, strings.ToLower(path))
	if p.Namespace == p.Name && strings.Contains(p.Name, ".") {
		p.Namespace = ""
		return RuleDoubled
	}
	return RuleCase
}

// mavenCoordinates moves the group out of a name such as "group:artifact".
func mavenCoordinates(p *packageurl.PackageURL) {
	for {
		group, artifact, ok := strings.Cut(p.Name, ":")
		if !ok || group == "" || artifact == "" || (p.Namespace != "" && p.Namespace != group) {
			return
		}
		p.Namespace, p.Name = group, artifact
	}
}

func setPath(p *packageurl.PackageURL, path string) {
	p.Namespace, p.Name = "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		p.Namespace, p.Name = path[:i], path[i+1:]
	}
}

// source notes the source package of a distribution's package.
func (id *Identity) source(c *sbom.Component, p *packageurl.PackageURL) {
	if !distributed(id.Type) || c.Source == nil || c.Source.Name == "" {
		return
	}
	src := packageurl.PackageURL{Type: p.Type, Namespace: p.Namespace, Name: strings.ToLower(c.Source.Name)}
	id.Source = Key(src.ToString())
	id.SourceVersion = strings.TrimPrefix(c.Source.Version, "0:")
	if id.SourceVersion == "" {
		id.SourceVersion = stripBinNMU(p.Version)
	}
}

// CanonicalPURL returns a purl in the canonical form of its specification. It
// is its own canonical form. The error wraps ErrPURL.
func CanonicalPURL(purl string) (string, error) {
	s, _, err := canonicalPURL(purl)
	return s, err
}

// canonicalPURL parses until nothing changes any more: a name that decodes to
// something encoded takes more than one round. Purls that do not settle have no
// canonical form.
func canonicalPURL(purl string) (string, packageurl.PackageURL, error) {
	s := purl
	for range 4 {
		p, err := packageurl.FromString(s)
		if err != nil {
			return "", p, fmt.Errorf("%w: %w", ErrPURL, err)
		}
		if !utf8.ValidString(p.Type + p.Namespace + p.Name + p.Version + p.Subpath) {
			return "", p, fmt.Errorf("%w: not UTF-8", ErrPURL)
		}
		next := p.ToString()
		if next == s {
			return s, p, nil
		}
		s = next
	}
	return "", packageurl.PackageURL{}, fmt.Errorf("%w: no canonical form", ErrPURL)
}

// FileKeys returns the keys at LevelFile: one per digest of the component's own
// archive, and one for its name and version at the path of its evidence. Two
// components that share one are the same, provided no other component of
// either inventory has it too.
func FileKeys(c *sbom.Component, id *Identity) []Key {
	var keys []Key
	for _, h := range c.Hashes {
		if alg := h.Algorithm(); alg == "sha256" || alg == "sha512" || alg == "sha384" {
			keys = append(keys, Key("digest:"+string(h)))
		}
	}
	path := strings.TrimPrefix(c.Location().Path, "/")
	if path == "" || c.Name == "" {
		return keys
	}
	_, name, version := spelling(c)
	if id.Version != "" {
		version = id.Version
	}
	return append(keys, Key("path:"+path+"\x00"+strings.ToLower(name)+"\x00"+version))
}
