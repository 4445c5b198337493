package detecttest

import (
	"context"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// covering is a detector of one fragment that says what it covers.
type covering struct {
	cover detect.Coverage
	frag  detect.Fragment
}

func (covering) ID() detect.ID               { return detect.ID{Name: "covering", Version: "1"} }
func (covering) Wants(*detect.Entry) bool    { return true }
func (c covering) Coverage() detect.Coverage { return c.cover }
func (c covering) Detect(context.Context, *detect.File) (*detect.Fragment, error) {
	return &c.frag, nil
}

// TestCoverage leaves out of a coverage one thing after the other that the detector finds.
func TestCoverage(t *testing.T) {
	whole := detect.Coverage{
		Ecosystem: "test", Reads: []string{"x"}, PURLs: []string{"generic"}, Scopes: []sbom.Scope{sbom.ScopeInstalled},
		Owns: []sbom.Claim{sbom.ClaimRecorded}, Checks: []string{"md5"}, Licenses: true, Dependencies: true,
	}
	frag := detect.Fragment{
		Components: []detect.Component{{Key: "k", Component: sbom.Component{
			Type: sbom.TypeLibrary, Name: "n", Version: "1", PURL: "pkg:generic/n@1", Licenses: []sbom.License{{Expression: "MIT"}},
			Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1}},
		}}},
		Claims:      []detect.Claim{{Key: "k", Path: "f", Digest: "md5:d41d8cd98f00b204e9800998ecf8427e"}},
		Annotations: []detect.Annotation{{Key: "k", Licenses: []sbom.License{{Expression: "MIT"}}}},
		Relations:   []detect.Relation{{From: "k", To: "l", Type: sbom.DependsOn}},
	}
	if err := Check(covering{whole, frag}, File{Path: "x"}); err != nil {
		t.Errorf("all is covered: %v", err)
	}
	for _, test := range []struct {
		want  string
		leave func(*detect.Coverage)
	}{
		{"an ecosystem", func(c *detect.Coverage) { c.Ecosystem = "" }},
		{"the files that are read", func(c *detect.Coverage) { c.Reads = nil }},
		{"package URL type", func(c *detect.Coverage) { c.PURLs = nil }},
		{"scope", func(c *detect.Coverage) { c.Scopes = []sbom.Scope{sbom.ScopeDeclared} }},
		{"ground of a claim", func(c *detect.Coverage) { c.Owns = nil }},
		{"algorithm of a digest", func(c *detect.Coverage) { c.Checks = []string{"sha256"} }},
		{"has licences", func(c *detect.Coverage) { c.Licenses = false }},
		{"depends on", func(c *detect.Coverage) { c.Dependencies = false }},
	} {
		cover := whole
		test.leave(&cover)
		if err := Check(covering{cover, frag}, File{Path: "x"}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("without %q: %v", test.want, err)
		}
	}
}
