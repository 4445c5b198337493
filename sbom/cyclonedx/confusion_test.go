package cyclonedx

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
)

// Readers of one document must not see two: what one of them would take, and another
// would not, is refused, or left out and told.

const (
	jsonHead = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	xmlHead  = `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`
)

func TestTwice(t *testing.T) {
	inComponent := func(members string) string {
		return jsonHead + `"components":[{"type":"library","name":"a",` + members + `}]}`
	}
	xmlComponent := func(attributes, children string) string {
		return xmlHead + `<components><component type="library"` + attributes + `><name>a</name>` + children + `</component></components></bom>`
	}
	for name, text := range map[string]string{
		"package URL":                  inComponent(`"purl":"pkg:npm/a@1","purl":"pkg:npm/b@1"`),
		"package URL in two cases":     inComponent(`"purl":"pkg:npm/a@1","PURL":"pkg:npm/b@1"`),
		"with escapes":                 inComponent(`"purl":"pkg:npm/a@1","p\u0075rl":"pkg:npm/b@1"`),
		"with a letter that folds":     inComponent(`"licenses":[],"license\u017f":[]`),
		"nested components":            inComponent(`"components":[{"type":"library","name":"b"}],"components":[]`),
		"behind many others":           inComponent(`"version":"1",` + many(100) + `"version":"2"`),
		"in a nested value":            inComponent(`"properties":[{"name":"a","value":"b","value":"c"}]`),
		"XML name":                     xmlComponent("", "<name>b</name>"),
		"XML licences":                 xmlComponent("", "<licenses/><licenses/>"),
		"XML nested components":        xmlComponent("", "<components/><components/>"),
		"XML attribute":                xmlComponent(` bom-ref="a" bom-ref="b"`, ""),
		"XML name in two namespaces":   xmlComponent(` xmlns:c="http://cyclonedx.org/schema/bom/1.5"`, "<c:name>b</c:name>"),
		"XML licence's id":             xmlComponent("", "<licenses><license><id>MIT</id><id>ISC</id></license></licenses>"),
		"XML component of the subject": xmlHead + `<metadata><component type="container"><name>a</name></component><component type="container"><name>b</name></component></metadata></bom>`,
	} {
		t.Run(name, func(t *testing.T) {
			if inv, err := Decode(strings.NewReader(text), nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "twice") {
				t.Errorf("%v, error %v", inv, err)
			}
			if bom, err := ReadBOM(strings.NewReader(text), nil); !errors.Is(err, ErrFormat) {
				t.Errorf("%v, error %v", bom, err)
			}
		})
	}
}

// many are n members of different names.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"x%d":1,`, i)
	}
	return b.String()
}

// TestOtherNamespaces: the schema lets elements of other namespaces stand everywhere. They
// are not CycloneDX's, whatever they are called.
func TestOtherNamespaces(t *testing.T) {
	text := xmlHead + `<components><component type="library" xmlns:x="urn:x"><name>a</name><version>1</version><x:version>2</x:version>` +
		`<purl>pkg:npm/a@1</purl><purl xmlns="">pkg:npm/b@1</purl><x:y><name>b</name></x:y></component>` +
		`<x:component xmlns:x="urn:x" type="library"><x:name>b</x:name></x:component></components></bom>`
	var losses []sbom.Loss
	inv, err := Decode(strings.NewReader(text), &DecodeOptions{Losses: &losses})
	if err != nil || len(inv.Components) != 1 {
		t.Fatalf("%+v, error %v", inv, err)
	}
	if c := inv.Components[0]; c.Name != "a" || c.Version != "1" || c.PURL != "pkg:npm/a@1" {
		t.Errorf("%+v", c)
	}
	for _, name := range []string{"version", "purl", "y", "component"} {
		if !slices.ContainsFunc(losses, func(l sbom.Loss) bool { return l.Field == name+" of another namespace" && l.Count == 1 }) {
			t.Errorf("%s is not among the losses %+v", name, losses)
		}
	}
}

// TestForgedRoles: the property that marks a file or the distribution makes nothing vanish
// that is software.
func TestForgedRoles(t *testing.T) {
	for _, member := range []string{
		`"type":"library"`, `"type":"file","purl":"pkg:maven/org.example/a@1"`, `"type":"file","version":"1"`,
		`"type":"operating-system","purl":"pkg:generic/a@1"`, `"type":"operating-system","cpe":"cpe:2.3:a:b:c:1:*:*:*:*:*:*:*"`,
		`"type":"file","components":[{"type":"library","name":"b"}]`,
	} {
		for _, role := range []string{"file", "distribution"} {
			text := jsonHead + `"components":[{"name":"log4j",` + member + `,"properties":[{"name":"imagetrust:role","value":"` + role + `"}]}]}`
			inv, err := Decode(strings.NewReader(text), nil)
			if err != nil || len(inv.Components) == 0 || inv.Components[0].Name != "log4j" || len(inv.Files) != 0 {
				t.Errorf("%s as %s: %+v, error %v", member, role, inv, err)
			}
		}
	}
	text := jsonHead + `"components":[` + strings.Repeat(`{"type":"operating-system","name":"a","properties":[{"name":"imagetrust:role","value":"distribution"}]},`, 2) + `{"name":"b"}]}`
	inv, err := Decode(strings.NewReader(text), nil)
	if err != nil || len(inv.Components) != 2 || inv.Distribution == nil {
		t.Errorf("two distributions: %+v, error %v", inv, err)
	}
}

// TestConfidence: a document cannot state a number that makes the inventory unwritable.
func TestConfidence(t *testing.T) {
	for _, value := range []string{"NaN", "Inf", "-Inf", "1e999"} {
		text := jsonHead + `"components":[{"type":"library","name":"a","properties":[{"name":"imagetrust:evidence:0:confidence","value":"` + value + `"}]}]}`
		inv, err := Decode(strings.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(inv); err != nil {
			t.Errorf("%s: %v", value, err)
		}
		if p := inv.Components[0].Properties[0]; p.Value != value {
			t.Errorf("%s was dropped: %+v", value, p)
		}
	}
}

// TestUnknownMembers: what a component, or anything that is read, says by a member that
// CycloneDX does not have is a loss, however deep it stands. Nothing else is.
func TestUnknownMembers(t *testing.T) {
	const text = jsonHead + `"metadata":{"x":1,"tools":{"components":[{"type":"library","name":"t","x":{}}]},"lifecycles":[{"phase":"build","x":0}],
		"component":{"type":"container","name":"i","x":true}},
	"components":[
		{"type":"library","name":"a","PURL":"pkg:npm/a@1","x":"y","licenses":[{"license":{"id":"MIT","x":[{"y":1}]}},{"expression":"MIT","x":"}"}],
		 "hashes":[{"alg":"MD5","content":"d41d8cd98f00b204e9800998ecf8427e","x":1}],"supplier":{"name":"s","url":["u"],"x":1},
		 "evidence":{"identity":{"field":"purl","x":1},"occurrences":[{"location":"a","x":"\"{"}]},
		 "components":[{"type":"library","name":"b","x":[1, 2 ],"unsaid":null,"\u0079":{"name":1}}]},
		{"type":"library","name":"c","evidence":{"identity":[{"field":"purl","methods":[{"technique":"other","confidence":1,"x":1}]}]},
		 "pedigree":{"ancestors":[{"type":"library","name":"p","x":1}]}}],
	"dependencies":[{"ref":"a","dependsOn":[],"x":["b"]}]}`
	var losses []sbom.Loss
	if _, err := Decode(strings.NewReader(text), &DecodeOptions{Losses: &losses}); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for _, l := range losses {
		if strings.HasSuffix(l.Field, ".x") || strings.HasSuffix(l.Field, ".y") || strings.HasPrefix(l.Field, "components") {
			got[l.Field] = l.Count
		}
	}
	want := map[string]int{
		"components.x": 2, "components.y": 1, "components.licenses.license.x": 1, "components.licenses.x": 1, "components.hashes.x": 1,
		"components.supplier.x": 1, "components.evidence.identity.x": 1, "components.evidence.occurrences.x": 1,
		"components.evidence.identity.methods.x": 1, "components.pedigree.ancestors.x": 1, "dependencies.x": 1,
		"metadata.x": 1, "metadata.tools.components.x": 1, "metadata.lifecycles.x": 1, "metadata.component.x": 1,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("losses (-want +got):\n%s", d)
	}
}

// TestManyUnknownMembers: they are told one by one up to a number, and counted beyond it.
func TestManyUnknownMembers(t *testing.T) {
	const n = 1000
	text := jsonHead + `"components":[{"type":"library","name":"a",` + strings.TrimSuffix(many(n), ",") + `}]}`
	var losses []sbom.Loss
	if _, err := Decode(strings.NewReader(text), &DecodeOptions{Losses: &losses}); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, l := range losses {
		if l.Reason == reasonNoPlace {
			sum += l.Count
		}
	}
	if sum != n || len(losses) > maxStrange+5 {
		t.Errorf("%d members in %d losses", sum, len(losses))
	}
}
