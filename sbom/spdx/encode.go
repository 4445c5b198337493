package spdx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// References of elements that are no components of the inventory.
const (
	subjectID        = refPrefix + "Subject"
	distributionID   = refPrefix + "Distribution"
	defaultNamespace = "https://github.com/imagetrust/imagetrust/spdx/"
)

// encoder turns one inventory into one document.
type encoder struct {
	inv      *sbom.Inventory
	opts     *Options
	losses   document.Losses
	refs     *document.Refs
	doc      *doc
	selected []int           // indexes of the components written
	licenses map[string]bool // ids of the extracted licences
}

// document builds the document from the fields that SPDX has, maps it back, and
// adds as annotations what came back different.
func (e *encoder) document() *doc {
	e.selected = document.Select(e.inv, e.opts.Hidden, e.opts.Files, &e.losses)
	e.refs = document.NewRefs(len(e.selected), documentID, subjectID, distributionID)
	e.licenses = make(map[string]bool)
	e.doc = &doc{
		SPDXVersion: "SPDX-2.3",
		DataLicense: "CC0-1.0",
		SPDXID:      documentID,
		Namespace:   cmp.Or(e.opts.Namespace, defaultNamespace) + uuidMark,
		Name:        cmp.Or(document.Clean(e.inv.Subject.Name), document.Clean(string(e.inv.Subject.Digest)), "image"),
		Creation:    creation{Created: created(e.inv.Created), Creators: creators(e.inv.Tools)},
	}
	e.relate(documentID, relDescribes, subjectID, "")
	e.packages()
	e.relationships()
	e.annotateDocument(nil)
	got := mapDoc(e.doc, false)
	e.doc.Annotations = nil
	for i, at := range e.selected {
		c := &e.inv.Components[at]
		plain, renamed := document.Properties(c.Properties)
		props := append(append(plain, renamed...), document.Component(c, &got.Components[i])...)
		e.annotate(&e.doc.Packages[1+i], props)
	}
	if e.opts.Files {
		files := e.doc.Packages[len(e.doc.Packages)-len(e.inv.Files):]
		for i := range e.inv.Files {
			props := []sbom.Property{{Name: document.Role, Value: document.RoleFile}}
			files[i].Annotations = nil
			e.annotate(&files[i], append(props, document.File(&e.inv.Files[i], &got.Files[i])...))
		}
	}
	e.annotateDocument(document.Inventory(e.inv, got))
	return e.doc
}

// created returns a date in the form that SPDX 2.3 demands, without fractions.
func created(t time.Time) string {
	if document.FormatTime(t) == "" {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// creators are the tools. SPDX demands at least one.
func creators(tools []sbom.Tool) []string {
	if len(tools) == 0 {
		return []string{annotator}
	}
	var out []string
	for _, t := range tools {
		name := document.Clean(t.Name)
		if v := document.Clean(t.Version); v != "" {
			name += "-" + v
		}
		out = append(out, "Tool: "+cmp.Or(name, "imagetrust"))
	}
	return out
}

func (e *encoder) relate(from, typ, to, comment string) {
	e.doc.Relationships = append(e.doc.Relationships, relationship{From: from, Type: typ, To: to, Comment: comment})
}

func (e *encoder) annotation(props []sbom.Property) annotation {
	return annotation{Annotator: annotator, Date: e.doc.Creation.Created, Type: "OTHER", Comment: statement(props)}
}

func (e *encoder) annotate(p *pkg, props []sbom.Property) {
	if len(props) > 0 {
		p.Annotations = append(p.Annotations, e.annotation(props))
	}
}

func (e *encoder) annotateDocument(props []sbom.Property) {
	e.doc.Annotations = append(e.doc.Annotations, e.annotation(props))
}

// packages are the image, the components, the distribution, and the files. Files
// are packages whose purpose is FILE: an SPDX 2.3 file must have a SHA-1, which
// nobody computes for an image.
func (e *encoder) packages() {
	e.doc.Packages = append(make([]pkg, 0, 2+len(e.selected)), subject(&e.inv.Subject))
	for _, i := range e.selected {
		c := &e.inv.Components[i]
		p := e.component(c)
		e.doc.Packages = append(e.doc.Packages, p)
		if installed(c) {
			e.relate(subjectID, relContains, p.SPDXID, "")
		} else {
			e.relate(subjectID, relOther, p.SPDXID, "not installed: "+cmp.Or(document.Clean(string(c.Scope)), "removed by a later layer"))
		}
	}
	if d := e.inv.Distribution; d != nil {
		p := newPackage(document.Clean(d.ID), distributionID, purposeOS)
		p.Version, p.Description = document.Clean(d.VersionID), document.Clean(d.Name)
		e.annotate(&p, []sbom.Property{{Name: document.Role, Value: document.RoleDistribution}})
		e.doc.Packages = append(e.doc.Packages, p)
		e.relate(subjectID, relContains, p.SPDXID, "")
	}
	if !e.opts.Files {
		return
	}
	for i := range e.inv.Files {
		f := &e.inv.Files[i]
		p := newPackage(document.Clean(f.Path), e.refs.Take(refPrefix+"file"), purposeFile)
		p.Checksums = checksums(f.Digests)
		e.annotate(&p, []sbom.Property{{Name: document.Role, Value: document.RoleFile}})
		e.doc.Packages = append(e.doc.Packages, p)
		if f.Integrity != sbom.Missing {
			e.relate(subjectID, relContains, p.SPDXID, "")
		}
	}
}

func installed(c *sbom.Component) bool {
	return c.Attribution.Visible && (c.Scope == sbom.ScopeInstalled || c.Scope == sbom.ScopeBundled)
}

func newPackage(name, id, purpose string) pkg {
	return pkg{
		Name: cmp.Or(name, noAssertion), SPDXID: id, Purpose: purpose, DownloadLocation: noAssertion, FilesAnalyzed: new(bool),
		LicenseConcluded: noAssertion, LicenseDeclared: noAssertion, Copyright: noAssertion,
	}
}

// subject is the image. A root file system, which has no digest, is a FILE as in
// other tools' documents.
func subject(s *sbom.Subject) pkg {
	p := newPackage(document.Clean(s.Name), subjectID, purposeContainer)
	if s.Digest == "" && s.Config == "" {
		p.Purpose = purposeFile
	}
	if document.GoodDigest(s.Digest) {
		p.Version = string(s.Digest)
		p.Checksums = checksums([]sbom.Digest{s.Digest})
	}
	if purl := document.SubjectPURL(s); purl != "" {
		p.ExternalRefs = []externalRef{purlRef(purl)}
	}
	if p.Name == noAssertion {
		p.Name = cmp.Or(p.Version, "image")
	}
	return p
}

// component maps to the fields that SPDX has. What they cannot say, the
// annotation says.
func (e *encoder) component(c *sbom.Component) pkg {
	p := newPackage(document.Clean(c.Name), e.refs.TakeComponent(c.ID, reference(c.ID)), purposes[c.Type])
	p.Version = document.Clean(c.Version)
	if s := document.Clean(c.Supplier); s != "" {
		p.Supplier = "Organization: " + s
	}
	p.Checksums = checksums(c.Hashes)
	p.SourceInfo = sourceInfo(c.Source)
	p.LicenseDeclared = e.declared(c.Licenses)
	p.Description = document.Clean(c.Description)
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
	return p
}

func purlRef(purl string) externalRef {
	return externalRef{Category: "PACKAGE-MANAGER", Type: "purl", Locator: purl}
}

// reference makes an SPDX identifier of a component's id.
func reference(id string) string {
	safe := strings.Map(func(r rune) rune {
		if idString(r) {
			return r
		}
		return '-'
	}, id)
	return refPrefix + cmp.Or(strings.Trim(safe, "-"), "component")
}

func idString(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.'
}

var purposes = map[sbom.ComponentType]string{
	sbom.TypeLibrary:         "LIBRARY",
	sbom.TypeApplication:     "APPLICATION",
	sbom.TypeFramework:       "FRAMEWORK",
	sbom.TypeOperatingSystem: purposeOS,
	sbom.TypeFile:            purposeFile,
	sbom.TypeContainer:       purposeContainer,
}

func checksums(digests []sbom.Digest) []checksum {
	var out []checksum
	for _, d := range digests {
		if document.GoodDigest(d) {
			out = append(out, checksum{Algorithm: strings.ToUpper(d.Algorithm()), Value: d.Hex()})
		}
	}
	return out
}

// builtFrom begins the source information of binary packages, in the words that
// Trivy writes and reads.
const builtFrom = "built package from: "

func sourceInfo(s *sbom.SourcePackage) string {
	if s == nil || s.Name == "" {
		return ""
	}
	return document.Clean(builtFrom + s.Name + " " + s.Version)
}

// declared joins all statements by AND: each of them was found.
func (e *encoder) declared(licenses []sbom.License) string {
	var parts []string
	for _, l := range licenses {
		switch text := document.Clean(cmp.Or(l.Expression, l.Name)); {
		case document.IsExpression(l.Expression) && !strings.Contains(l.Expression, "DocumentRef-"):
			parts = append(parts, l.Expression)
			e.defineRefs(l.Expression)
		case text != "":
			parts = append(parts, e.define(text))
		}
	}
	if len(parts) == 0 {
		return noAssertion
	}
	return document.JoinAnd(parts)
}

// define returns the reference of a licence that is known by its text only.
func (e *encoder) define(text string) string {
	h := sha256.Sum256([]byte(text))
	id := "LicenseRef-imagetrust-" + hex.EncodeToString(h[:8])
	if !e.licenses[id] {
		e.licenses[id] = true
		e.doc.Licenses = append(e.doc.Licenses, extracted{ID: id, Text: text, Name: text})
	}
	return id
}

// defineRefs defines the references in an expression, which SPDX demands.
func (e *encoder) defineRefs(expression string) {
	for _, id := range strings.FieldsFunc(expression, func(r rune) bool { return !idString(r) }) {
		if strings.HasPrefix(id, "LicenseRef-") && !e.licenses[id] {
			e.licenses[id] = true
			e.doc.Licenses = append(e.doc.Licenses, extracted{ID: id, Text: noAssertion})
		}
	}
}

// relationships writes depends-on and contains in SPDX's words, all others as
// OTHER with the type in the comment.
func (e *encoder) relationships() {
	seen := make(map[sbom.Relationship]bool, len(e.inv.Relationships))
	for i := range e.inv.Relationships {
		r := &e.inv.Relationships[i]
		from, to, ok := e.refs.Ends(r, &e.losses)
		if !ok || seen[*r] {
			continue
		}
		seen[*r] = true
		switch r.Type {
		case sbom.DependsOn:
			e.relate(from, relDependsOn, to, "")
		case sbom.Contains:
			e.relate(from, relContains, to, "")
		default:
			e.relate(from, relOther, to, document.RelationPrefix+document.Quote(string(r.Type)))
		}
	}
}
