package buildkit_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

// TestDocuments: what was joined survives documents, if hidden components are asked for.
func TestDocuments(t *testing.T) {
	r := recipe{dockerfile: "FROM debian AS build\nRUN make\nFROM base\nCOPY --from=build /out/app /app\n",
		materials: []object{{"uri": "pkg:docker/debian@12", "digest": object{"sha256": digestOf("debian").Hex()}}}}
	base := r.source(3, "docker-image://base:1@"+string(digestOf("base")), "base")
	r.end(r.copy(4, base, r.run(2, r.source(1, "docker-image://debian:12"), "make"), "/out/app /app", "base", "app"))
	inv := shipped("base", "app")
	inv.Components = []sbom.Component{{ID: "c-app", Type: sbom.TypeApplication, Name: "app", Version: "1", Attribution: sbom.Attribution{Visible: true},
		Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueBinary, Location: sbom.Location{Path: "app"}}}}}
	join(t, parse(r.v1(), scan(t, "sbom-build", map[string]string{"out/app": "app"}, "gcc 12")), inv, []sbom.File{fileOf("app", "app", inv.Layers[1].Ref())})
	for name, round := range map[string]func(*bytes.Buffer) (*sbom.Inventory, error){
		"cyclonedx": func(b *bytes.Buffer) (*sbom.Inventory, error) {
			if _, err := cyclonedx.Encode(b, inv, &cyclonedx.Options{Hidden: true}); err != nil {
				return nil, err
			}
			return cyclonedx.Decode(b, nil)
		},
		"spdx": func(b *bytes.Buffer) (*sbom.Inventory, error) {
			if _, err := spdx.Encode(b, inv, &spdx.Options{Hidden: true}); err != nil {
				return nil, err
			}
			return spdx.Decode(b, nil)
		},
	} {
		got, err := round(new(bytes.Buffer))
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Components { // Where in the document it stands.
			c := &got.Components[i]
			c.Properties = slices.DeleteFunc(c.Properties, func(p sbom.Property) bool { return p.Name == "imagetrust:pointer" })
		}
		got.Sort()
		if d := cmp.Diff(inv, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
