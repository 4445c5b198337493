package quality_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/quality"
)

var visible = sbom.Attribution{Visible: true}

// inventory has a component for every reason that a field may be missing for.
func inventory() *sbom.Inventory {
	at := func(p string) []sbom.Evidence {
		return []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1, Location: sbom.Location{Path: p}}}
	}
	sha256 := sbom.Digest("sha256:" + strings.Repeat("0", 64))
	sha512 := sbom.Digest("sha512:" + strings.Repeat("0", 128))
	return &sbom.Inventory{
		Subject: sbom.Subject{Config: sha256},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Tools:   []sbom.Tool{{Name: "imagetrust"}},
		Components: []sbom.Component{
			{ID: "bash", PURL: "pkg:deb/debian/bash@5", Name: "bash", Version: "5", Supplier: "M <m@debian.org>", Attribution: visible,
				Evidence: at("var/lib/dpkg/status"), Licenses: []sbom.License{{Expression: "GPL-3.0-or-later"}}},
			{ID: "libc", PURL: "pkg:deb/debian/libc@2", Name: "libc", Version: "2", Attribution: visible, Evidence: at("var/lib/dpkg/status"),
				Licenses: []sbom.License{{Name: "GPL"}, {Expression: "MIT", Acknowledgement: sbom.LicenseFound}}},
			{ID: "a", PURL: "pkg:npm/a@1", Name: "a", Version: "1", Supplier: "Ann", Attribution: visible, Evidence: at("app/node_modules/a/package.json"),
				References: []sbom.Reference{{Type: "website", URL: "https://a.example"}, {Type: "vcs", URL: "https://git.example/a"}}},
			{ID: "b", PURL: "pkg:npm/b", Name: "b", Attribution: visible, Scope: sbom.ScopeBundled, Evidence: at("app/node_modules/b/package.json")},
			{ID: "jar", PURL: "pkg:maven/g/j@1", Name: "j", Version: "1", Attribution: visible, Evidence: at("app/app.jar!/BOOT-INF/lib/j.jar"), Hashes: []sbom.Digest{sha512}},
			{ID: "jar2", PURL: "pkg:maven/g/k@1", Name: "k", Version: "1", Attribution: visible, Evidence: at("app/k.jar")},
			{ID: "shaded", PURL: "pkg:maven/g/s@1", Name: "s", Version: "1", Scope: sbom.ScopeBundled, Attribution: visible, Evidence: at("app/app.jar!/META-INF/maven/g/s/pom.properties")},
			{ID: "tool", Type: sbom.TypeFile, Name: "tool", Attribution: visible, Evidence: at("usr/local/bin/tool")},
			{ID: "mod", PURL: "pkg:golang/example.org/m@v1", Name: "m", Version: "v1", Attribution: visible, Evidence: at("usr/bin/go")},
			{ID: "gone", PURL: "pkg:deb/debian/gone@1", Name: "gone"},
			{ID: "lock", PURL: "pkg:npm/lock@1", Name: "lock", Scope: sbom.ScopeDeclared, Attribution: visible},
		},
		Files:         []sbom.File{{Path: "usr/local/bin/tool", Kind: sbom.KindELF, Owner: "tool", Claim: sbom.ClaimContent, Digests: []sbom.Digest{sha256}}},
		Relationships: []sbom.Relationship{{From: "bash", To: "libc", Type: sbom.DependsOn}},
		Gaps:          []sbom.Gap{{Kind: sbom.GapIncomplete, Component: "b", Message: "no version of b is stated"}},
	}
}

func find(t *testing.T, r *quality.Report, component, element string) quality.Finding {
	t.Helper()
	for _, f := range r.Of(component) {
		if f.Element == element {
			return f
		}
	}
	t.Fatalf("%s says nothing about %q of %q", r.Profile, element, component)
	return quality.Finding{}
}

func TestCheck(t *testing.T) {
	const filled, unknown, absent, na = quality.Filled, quality.Unknown, quality.Absent, quality.NotApplicable
	inv := inventory()
	reports := make(map[string]*quality.Report)
	for _, p := range quality.Profiles() {
		reports[p.ID] = quality.Check(inv, p)
	}
	for _, tt := range []struct {
		profile, component, element string
		status                      quality.Status
		says                        string // in value or reason
	}{
		{"ntia-2021", "", "Author of SBOM Data", filled, "imagetrust"},
		{"ntia-2021", "", "Timestamp", filled, "2026-01-02T03:04:05Z"},
		{"cisa-2025", "", "SBOM Author", unknown, "who has its inventory made"},
		{"cisa-2025", "", "Generation Context", filled, "after build"},
		{"cisa-2026", "", "SBOM Tool Version", absent, "no version"},
		{"cisa-2026", "", "SBOM Author Signature", na, "signed"},
		{"ntia-2021", "bash", "Supplier Name", filled, "M <m@debian.org>"},
		{"bsi-tr-03183-2-2.1", "bash", "Component creator", filled, "m@debian.org"},
		{"ntia-2021", "libc", "Supplier Name", absent, "always"},
		{"ntia-2021", "b", "Supplier Name", unknown, "others of type npm"},
		{"bsi-tr-03183-2-2.1", "a", "Component creator", filled, "https://a.example"},
		{"ntia-2021", "jar", "Supplier Name", absent, "no component of type maven"},
		{"ntia-2021", "tool", "Supplier Name", unknown, "without metadata"},
		{"cisa-2026", "mod", "Component Producer", unknown, "Go program"},
		{"ntia-2021", "b", "Version of the Component", unknown, "no version of b"},
		{"ntia-2021", "tool", "Version of the Component", unknown, "metadata"},
		{"ntia-2021", "bash", "Dependency Relationship", filled, "1"},
		{"ntia-2021", "libc", "Dependency Relationship", filled, "none"},
		{"ntia-2021", "a", "Dependency Relationship", absent, "npm"},
		{"ntia-2021", "tool", "Other Unique Identifiers", unknown, "published"},
		{"cisa-2026", "bash", "Component Hash Value", unknown, "archive"},
		{"cisa-2026", "tool", "Component Hash Value", filled, "sha256:"},
		{"cisa-2026", "jar2", "Component Hash Value", absent, "maven"},
		{"cisa-2026", "shaded", "Component Hash Value", unknown, "another archive"},
		{"cisa-2026", "libc", "Component License", filled, "MIT"},
		{"cisa-2026", "a", "Component License", absent, "npm"},
		{"bsi-tr-03183-2-2.1", "bash", "Distribution licences", filled, "GPL-3.0-or-later"},
		{"bsi-tr-03183-2-2.1", "libc", "Distribution licences", unknown, `"GPL", which is no SPDX expression`},
		{"bsi-tr-03183-2-2.1", "libc", "Effective licence", na, "choice"},
		{"bsi-tr-03183-2-2.0", "libc", "Concluded licences", unknown, "nobody"},
		{"bsi-tr-03183-2-2.1", "bash", "Filename of the component", na, "unpacked"},
		{"bsi-tr-03183-2-2.1", "jar", "Filename of the component", filled, "j.jar"},
		{"bsi-tr-03183-2-2.1", "jar", "Archive property", filled, "archive"},
		{"bsi-tr-03183-2-2.1", "jar", "Structured property", filled, "structured"},
		{"bsi-tr-03183-2-2.1", "jar", "Hash value of the deployable component", filled, "sha512:"},
		{"bsi-tr-03183-2-2.1", "tool", "Hash value of the deployable component", absent, ""},
		{"bsi-tr-03183-2-2.1", "tool", "Executable property", filled, "executable"},
		{"bsi-tr-03183-2-2.1", "tool", "Archive property", filled, "no archive"},
		{"bsi-tr-03183-2-2.1", "a", "Source code URI", filled, "https://git.example/a"},
		{"bsi-tr-03183-2-2.1", "a", "URL of the security.txt", unknown, "nothing in an image"},
	} {
		f := find(t, reports[tt.profile], tt.component, tt.element)
		if f.Status != tt.status || !strings.Contains(f.Value+f.Reason, tt.says) {
			t.Errorf("%s: %s of %q: %+v, want %s with %q", tt.profile, tt.element, tt.component, f, tt.status, tt.says)
		}
	}
}

// Whatever a profile asks, every element is counted once for each that it is about.
func TestCounts(t *testing.T) {
	for _, p := range quality.Profiles() {
		r := quality.Check(inventory(), p)
		findings := 0
		for i, res := range r.Results {
			n := res.Filled + res.Unknown + res.Absent + res.NotApplicable
			findings += n
			if n != 1 && n != 9 {
				t.Errorf("%s: %s was judged %d times", p.ID, res.Element.Name, n)
			}
			if res.Element != p.Elements[i] {
				t.Errorf("%s: result %d is of %s", p.ID, i, res.Element.Name)
			}
			if ratio := res.Ratio(); ratio < 0 || ratio > 1 {
				t.Errorf("%s: ratio %v", p.ID, ratio)
			}
		}
		if findings != len(r.Findings) {
			t.Errorf("%s: %d findings, and %d counted", p.ID, len(r.Findings), findings)
		}
		for _, f := range r.Findings {
			if (f.Value != "") != (f.Status == quality.Filled) || (f.Reason != "") == (f.Status == quality.Filled) {
				t.Errorf("%s: %+v: a value, or a reason why there is none", p.ID, f)
			}
			if f.Component == "gone" || f.Component == "lock" {
				t.Errorf("%s judges %s, which is not there", p.ID, f.Component)
			}
		}
		missing := slices.Collect(r.Missing())
		if slices.ContainsFunc(missing, func(f quality.Finding) bool { return f.Status != quality.Unknown && f.Status != quality.Absent }) {
			t.Errorf("%s: %+v is not missing", p.ID, missing)
		}
	}
}

// Every field of every profile is judged, and names are unique in a profile.
func TestProfiles(t *testing.T) {
	ids := make(map[string]bool)
	for _, p := range quality.Profiles() {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("profile %+v", p)
		}
		ids[p.ID] = true
		names := make(map[string]bool)
		for _, e := range p.Elements {
			if names[e.Name] {
				t.Errorf("%s: %s is there twice", p.ID, e.Name)
			}
			names[e.Name] = true
		}
		for _, f := range quality.Check(inventory(), p).Findings {
			if strings.Contains(f.Reason, "is not known") {
				t.Errorf("%s: %+v", p.ID, f)
			}
		}
	}
}

func TestNothing(t *testing.T) {
	r := quality.Check(nil, quality.BSI21())
	for _, f := range r.Findings {
		if f.Component != "" || f.Status == quality.Filled {
			t.Errorf("an empty inventory has %+v", f)
		}
	}
	own := quality.Profile{ID: "own", Elements: []quality.Element{{Name: "colour", Field: "colour"}}}
	if f := find(t, quality.Check(inventory(), own), "bash", "colour"); f.Status != quality.NotApplicable {
		t.Errorf("a field that nobody knows: %+v", f)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestBuildKit reports what an image that BuildKit built has, and demands of it what no
// image lacks.
func TestBuildKit(t *testing.T) {
	const path = "../../../shared/buildkit/multi-stage.oci.tar"
	if _, err := os.Stat(path); err != nil {
		t.Skip("the image that BuildKit built is not here: ", err)
	}
	img, err := image.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	inv, err := catalog.Image(t.Context(), img, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range quality.Profiles() {
		for _, res := range quality.Check(inv, p).Results {
			t.Logf("%s: %-45s %3.0f%% filled %d, unknown %d, absent %d", p.ID, res.Element.Name, 100*res.Ratio(), res.Filled, res.Unknown, res.Absent)
			if (res.Element.Field == quality.FieldName || res.Element.Field == quality.FieldTimestamp) && res.Ratio() < 1 {
				t.Errorf("%s: %s is not always there", p.ID, res.Element.Name)
			}
		}
	}
}
