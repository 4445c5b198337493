package spdx

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/internal/inventorytest"
	"github.com/imagetrust/imagetrust/sbom"
)

// everyOptions calls f with each format, and with and without what is optional.
func everyOptions(t *testing.T, f func(t *testing.T, opts *Options)) {
	for format, name := range []string{JSON23: "2.3 JSON", TagValue23: "2.3 tag-value", JSON301: "3.0.1 JSON", JSON22: "2.2 JSON", TagValue22: "2.2 tag-value"} {
		for _, all := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s all=%t", name, all), func(t *testing.T) {
				f(t, &Options{Format: Format(format), Hidden: all, Files: all, Indent: all})
			})
		}
	}
}

// roundTrip checks that reading gives back what was written, but for the losses.
func roundTrip(t *testing.T, inv *sbom.Inventory, opts *Options) {
	t.Helper()
	var b bytes.Buffer
	losses, err := Encode(&b, inv, opts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(bytes.NewReader(b.Bytes()), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	want, unknown := documenttest.Expected(inv, losses)
	if unknown != "" {
		t.Fatal(unknown)
	}
	if d := documenttest.Diff(want, got); d != "" {
		t.Fatalf("-want +got\n%s\n%s", d, b.Bytes())
	}
}

var inventories = flag.Int("inventories", 200, "how many generated inventories TestProperty writes in each format")

// generate returns inventories of three kinds: what a catalog makes, what breaks all
// rules, and what other tools' documents say.
func generate(seed uint64) *sbom.Inventory {
	switch seed % 4 {
	case 0:
		return documenttest.Random(seed / 4)
	case 1:
		return foreignFacts(inventorytest.Generate(seed / 4))
	}
	return inventorytest.Generate(seed)
}

// foreignFacts adds to every component properties of those that documents of other
// tools leave, of good values and of bad ones.
func foreignFacts(inv *sbom.Inventory) *sbom.Inventory {
	facts := []sbom.Property{
		{Name: "spdx:comment", Value: "of two\nlines"}, {Name: "spdx:comment", Value: "a second one"}, {Name: "spdx:summary", Value: "short"},
		{Name: "spdx:supplier", Value: "Person: Ann Author (ann@example.org)"}, {Name: "spdx:originator", Value: "Organization: Makers"},
		{Name: "spdx:fileType", Value: "SOURCE"}, {Name: "spdx:fileType", Value: "NONSENSE"}, {Name: "spdx:filesAnalyzed", Value: "true"},
		{Name: "spdx:annotation", Value: `{"annotator":"Person: Bob","annotationDate":"2026-01-01T00:00:00Z","annotationType":"REVIEW","comment":"looked at"}`},
		{Name: "spdx:annotation", Value: `{"annotator":"Person: Bob","annotationDate":"soon","annotationType":"ODD","comment":"no"}`},
		{Name: "spdx:checksum", Value: `{"algorithm":"BLAKE2b-256","checksumValue":"00ff"}`}, {Name: "spdx:checksum", Value: `{"algorithm":"MD4","checksumValue":"00"}`},
		{Name: "spdx:checksum", Value: `{"algorithm":"SHA1","checksumValue":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}`},
		{Name: "spdx:externalRef", Value: `{"referenceCategory":"SECURITY","referenceType":"advisory","referenceLocator":"https://example.org/a","comment":"see"}`},
		{Name: "spdx:externalRef", Value: `{"referenceCategory":"OTHER","referenceType":"vcs","referenceLocator":"git+https://example.org/a"}`},
		{Name: "spdx:externalRef", Value: `{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/other@1"}`},
		{Name: "spdx:packageVerificationCode", Value: `{"packageVerificationCodeValue":"da39a3ee5e6b4b0d3255bfef95601890afd80709","packageVerificationCodeExcludedFiles":["./a.spdx"]}`},
		{Name: "spdx:hasExtractedLicensingInfo", Value: `{"licenseId":"LicenseRef-1","extractedText":"Do what\nyou want","name":"Odd","comment":"c","seeAlsos":["https://example.org/l"]}`},
		{Name: "spdx:downloadLocation", Value: "NONE"}, {Name: "spdx:copyrightText", Value: "NONE"}, {Name: "spdx:licenseConcluded", Value: "NONE"},
		{Name: "spdx:sourceInfo", Value: "acquired package info from DPKG DB: /var/lib/dpkg/status"}, {Name: "spdx:sourceInfo", Value: "built package from: x 1"},
		{Name: "spdx:builtDate", Value: "2026-01-01T00:00:00Z"}, {Name: "spdx:validUntilDate", Value: "never"}, {Name: "spdx:attributionText", Value: "thanks"},
		{Name: "spdx:licenseInfoFromFile", Value: "MIT"}, {Name: "spdx:licenseInfoFromFile", Value: "NOASSERTION"}, {Name: "spdx:noticeText", Value: "notice"}, {Name: "spdx:unheard", Value: "of"},
	}
	types := []sbom.RelationshipType{"spdx:DYNAMIC_LINK", "spdx:BUILD_DEPENDENCY_OF", "spdx:GENERATED_FROM", "spdx:PATCH_APPLIED", "spdx:AMENDS", "spdx:hasEvidence", "spdx:NONSENSE"}
	for i := range inv.Components {
		c := &inv.Components[i]
		for j := range facts {
			if (i+j*j)%3 == 0 {
				c.Properties = append(c.Properties, facts[j])
			}
		}
		if i%2 == 0 {
			c.Licenses = append(c.Licenses, sbom.License{Name: "Odd"}, sbom.License{Expression: "MIT OR LicenseRef-1", Acknowledgement: sbom.LicenseConcluded})
		}
		if i > 0 {
			inv.Relationships = append(inv.Relationships, sbom.Relationship{From: c.ID, To: inv.Components[i-1].ID, Type: types[i%len(types)]})
		}
	}
	inv.Sort()
	return inv
}

// TestProperty writes generated inventories in each format, has others validate the
// documents, and reads them back: what comes back is what was written but for the
// losses, each of which did happen.
func TestProperty(t *testing.T) {
	check := validators(t)
	everyOptions(t, func(t *testing.T, opts *Options) {
		for seed := range documenttest.Seeds(*inventories) {
			inv := generate(seed)
			if opts.Hidden && opts.Files {
				check[opts.Format](t, inv, encode(t, inv, opts))
			}
			roundTrip(t, inv, opts)
		}
	})
}

// TestRoundTrip is TestProperty without what others made, which is not everywhere.
func TestRoundTrip(t *testing.T) {
	everyOptions(t, func(t *testing.T, opts *Options) {
		roundTrip(t, documenttest.Golden(), opts)
		roundTrip(t, &sbom.Inventory{}, opts)
		for seed := range documenttest.Seeds(60) {
			roundTrip(t, generate(seed), opts)
		}
	})
}

// TestFilesBeforePackages: in tag-value a file that stands behind a package is said to be in it.
func TestFilesBeforePackages(t *testing.T) {
	inv := &sbom.Inventory{Components: []sbom.Component{
		{ID: "a", Type: sbom.TypeLibrary, Name: "package", Version: "1"},
		{ID: "b", Type: sbom.TypeFile, Name: "file", Hashes: []sbom.Digest{sbom.Digest("sha1:" + strings.Repeat("1", 40))}},
	}}
	for _, format := range []Format{TagValue22, TagValue23} {
		text := encode(t, inv, &Options{Format: format, Hidden: true})
		file, pkg := bytes.Index(text, []byte("\nFileName: file")), bytes.Index(text, []byte("\nPackageName: "))
		if file < 0 || pkg < 0 || file > pkg {
			t.Errorf("the file is at %d, the first package at %d:\n%s", file, pkg, text)
		}
	}
}
