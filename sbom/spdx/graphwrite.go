package spdx

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

const creationInfoID = "_:creationInfo"

// graphWriter writes SPDX 3.0.1. It keeps the identifiers of the elements, which
// the SBOM lists at its end, and the relationships, which it joins.
type graphWriter struct {
	jsonText
	head     *head
	names    []string          // of the elements, without the namespace
	number   int               // of annotations
	shared   map[string]string // agents, expressions and licence texts by content
	licenses map[string]*extracted
	related  []joined
	at       map[relationKey]int // index in related
}

// joined are relationships of the same element, type and comment.
type joined struct {
	relationKey
	to []string
}

type relationKey struct{ from, typ, scope, comment string }

func newGraphWriter(text jsonText) *graphWriter {
	return &graphWriter{
		jsonText: text, shared: make(map[string]string),
		licenses: make(map[string]*extracted), at: make(map[relationKey]int),
	}
}

// iri returns the identifier of an element in the document's namespace.
func (w *graphWriter) iri(id string) string { return w.head.Namespace + "#" + local(id) }

func local(id string) string { return strings.TrimPrefix(id, refPrefix) }

// add writes an element of the given name.
func (w *graphWriter) add(name string, e *element) {
	e.SPDXID = w.iri(name)
	if e.CreationInfo == "" {
		e.CreationInfo = creationInfoID
	}
	w.names = append(w.names, local(name))
	w.element(e)
}

// once adds an element that several others refer to, and returns its identifier.
func (w *graphWriter) once(e *element, kind, content string) string {
	key := kind + "\x00" + content
	if id, ok := w.shared[key]; ok {
		return id
	}
	h := sha256.Sum256([]byte(key))
	name := "_" + kind + "-" + hex.EncodeToString(h[:8])
	w.shared[key] = w.iri(name)
	w.add(name, e)
	return w.shared[key]
}

func (w *graphWriter) begin(h *head) {
	w.head = h
	w.open("", "{")
	w.member("@context", contextURL)
	w.open("@graph", "[")
	info := element{
		Type: "CreationInfo", BlankID: creationInfoID, SpecVersion: "3.0.1", Created: h.Creation.Created,
		CreatedBy: refs{ref(w.iri("_agent"))},
	}
	toolName := func(i int) string { return "_tool-" + hex.EncodeToString([]byte{byte(i >> 8), byte(i)}) }
	for i := range h.Creation.Creators {
		info.CreatedUsing = append(info.CreatedUsing, ref(w.iri(toolName(i))))
	}
	w.element(&info)
	w.add("_agent", &element{Type: "SoftwareAgent", Name: "imagetrust"})
	for i, c := range h.Creation.Creators {
		w.add(toolName(i), &element{Type: "Tool", Name: strings.TrimPrefix(c, "Tool: ")})
	}
}

func stated(s string) string {
	if s == noAssertion {
		return ""
	}
	return s
}

// pkg writes a package, or a file.
func (w *graphWriter) pkg(p *pkg) {
	e := element{
		Type: "software_Package", Name: p.Name, Summary: p.Summary, Description: p.Description, Comment: p.Comment,
		PackageVersion: p.Version, SourceInfo: p.SourceInfo, PrimaryPurpose: camel(p.Purpose),
		DownloadLocation: stated(p.DownloadLocation), HomePage: p.HomePage, CopyrightText: stated(p.Copyright),
		AttributionText: toRefs(p.Attribution), ReleaseTime: p.ReleaseDate, BuiltTime: p.BuiltDate, ValidUntilTime: p.ValidUntilDate,
		SuppliedBy: w.agent(p.Supplier),
	}
	if o := w.agent(p.Originator); o != "" {
		e.OriginatedBy = refs{o}
	}
	if p.file != nil {
		e.Type = "software_File"
		for i, t := range p.file.Types {
			if i == 0 {
				e.PrimaryPurpose = camel(t)
			} else {
				e.AdditionalPurpose = append(e.AdditionalPurpose, ref(camel(t)))
			}
		}
	}
	for _, c := range p.Checksums {
		e.VerifiedUsing = append(e.VerifiedUsing, hash{Type: "Hash", Algorithm: graphAlgorithm(c.Algorithm), Value: c.Value})
	}
	if v := p.Verification; v != nil {
		e.VerifiedUsing = append(e.VerifiedUsing, hash{Type: "PackageVerificationCode", Algorithm: "sha1", Value: v.Value, Excluded: toRefs(v.Excluded)})
	}
	w.externalRefs(&e, p)
	w.add(p.SPDXID, &e)
	w.expressionOf(p.SPDXID, "_license", "hasDeclaredLicense", p.LicenseDeclared)
	w.expressionOf(p.SPDXID, "_concluded", "hasConcludedLicense", p.LicenseConcluded)
	for i := range p.Annotations {
		w.annotate(p.SPDXID, &p.Annotations[i])
	}
}

func (w *graphWriter) externalRefs(e *element, p *pkg) {
	for i := range p.ExternalRefs {
		r := &p.ExternalRefs[i]
		kind, identifier, ok := graphKind(r)
		switch {
		case r.Type == "purl" && e.PackageURL == "" && r.Comment == "":
			e.PackageURL = r.Locator
		case !ok:
		case identifier:
			e.ExternalIdentifier = append(e.ExternalIdentifier, externalID{Type: "ExternalIdentifier", Kind: kind, Identifier: r.Locator, Comment: r.Comment})
		default:
			e.ExternalRef = append(e.ExternalRef, graphRef{Type: "ExternalRef", Kind: kind, Locator: refs{ref(r.Locator)}, Comment: r.Comment})
		}
	}
}

var agentClasses = []struct{ prefix, class string }{
	{"Organization: ", "Organization"}, {"Person: ", "Person"}, {"Tool: ", "SoftwareAgent"},
}

// agent writes a person, an organization or a tool, and returns its identifier.
func (w *graphWriter) agent(s string) ref {
	for _, a := range agentClasses {
		if name, ok := strings.CutPrefix(s, a.prefix); ok && name != "" {
			return ref(w.once(&element{Type: a.class, Name: name}, strings.ToLower(a.class), name))
		}
	}
	return ""
}

func (w *graphWriter) expressionOf(id, suffix, typ, expression string) {
	if unstated(expression) || expression == none {
		return
	}
	to := refs{ref(w.expression(expression))}
	w.add(local(id)+suffix, &element{Type: "Relationship", From: ref(w.iri(id)), RelationshipType: typ, To: to})
}

func (w *graphWriter) license(x *extracted) { w.licenses[x.ID] = x }

// expression writes a licence expression and the licences that it refers to.
func (w *graphWriter) expression(expression string) string {
	if id, ok := w.shared["expression\x00"+expression]; ok {
		return id
	}
	e := element{Type: "simplelicensing_LicenseExpression", Expression: expression}
	seen := make(map[string]bool)
	for _, id := range references(expression) {
		l := w.licenses[id]
		if l == nil || seen[id] {
			continue
		}
		seen[id] = true
		text := w.once(&element{
			Type: "simplelicensing_SimpleLicensingText", Name: l.Name, Comment: l.Comment, LicenseText: l.Text,
		}, "license", id)
		e.CustomIDs = append(e.CustomIDs, dictionaryItem{Type: "DictionaryEntry", Key: id, Value: text})
	}
	return w.once(&e, "expression", expression)
}

// relationship joins those of the same element, type and comment.
func (w *graphWriter) relationship(r *relationship) {
	if r.Type == relDescribes {
		return // said by the root elements
	}
	from, to, typ, scope := r.From, r.To, r.Type, ""
	if t := relationTable().byOld[r.Type]; t != nil {
		typ, scope = t.new, t.scope
		if t.inverted {
			from, to = to, from
		}
	}
	key := relationKey{from, typ, scope, r.Comment}
	i, ok := w.at[key]
	if !ok {
		i = len(w.related)
		w.at[key] = i
		w.related = append(w.related, joined{relationKey: key})
	}
	w.related[i].to = append(w.related[i].to, to)
}

func (w *graphWriter) flushRelationships() {
	for i := range w.related {
		r := &w.related[i]
		e := element{Type: "Relationship", From: ref(w.iri(r.from)), RelationshipType: r.typ, Scope: r.scope, Comment: r.comment}
		if r.scope != "" {
			e.Type = "LifecycleScopedRelationship"
		}
		for _, to := range r.to {
			e.To = append(e.To, ref(w.iri(to)))
		}
		w.add("_relationship-"+strconv.Itoa(i+1), &e)
		*r = joined{}
	}
}

// annotate writes an annotation. One of other authors or of another time than the
// document's has a creation info of its own.
func (w *graphWriter) annotate(id string, a *annotation) {
	e := element{Type: "Annotation", AnnotationType: strings.ToLower(a.Type), Subject: ref(w.iri(id)), ContentType: "text/plain", Statement: a.Comment}
	if a.Annotator != annotator {
		e.CreationInfo = w.creationInfo(a)
	}
	w.number++
	w.add("_annotation-"+strconv.Itoa(w.number), &e)
}

func (w *graphWriter) creationInfo(a *annotation) ref {
	key := "creation\x00" + a.Annotator + "\x00" + a.Date
	id, ok := w.shared[key]
	if !ok {
		by := w.agent(a.Annotator)
		id = creationInfoID + strconv.Itoa(len(w.shared))
		w.shared[key] = id
		w.element(&element{Type: "CreationInfo", BlankID: id, SpecVersion: "3.0.1", Created: a.Date, CreatedBy: refs{by}})
	}
	return ref(id)
}

func (w *graphWriter) annotation(a *annotation) { w.annotate(documentID, a) }

// end adds the SBOM, which lists all elements, and the document, whose element it is.
func (w *graphWriter) end() {
	w.flushRelationships()
	profiles := refs{"core", "software", "simpleLicensing"}
	w.next()
	w.open("", "{")
	w.member("type", "software_Sbom")
	w.member("spdxId", w.iri("_sbom"))
	w.member("creationInfo", creationInfoID)
	w.member("profileConformance", profiles)
	w.member("rootElement", []string{w.iri(subjectID)})
	w.open("element", "[")
	for _, name := range w.names {
		w.jsonText.element(w.iri(name))
	}
	w.close("]")
	w.member("software_sbomType", []string{"analyzed"})
	w.close("}")
	sbom := refs{ref(w.iri("_sbom"))}
	w.jsonText.element(&element{
		Type: "SpdxDocument", SPDXID: w.iri(documentID), CreationInfo: creationInfoID, Name: w.head.Name,
		ProfileConformance: profiles, RootElement: sbom, Element: sbom,
	})
	w.close("]")
	w.close("}")
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

// graphAlgorithm spells the algorithms of SPDX 2.3 as SPDX 3 does: sha256, sha3_256, blake2b256.
func graphAlgorithm(s string) string {
	s = strings.ToLower(s)
	if strings.HasPrefix(s, "blake") {
		return strings.ReplaceAll(s, "-", "")
	}
	return strings.ReplaceAll(s, "-", "_")
}

func oldAlgorithm(s string) string {
	for _, a := range algorithms {
		if graphAlgorithm(a) == s {
			return a
		}
	}
	return s
}

// filePurposes are the words of SPDX 3's SoftwarePurpose, spelled as in SPDX 2, which
// are read as types of a file. FILE says nothing there.
var filePurposes = []string{
	"APPLICATION", "ARCHIVE", "BOM", "CONFIGURATION", "CONTAINER", "DATA", "DEVICE", "DEVICE_DRIVER", "DISK_IMAGE", "DOCUMENTATION",
	"EVIDENCE", "EXECUTABLE", "FILESYSTEM_IMAGE", "FIRMWARE", "FRAMEWORK", "INSTALL", "LIBRARY", "MANIFEST", "MODEL", "MODULE",
	"OPERATING_SYSTEM", "OTHER", "PATCH", "PLATFORM", "REQUIREMENT", "SOURCE", "SPECIFICATION", "TEST",
}

// inGraph reports whether SPDX 3 has a place from which the reader gets back the
// value of a kept field as it was.
func inGraph(name, value string) bool {
	switch name {
	case "fileType":
		return slices.Contains(filePurposes, value)
	case "comment", "summary", "attributionText", "packageVerificationCode", "sourceInfo":
		return true
	case "releaseDate", "builtDate", "validUntilDate":
		return isTime(value)
	case "supplier", "originator":
		_, name, ok := strings.Cut(value, ": ")
		return ok && name != "" && !strings.HasPrefix(value, "Tool: ") && slices.ContainsFunc(agentClasses, func(a struct{ prefix, class string }) bool { return strings.HasPrefix(value, a.prefix) })
	case "checksum":
		c, _ := exact[checksum](value)
		return oldAlgorithm(graphAlgorithm(c.Algorithm)) == c.Algorithm
	case "externalRef":
		r, _ := exact[externalRef](value)
		_, _, ok := graphKind(&r)
		return ok && r.Type != "purl"
	case "annotation":
		a, _ := exact[annotation](value)
		return isTime(a.Date) && a.Annotator != annotator && slices.ContainsFunc(agentClasses, func(c struct{ prefix, class string }) bool {
			return strings.HasPrefix(a.Annotator, c.prefix) && len(a.Annotator) > len(c.prefix)
		})
	}
	return false
}

// isTime reports whether s is a time in the one form that SPDX has for it.
func isTime(s string) bool {
	const form = "2006-01-02T15:04:05Z"
	if len(s) != len(form) {
		return false
	}
	for i := range len(form) {
		if digit := '0' <= form[i] && form[i] <= '9'; digit != ('0' <= s[i] && s[i] <= '9') || !digit && s[i] != form[i] {
			return false
		}
	}
	return true
}
