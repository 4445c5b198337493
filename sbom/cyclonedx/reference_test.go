package cyclonedx

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/sbom"
)

// TestReferenceTypes compares the table with the official schemas.
func TestReferenceTypes(t *testing.T) {
	versions := []cdx.SpecVersion{cdx.SpecVersion1_4, cdx.SpecVersion1_5, cdx.SpecVersion1_6, cdx.SpecVersion1_7}
	for _, version := range versions {
		text, err := os.ReadFile(shared(t, "schemas", "cyclonedx-"+version.String()+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			Definitions map[string]struct {
				Properties struct {
					Type struct{ Enum []string }
				}
			}
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		var have, components []string
		for typ, since := range referenceTypes {
			if since <= version {
				have = append(have, typ)
			}
		}
		for typ, since := range componentTypes {
			if since <= version {
				components = append(components, string(typ))
			}
		}
		for _, tt := range []struct {
			definition string
			have       []string
		}{{"externalReference", have}, {"component", components}} {
			want := schema.Definitions[tt.definition].Properties.Type.Enum
			slices.Sort(want)
			slices.Sort(tt.have)
			if !slices.Equal(want, tt.have) {
				t.Errorf("%s of %s: %v, the schema has %v", tt.definition, version, tt.have, want)
			}
		}
	}
}

// TestIRI: whatever stands where an address should, the document is valid, and the
// address comes back.
func TestIRI(t *testing.T) {
	c := sbom.Component{ID: "c", Type: sbom.TypeLibrary, Name: "c", Version: "1", Attribution: sbom.Attribution{Visible: true}}
	rng := rand.New(rand.NewPCG(7, 7))
	alphabet := []rune(`ab1:/?#[]@!$&'()*+,;=%20% <>"{}|\^~._-` + "`é日\x00\x7f\u2028\U0001f389")
	urls := []string{"", "#", ":", "1:x", "http://", "http://a:b/", "http://[::1", "http://[::1]/", "//", "http://a b/", "%", "%zz", "http://%41/", "a#b#c", "urn:x", "mailto:a@b", "http://u@h/", "\xff"}
	for range 2000 {
		s := make([]rune, rng.IntN(9))
		for i := range s {
			s[i] = alphabet[rng.IntN(len(alphabet))]
		}
		urls = append(urls, string(s), "http://"+string(s), "x:"+string(s))
	}
	for _, u := range urls {
		c.References = append(c.References, sbom.Reference{Type: "website", URL: u})
	}
	inv := &sbom.Inventory{Components: []sbom.Component{c}}
	for _, format := range []Format{JSON, XML} {
		opts := &Options{Version: "1.6", Format: format}
		validator(t, opts)("addresses", roundTrip(t, inv, opts))
	}
	for _, good := range []string{"https://example.org/a?b=c#d", "git+https://example.org/x.git@v1", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1", "https://example.org/ü", "../x", "mailto:a@b.example"} {
		if iri(good) != good {
			t.Errorf("%s is escaped: %s", good, iri(good))
		}
	}
}
