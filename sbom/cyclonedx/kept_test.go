package cyclonedx

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inventorytest"
	"github.com/imagetrust/imagetrust/sbom"
)

// everyKind has each kind of thing that Decode keeps as a property, and each that
// it reports as lost.
const everyKind = `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":3,
"metadata":{"lifecycles":[{"phase":"build"}],"authors":[{"name":"A"},{"name":"B"}],"supplier":{"name":"S"},"properties":[{"name":"p","value":"v"}],
	"component":{"bom-ref":"root","type":"application","name":"app","version":"1","description":"d","hashes":[{"alg":"MD5","content":"00000000000000000000000000000000"},{"alg":"MD5","content":"10000000000000000000000000000000"}]}},
"components":[
	{"bom-ref":"a","type":"library","name":"a","version":"1","author":"An Author","publisher":"A Publisher","mime-type":"text/plain","scope":"optional","copyright":"(c) me",
	 "supplier":{"name":"Supplier","url":["https://example.org/"],"contact":[{"name":"N","email":"n@example.org","phone":"1"}]},
	 "manufacturer":{"name":"M","url":["https://example.org/m"]},"authors":[{"name":"X"}],"tags":["t1","t2"],
	 "hashes":[{"alg":"SHA-1","content":"a9993e364706816aba3e25717850c26c9cd0d89d"},{"alg":"BLAKE3","content":"26cdc7fb3fd65fc3b621a4ef70bc7d2489d5c19e70c76cf7ec20e538df0047cf"}],
	 "licenses":[{"license":{"id":"MIT","acknowledgement":"concluded","url":"https://example.org/mit","text":{"content":"line 1\n  line 2\n","contentType":"text/plain"}}},{"license":{"name":"Own"}}],
	 "externalReferences":[{"type":"vcs","url":"https://example.org/r","comment":"c","hashes":[{"alg":"SHA3-256","content":"3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"}]},{"type":"website","url":"https://example.org/"}],
	 "evidence":{"licenses":[{"license":{"id":"Apache-2.0","url":"https://example.org/apache"}}],"copyright":[{"text":"(c) found"}]}},
	{"bom-ref":"b","type":"firmware","name":"b","version":"2","modified":true,"swid":{"tagId":"x","name":"y"},"pedigree":{"notes":"n","ancestors":[{"type":"library","name":"old"}]},
	 "evidence":{"occurrences":[{"location":"/x","line":3,"symbol":"s"}],"callstack":{"frames":[{"module":"m"}]}},"releaseNotes":{"type":"minor"},"modelCard":{"bom-ref":"mc"}}],
"services":[{"bom-ref":"s","name":"s","services":[{"bom-ref":"t","name":"t"}]}],
"dependencies":[{"ref":"root","dependsOn":["a"]},{"ref":"a","dependsOn":["b","s","root"],"provides":["b"]},{"ref":"s","dependsOn":["a","t"]}],
"externalReferences":[{"type":"bom","url":"https://example.org/bom"}],"compositions":[{"aggregate":"complete"},{"aggregate":"unknown"}],
"vulnerabilities":[{"id":"CVE-1","affects":[{"ref":"a"}]}],"annotations":[{"text":"x"}],"declarations":{"claims":[]},"unknownThing":7}`

const everyKindXML = `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata><component type="container" bom-ref="root"><name>x</name></component></metadata>` +
	`<components><component type="library" bom-ref="a"><publisher>P</publisher><name>a</name><version>1</version><licenses><license><id>MIT</id><text content-type="text/plain">T</text></license></licenses>` +
	`<pedigree><notes>n</notes></pedigree><externalReferences><reference type="vcs"><url>https://example.org/r</url></reference></externalReferences></component></components>` +
	`<services><service bom-ref="s"><name>s</name></service></services><dependencies><dependency ref="root"><dependency ref="a"/></dependency><dependency ref="a"><provides ref="a"/></dependency></dependencies>` +
	`<vulnerabilities><vulnerability><id>CVE-1</id></vulnerability></vulnerabilities></bom>`

func decodeText(t *testing.T, text string) (*sbom.Inventory, []sbom.Loss) {
	t.Helper()
	var losses []sbom.Loss
	inv, err := Decode(strings.NewReader(text), &DecodeOptions{Losses: &losses})
	if err != nil {
		t.Fatal(err)
	}
	return inv, losses
}

// TestDecodeLosses pins what is lost of a document that has everything, and that
// nothing else is.
func TestDecodeLosses(t *testing.T) {
	inv, losses := decodeText(t, everyKind)
	want := map[string]int{
		"serialNumber": 1, "version": 1, "metadata.lifecycles": 1, "metadata.authors": 2, "metadata.supplier": 1, "metadata.properties": 1,
		"subject.type": 1, "subject.version": 1, "subject.description": 1, "subject.hashes": 2,
		"services": 2, "dependencies": 4, "externalReferences": 1, "compositions": 2, "vulnerabilities": 1, "annotations": 1, "declarations": 1, "unknownThing": 1,
	}
	got := make(map[string]int)
	for _, l := range losses {
		got[l.Field] += l.Count
		if l.Reason == "" {
			t.Errorf("loss %+v without a reason", l)
		}
	}
	for field, n := range want {
		if got[field] != n {
			t.Errorf("%d losses of %s, want %d", got[field], field, n)
		}
		delete(got, field)
	}
	for field := range got {
		t.Errorf("a loss of %s did not happen", field)
	}
	if len(inv.Gaps) > 0 {
		t.Errorf("gaps %v", inv.Gaps)
	}
	for _, format := range []Format{JSON, XML} {
		text := encode(t, inv, &Options{Format: format})
		if _, losses := decodeText(t, string(text)); losses != nil {
			t.Errorf("losses %v of a document of our own", losses)
		}
	}
}

// TestKept: what stands in fields that a component does not have is kept as
// properties, and written as these fields again where the version has them.
func TestKept(t *testing.T) {
	inv, _ := decodeText(t, everyKind)
	a, b := named(t, inv, "a"), named(t, inv, "b")
	for name, want := range map[string]string{
		"author": "An Author", "publisher": "A Publisher", "mime-type": "text/plain", "scope": "optional", "tags": `["t1","t2"]`, "dependencyOf": "subject",
		"hashes": `[{"alg":"BLAKE3","content":"26cdc7fb3fd65fc3b621a4ef70bc7d2489d5c19e70c76cf7ec20e538df0047cf"}]`,
	} {
		if got := a.Property("cyclonedx:" + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"modified", "swid", "pedigree", "evidence", "releaseNotes", "modelCard"} {
		if !json.Valid([]byte(b.Property("cyclonedx:" + name))) {
			t.Errorf("%s is %q", name, b.Property("cyclonedx:"+name))
		}
	}
	if b.Type != "firmware" || a.Copyright != "(c) me" || a.Supplier != "Supplier" || len(a.References) != 2 || a.Licenses[0].Acknowledgement != sbom.LicenseConcluded {
		t.Errorf("components %+v and %+v", a, b)
	}
	text := encode(t, inv, &Options{Version: "1.6"})
	doc := parse(t, text)
	written := doc.items("components")[0]
	for _, field := range []string{"author", "publisher", "mime-type", "scope", "supplier", "manufacturer", "authors", "tags", "copyright", "licenses", "externalReferences", "evidence"} {
		if len(written.all(field)) != 1 {
			t.Errorf("%s is not written as a field", field)
		}
	}
	for _, p := range written.items("properties") {
		if name := p.text("name"); name != "imagetrust:relationship:provides" {
			t.Errorf("property %s: a field says so", name)
		}
	}
	if n := len(written.items("hashes")); n != 2 {
		t.Errorf("%d hashes", n)
	}
	if on := doc.items("dependencies")[0]; on.text("ref") != "subject" || len(on.items("dependsOn")) != 1 {
		t.Errorf("the image's own dependencies: %s", text)
	}
	for _, p := range doc.items("components")[1].items("properties") {
		if p.text("name") == "cyclonedx:pedigree" && strings.Contains(p.text("value"), "ancestors") {
			return
		}
	}
	t.Errorf("the pedigree is no property: %s", text)
}

// TestKeptInEveryVersion: it comes back from every version, and is valid in each.
func TestKeptInEveryVersion(t *testing.T) {
	for _, text := range []string{everyKind, everyKindXML} {
		inv, _ := decodeText(t, text)
		everyOptions(t, func(t *testing.T, opts *Options) { validator(t, opts)("", roundTrip(t, inv, opts)) })
	}
}

// TestKeptIsChecked: a property that looks like a field that was kept is not
// written as one when the document would not be valid, or when it contradicts the
// component.
func TestKeptIsChecked(t *testing.T) {
	hostile := map[string]string{
		"author": "two\nlines", "mime-type": "no type", "scope": "excluded", "supplier": `{"name":"another","url":["https://example.org"]}`,
		"manufacturer": `{"name":"M","url":["not a url %"]}`, "authors": `[{"name":"x","email":"no address"}]`, "tags": `[""]`, "hashes": `[{"alg":"SHA-9","content":"00"}]`,
		"licenses": `[{"license":{"id":"MIT","url":"https://example.org/"}}]`, "externalReferences": `[{"url":"x","type":"y","hashes":[{"alg":"z","content":""}]}]`,
		"evidence": `{"licenses":[{"license":{"id":"No-Such"}}]}`, "publisher": "", "pedigree": `{"notes":"x"}`, "name": "x", "": "x", "dependencyOf": "other",
		"modelCard": `{`, "swid": `null`,
	}
	everyOptions(t, func(t *testing.T, opts *Options) {
		validate := validator(t, opts)
		for name, value := range hostile {
			p := sbom.Property{Name: "cyclonedx:" + name, Value: value}
			inv := &sbom.Inventory{Subject: sbom.Subject{Name: "x"}, Components: []sbom.Component{{
				ID: "c", Type: sbom.TypeLibrary, Name: "c", Version: "1", Supplier: "S", Licenses: []sbom.License{{Expression: "Apache-2.0"}},
				Properties: []sbom.Property{p, p}, Attribution: sbom.Attribution{Visible: true},
			}}}
			text := roundTrip(t, inv, opts)
			validate(name, text)
			if n := bytes.Count(text, []byte(p.Name)); n < 2 {
				t.Errorf("%s is %d times a property", name, n)
			}
		}
	})
}

// TestOrder: the members of a document may come in any order.
func TestOrder(t *testing.T) {
	for _, name := range []string{"trivy-fluentd.cdx.json", "redis-7.trivy.cyclonedx.json", ""} {
		text := []byte(everyKind)
		if name != "" {
			text = rawFile(t, name)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		want, losses := decodeText(t, string(text))
		var b strings.Builder
		for _, name := range []string{"dependencies", "components", "services", "metadata"} {
			if members[name] != nil {
				b.WriteString(`,"` + name + `":` + string(members[name]))
			}
			delete(members, name)
		}
		for name, value := range members {
			b.WriteString(`,"` + name + `":` + string(value))
		}
		got, other := decodeText(t, "{"+b.String()[1:]+"}")
		if d := inventorytest.Diff(want, got); d != nil || !slices.Equal(losses, other) {
			t.Errorf("%s: %.5s\nlosses %v and %v", name, d, losses, other)
		}
	}
}
