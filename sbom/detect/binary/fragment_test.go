package binary

import (
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

// TestEvidence has a text that two rules read be there once, as the surer of them has it.
func TestEvidence(t *testing.T) {
	got := evidence([]Evidence{
		{ruleDigest, 0, "c0ffee", 1},
		{ruleTableSelf, 7, "nginx/1.22.1", 0.97},
		{ruleTable, 7, "nginx/1.22.1", 0.95},
		{ruleReleaseName, 0, "libz.so.1.2.13", 0.87},
		{ruleTable, 99, "built by nginx/1.22.1", 0.95},
	})
	want := []sbom.Evidence{
		{Field: "version", Technique: sbom.TechniqueHash, Confidence: 1, Value: "c0ffee"},
		{Field: "version", Technique: sbom.TechniqueBinary, Confidence: 0.97, Value: "nginx/1.22.1"},
		{Field: "version", Technique: sbom.TechniqueFilename, Confidence: 0.87, Value: "libz.so.1.2.13"},
		{Field: "version", Technique: sbom.TechniqueBinary, Confidence: 0.95, Value: "built by nginx/1.22.1"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
