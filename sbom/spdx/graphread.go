package spdx

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
)

// graphReader translates an SPDX 3 document into SPDX 2.3, as far as an inventory is
// concerned: packages, files, annotations and relationships as they come, and what
// they refer to at the end, since a graph has no order.
type graphReader struct {
	doc      *doc
	own      bool
	root     *element
	elements map[string]*element // what is referred to
	at       map[string]int      // SPDX identifier -> index in doc.Packages
	licensed []licensed
	notes    []graphNote
	others   map[string]bool // identifiers of elements that an inventory has no place for
	defined  map[string]bool // identifiers of licences in doc.Licenses
	used     map[string]bool // licence elements that an expression refers to
}

// graphNote is an annotation whose subject and author are still to be found.
type graphNote struct {
	subject, info   ref
	kind, statement string
}

type licensed struct {
	from      string
	concluded bool
	to        ref
}

func newGraphReader() *graphReader {
	return &graphReader{
		doc: &doc{head: head{SPDXVersion: "SPDX-2.3", SPDXID: documentID}}, elements: make(map[string]*element), at: make(map[string]int),
		others: make(map[string]bool), defined: make(map[string]bool), used: make(map[string]bool),
	}
}

// graphElement reads one element and those that stand within it.
func (j *jsonReader) graphElement(raw []byte, i int) error {
	at := pointer("@graph", i)
	if !nested(raw) {
		return j.plainElement(raw, at)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return err
	}
	h := hoister{prefix: fmt.Sprintf("_:inline-%d-", i)}
	h.walk(tree)
	for _, e := range append(h.found, tree) {
		text, err := json.Marshal(e)
		if err == nil {
			err = j.plainElement(text, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonReader) plainElement(raw []byte, at string) error {
	var e element
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	r := j.graph
	if e.Type == "" {
		e.Type = "element without type"
	}
	if !r.add(&e, at) {
		return nil
	}
	unknown(raw, j.known.of(elementType), func(key string) {
		if !strings.HasPrefix(key, "@") {
			r.doc.lost.Add("", e.Type+"."+key, reasonUnknown, 1)
		}
	})
	if isPackage(e.Type) {
		return j.count()
	}
	return nil
}

func isPackage(class string) bool {
	switch class {
	case "software_Package", "software_File", "ai_AIPackage", "dataset_DatasetPackage":
		return true
	}
	return false
}

// add takes one element. It reports false for one of a class that an inventory has no
// place for.
func (r *graphReader) add(e *element, at string) bool {
	switch e.Type {
	case "software_Package", "software_File", "ai_AIPackage", "dataset_DatasetPackage":
		r.pkg(e, at)
	case "Annotation":
		r.own = r.own || strings.HasPrefix(e.Statement, heading)
		r.notes = append(r.notes, graphNote{e.Subject, e.CreationInfo, e.AnnotationType, e.Statement})
	case "Relationship", "LifecycleScopedRelationship":
		r.relationship(e)
	case "SpdxDocument":
		r.root = e
		r.refer(e)
	case "CreationInfo", "SoftwareAgent", "Tool", "Organization", "SpdxOrganization", "Person", "Agent", "Bom", "software_Sbom", "Bundle",
		"simplelicensing_LicenseExpression", "simplelicensing_SimpleLicensingText", "IndividualElement", "expandedlicensing_IndividualLicensingInfo",
		"expandedlicensing_ListedLicense", "expandedlicensing_CustomLicense", "expandedlicensing_ListedLicenseException",
		"expandedlicensing_CustomLicenseAddition", "expandedlicensing_ConjunctiveLicenseSet", "expandedlicensing_DisjunctiveLicenseSet",
		"expandedlicensing_OrLaterOperator", "expandedlicensing_WithAdditionOperator":
		r.refer(e)
	default:
		r.others[e.id()] = true
		r.doc.lost.Add("", e.Type, reasonClass, 1)
		return false
	}
	return true
}

// refer keeps an element for those that refer to it.
func (r *graphReader) refer(e *element) {
	if _, twice := r.elements[e.id()]; !twice {
		r.elements[e.id()] = e
	}
}

// pkg translates a package or file. Its agents are known by their identifiers until
// the end.
func (r *graphReader) pkg(e *element, at string) {
	p := pkg{
		Name: e.Name, SPDXID: e.id(), Version: e.PackageVersion, SourceInfo: e.SourceInfo, Summary: e.Summary, Description: e.Description,
		Purpose: snake(e.PrimaryPurpose), Supplier: string(e.SuppliedBy), DownloadLocation: e.DownloadLocation, HomePage: e.HomePage,
		ReleaseDate: e.ReleaseTime, BuiltDate: e.BuiltTime, ValidUntilDate: e.ValidUntilTime,
		common: common{Comment: e.Comment, Copyright: e.CopyrightText, Attribution: e.AttributionText.strings(refText)}, at: at,
	}
	if e.Type == "software_File" {
		p.file = &fileOnly{}
		if p.Purpose != "" && p.Purpose != purposeFile {
			p.file.Types = append(p.file.Types, p.Purpose)
		}
		for _, t := range e.AdditionalPurpose {
			p.file.Types = append(p.file.Types, snake(string(t)))
		}
		p.Purpose = purposeFile
		if e.FileKind != "" && e.FileKind != "file" {
			r.doc.lost.Add("", e.Type+".software_fileKind", reasonClass, 1)
		}
	} else {
		r.doc.lost.Add("", e.Type+".software_additionalPurpose", "a component is of one type", len(e.AdditionalPurpose))
	}
	for _, h := range e.VerifiedUsing {
		if h.Type == "PackageVerificationCode" && p.Verification == nil && (h.Algorithm == "sha1" || h.Algorithm == "") {
			p.Verification = &verification{Value: h.Value, Excluded: h.Excluded.strings(refText)}
			continue
		}
		p.Checksums = append(p.Checksums, checksum{Algorithm: oldAlgorithm(h.Algorithm), Value: h.Value})
	}
	if e.PackageURL != "" {
		p.ExternalRefs = append(p.ExternalRefs, purlRef(e.PackageURL))
	}
	for _, x := range e.ExternalIdentifier {
		if x.Kind == "packageUrl" && x.Identifier == e.PackageURL && x.Comment == "" {
			continue // said twice
		}
		p.ExternalRefs = append(p.ExternalRefs, oldRef(x.Kind, x.Identifier, x.Comment, true))
	}
	for _, x := range e.ExternalRef {
		for _, l := range x.Locator {
			p.ExternalRefs = append(p.ExternalRefs, oldRef(x.Kind, string(l), x.Comment, false))
		}
	}
	if len(e.OriginatedBy) > 0 {
		p.Originator = string(e.OriginatedBy[0])
		r.doc.lost.Add("", e.Type+".originatedBy", "only one originator is kept", len(e.OriginatedBy)-1)
	}
	r.doc.Packages = append(r.doc.Packages, p)
}

func (r *graphReader) relationship(e *element) {
	switch e.RelationshipType {
	case "hasDeclaredLicense", "hasConcludedLicense":
		for _, to := range e.To {
			r.licensed = append(r.licensed, licensed{string(e.From), e.RelationshipType == "hasConcludedLicense", to})
		}
		if e.Comment != "" {
			r.doc.lost.Add("", "relationships.comment", "a relationship has no comment", 1)
		}
		return
	}
	typ, inverted, lost := oldRelation(e.RelationshipType, e.Scope)
	if lost {
		r.doc.lost.Add("", "relationships.scope", "a relationship has no scope", len(e.To))
	}
	if len(e.To) == 0 {
		r.doc.lost.Add("", "relationships", "it leads nowhere", 1)
	}
	for _, to := range e.To {
		rel := relationship{From: string(e.From), Type: typ, To: string(to), Comment: e.Comment}
		if inverted {
			rel.From, rel.To = rel.To, rel.From
		}
		r.doc.Relationships = append(r.doc.Relationships, rel)
	}
}

// finish resolves what elements refer to.
func (r *graphReader) finish() (*doc, error) {
	if r == nil || r.root == nil {
		return nil, &DecodeError{Format: formatGraph, Pointer: "/@graph", Err: ErrFormat, Detail: "no SpdxDocument"}
	}
	if err := r.creation(); err != nil {
		return nil, err
	}
	r.describe(r.root, make(map[*element]bool))
	for i := range r.doc.Packages {
		p := &r.doc.Packages[i]
		p.SPDXID = r.id(p.SPDXID)
		p.Supplier, p.Originator = r.agent(p.Supplier), r.agent(p.Originator)
		if _, twice := r.at[p.SPDXID]; !twice {
			r.at[p.SPDXID] = i
		}
	}
	r.relationships()
	r.licenses()
	r.annotations()
	r.loseReferred()
	return r.doc, nil
}

// relationships names the ends. Of those with what an inventory has no place for, the
// place is missing and not the end.
func (r *graphReader) relationships() {
	kept := r.doc.Relationships[:0]
	for _, rel := range r.doc.Relationships {
		if r.others[rel.From] || r.others[rel.To] || r.plain(rel.From) || r.plain(rel.To) {
			r.doc.lost.Add("", "relationships", reasonNobody, 1)
			continue
		}
		rel.From, rel.To = r.id(rel.From), r.id(rel.To)
		kept = append(kept, rel)
	}
	clear(r.doc.Relationships[len(kept):])
	r.doc.Relationships = kept
}

// plain reports an element that is neither a package nor a collection: an agent, a
// licence.
func (r *graphReader) plain(id string) bool {
	e := r.elements[id]
	return e != nil && !collection(e)
}

func collection(e *element) bool {
	switch e.Type {
	case "SpdxDocument", "Bom", "software_Sbom", "Bundle":
		return true
	}
	return false
}

// id is the identifier of an element: its fragment in our own documents, so that
// the component's id comes back, and the whole of it in others. A collection is the
// document.
func (r *graphReader) id(iri string) string {
	switch e := r.elements[iri]; {
	case e != nil && collection(e):
		return documentID
	case strings.HasSuffix(iri, "NoAssertionElement"):
		return noAssertion
	case strings.HasSuffix(iri, "NoneElement"):
		return none
	}
	if i := strings.LastIndexByte(iri, '#'); r.own && i >= 0 {
		return refPrefix + iri[i+1:]
	}
	return iri
}

func (r *graphReader) creation() error {
	r.doc.Name = r.root.Name
	info := r.elements[string(r.root.CreationInfo)]
	if info == nil {
		info = &element{}
	}
	if v := info.SpecVersion; v != "" && !strings.HasPrefix(v, "3.0") {
		return &DecodeError{Format: formatGraph, Pointer: "/@graph", Err: ErrVersion, Detail: fmt.Sprintf("%.40q", v)}
	}
	c := &r.doc.Creation
	c.Created, c.Comment = info.Created, info.Comment
	for _, id := range info.CreatedBy {
		if s := r.agent(string(id)); s != "" && !r.own {
			c.Creators = append(c.Creators, s)
		}
	}
	for _, id := range info.CreatedUsing {
		if e := r.elements[string(id)]; e != nil {
			c.Creators = append(c.Creators, "Tool: "+e.Name)
		}
	}
	return nil
}

// describe follows the root elements from the document through its SBOMs.
func (r *graphReader) describe(e *element, seen map[*element]bool) {
	if seen[e] {
		return
	}
	seen[e] = true
	for _, id := range e.RootElement {
		if next := r.elements[string(id)]; next != nil && len(next.RootElement) > 0 {
			r.describe(next, seen)
			continue
		}
		r.doc.Describes = append(r.doc.Describes, r.id(string(id)))
	}
}

func (r *graphReader) agent(id string) string {
	e := r.elements[id]
	if e == nil || e.Name == "" {
		return ""
	}
	for _, a := range agentClasses {
		if a.class == e.Type {
			return a.prefix + e.Name
		}
	}
	if e.Type == "Tool" {
		return "Tool: " + e.Name
	}
	return "Organization: " + e.Name
}

func (r *graphReader) annotations() {
	for _, n := range r.notes {
		a := annotation{Annotator: annotator, Type: snake(n.kind), Comment: n.statement}
		info := r.elements[string(n.info)]
		if info != nil {
			a.Date = info.Created
		}
		if info != nil && len(info.CreatedBy) > 0 && !strings.HasPrefix(n.statement, heading) {
			a.Annotator = r.agent(string(info.CreatedBy[0]))
		}
		if i, ok := r.at[r.id(string(n.subject))]; ok {
			r.doc.Packages[i].Annotations = append(r.doc.Packages[i].Annotations, a)
		} else {
			r.doc.Annotations = append(r.doc.Annotations, a)
		}
	}
	r.notes = nil
}

func (r *graphReader) licenses() {
	for _, l := range r.licensed {
		i, ok := r.at[r.id(l.from)]
		text := r.expression(l.to)
		if !ok || text == "" {
			r.doc.lost.Add("", "relationships", reasonNobody, 1)
			continue
		}
		p := &r.doc.Packages[i]
		at := &p.LicenseDeclared
		if l.concluded {
			at = &p.LicenseConcluded
		}
		if !unstated(*at) {
			text = document.JoinAnd([]string{*at, text})
		}
		*at = text
	}
}

// loseReferred reports what elements that are read for others say beyond that.
func (r *graphReader) loseReferred() {
	for id, e := range r.elements {
		switch {
		case strings.HasPrefix(e.Type, "simplelicensing_SimpleLicensingText"), strings.HasPrefix(e.Type, "expandedlicensing_Custom"):
			if !r.used[id] {
				r.doc.lost.Add("", e.Type, reasonNobody, 1)
			}
		case collection(e):
		default:
			r.doc.lost.Add("", e.Type+".externalIdentifier", reasonClass, len(e.ExternalIdentifier))
			r.doc.lost.Add("", e.Type+".externalRef", reasonClass, len(e.ExternalRef))
		}
	}
}
