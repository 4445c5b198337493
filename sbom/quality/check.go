package quality

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// checker knows what is needed to judge one component beyond itself.
type checker struct {
	inv *sbom.Inventory
	// components are those that count.
	components []*sbom.Component
	// files are the executables and modified files, by path; own has, by component, one
	// that says itself what it is.
	files map[string]*sbom.File
	own   map[string]*sbom.File
	// edges counts what a component needs or contains.
	edges map[string]int
	// incomplete are the components of which the inventory says that something is stated
	// nowhere.
	incomplete map[string]string
	// carried are the fields that some component of an ecosystem has.
	carried map[trait]bool
}

type trait struct {
	ecosystem string
	field     Field
}

func newChecker(inv *sbom.Inventory, p Profile) *checker {
	c := &checker{
		inv: inv, files: make(map[string]*sbom.File), own: make(map[string]*sbom.File), edges: make(map[string]int),
		incomplete: make(map[string]string), carried: make(map[trait]bool),
	}
	for i := range inv.Files {
		f := &inv.Files[i]
		c.files[f.Path] = f
		if f.Claim == sbom.ClaimContent && c.own[f.Owner] == nil {
			c.own[f.Owner] = f
		}
	}
	for _, r := range inv.Relationships {
		if r.Type == sbom.DependsOn || r.Type == sbom.Contains {
			c.edges[r.From]++
		}
	}
	for _, g := range inv.Gaps {
		if g.Kind == sbom.GapIncomplete && g.Component != "" {
			c.incomplete[g.Component] = g.Message
		}
	}
	for i := range inv.Components {
		comp := &inv.Components[i]
		if !counts(comp) {
			continue
		}
		c.components = append(c.components, comp)
		for _, e := range p.Elements {
			if value, _ := c.value(comp, e.Field); value != "" {
				c.carried[trait{ecosystem(comp), e.Field}] = true
			}
		}
	}
	return c
}

// counts reports whether the component is part of what the image can run.
func counts(c *sbom.Component) bool {
	return c.Attribution.Visible && (c.Scope == sbom.ScopeInstalled || c.Scope == sbom.ScopeBundled)
}

// ecosystem is the type of the component's package URL, or what it is.
func ecosystem(c *sbom.Component) string {
	if rest, ok := strings.CutPrefix(c.PURL, "pkg:"); ok {
		typ, _, _ := strings.Cut(rest, "/")
		return typ
	}
	return string(c.Type)
}

// document reports whether the field is one of the inventory as a whole.
func (f Field) document() bool {
	switch f {
	case FieldAuthor, FieldEntity, FieldTimestamp, FieldTool, FieldToolVersion, FieldContext, FieldFormat, FieldRevision, FieldURI, FieldSignature:
		return true
	}
	return false
}

// whole judges a field of the inventory as a whole.
func (c *checker) whole(f Field) Finding {
	var value, reason string
	switch f {
	case FieldEntity:
		return Finding{Status: Unknown, Reason: "the image does not know who has its inventory made"}
	case FieldFormat, FieldRevision, FieldURI:
		return Finding{Status: NotApplicable, Reason: "an inventory has none; the document that it is written as does"}
	case FieldSignature:
		return Finding{Status: NotApplicable, Reason: "what is signed is the document, not the inventory"}
	case FieldTimestamp:
		reason = "neither the image nor whoever made the inventory states a time"
		if !c.inv.Created.IsZero() {
			value = c.inv.Created.UTC().Format(time.RFC3339)
		}
	case FieldAuthor, FieldTool, FieldToolVersion:
		reason = "no tool is stated"
		for _, t := range c.inv.Tools {
			value = cmp.Or(value, t.Name)
			if f == FieldToolVersion {
				value, reason = t.Version, "the tool states no version"
			}
		}
	case FieldContext:
		reason = "nothing says what the inventory was made from"
		if s := c.inv.Subject; len(c.inv.Layers) > 0 || s.Digest != "" || s.Config != "" {
			value = "after build, from the image"
		}
	}
	if value == "" {
		return Finding{Status: Absent, Reason: reason}
	}
	return Finding{Status: Filled, Value: value}
}

// component judges a field of a component.
func (c *checker) component(comp *sbom.Component, f Field) Finding {
	out := Finding{Component: comp.ID}
	value, why := c.value(comp, f)
	switch {
	case value != "":
		out.Status, out.Value = Filled, value
	case why != "":
		out.Status, out.Reason = NotApplicable, why
	default:
		out.Status, out.Reason = c.missing(comp, f)
	}
	return out
}

// missing says why a field that applies is not there.
func (c *checker) missing(comp *sbom.Component, f Field) (Status, string) {
	eco := ecosystem(comp)
	if f == FieldVersion && c.incomplete[comp.ID] != "" {
		return Unknown, c.incomplete[comp.ID]
	}
	if reason := unknowable(eco, f); reason != "" {
		return Unknown, reason
	}
	if f == FieldIdentifier {
		return Unknown, "nothing in the image says under which name it is published"
	}
	if eco == "maven" && f == FieldHash && !archive(comp.Location().Path) {
		return Unknown, "its classes are part of another archive"
	}
	if said := stated(comp); said != "" && (f == FieldExpression || f == FieldDeclaredLicense) {
		return Unknown, fmt.Sprintf("it is stated as %q, which is no SPDX expression", said)
	}
	switch {
	case always[trait{eco, f}]:
		return Absent, "packages of type " + eco + " always state it"
	case c.carried[trait{eco, f}]:
		return Unknown, "others of type " + eco + " state it, and this one does not"
	}
	return Absent, "no component of type " + eco + " has it"
}

// stated returns the first licence statement of any kind.
func stated(c *sbom.Component) string {
	for _, l := range c.Licenses {
		if s := cmp.Or(l.Name, l.Expression); s != "" && l.Expression == "" {
			return s
		}
	}
	return ""
}

// always are the fields that the package manager's own format demands.
var always = map[trait]bool{
	{"deb", FieldProducer}:             true, // deb-control(5): Maintainer
	{"deb", FieldContact}:              true, // its mail address
	{"deb", FieldName}:                 true,
	{"deb", FieldVersion}:              true,
	{"rpm", FieldVersion}:              true,
	{"rpm", FieldLicense}:              true, // the tag License
	{"apk", FieldLicense}:              true, // APKINDEX "L"
	{"npm", FieldName}:                 true,
	{"maven", FieldHash}:               true, // The archive is there.
	{"maven", FieldSHA512}:             true,
	{string(sbom.TypeFile), FieldHash}: true,
}

// unknowable returns why no image can tell a field of an ecosystem, empty if it may.
func unknowable(eco string, f Field) string {
	switch f {
	case FieldSourceHash, FieldSecurityContact:
		return "nothing in an image states it"
	case FieldConcludedLicense:
		return "nobody concluded one"
	}
	return never[trait{eco, f}]
}

const (
	noArchive  = "the archive that the package came in is not in the image"
	noModule   = "a module in a Go program states no more than its path, version and sum"
	noMetadata = "a program without metadata does not say so"
	noRelease  = "a distribution is the sum of its packages, and os-release(5) has no field for it"
)

var never = map[trait]string{
	{"deb", FieldHash}:                                       noArchive,
	{"deb", FieldSHA512}:                                     noArchive,
	{"deb", FieldDistributionURI}:                            "the database does not say where a package came from",
	{"apk", FieldHash}:                                       noArchive,
	{"apk", FieldSHA512}:                                     noArchive,
	{"rpm", FieldSHA512}:                                     noArchive,
	{"rpm", FieldDistributionURI}:                            "the database does not say where a package came from",
	{"golang", FieldProducer}:                                noModule,
	{"golang", FieldContact}:                                 noModule,
	{"golang", FieldLicense}:                                 noModule,
	{"golang", FieldExpression}:                              noModule,
	{"golang", FieldDeclaredLicense}:                         noModule,
	{"cargo", FieldProducer}:                                 "cargo auditable records names, versions and sources",
	{"cargo", FieldContact}:                                  "cargo auditable records names, versions and sources",
	{"cargo", FieldLicense}:                                  "cargo auditable records names, versions and sources",
	{"cargo", FieldExpression}:                               "cargo auditable records names, versions and sources",
	{"cargo", FieldDeclaredLicense}:                          "cargo auditable records names, versions and sources",
	{"generic", FieldProducer}:                               noMetadata,
	{"generic", FieldContact}:                                noMetadata,
	{"generic", FieldLicense}:                                noMetadata,
	{"generic", FieldExpression}:                             noMetadata,
	{"generic", FieldDeclaredLicense}:                        noMetadata,
	{string(sbom.TypeOperatingSystem), FieldHash}:            noRelease,
	{string(sbom.TypeOperatingSystem), FieldDependencies}:    noRelease,
	{string(sbom.TypeOperatingSystem), FieldLicense}:         noRelease,
	{string(sbom.TypeOperatingSystem), FieldExpression}:      noRelease,
	{string(sbom.TypeOperatingSystem), FieldDeclaredLicense}: noRelease,
	{string(sbom.TypeOperatingSystem), FieldSourceURI}:       noRelease,
	{string(sbom.TypeOperatingSystem), FieldDistributionURI}: noRelease,
	{string(sbom.TypeFile), FieldProducer}:                   noMetadata,
	{string(sbom.TypeFile), FieldContact}:                    noMetadata,
	{string(sbom.TypeFile), FieldLicense}:                    noMetadata,
	{string(sbom.TypeFile), FieldExpression}:                 noMetadata,
	{string(sbom.TypeFile), FieldDeclaredLicense}:            noMetadata,
	{string(sbom.TypeFile), FieldVersion}:                    noMetadata,
}
