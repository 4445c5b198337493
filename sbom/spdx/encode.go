package spdx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// References of elements that are no components of the inventory.
const (
	subjectID        = refPrefix + "Subject"
	distributionID   = refPrefix + "Distribution"
	defaultNamespace = "https://github.com/imagetrust/imagetrust/spdx/"
)

// sink takes the parts of one document in this order: begin, packages, files (before the
// packages in tag-value), then relationships, the annotation of the document, end. Licences come before the
// first package that refers to them. It keeps nothing of what it is given but the
// licences, and puts off the error of its writer until flush.
type sink interface {
	begin(*head)
	pkg(*pkg)
	license(*extracted)
	relationship(*relationship)
	annotation(*annotation)
	end()
	flush() error
}

// encoder turns one inventory into one document, a component at a time.
type encoder struct {
	inv      *sbom.Inventory
	opts     *Options
	version  version
	losses   document.Losses
	refs     *document.Refs
	sink     sink
	head     head
	selected []int                      // indexes of the components written
	ids      []string                   // their SPDX identifiers
	fileIDs  []string                   // those of Inventory.Files, if they are written
	told     map[sbom.License]extracted // licences that components tell in full
	mapper   *mapper                    // reads what is written
}

func newEncoder(inv *sbom.Inventory, opts *Options, v version) *encoder {
	e := &encoder{inv: inv, opts: opts, version: v, told: make(map[sbom.License]extracted)}
	e.selected = document.Select(inv, opts.Hidden, opts.Files, &e.losses)
	e.refs = document.NewRefs(len(e.selected), documentID, subjectID, distributionID)
	e.ids = make([]string, len(e.selected))
	for i, at := range e.selected {
		c := &inv.Components[at]
		e.ids[i] = e.refs.TakeComponent(c.ID, reference(c.ID))
		e.learn(c)
	}
	for i := 0; opts.Files && i < len(inv.Files); i++ {
		e.fileIDs = append(e.fileIDs, e.refs.Take(refPrefix+"file-"+strconv.Itoa(i)))
	}
	spec := "SPDX-2.3"
	if v == version22 {
		spec = "SPDX-2.2"
	}
	e.head = head{
		SPDXVersion: spec,
		DataLicense: "CC0-1.0",
		SPDXID:      documentID,
		Namespace:   cmp.Or(opts.Namespace, defaultNamespace) + document.InventoryUUID(inv, compact(opts)),
		Name:        cmp.Or(document.Clean(inv.Subject.Name), document.Clean(string(inv.Subject.Digest)), "image"),
		Creation:    creation{Created: created(inv.Created), Creators: creators(inv.Tools)},
	}
	e.mapper = newMapper(&doc{head: e.head})
	e.mapper.own = true
	return e
}

// write hands the document to the sink: the fields that SPDX has, and what comes
// back different when they are read in annotations.
func (e *encoder) write() {
	e.sink.begin(&e.head)
	// In tag-value, a file behind a package is in that package (SPDX 2.3, 8).
	first := e.opts.Format == TagValue23 || e.opts.Format == TagValue22
	if first {
		e.components(true)
	}
	e.subject()
	e.components(false)
	e.distribution()
	if e.version != version301 {
		e.files()
	}
	if !first {
		e.components(true)
	}
	if e.version == version301 {
		e.files()
	}
	e.relationships()
	e.sink.annotation(e.annotation(document.Inventory(e.inv, e.mapper.inv)))
	e.sink.end()
}

// components writes those that are files, or the others.
func (e *encoder) components(files bool) {
	for i, at := range e.selected {
		if c := &e.inv.Components[at]; e.isFile(c) == files {
			e.component(c, e.ids[i])
		}
	}
}

// created returns a date in the form that SPDX demands, without fractions.
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
	e.sink.relationship(&relationship{From: from, Type: typ, To: to, Comment: comment})
}

func (e *encoder) annotation(props []sbom.Property) *annotation {
	return &annotation{Annotator: annotator, Date: e.head.Creation.Created, Type: "OTHER", Comment: statement(props)}
}

func (e *encoder) annotate(p *pkg, props []sbom.Property) {
	if len(props) > 0 {
		p.Annotations = append(p.Annotations, *e.annotation(props))
	}
}

func (e *encoder) distribution() {
	d := e.inv.Distribution
	if d == nil {
		return
	}
	p := e.newPackage(document.Clean(d.ID), distributionID, purposeOS)
	p.Version, p.Description = document.Clean(d.VersionID), document.Clean(d.Name)
	e.annotate(&p, []sbom.Property{{Name: document.Role, Value: document.RoleDistribution}})
	e.mapper.inv.Distribution = e.mapper.distributionOf(&p)
	e.sink.pkg(&p)
}

// files are packages whose purpose is FILE: an SPDX 2 file must have a SHA-1, which
// nobody computes for an image. SPDX 3 has no such rule.
func (e *encoder) files() {
	if !e.opts.Files {
		return
	}
	for i := range e.inv.Files {
		f := &e.inv.Files[i]
		p := e.newPackage(document.Clean(f.Path), e.fileIDs[i], purposeFile)
		p.Checksums = checksums(f.Digests)
		if e.version == version301 {
			p.file = &fileOnly{}
		}
		got := e.mapper.fileOf(&p)
		e.annotate(&p, append([]sbom.Property{{Name: document.Role, Value: document.RoleFile}}, document.File(f, &got)...))
		e.sink.pkg(&p)
	}
}

func installed(c *sbom.Component) bool {
	return c.Attribution.Visible && (c.Scope == sbom.ScopeInstalled || c.Scope == sbom.ScopeBundled)
}

func (e *encoder) newPackage(name, id, purpose string) pkg {
	if e.version == version22 {
		purpose = ""
	}
	return pkg{
		Name: cmp.Or(name, noAssertion), SPDXID: id, Purpose: purpose, DownloadLocation: noAssertion, FilesAnalyzed: new(bool),
		LicenseDeclared: noAssertion, common: common{LicenseConcluded: noAssertion, Copyright: noAssertion},
	}
}

// subject is the image. A root file system, which has no digest, is a FILE as in
// other tools' documents.
func (e *encoder) subject() {
	s := &e.inv.Subject
	p := e.newPackage(document.Clean(s.Name), subjectID, purposeContainer)
	if s.Digest == "" && s.Config == "" && e.version != version22 {
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
	e.mapper.creation()
	e.mapper.mapSubject(&p)
	e.sink.pkg(&p)
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
	}, strings.TrimPrefix(id, refPrefix))
	return refPrefix + cmp.Or(strings.Trim(safe, "-"), "component")
}

func idString(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.'
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

// learn notes the extracted licences that a component tells in full.
func (e *encoder) learn(c *sbom.Component) {
	for _, prop := range c.Properties {
		if prop.Name != extractedProperty {
			continue
		}
		if x, ok := exact[extracted](prop.Value); ok && goodExtracted(&x) {
			e.told[x.license()] = x
			e.told[sbom.License{Expression: x.ID}] = x
		}
	}
}

func goodExtracted(x *extracted) bool {
	ok := strings.HasPrefix(x.ID, "LicenseRef-") && spdxexpr.Valid(x.ID) && x.Text != "" && carried(x.Text) && carried(x.Name) && carried(x.Comment)
	for _, s := range x.SeeAlso {
		ok = ok && word(s)
	}
	return ok
}

// declare joins the declared statements by AND, or the concluded ones: each of them was
// made.
func (e *encoder) declare(licenses []sbom.License, concluded bool) string {
	var parts []string
	for _, l := range licenses {
		if by := l.Acknowledgement; concluded != (by == sbom.LicenseConcluded) || !concluded && by != sbom.LicenseDeclared {
			continue
		}
		if s := e.license(&l); s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return noAssertion
	}
	return document.JoinAnd(parts)
}

// license returns a licence as SPDX writes it: an expression, or the reference of an
// extracted licence. It is empty for one of no words.
func (e *encoder) license(l *sbom.License) string {
	switch text := prose(cmp.Or(l.Expression, l.Name)); {
	case spdxexpr.Valid(l.Expression) && !strings.Contains(l.Expression, "DocumentRef-"):
		e.defineRefs(l.Expression)
		return l.Expression
	case text != "":
		return e.defineText(text)
	}
	return ""
}

// found returns the licences that were found in files. SPDX has a field for them in
// packages whose files were analyzed (2.3, 7.16); of all others, and in SPDX 3, they stand
// in the annotation alone.
func (e *encoder) found(p *pkg, licenses []sbom.License) []string {
	if p.file != nil || e.version == version301 || p.FilesAnalyzed == nil || !*p.FilesAnalyzed {
		return nil
	}
	var out []string
	for i := range licenses {
		if l := &licenses[i]; l.Acknowledgement == sbom.LicenseFound {
			if s := e.license(l); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// defineText returns the reference of a licence that is known by its text only.
func (e *encoder) defineText(text string) string {
	if x, ok := e.told[sbom.License{Name: text}]; ok && e.define(x) {
		return x.ID
	}
	h := sha256.Sum256([]byte(text))
	x := extracted{ID: "LicenseRef-imagetrust-" + hex.EncodeToString(h[:8]), Text: text, Name: document.Clean(text)}
	e.define(x)
	return x.ID
}

// defineRefs defines the references in an expression, which SPDX demands.
func (e *encoder) defineRefs(expression string) {
	for _, id := range references(expression) {
		if !strings.HasPrefix(id, "LicenseRef-") {
			continue
		}
		if x, ok := e.told[sbom.License{Expression: id}]; !ok || !e.define(x) {
			e.define(extracted{ID: id, Text: noAssertion})
		}
	}
}

// define hands an extracted licence to the sink, once. It reports false when its
// identifier is another's.
func (e *encoder) define(x extracted) bool {
	if old, ok := e.mapper.licenses[x.ID]; ok {
		return old.ID == x.ID && old.Text == x.Text && old.Name == x.Name && old.Comment == x.Comment && slices.Equal(old.SeeAlso, x.SeeAlso)
	}
	e.mapper.licenses[x.ID] = &x
	e.sink.license(&x)
	return true
}

// relationships writes what the image holds, and then what the inventory says: the
// types that SPDX has in its words, all others as OTHER with the type in the comment.
func (e *encoder) relationships() {
	e.relate(documentID, relDescribes, subjectID, "")
	for i, at := range e.selected {
		if c := &e.inv.Components[at]; installed(c) {
			e.relate(subjectID, relContains, e.ids[i], "")
		} else {
			e.relate(subjectID, relOther, e.ids[i], "not installed: "+cmp.Or(document.Clean(string(c.Scope)), "removed by a later layer"))
		}
	}
	if e.inv.Distribution != nil {
		e.relate(subjectID, relContains, distributionID, "")
	}
	for i, id := range e.fileIDs {
		if e.inv.Files[i].Integrity != sbom.Missing {
			e.relate(subjectID, relContains, id, "")
		}
	}
	for i := range e.inv.Relationships {
		r := &e.inv.Relationships[i]
		from, to, ok := e.refs.Ends(r, &e.losses)
		if !ok {
			continue
		}
		if typ, ok := relationWord(r.Type, e.version); ok {
			e.relate(from, typ, to, "")
		} else {
			e.relate(from, relOther, to, document.RelationPrefix+document.Quote(string(r.Type)))
		}
	}
}
