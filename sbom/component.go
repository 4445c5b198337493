package sbom

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"io"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
)

// Component is one piece of software in the image.
type Component struct {
	// ID is unique in the inventory and derived from content (ComponentID), or
	// the document's own reference for a component read from a document.
	ID string `json:"id"`
	// Type is the kind of thing it is.
	Type ComponentType `json:"type"`
	// PURL is the package URL in its canonical form, empty when the component
	// has none. It is a string so that components compare and sort; see
	// [NewPURL] and [Component.ParsePURL].
	PURL string `json:"purl,omitempty"`
	// Group is the namespace of ecosystems that have one: a Maven group id, an
	// npm scope with its "@".
	Group string `json:"group,omitempty"`
	// Name is the name in the ecosystem's own spelling, without Group.
	Name string `json:"name"`
	// Version is the version in the ecosystem's own spelling, with epoch and
	// revision. It is empty when nothing states it; there is a Gap then.
	Version string `json:"version,omitempty"`
	// Scope says whether the component is installed software at all.
	Scope Scope `json:"scope,omitempty"`
	// Architecture is the package's architecture in the package manager's words.
	Architecture string `json:"architecture,omitempty"`
	// Supplier is who made or maintains it, in the package's own words.
	Supplier string `json:"supplier,omitempty"`
	// Description is one line for people.
	Description string `json:"description,omitempty"`
	// Licenses are all statements found; none of them is a judgement.
	Licenses []License `json:"licenses,omitempty"`
	// CPEs are CPE 2.3 formatted strings.
	CPEs []string `json:"cpes,omitempty"`
	// Source is the source package that a distribution's binary package was
	// built from. Advisories of distributions are about source packages.
	Source *SourcePackage `json:"source,omitempty"`
	// Hashes are digests of the component's own archive or binary, not of the
	// file that mentions it.
	Hashes []Digest `json:"hashes,omitempty"`
	// Copyright is the copyright notice, in the package's own words.
	Copyright string `json:"copyright,omitempty"`
	// References point to what lies elsewhere: the home page, the repository,
	// the archive it was installed from.
	References []Reference `json:"references,omitempty"`
	// Attribution says which layers brought, changed and removed it.
	Attribution Attribution `json:"attribution,omitzero"`
	// Files counts the files that the component owns and their integrity.
	Files FileCounts `json:"files,omitzero"`
	// Evidence is how the component is known, best first.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Properties are further facts in the ecosystem's own words, such as a Go
	// module's VCS revision, under names like "go:vcs.revision".
	Properties []Property `json:"properties,omitempty"`
}

// Property is a named fact.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Reference points to something about a component that is not in the image.
type Reference struct {
	// Type says what is there, in the words of CycloneDX (externalReferences.type):
	// "website", "vcs", "distribution", "issue-tracker", "advisories" and others.
	Type string `json:"type"`
	// URL is where. It is not checked, and need not be an address that can be
	// fetched.
	URL string `json:"url"`
	// Comment is for people.
	Comment string `json:"comment,omitempty"`
	// Hashes are digests of what is there.
	Hashes []Digest `json:"hashes,omitempty"`
}

// ComponentType is the kind of a component in the words of CycloneDX.
type ComponentType string

const (
	TypeLibrary         ComponentType = "library"          // A package meant to be used by other software.
	TypeApplication     ComponentType = "application"      // A program.
	TypeFramework       ComponentType = "framework"        // Named so by documents; no detector says it.
	TypeOperatingSystem ComponentType = "operating-system" // The distribution itself.
	TypeFile            ComponentType = "file"             // A file that is no package.
	TypeContainer       ComponentType = "container"        // A container image.
)

// Scope tells installed software from what only mentions software. Only
// installed components count as contents of the image.
type Scope string

const (
	// ScopeInstalled, the zero value, is software that is there and can run.
	ScopeInstalled Scope = ""
	// ScopeDeclared is named by a lock file, a pom.xml or a go.mod, and need not
	// be there.
	ScopeDeclared Scope = "declared"
	// ScopeBundled is vendored inside another component.
	ScopeBundled Scope = "bundled"
	// ScopeFixture is test data of another component.
	ScopeFixture Scope = "fixture"
	// ScopeResidual is a package that was removed but left its configuration
	// or a database entry behind (dpkg's config-files state).
	ScopeResidual Scope = "residual"
)

// License is a licence statement about a component.
type License struct {
	// Expression is a valid SPDX licence expression, empty when the statement
	// could not be mapped to one.
	Expression string `json:"expression,omitempty"`
	// Name is the statement as found, when it differs from Expression.
	Name string `json:"name,omitempty"`
	// Location is the file that states it.
	Location string `json:"location,omitempty"`
	// Acknowledgement says whose statement it is; the zero value is
	// LicenseDeclared.
	Acknowledgement Acknowledgement `json:"acknowledgement,omitempty"`
	// Confidence is how sure a licence is that was found, from 0 to 1; 0 when
	// nothing measures it, as for what is declared.
	Confidence float64 `json:"confidence,omitempty"`
}

// Acknowledgement tells what a component's author says about its licence from
// what somebody else found or concluded (CycloneDX license.acknowledgement, SPDX
// licenseDeclared and licenseConcluded).
type Acknowledgement string

const (
	// LicenseDeclared, the zero value: the component's own metadata says so.
	LicenseDeclared Acknowledgement = ""
	// LicenseFound: a file of the component has the licence's text or notice. It
	// need not be the component's own: a NOTICE names what is inside (CycloneDX
	// component.evidence.licenses; SPDX has licenseInfoFromFiles, for packages whose
	// files it lists).
	LicenseFound Acknowledgement = "found"
	// LicenseConcluded: somebody weighed what is declared and what was found, and
	// came to it.
	LicenseConcluded Acknowledgement = "concluded"
)

// SourcePackage names the source of a binary package.
type SourcePackage struct {
	Name string `json:"name"`
	// Version is the source's version, which may differ from the binary's.
	Version string `json:"version,omitempty"`
}

// Attribution says which layer brought a component, which last changed it and
// which removed it. A component that was removed and installed again is
// attributed to its last installation.
type Attribution struct {
	// Introduced is the layer since which the component is there, whatever its
	// version. Nil when layers are not known.
	Introduced *LayerRef `json:"introduced,omitempty"`
	// Modified is the last later layer that changed it, such as an upgrade; nil
	// when none did.
	Modified *LayerRef `json:"modified,omitempty"`
	// Removed is the layer that removed it; nil while it is there.
	Removed *LayerRef `json:"removed,omitempty"`
	// Visible reports whether the component is in the squashed view. Whoever makes
	// components sets it: what is not visible is no contents of the image, and
	// documents leave it out.
	Visible bool `json:"visible"`
}

// FileCounts counts the files a component owns by what became of them.
type FileCounts struct {
	// Owned is the number of paths that the component's package records.
	Owned int `json:"owned,omitempty"`
	// Present is how many of them are in the squashed view.
	Present int `json:"present,omitempty"`
	// Missing is how many are not: Owned = Present + Missing.
	Missing int `json:"missing,omitempty"`
	// Modified is how many of Present do not have the recorded digest.
	Modified int `json:"modified,omitempty"`
	// Verified is how many of Present have the recorded digest.
	Verified int `json:"verified,omitempty"`
}

// Evidence is one reason to believe a statement about a component.
type Evidence struct {
	// Field is the statement: "purl", "name", "version", "group", "license".
	Field string `json:"field"`
	// Technique is how it was found, in CycloneDX's words.
	Technique Technique `json:"technique"`
	// Confidence is from 0 to 1; 1 is a package manager's own record.
	Confidence float64 `json:"confidence"`
	// Value is what was found, as found.
	Value string `json:"value,omitempty"`
	// Location is where.
	Location Location `json:"location,omitzero"`
	// Detector is who found it, as "name@version".
	Detector string `json:"detector,omitempty"`
}

// Location is a place in an image.
type Location struct {
	// Path is the file, as in File.Path. Files inside archives are separated by
	// "!/" as in "app/app.jar!/BOOT-INF/lib/a.jar".
	Path  string    `json:"path,omitempty"`
	Layer *LayerRef `json:"layer,omitempty"`
}

// Technique is the way evidence was found (CycloneDX component.evidence.identity.methods.technique).
type Technique string

const (
	TechniqueManifest        Technique = "manifest-analysis"    // A package's or package manager's own metadata.
	TechniqueBinary          Technique = "binary-analysis"      // Metadata or text inside a binary.
	TechniqueHash            Technique = "hash-comparison"      // A known digest.
	TechniqueFilename        Technique = "filename"             // The file's name; weak.
	TechniqueInstrumentation Technique = "instrumentation"      // Seen at run time.
	TechniqueAttestation     Technique = "attestation"          // A signed statement.
	TechniqueAST             Technique = "ast-fingerprint"      // The structure of code.
	TechniqueSource          Technique = "source-code-analysis" // Source code.
	TechniqueDynamic         Technique = "dynamic-analysis"     // Behaviour.
	TechniqueOther           Technique = "other"                // Anything else.
)

// NewPURL returns the canonical package URL of the parts, empty when typ or name
// is. Qualifiers with an empty value are dropped. Parts are given decoded. Those that
// break the rules of the type are kept as they are: [Component.ParsePURL] and the
// readers of documents say so.
func NewPURL(typ, namespace, name, version string, qualifiers map[string]string) string {
	if typ == "" || name == "" {
		return ""
	}
	q := make(map[string]string, len(qualifiers))
	for k, v := range qualifiers {
		if v != "" {
			q[k] = v
		}
	}
	p := packageurl.NewPackageURL(typ, namespace, name, version, packageurl.QualifiersFromMap(q), "")
	// An error means that the type's rules do not hold; the spelling is kept, so
	// that nothing is lost, and ParsePURL reports it.
	_ = p.Normalize()
	return p.ToString()
}

// AddQualifiers returns the package URL with the qualifiers that it has not. What is no
// package URL is returned as it is.
func AddQualifiers(purl string, qualifiers []Property) string {
	p, err := packageurl.FromString(purl)
	if err != nil || len(qualifiers) == 0 {
		return purl
	}
	q := p.Qualifiers.Map()
	for _, add := range qualifiers {
		if q[add.Name] == "" && add.Value != "" {
			q[add.Name] = add.Value
		}
	}
	return NewPURL(p.Type, p.Namespace, p.Name, p.Version, q)
}

// ParsePURL parses the component's package URL.
func (c *Component) ParsePURL() (packageurl.PackageURL, error) {
	return packageurl.FromString(c.PURL)
}

// Location returns the place that best shows the component: that of its first
// evidence. It is the zero Location for a component without evidence.
func (c *Component) Location() Location {
	if len(c.Evidence) == 0 {
		return Location{}
	}
	return c.Evidence[0].Location
}

// Property returns the value of the named property, empty when there is none.
func (c *Component) Property(name string) string {
	for _, p := range c.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (c *Component) sort() {
	slices.SortFunc(c.Properties, func(a, b Property) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	slices.Sort(c.CPEs)
	slices.Sort(c.Hashes)
	slices.SortStableFunc(c.References, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.URL, b.URL), cmp.Compare(a.Comment, b.Comment))
	})
	slices.SortStableFunc(c.Evidence, func(a, b Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
}

// ComponentID derives a component's id from what it is and where it is: its
// type, purl (or name and version) and the path of its evidence. The id has 26
// lower-case letters and digits behind "c-", valid in CycloneDX, SPDX and XML.
func ComponentID(c *Component) string {
	h := sha256.New()
	for _, s := range []string{string(c.Type), c.PURL, c.Group, c.Name, c.Version, string(c.Scope), c.Location().Path} {
		_, _ = io.WriteString(h, s)
		_, _ = h.Write([]byte{0})
	}
	return "c-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:16]))
}
