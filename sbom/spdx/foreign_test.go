package spdx

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// TestRealDocuments reads documents of other tools and counts what they hold
// without any of the reader's code.
func TestRealDocuments(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "reports"), "*.spdx"))
	if err != nil || len(files) == 0 {
		t.Skip("no documents of other tools")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		inv, err := Decode(bytes.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		versions := make(map[string]int)
		n, name := 0, ""
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			if v, ok := strings.CutPrefix(s.Text(), "PackageName: "); ok {
				n++
				name = v
			}
			if v, ok := strings.CutPrefix(s.Text(), "PackageVersion: "); ok {
				versions[name+" "+v]++
			}
		}
		if len(inv.Components) != n || n == 0 {
			t.Errorf("%s: %d components, the document has %d", file, len(inv.Components), n)
		}
		for _, c := range inv.Components {
			if versions[c.Name+" "+c.Version]--; versions[c.Name+" "+c.Version] < 0 {
				t.Errorf("%s: %s %s is not in the document", file, c.Name, c.Version)
			}
		}
		if inv.Subject.Name == "" || inv.Created.IsZero() || len(inv.Tools) != 1 || inv.Tools[0] != (sbom.Tool{Vendor: "aquasecurity", Name: "trivy"}) {
			t.Errorf("%s: subject %v, created %v, tools %v", file, inv.Subject, inv.Created, inv.Tools)
		}
	}
}

// lossCounts are the numbers of losses by field, nil for none.
func lossCounts(losses []sbom.Loss) map[string]int {
	var counts map[string]int
	for _, l := range losses {
		if counts == nil {
			counts = make(map[string]int)
		}
		counts[l.Field] += l.Count
	}
	return counts
}

func hex64(digit string) sbom.Digest {
	return sbom.Digest("sha256:" + strings.Repeat(digit, 64))
}

// TestForeign checks every fact of small documents in the manner of other tools.
func TestForeign(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/foreign.txtar")
	if err != nil {
		t.Fatal(err)
	}
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	visible := sbom.Attribution{Visible: true}
	want := map[string]*sbom.Inventory{
		"syft.json": {
			Subject:      sbom.Subject{Name: "demo", Digest: hex64("1"), Platform: sbom.Platform{Architecture: "amd64"}},
			Distribution: &sbom.Distribution{ID: "debian", VersionID: "12"}, Created: created,
			Tools: []sbom.Tool{{Vendor: "Anchore, Inc", Name: "syft", Version: "1.54.0"}},
			Components: []sbom.Component{
				{ID: "SPDXRef-Package-deb-libssl3-1", Type: "library", PURL: "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl",
					Name: "libssl3", Version: "3.0.11-1", Architecture: "amd64", Supplier: "OpenSSL Team (team@example.org)",
					Licenses: []sbom.License{{Expression: "Apache-2.0"}, {Name: "Artistic"}}, CPEs: []string{"cpe:2.3:a:libssl3:libssl3:3.0.11-1:*:*:*:*:*:*:*"},
					Source: &sbom.SourcePackage{Name: "openssl", Version: "3.0.11-1"}, Attribution: visible,
					Evidence: []sbom.Evidence{
						{Field: "purl", Technique: "other", Location: sbom.Location{Path: "var/lib/dpkg/status"}},
						{Field: "purl", Technique: "other", Location: sbom.Location{Path: "usr/share/doc/libssl3/copyright"}},
						{Field: "purl", Technique: "other", Location: sbom.Location{Path: "usr/lib/libssl.so.3", Layer: &sbom.LayerRef{Index: -1, DiffID: hex64("3")}}}},
					Properties: []sbom.Property{
						{Name: "spdx:filesAnalyzed", Value: "true"},
						{Name: "spdx:hasExtractedLicensingInfo", Value: `{"licenseId":"LicenseRef-Artistic","extractedText":"NOASSERTION","name":"Artistic"}`},
						{Name: "spdx:originator", Value: "Person: OpenSSL Team (team@example.org)"},
						{Name: "spdx:packageVerificationCode", Value: `{"packageVerificationCodeValue":"da39"}`},
						{Name: "spdx:sourceInfo", Value: "acquired package info from DPKG DB: /var/lib/dpkg/status, /usr/share/doc/libssl3/copyright"},
						{Name: "spdx:supplier", Value: "Person: OpenSSL Team (team@example.org)"}}},
				{ID: "SPDXRef-Package-broken", Type: "library", PURL: "pkg:", Name: "broken", Attribution: visible,
					Properties: []sbom.Property{{Name: "spdx:licenseConcluded", Value: "NONE"}}},
				{ID: "SPDXRef-Package-broken~2", Type: "library", Name: "twice", Version: "2", Attribution: visible},
				{ID: "SPDXRef-File-libssl", Type: "file", Name: "/usr/lib/libssl.so.3", Hashes: []sbom.Digest{"sha1:2222222222222222222222222222222222222222"}, Attribution: visible,
					Properties: []sbom.Property{{Name: "spdx:comment", Value: "layerID: " + string(hex64("3"))}, {Name: "spdx:fileType", Value: "BINARY"}}},
			},
			Relationships: []sbom.Relationship{
				{From: "SPDXRef-Package-deb-libssl3-1", To: "SPDXRef-Package-broken", Type: sbom.DependsOn},
				{From: "SPDXRef-Package-deb-libssl3-1", To: "SPDXRef-Package-broken", Type: sbom.Owns},
			},
			Gaps: []sbom.Gap{
				{Kind: sbom.GapCorrupt, Component: "SPDXRef-Package-broken", Message: `package URL "pkg:" does not parse`},
				{Kind: sbom.GapIncomplete, Component: "SPDXRef-Package-broken", Message: `the document states no version of "broken"`},
				{Kind: sbom.GapCorrupt, Component: "SPDXRef-Package-broken~2", Message: `SPDX identifier "SPDXRef-Package-broken" is not unique: relationships are those of the first element with it`},
				{Kind: sbom.GapCorrupt, Message: `relationship with "SPDXRef-Nowhere", which is no element of the document`},
			},
		},
		"trivy.json": {
			Subject:      sbom.Subject{Name: "demo:1", Digest: hex64("5"), Config: hex64("4")},
			Distribution: &sbom.Distribution{ID: "debian", VersionID: "12.5"}, Created: created,
			Layers: []sbom.Layer{{DiffID: hex64("3")}}, Tools: []sbom.Tool{{Vendor: "aquasecurity", Name: "trivy", Version: "0.66.0"}},
			Components: []sbom.Component{
				{ID: "SPDXRef-OperatingSystem-1", Type: "operating-system", Name: "debian", Version: "12.5", Attribution: visible,
					Properties: []sbom.Property{{Name: "spdx:downloadLocation", Value: "NONE"}}},
				{ID: "SPDXRef-Package-3", Type: "library", PURL: "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12.5", Name: "libssl3", Version: "3.0.11-1",
					Architecture: "amd64", Supplier: "OpenSSL Team", Licenses: []sbom.License{{Expression: "Apache-2.0", Acknowledgement: sbom.LicenseConcluded}}, Source: &sbom.SourcePackage{Name: "openssl", Version: "3.0.11-1"},
					Attribution: sbom.Attribution{Visible: true, Introduced: &sbom.LayerRef{DiffID: hex64("3")}},
					Evidence:    []sbom.Evidence{{Field: "purl", Technique: "other", Location: sbom.Location{Layer: &sbom.LayerRef{DiffID: hex64("3")}}}},
					Properties: []sbom.Property{
						{Name: "spdx:attributionText", Value: "LayerDiffID: " + string(hex64("3"))},
						{Name: "spdx:attributionText", Value: "PkgID: libssl3@3.0.11-1"}, {Name: "spdx:downloadLocation", Value: "NONE"}}},
			},
			Relationships: []sbom.Relationship{{From: "SPDXRef-OperatingSystem-1", To: "SPDXRef-Package-3", Type: sbom.Contains}},
		},
		"spdx3.json": {
			Subject: sbom.Subject{Name: "demo"}, Created: created, Tools: []sbom.Tool{{Vendor: "Example", Name: "maker", Version: "2.0"}},
			Components: []sbom.Component{
				{ID: "https://example.org/a", Type: "library", PURL: "pkg:npm/a@1", Name: "a", Version: "1", Supplier: "Example", Licenses: []sbom.License{{Expression: "MIT", Acknowledgement: sbom.LicenseConcluded}},
					Hashes: []sbom.Digest{hex64("6")}, Attribution: visible},
				{ID: "https://example.org/f", Type: "file", Name: "/bin/f", Attribution: visible},
			},
			Relationships: []sbom.Relationship{{From: "https://example.org/a", To: "https://example.org/f", Type: sbom.Contains}},
		},
	}
	lost := map[string]map[string]int{
		"syft.json":  {"creationInfo.licenseListVersion": 1},
		"trivy.json": {"subject.downloadLocation": 1},
	}
	for _, f := range archive.Files {
		t.Run(f.Name, func(t *testing.T) {
			var losses []sbom.Loss
			got, err := Decode(bytes.NewReader(f.Data), &DecodeOptions{Losses: &losses})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(lost[f.Name], lossCounts(losses)); d != "" {
				t.Errorf("losses -want +got\n%s", d)
			}
			if d := documenttest.Diff(want[f.Name], got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			// What was read can be written and read again in every format.
			everyOptions(t, func(t *testing.T, opts *Options) { roundTrip(t, got, opts) })
		})
	}
}

// TestFoundInFiles: licence information from files is licences that were found, and is
// written as such for packages whose files were analyzed, and for no others.
func TestFoundInFiles(t *testing.T) {
	const text = `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"d","packages":[
		{"SPDXID":"SPDXRef-a","name":"a","versionInfo":"1","downloadLocation":"NONE","filesAnalyzed":true,"licenseDeclared":"MIT",
		 "licenseInfoFromFiles":["MIT","LicenseRef-1","GPL-2.0-only AND ISC","NOASSERTION","as is"]},
		{"SPDXID":"SPDXRef-b","name":"b","versionInfo":"1","downloadLocation":"NONE","filesAnalyzed":false,"licenseInfoFromFiles":["NONE"]}],
		"hasExtractedLicensingInfos":[{"licenseId":"LicenseRef-1","extractedText":"Odd"}]}`
	inv, err := Decode(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []sbom.License{
		{Expression: "MIT"}, {Expression: "MIT", Acknowledgement: sbom.LicenseFound}, {Name: "Odd", Acknowledgement: sbom.LicenseFound},
		{Expression: "GPL-2.0-only AND ISC", Acknowledgement: sbom.LicenseFound}, {Name: "as is", Acknowledgement: sbom.LicenseFound},
	}
	if d := cmp.Diff(want, inv.Components[0].Licenses); d != "" {
		t.Errorf("licences (-want +got):\n%s", d)
	}
	if len(inv.Components[1].Licenses) != 0 || inv.Components[1].Property("spdx:licenseInfoFromFile") != "NONE" {
		t.Errorf("of none: %+v", inv.Components[1])
	}
	inv.Components[1].Licenses = []sbom.License{{Expression: "Zlib", Acknowledgement: sbom.LicenseFound}}
	for _, opts := range []*Options{{}, {Format: JSON22}, {Format: TagValue23}, {Format: JSON301}} {
		var b bytes.Buffer
		if losses, err := Encode(&b, inv, opts); err != nil || len(losses) > 0 {
			t.Fatalf("losses %v, error %v", losses, err)
		}
		if opts.Format == JSON23 || opts.Format == JSON22 {
			var doc struct {
				Packages []struct{ LicenseInfoFromFiles []string }
			}
			if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			var lists [][]string
			for _, p := range doc.Packages[1:] {
				lists = append(lists, p.LicenseInfoFromFiles)
			}
			odd, asIs := lists[0][2], lists[0][4]
			if want := [][]string{{"NOASSERTION", "MIT", odd, "GPL-2.0-only AND ISC", asIs}, {"NONE"}}; !reflect.DeepEqual(lists, want) || !strings.HasPrefix(odd, "LicenseRef-") || !strings.HasPrefix(asIs, "LicenseRef-") {
				t.Errorf("%v: licenceInfoFromFiles %q", opts.Format, lists)
			}
		}
		again, err := Decode(&b, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range inv.Components {
			if d := cmp.Diff(inv.Components[i].Licenses, again.Components[i].Licenses); d != "" {
				t.Errorf("%+v: read back (-want +got):\n%s", opts, d)
			}
		}
	}
}
