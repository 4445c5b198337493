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

// whole covers everything that example has, and nothing else.
func whole() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "test", Reads: []string{"x"}, PURLs: []string{"generic"}, Scopes: []sbom.Scope{sbom.ScopeInstalled},
		Owns: []sbom.Claim{sbom.ClaimRecorded}, Checks: []string{"md5"}, Licenses: true, Dependencies: true,
	}
}

func example() detect.Fragment {
	return detect.Fragment{
		Components: []detect.Component{{Key: "k", Component: sbom.Component{
			Type: sbom.TypeLibrary, Name: "n", Version: "1", PURL: "pkg:generic/n@1", Licenses: []sbom.License{{Expression: "MIT"}},
			Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1}},
		}}},
		Claims:      []detect.Claim{{Key: "k", Path: "f", Digest: "md5:d41d8cd98f00b204e9800998ecf8427e"}},
		Annotations: []detect.Annotation{{Key: "k", Licenses: []sbom.License{{Expression: "MIT"}}}},
		Relations:   []detect.Relation{{From: "k", To: "l", Type: sbom.DependsOn}},
	}
}

// TestUncovered leaves out of a coverage one thing after the other that the detector finds.
func TestUncovered(t *testing.T) {
	if err := Check(covering{whole(), example()}, File{Path: "x"}); err != nil {
		t.Errorf("all is covered: %v", err)
	}
	for _, test := range []struct {
		want  string
		leave func(*detect.Coverage)
	}{
		{"no ecosystem", func(c *detect.Coverage) { c.Ecosystem = "" }},
		{"none of those that the coverage says are read", func(c *detect.Coverage) { c.Reads = nil }},
		{"none of those that the coverage says are read", func(c *detect.Coverage) { c.Reads = []string{"y", "x/*"} }},
		{`package URL type "generic" of "n"`, func(c *detect.Coverage) { c.PURLs = nil }},
		{`scope "installed" of "n"`, func(c *detect.Coverage) { c.Scopes = []sbom.Scope{sbom.ScopeDeclared} }},
		{`ground of a claim "recorded" of "f"`, func(c *detect.Coverage) { c.Owns = nil }},
		{`algorithm of a digest "md5" of "f"`, func(c *detect.Coverage) { c.Checks = []string{"sha256"} }},
		{"licences of", func(c *detect.Coverage) { c.Licenses = false }},
		{"dependencies of", func(c *detect.Coverage) { c.Dependencies = false }},
	} {
		cover := whole()
		test.leave(&cover)
		if err := Check(covering{cover, example()}, File{Path: "x"}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("without %q: %v", test.want, err)
		}
	}
}

// TestUnshown promises one thing after the other that the detector does not find.
func TestUnshown(t *testing.T) {
	files := []File{{Path: "a/x"}, {Path: "b/x"}}
	if errs := unshown(covering{whole(), example()}, files); errs != nil {
		t.Errorf("all is shown: %v", errs)
	}
	none := covering{whole(), detect.Fragment{}}
	if errs := unshown(none, files); len(errs) != 6 {
		t.Errorf("of six things nothing is found: %v", errs)
	}
	for want, promise := range map[string]func(*detect.Coverage){
		`scope "fixture"`:              func(c *detect.Coverage) { c.Scopes = append(c.Scopes, sbom.ScopeFixture) },
		`package URL type "npm"`:       func(c *detect.Coverage) { c.PURLs = append(c.PURLs, "npm") },
		`ground of a claim "content"`:  func(c *detect.Coverage) { c.Owns = append(c.Owns, sbom.ClaimContent) },
		`algorithm of a digest "sha1"`: func(c *detect.Coverage) { c.Checks = append(c.Checks, "sha1") },
		`no file is a "y"`:             func(c *detect.Coverage) { c.Reads = append(c.Reads, "y") },
	} {
		cover := whole()
		promise(&cover)
		errs := unshown(covering{cover, example()}, files)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: %v", want, errs)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"go.mod", "go.mod", true},
		{"go.mod", "srv/app/go.mod", true},
		{"go.mod", "srv/xgo.mod", false},
		{"go.mod", "go.mod/x", false},
		{"var/lib/dpkg/status", "opt/root/var/lib/dpkg/status", true},
		{"var/lib/dpkg/status", "lib/dpkg/status", false},
		{"*.jar", "app/LIB.JAR", true},
		{"lib/*.jar", "lib/a/b.jar", false},
		{"**/lib/*.jar", "lib/b.jar", true},
		{"lib/**/*.jar", "usr/lib/b.jar", true},
		{"lib/**/*.jar", "usr/lib/a/c/b.jar", true},
		{"lib/**", "usr/lib/a/c", true},
		{"lib/**", "usr/xlib/a/c", false},
	} {
		if got := matches(tt.pattern, tt.path); got != tt.want {
			t.Errorf("matches(%q, %q) is %v", tt.pattern, tt.path, got)
		}
	}
}
