package catalog_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// TestSameKey: components of one key are told apart, whatever bytes the keys of others
// have.
func TestSameKey(t *testing.T) {
	const said = `{"components": [
		{"key": "a", "type": "library", "name": "a", "version": "1"}, {"key": "a", "type": "library", "name": "a", "version": "2"},
		{"key": "a\u00002", "type": "library", "name": "b", "version": "1"}]}`
	inv := mustImage(t, imageOf(t, layerOf(t, member{path: "p.fragment.json", data: said})),
		&catalog.Options{Detectors: []detect.Detector{literal{}}})
	if len(inv.Components) != 3 {
		t.Errorf("components %+v", inv.Components)
	}
}
