package quality_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/quality"
)

// TestQuickstart demands of the quickstart's image, which has packages of Debian, npm and
// PyPI and programs of Go, what their metadata states.
func TestQuickstart(t *testing.T) {
	img, err := image.Open("../../examples/quickstart/testdata/image", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	inv, err := catalog.Image(t.Context(), img, nil)
	if err != nil {
		t.Fatal(err)
	}
	least := map[quality.Field]int{
		quality.FieldProducer:   10, // all that are no Go module and no lone program, but one npm package
		quality.FieldContact:    10,
		quality.FieldSourceURI:  2,
		quality.FieldExpression: 11,
		quality.FieldIdentifier: 14,
	}
	for _, res := range quality.Check(inv, quality.BSI21()).Results {
		if want := least[res.Element.Field]; res.Filled < want {
			t.Errorf("%s: %d components have it, want %d", res.Element.Name, res.Filled, want)
		}
	}
	for _, c := range inv.Components {
		if c.Type == sbom.TypeOperatingSystem && len(c.References) == 0 {
			t.Errorf("%s: os-release states addresses", c.Name)
		}
	}
}
