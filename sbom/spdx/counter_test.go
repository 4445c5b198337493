package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
)

// The tests of this file count what documents of other tools hold without any of the
// reader's code, and compare the count with what the inventory has and what the reader
// says is lost.

// otherDocuments returns the SPDX documents that can be had here: those of the shared
// reports, the examples and test data of spdx/tools-golang, and what syft writes of the
// quickstart's image in every form it knows.
func otherDocuments(t *testing.T) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "reports", "*.spdx*"))
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/spdx/tools-golang").Output()
	if err == nil {
		root := strings.TrimSpace(string(dir))
		for _, pattern := range []string{"examples/sample-docs/json/*.json", "examples/sample-docs/tv/*.spdx", "json/test_fixtures/*.json",
			"spdx/v2/v2_*/json/testdata/*.json", "spdx/v3/v3_0/testdata/test.json"} {
			more, _ := filepath.Glob(filepath.Join(root, pattern))
			files = append(files, more...)
		}
	}
	files = append(files, syftDocuments(t)...)
	if len(files) == 0 {
		t.Skip("no documents of other tools: no shared reports, no module cache, no syft")
	}
	return files
}

func syftDocuments(t *testing.T) []string {
	t.Helper()
	syft, err := exec.LookPath("syft")
	if err != nil {
		t.Log("without documents of syft: it is not in the PATH")
		return nil
	}
	dir := t.TempDir()
	args := []string{"scan", "-q", "oci-dir:" + filepath.Join("..", "..", "examples", "quickstart", "testdata", "image")}
	var files []string
	for _, form := range []string{"spdx-json@2.2", "spdx-json@2.3", "spdx-json@3.0", "spdx-tag-value@2.1", "spdx-tag-value@2.2", "spdx-tag-value@2.3"} {
		file := filepath.Join(dir, "syft-"+form)
		args = append(args, "-o", form+"="+file)
		files = append(files, file)
	}
	cmd := exec.Command(syft, args...)
	cmd.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("syft: %v\n%s", err, out)
	}
	return files
}

func TestNothingIsLostSilently(t *testing.T) {
	for _, file := range otherDocuments(t) {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var losses []sbom.Loss
			inv, err := Decode(bytes.NewReader(text), &DecodeOptions{Losses: &losses})
			if err != nil {
				t.Fatal(err)
			}
			raw := parseRaw(t, text)
			missing := raw.missing(t, inv)
			want := lossCounts(losses)
			if d := cmp.Diff(want, missing); d != "" {
				t.Errorf("losses -told +counted\n%s", d)
			}
			t.Logf("%d packages and files, %d relationships, lost: %v", len(raw.elements), raw.relationships, want)
			everyOptions(t, func(t *testing.T, opts *Options) { roundTrip(t, inv, opts) })
		})
	}
}

// rawDocument is a document in the form of SPDX 2 JSON, whatever it was.
type rawDocument struct {
	elements      []rawElement
	relationships int
	related       []rawRelationship
	top           map[string]int // numbers of what stands beside packages and files
	extracted     map[string]string
	described     map[string]bool
	version3      bool
}

type rawElement struct {
	pointer, id string
	facts       []rawFact
}

// rawFact is a leaf: the name of its field, and its value.
type rawFact struct{ field, value string }

type rawRelationship struct{ from, typ, to, comment string }

func parseRaw(t *testing.T, text []byte) *rawDocument {
	t.Helper()
	d := &rawDocument{top: make(map[string]int), extracted: make(map[string]string), described: make(map[string]bool)}
	var tree map[string]any
	switch err := json.Unmarshal(text, &tree); {
	case err != nil:
		d.tagValue(string(text))
	case tree["@graph"] != nil:
		d.version3 = true
		d.graph(tree)
	default:
		d.json(tree)
	}
	return d
}

func list3(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return slices.DeleteFunc(v, func(x any) bool { return x == nil })
	}
	return []any{v}
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func (d *rawDocument) json(tree map[string]any) {
	for _, kind := range []string{"packages", "files"} {
		for i, v := range list3(tree[kind]) {
			m := v.(map[string]any)
			e := rawElement{pointer: fmt.Sprintf("/%s/%d", kind, i), id: str(m["SPDXID"])}
			for _, id := range list3(m["hasFiles"]) {
				if !strings.Contains(fmt.Sprint(tree["relationships"]), fmt.Sprintf("relatedSpdxElement:%s relationshipType:CONTAINS spdxElementId:%s]", id, e.id)) {
					d.relate(e.id, "CONTAINS", str(id), "")
				}
			}
			if m["licenseInfoInFile"] != nil { // a mistake of that document
				d.top[kind+".licenseInfoInFile"]++
			}
			delete(m, "licenseInfoInFile")
			delete(m, "hasFiles")
			delete(m, "SPDXID")
			e.add("", m)
			d.elements = append(d.elements, e)
		}
	}
	for _, v := range list3(tree["relationships"]) {
		m := v.(map[string]any)
		d.relate(str(m["spdxElementId"]), str(m["relationshipType"]), str(m["relatedSpdxElement"]), str(m["comment"]))
	}
	for _, id := range list3(tree["documentDescribes"]) {
		d.described[str(id)] = true
	}
	for _, v := range list3(tree["hasExtractedLicensingInfos"]) {
		m := v.(map[string]any)
		d.extracted[str(m["licenseId"])] = str(m["extractedText"])
	}
	for _, name := range []string{"snippets", "revieweds", "externalDocumentRefs", "annotations"} {
		d.top[name] += len(list3(tree[name]))
	}
	d.top["comment"] += len(list3(tree["comment"]))
	info, _ := tree["creationInfo"].(map[string]any)
	d.creation(list3(info["creators"]), str(info["comment"]), str(info["licenseListVersion"]))
	d.top["name"] = 1
}

func (d *rawDocument) creation(creators []any, comment, licenseList string) {
	for _, c := range creators {
		d.top[strings.SplitN("creator "+str(c), ":", 2)[0]]++
	}
	if comment != "" {
		d.top["creationInfo.comment"]++
	}
	if licenseList != "" {
		d.top["creationInfo.licenseListVersion"]++
	}
}

func (d *rawDocument) relate(from, typ, to, comment string) {
	r := rawRelationship{from, typ, to, comment}
	d.related = append(d.related, r)
	d.relationships++
}

func (e *rawElement) add(field string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			e.add(strings.TrimPrefix(field+"."+key, "."), v[key])
		}
	case []any:
		for _, x := range v {
			e.add(field, x)
		}
	case string:
		if v != "" && v != "NOASSERTION" {
			e.facts = append(e.facts, rawFact{field, v})
		}
	case bool:
		if v {
			e.facts = append(e.facts, rawFact{field, "true"})
		}
	default:
		e.facts = append(e.facts, rawFact{field, fmt.Sprint(v)})
	}
}

var tagLine = regexp.MustCompile(`(?s)(?:^|\n)([A-Za-z]+): ?(?:<text>(.*?)</text>[^\n]*|([^\n]*))`)

// tagFields are tags whose values need more than to be found.
var tagFields = map[string]string{
	"PrimaryPackagePurpose": "primaryPackagePurpose", "PackageLicenseDeclared": "licenseDeclared", "PackageLicenseConcluded": "licenseConcluded",
	"LicenseConcluded": "licenseConcluded", "PackageSourceInfo": "sourceInfo", "PackageSupplier": "supplier", "PackageOriginator": "originator",
}

func (d *rawDocument) tagValue(text string) {
	var e *rawElement
	var license, note string
	beside := false
	add := func(field, value string) {
		if value != "" && value != "NOASSERTION" && value != "false" {
			e.facts = append(e.facts, rawFact{field, value})
		}
	}
	notes := make(map[string][]rawFact)
	var about []rawFact
	endNote := func() {
		if note != "" {
			notes[note] = append(notes[note], about...)
			d.top["note "+note]++
		}
		note, about = "", nil
	}
	for _, m := range tagLine.FindAllStringSubmatchIndex(text, -1) {
		tag := text[m[2]:m[3]]
		value := ""
		if m[4] >= 0 {
			value = text[m[4]:m[5]]
		} else {
			value = strings.TrimSpace(text[m[6]:m[7]])
		}
		line := fmt.Sprintf("line %d", 1+strings.Count(text[:m[2]], "\n"))
		switch tag {
		case "PackageName", "FileName":
			d.elements = append(d.elements, rawElement{pointer: line})
			e, license, beside = &d.elements[len(d.elements)-1], "", false
			add("name", value)
		case "LicenseID":
			license = value
			d.extracted[value] = ""
		case "Relationship":
			p := strings.Fields(value)
			d.related = append(d.related, rawRelationship{p[0], p[1], p[2], ""})
			d.relationships++
		case "RelationshipComment":
			d.related[len(d.related)-1].comment = value
		case "Annotator":
			endNote()
			note = "SPDXRef-DOCUMENT"
			about = append(about, rawFact{"annotation", value})
		case "AnnotationDate", "AnnotationType", "AnnotationComment":
			about = append(about, rawFact{"annotation", value})
		case "SPDXREF":
			note = value
		case "SnippetSPDXID", "SnippetSPDXIdentifier":
			d.top["snippets"]++
			beside = true
		case "Reviewer":
			d.top["revieweds"]++
			beside = true
		case "ExternalDocumentRef":
			d.top["externalDocumentRefs"]++
		case "DocumentComment":
			d.top["comment"]++
		case "Creator":
			d.creation([]any{value}, "", "")
		case "CreatorComment":
			d.creation(nil, value, "")
		case "LicenseListVersion":
			d.creation(nil, "", value)
		case "DocumentName":
			d.top["name"] = 1
		case "ExtractedText":
			d.extracted[license] = value
		case "SPDXVersion", "DataLicense", "DocumentNamespace", "Created", "LicenseName", "LicenseCrossReference", "LicenseComment":
		default:
			switch {
			case beside:
			case tag == "SPDXID" && e == nil:
			case tag == "SPDXID":
				e.id = value
			case tag == "PackageChecksum" || tag == "FileChecksum":
				alg, sum, _ := strings.Cut(value, ":")
				add("checksums.algorithm", alg)
				add("checksums.checksumValue", strings.TrimSpace(sum))
			case tag == "ExternalRef":
				p := strings.Fields(value)
				add("externalRefs.referenceLocator", p[2])
			case tag == "PackageVerificationCode":
				for _, s := range strings.FieldsFunc(strings.Replace(value, "excludes:", "", 1), func(r rune) bool { return strings.ContainsRune(" ,()", r) }) {
					add("packageVerificationCode", s)
				}
			case tagFields[tag] != "":
				add(tagFields[tag], value)
			default:
				add(tag, value)
			}
		}
	}
	endNote()
	for i := range d.elements {
		d.elements[i].facts = append(d.elements[i].facts, notes[d.elements[i].id]...)
		delete(d.top, "note "+d.elements[i].id)
	}
	for name, n := range d.top {
		if strings.HasPrefix(name, "note ") {
			d.top["annotations"] += n
			delete(d.top, name)
		}
	}
}

// missing counts what the inventory does not have.
func (d *rawDocument) missing(t *testing.T, inv *sbom.Inventory) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	at := make(map[string]*sbom.Component)
	told := make(map[string]bool) // extracted licences
	for i := range inv.Components {
		c := &inv.Components[i]
		at[c.Property("imagetrust:pointer")] = c
		for _, p := range c.Properties {
			var x struct{ LicenseID, ExtractedText string }
			if p.Name == extractedProperty && json.Unmarshal([]byte(p.Value), &x) == nil && d.extracted[x.LicenseID] == x.ExtractedText {
				told[x.LicenseID] = true
			}
		}
	}
	subject := ""
	for _, e := range d.elements {
		c := at[e.pointer]
		if c == nil {
			if subject != "" {
				t.Fatalf("%s and %s are no components", subject, e.id)
			}
			subject = e.id
			for _, f := range e.facts {
				if name, _, _ := strings.Cut(f.field, "."); !inSubject(inv, f) {
					counts["subject."+strings.Replace(name, "FromFiles", "FromFile", 1)]++
				}
			}
			continue
		}
		words := componentWords(c)
		for _, f := range e.facts {
			if !words.has(f, c, told) {
				t.Errorf("%s %s: %s %q is not in the component", e.pointer, e.id, f.field, f.value)
			}
		}
	}
	d.missingBeside(counts, inv, subject, len(told))
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	if len(counts) == 0 {
		return nil
	}
	return counts
}

// missingBeside counts what is not about one package or file.
func (d *rawDocument) missingBeside(counts map[string]int, inv *sbom.Inventory, subject string, told int) {
	for name, n := range d.top {
		switch {
		case name == "name" && (subject == "" || inv.Subject.Name == "" || n == 0), name == "name":
		case !strings.HasPrefix(name, "creator "):
			counts[name] += n
		}
	}
	counts["hasExtractedLicensingInfos"] += len(d.extracted) - told
	people, vendors, tools := d.top["creator Person"], d.top["creator Organization"], d.top["creator Tool"]
	if vendors == 1 && tools > 0 {
		vendors = 0
	}
	counts["creationInfo.creators"] = people + vendors
	said, comments := 0, 0
	for _, r := range d.related {
		evident := r.typ == "OTHER" && strings.HasPrefix(r.comment, "evident-by")
		overlap := r.typ == "OTHER" && strings.HasPrefix(r.comment, "ownership-by-file-overlap")
		switch {
		case r.typ == "DESCRIBES" && strings.HasSuffix(r.from, "DOCUMENT"):
			d.described[r.to] = true
			said++
		case evident, inModel(r, subject) && (d.nowhere(r.from) || d.nowhere(r.to)): // evidence, or a gap
			said++
		case subject != "" && r.comment == "" && (r.typ == "CONTAINS" && r.from == subject || r.typ == "CONTAINED_BY" && r.to == subject):
			said++
		case r.comment != "" && !overlap && inModel(r, subject):
			comments++
		}
	}
	counts["relationships"] = d.relationships - said - len(inv.Relationships)
	counts["relationships.comment"] = comments
	if !(len(d.described) == 1 && d.described[subject]) {
		counts["documentDescribes"] = len(d.described)
	}
}

// nowhere reports an end that is no element of the document.
func (d *rawDocument) nowhere(id string) bool {
	return !slices.ContainsFunc(d.elements, func(e rawElement) bool { return e.id == id })
}

// inModel reports a relationship between components.
func inModel(r rawRelationship, subject string) bool {
	for _, end := range []string{r.from, r.to} {
		if end == subject && subject != "" || end == "NOASSERTION" || end == "NONE" || strings.HasSuffix(end, "DOCUMENT") {
			return false
		}
	}
	return true
}

// wordSet are all strings of a component, and the parts of those that are JSON.
type wordSet map[string]bool

func componentWords(c *sbom.Component) wordSet {
	w := make(wordSet)
	b, _ := json.Marshal(c)
	var tree any
	_ = json.Unmarshal(b, &tree)
	w.add(tree)
	return w
}

func (w wordSet) add(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			w.add(x)
		}
	case []any:
		for _, x := range v {
			w.add(x)
		}
	case string:
		w[v] = true
		var inner map[string]any
		if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &inner) == nil {
			w.add(inner)
		}
	}
}

var notID = regexp.MustCompile(`[^A-Za-z0-9.+-]+`)

// has looks for a fact in the component.
func (w wordSet) has(f rawFact, c *sbom.Component, told map[string]bool) bool {
	last := f.field[strings.LastIndexByte(f.field, '.')+1:]
	switch last {
	case "algorithm":
		if f.value == "sha1" && c.Property("spdx:packageVerificationCode") != "" {
			return true // the algorithm of all verification codes
		}
		return slices.ContainsFunc(c.Hashes, func(d sbom.Digest) bool { return d.Algorithm() == strings.ToLower(f.value) }) || w[f.value]
	case "checksumValue", "hashValue":
		return slices.ContainsFunc(c.Hashes, func(d sbom.Digest) bool { return d.Hex() == f.value }) || w[f.value]
	case "referenceCategory", "referenceType":
		return w[f.value] || w[strings.ReplaceAll(f.value, "_", "-")] || c.PURL != "" && (f.value == "purl" || strings.HasPrefix(f.value, "PACKAGE")) ||
			len(c.CPEs) > 0 && (f.value == "SECURITY" || strings.HasPrefix(f.value, "cpe2"))
	case "primaryPackagePurpose", "software_primaryPurpose", "software_additionalPurpose":
		if c.Type == sbom.TypeFile && w[strings.ToUpper(f.value)] {
			return true
		}
		typ := strings.ToLower(strings.ReplaceAll(f.value, "_", "-"))
		return string(c.Type) == typ || string(c.Type) == strings.ReplaceAll(typ, "-", "_") || string(c.Type) == "operating-system" && f.value == "operatingSystem"
	case "supplier", "originator":
		return w[f.value] || w[strings.TrimPrefix(f.value, "Organization: ")]
	case "sourceInfo":
		return w[f.value] || c.Source != nil && f.value == "built package from: "+c.Source.Name+" "+c.Source.Version
	case "licenseDeclared", "licenseConcluded":
		by := sbom.LicenseDeclared
		if last == "licenseConcluded" {
			by = sbom.LicenseConcluded
		}
		return hasLicense(f.value, w, c, told, by)
	case "licenseInfoFromFiles", "PackageLicenseInfoFromFiles":
		return hasLicense(f.value, w, c, told, sbom.LicenseFound)
	}
	return w[f.value]
}

// hasLicense looks for every operand of an expression.
func hasLicense(value string, w wordSet, c *sbom.Component, told map[string]bool, by sbom.Acknowledgement) bool {
	if w[value] {
		return true
	}
	have := make(map[string]bool)
	for _, l := range c.Licenses {
		if l.Acknowledgement == by {
			have[l.Name] = true
			for _, word := range notID.Split(l.Expression, -1) {
				have[word] = true
			}
		}
	}
	for _, word := range notID.Split(value, -1) {
		if word != "" && word != "AND" && word != "OR" && !have[word] && !(told[word] && len(c.Licenses) > 0) {
			return false
		}
	}
	return true
}

// inSubject looks for a fact in the subject.
func inSubject(inv *sbom.Inventory, f rawFact) bool {
	s := &inv.Subject
	last := f.field[strings.LastIndexByte(f.field, '.')+1:]
	switch last {
	case "name":
		return s.Name == f.value || string(s.Digest) == f.value
	case "versionInfo", "PackageVersion", "software_packageVersion":
		return string(s.Digest) == f.value
	case "checksumValue", "hashValue":
		return s.Digest.Hex() == f.value
	case "algorithm", "primaryPackagePurpose", "referenceCategory", "referenceType", "software_primaryPurpose":
		return true
	case "referenceLocator", "software_packageUrl":
		return s.Digest != "" && strings.Contains(f.value, s.Digest.Hex())
	}
	return false
}

// graph reads the classes that SPDX 3 documents of other tools hold.
func (d *rawDocument) graph(tree map[string]any) {
	names := make(map[string]map[string]any)
	for _, v := range list3(tree["@graph"]) {
		m := v.(map[string]any)
		names[str(m["spdxId"])+str(m["@id"])] = m
	}
	var expression func(id string) string
	expression = func(id string) string {
		m := names[id]
		switch str(m["type"]) {
		case "expandedlicensing_ListedLicense":
			return str(m["name"])
		case "expandedlicensing_CustomLicense":
			ref := id[strings.LastIndexAny(id, ":#/")+1:]
			d.extracted[ref] = str(m["simplelicensing_licenseText"])
			return ref
		case "expandedlicensing_ConjunctiveLicenseSet":
			var parts []string
			for _, member := range list3(m["expandedlicensing_member"]) {
				parts = append(parts, expression(str(member)))
			}
			return strings.Join(parts, " AND ")
		}
		return str(m["simplelicensing_licenseExpression"])
	}
	for i, v := range list3(tree["@graph"]) {
		m := v.(map[string]any)
		switch class := str(m["type"]); class {
		case "Person", "Organization", "SoftwareAgent", "Tool":
			d.top[class+".externalIdentifier"] += len(list3(m["externalIdentifier"]))
		case "SpdxDocument":
			info := names[str(m["creationInfo"])]
			for _, id := range list3(info["createdBy"]) {
				d.top["creator "+strings.Replace(str(names[str(id)]["type"]), "SoftwareAgent", "Tool", 1)]++
			}
			for range list3(info["createdUsing"]) {
				d.top["creator Tool"]++
			}
			d.creation(nil, str(info["comment"]), "")
			d.top["SpdxDocument.namespaceMap"] += len(list3(m["namespaceMap"]))
			for _, id := range list3(m["rootElement"]) {
				for _, root := range list3(names[str(id)]["rootElement"]) {
					d.described[str(root)] = true
				}
			}
		case "software_Package", "software_File":
			e := rawElement{pointer: fmt.Sprintf("/@graph/%d", i), id: str(m["spdxId"])}
			for _, key := range []string{"spdxId", "type", "creationInfo"} {
				delete(m, key)
			}
			for _, key := range []string{"suppliedBy", "originatedBy"} {
				for _, id := range list3(m[key]) {
					e.facts = append(e.facts, rawFact{key, str(names[str(id)]["name"])})
				}
				delete(m, key)
			}
			e.add("", m)
			e.facts = slices.DeleteFunc(e.facts, func(f rawFact) bool {
				return strings.HasSuffix(f.field, ".type") || strings.HasSuffix(f.field, "Type") || f == rawFact{"software_fileKind", "file"}
			})
			d.elements = append(d.elements, e)
		case "Relationship", "LifecycleScopedRelationship":
			if m["completeness"] != nil {
				d.top[class+".completeness"]++
			}
			for _, to := range list3(m["to"]) {
				typ := str(m["relationshipType"])
				d.related = append(d.related, rawRelationship{str(m["from"]), strings.ToUpper(typ), str(to), str(m["comment"])})
				if typ == "hasDeclaredLicense" || typ == "hasConcludedLicense" {
					d.related = d.related[:len(d.related)-1]
					d.licensed(str(m["from"]), typ, expression(str(to)))
					continue
				}
				d.relationships++
			}
		}
	}
}

func (d *rawDocument) licensed(from, typ, expression string) {
	for i := range d.elements {
		if d.elements[i].id == from && expression != "" && expression != "NOASSERTION" {
			field := map[string]string{"hasDeclaredLicense": "licenseDeclared", "hasConcludedLicense": "licenseConcluded"}[typ]
			d.elements[i].facts = append(d.elements[i].facts, rawFact{field, expression})
		}
	}
}
