package spdx

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

const creationInfoID = "_:creationInfo"

// writeGraph translates an SPDX 2.3 document into SPDX 3.0.1.
func writeGraph(d *doc, opts *Options) ([]byte, error) {
	w := &graphWriter{doc: d, shared: make(map[string]string), licenses: make(map[string]*extracted)}
	for i := range d.Licenses {
		w.licenses[d.Licenses[i].ID] = &d.Licenses[i]
	}
	w.creation()
	for i := range d.Packages {
		w.pkg(&d.Packages[i])
	}
	w.relationships()
	w.annotations(documentID, d.Annotations)
	w.collections()
	return marshalJSON(&graph{Context: contextURL, Graph: w.elements}, opts)
}

type graphWriter struct {
	doc      *doc
	elements []element
	number   int
	shared   map[string]string // agents, expressions and licence texts by content
	licenses map[string]*extracted
}

// iri returns the identifier of an element in the document's namespace.
func (w *graphWriter) iri(id string) string {
	return w.doc.Namespace + "#" + strings.TrimPrefix(id, refPrefix)
}

func (w *graphWriter) add(e element) {
	if e.Type != "CreationInfo" {
		e.CreationInfo = creationInfoID
	}
	w.elements = append(w.elements, e)
}

// once adds an element that several others refer to, and returns its identifier.
func (w *graphWriter) once(e element, kind, content string) string {
	key := kind + "\x00" + content
	if id, ok := w.shared[key]; ok {
		return id
	}
	h := sha256.Sum256([]byte(key))
	id := w.iri("_" + kind + "-" + hex.EncodeToString(h[:8]))
	w.shared[key] = id
	e.SPDXID = id
	w.add(e)
	return id
}

func (w *graphWriter) creation() {
	info := element{
		Type: "CreationInfo", BlankID: creationInfoID, SpecVersion: "3.0.1", Created: w.doc.Creation.Created,
		CreatedBy: refs{ref(w.iri("_agent"))},
	}
	tools := make([]element, 0, len(w.doc.Creation.Creators))
	for i, c := range w.doc.Creation.Creators {
		id := w.iri("_tool-" + hex.EncodeToString([]byte{byte(i >> 8), byte(i)}))
		tools = append(tools, element{Type: "Tool", SPDXID: id, Name: strings.TrimPrefix(c, "Tool: ")})
		info.CreatedUsing = append(info.CreatedUsing, ref(id))
	}
	w.add(info)
	w.add(element{Type: "SoftwareAgent", SPDXID: w.iri("_agent"), Name: "imagetrust"})
	for _, t := range tools {
		w.add(t)
	}
}

// pkg writes a package, or a file where nothing but a file's properties is
// stated.
func (w *graphWriter) pkg(p *pkg) {
	e := element{
		Type: "software_Package", SPDXID: w.iri(p.SPDXID), Name: p.Name, Description: p.Description, Comment: p.Comment,
		PackageVersion: p.Version, SourceInfo: p.SourceInfo, PrimaryPurpose: camel(p.Purpose),
	}
	if p.Purpose == purposeFile && p.Version+p.SourceInfo == "" && len(p.ExternalRefs) == 0 {
		e.Type = "software_File"
	}
	for _, c := range p.Checksums {
		e.VerifiedUsing = append(e.VerifiedUsing, hash{Type: "Hash", Algorithm: strings.ToLower(c.Algorithm), Value: c.Value})
	}
	for _, r := range p.ExternalRefs {
		if r.Type == "purl" {
			e.PackageURL = r.Locator
			continue
		}
		e.ExternalIdentifier = append(e.ExternalIdentifier, externalID{
			Type: "ExternalIdentifier", Kind: strings.TrimSuffix(r.Type, "Type"), Identifier: r.Locator,
		})
	}
	if name, ok := strings.CutPrefix(p.Supplier, "Organization: "); ok {
		e.SuppliedBy = ref(w.once(element{Type: "Organization", Name: name}, "organization", name))
	}
	w.add(e)
	if p.LicenseDeclared != noAssertion {
		w.add(element{
			Type: "Relationship", SPDXID: w.iri(p.SPDXID) + "_license", From: ref(e.SPDXID), RelationshipType: "hasDeclaredLicense",
			To: refs{ref(w.expression(p.LicenseDeclared))},
		})
	}
	w.annotations(p.SPDXID, p.Annotations)
}

// expression writes a licence expression and the licences that it refers to.
func (w *graphWriter) expression(expression string) string {
	if id, ok := w.shared["expression\x00"+expression]; ok {
		return id
	}
	e := element{Type: "simplelicensing_LicenseExpression", Expression: expression}
	seen := make(map[string]bool)
	for _, id := range strings.FieldsFunc(expression, func(r rune) bool { return !idString(r) }) {
		l := w.licenses[id]
		if l == nil || seen[id] {
			continue
		}
		seen[id] = true
		text := w.once(element{Type: "simplelicensing_SimpleLicensingText", Name: l.Name, LicenseText: l.Text}, "license", id)
		e.CustomIDs = append(e.CustomIDs, dictionaryItem{Type: "DictionaryEntry", Key: id, Value: text})
	}
	return w.once(e, "expression", expression)
}

// relationships joins those of the same element, type and comment.
func (w *graphWriter) relationships() {
	at := make(map[relationship]int)
	for _, r := range w.doc.Relationships {
		if r.Type == relDescribes {
			continue
		}
		key := relationship{From: r.From, Type: r.Type, Comment: r.Comment}
		i, ok := at[key]
		if !ok {
			i = len(w.elements)
			at[key] = i
			w.number++
			w.add(element{
				Type: "Relationship", SPDXID: w.iri("_relationship-" + strconv.Itoa(w.number)), From: ref(w.iri(r.From)),
				RelationshipType: camel(r.Type), Comment: r.Comment,
			})
		}
		w.elements[i].To = append(w.elements[i].To, ref(w.iri(r.To)))
	}
}

func (w *graphWriter) annotations(id string, annotations []annotation) {
	for _, a := range annotations {
		w.number++
		w.add(element{
			Type: "Annotation", SPDXID: w.iri("_annotation-" + strconv.Itoa(w.number)), AnnotationType: "other", Subject: ref(w.iri(id)),
			ContentType: "text/plain", Statement: a.Comment,
		})
	}
}

// collections add the SBOM, which lists all elements, and the document, whose
// elements are those of the graph.
func (w *graphWriter) collections() {
	all := make(refs, 0, len(w.elements))
	for _, e := range w.elements {
		if e.SPDXID != "" {
			all = append(all, ref(e.SPDXID))
		}
	}
	sbom := w.iri("_sbom")
	profiles := refs{"core", "software", "simpleLicensing"}
	w.add(element{
		Type: "software_Sbom", SPDXID: sbom, ProfileConformance: profiles, SbomType: refs{"analyzed"},
		RootElement: refs{ref(w.iri(subjectID))}, Element: all,
	})
	w.add(element{
		Type: "SpdxDocument", SPDXID: w.iri(documentID), Name: w.doc.Name, ProfileConformance: profiles,
		RootElement: refs{ref(sbom)}, Element: refs{ref(sbom)},
	})
}

// camel translates words of SPDX 2.3, FOO_BAR, into those of SPDX 3, fooBar.
func camel(s string) string {
	parts := strings.Split(strings.ToLower(s), "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

// snake is the inverse of camel.
func snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
