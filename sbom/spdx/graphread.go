package spdx

import (
	"fmt"
	"strings"
)

// readGraph translates an SPDX 3 document into SPDX 2.3, as far as an inventory
// is concerned.
func readGraph(elements []element) (*doc, error) {
	r := &graphReader{elements: make(map[string]*element, len(elements)), at: make(map[string]int)}
	for i := range elements {
		e := &elements[i]
		r.elements[e.SPDXID+e.BlankID] = e
		if e.Type == "SpdxDocument" {
			r.root = e
		}
		r.own = r.own || strings.HasPrefix(e.Statement, heading)
	}
	if r.root == nil {
		return nil, &DecodeError{Format: formatGraph, Pointer: "/@graph", Err: ErrFormat, Detail: "no SpdxDocument"}
	}
	if err := r.document(); err != nil {
		return nil, err
	}
	for i := range elements {
		r.element(&elements[i], i)
	}
	for i := range elements {
		r.second(&elements[i])
	}
	return r.doc, nil
}

type graphReader struct {
	doc      *doc
	own      bool
	root     *element
	elements map[string]*element
	at       map[string]int // SPDX identifier -> index in doc.Packages
}

// id is the identifier of an element: its fragment in our own documents, so that
// the component's id comes back, and the whole of it in others.
func (r *graphReader) id(iri ref) string {
	if iri == ref(r.root.SPDXID) {
		return documentID
	}
	if i := strings.LastIndexByte(string(iri), '#'); r.own && i >= 0 {
		return refPrefix + string(iri[i+1:])
	}
	return string(iri)
}

func (r *graphReader) document() error {
	r.doc = &doc{SPDXVersion: "SPDX-2.3", SPDXID: documentID, Name: r.root.Name}
	info := r.elements[string(r.root.CreationInfo)]
	if info == nil {
		info = &element{}
	}
	if v := info.SpecVersion; v != "" && !strings.HasPrefix(v, "3.0") {
		return &DecodeError{Format: formatGraph, Pointer: "/@graph", Err: ErrVersion, Detail: fmt.Sprintf("%.40q", v)}
	}
	r.doc.Creation.Created = info.Created
	for _, id := range info.CreatedBy {
		e := r.elements[string(id)]
		switch {
		case e == nil || r.own:
		case e.Type == "SoftwareAgent":
			r.doc.Creation.Creators = append(r.doc.Creation.Creators, "Tool: "+e.Name)
		case e.Type == "Organization":
			r.doc.Creation.Creators = append(r.doc.Creation.Creators, "Organization: "+e.Name)
		}
	}
	for _, id := range info.CreatedUsing {
		if e := r.elements[string(id)]; e != nil {
			r.doc.Creation.Creators = append(r.doc.Creation.Creators, "Tool: "+e.Name)
		}
	}
	r.describe(r.root, make(map[*element]bool))
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
		r.doc.Describes = append(r.doc.Describes, r.id(id))
	}
}

// element translates packages, files and licences.
func (r *graphReader) element(e *element, index int) {
	switch e.Type {
	case "software_Package", "software_File":
		r.pkg(e, index)
	case "simplelicensing_LicenseExpression":
		for _, c := range e.CustomIDs {
			if text := r.elements[c.Value]; text != nil {
				r.doc.Licenses = append(r.doc.Licenses, extracted{ID: c.Key, Text: text.LicenseText, Name: text.Name})
			}
		}
	}
}

func (r *graphReader) pkg(e *element, index int) {
	p := pkg{
		Name: e.Name, SPDXID: r.id(ref(e.SPDXID)), Version: e.PackageVersion, SourceInfo: e.SourceInfo, Comment: e.Comment,
		Summary: e.Summary, Description: e.Description, Purpose: snake(e.PrimaryPurpose), LicenseDeclared: noAssertion,
		at: pointer("@graph", index),
	}
	if e.Type == "software_File" {
		p.Purpose = purposeFile
	}
	for _, h := range e.VerifiedUsing {
		p.Checksums = append(p.Checksums, checksum{Algorithm: h.Algorithm, Value: h.Value})
	}
	if e.PackageURL != "" {
		p.ExternalRefs = append(p.ExternalRefs, externalRef{Type: "purl", Locator: e.PackageURL})
	}
	for _, x := range e.ExternalIdentifier {
		switch x.Kind {
		case "packageUrl":
			p.ExternalRefs = append(p.ExternalRefs, externalRef{Type: "purl", Locator: x.Identifier})
		case "cpe22", "cpe23":
			p.ExternalRefs = append(p.ExternalRefs, externalRef{Type: x.Kind + "Type", Locator: x.Identifier})
		}
	}
	p.Supplier = r.agent(e.SuppliedBy)
	if len(e.OriginatedBy) > 0 {
		p.Originator = r.agent(e.OriginatedBy[0])
	}
	for _, t := range e.AttributionText {
		p.Attribution = append(p.Attribution, string(t))
	}
	if _, ok := r.at[p.SPDXID]; !ok {
		r.at[p.SPDXID] = len(r.doc.Packages)
	}
	r.doc.Packages = append(r.doc.Packages, p)
}

func (r *graphReader) agent(id ref) string {
	if e := r.elements[string(id)]; e != nil && e.Name != "" {
		return "Organization: " + e.Name
	}
	return ""
}

// second translates what refers to packages.
func (r *graphReader) second(e *element) {
	switch e.Type {
	case "Annotation":
		a := annotation{Comment: e.Statement}
		if i, ok := r.at[r.id(e.Subject)]; ok {
			r.doc.Packages[i].Annotations = append(r.doc.Packages[i].Annotations, a)
		} else {
			r.doc.Annotations = append(r.doc.Annotations, a)
		}
	case "Relationship", "LifecycleScopedRelationship":
		r.relationship(e)
	}
}

func (r *graphReader) relationship(e *element) {
	from := r.id(e.From)
	for _, id := range e.To {
		switch e.RelationshipType {
		case "hasDeclaredLicense", "hasConcludedLicense":
			r.license(from, e.RelationshipType, string(id))
		default:
			r.doc.Relationships = append(r.doc.Relationships, relationship{
				From: from, Type: snake(e.RelationshipType), To: r.id(id), Comment: e.Comment,
			})
		}
	}
}

func (r *graphReader) license(from, relation, id string) {
	i, ok := r.at[from]
	l := r.elements[id]
	if !ok || l == nil || l.Expression == "" {
		return
	}
	if relation == "hasDeclaredLicense" {
		r.doc.Packages[i].LicenseDeclared = l.Expression
	} else {
		r.doc.Packages[i].LicenseConcluded = l.Expression
	}
}
