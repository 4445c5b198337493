package cyclonedx

import (
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

// TestFoundLicenses: what a file of a component says stands with the evidence, in every
// version, and a declared expression beside it stays an expression.
func TestFoundLicenses(t *testing.T) {
	inv := &sbom.Inventory{Subject: sbom.Subject{Name: "x"}, Components: []sbom.Component{{
		ID: "c", Type: sbom.TypeLibrary, Name: "c", Version: "1", Attribution: sbom.Attribution{Visible: true},
		Licenses: []sbom.License{
			{Expression: "MIT", Location: "LICENSE", Acknowledgement: sbom.LicenseFound, Confidence: 0.9},
			{Expression: "GPL-2.0-or-later OR MIT", Location: "package.json"},
			{Name: "GPL-2.0", Location: "COPYING", Acknowledgement: sbom.LicenseFound, Confidence: 1},
		},
	}}}
	everyOptions(t, func(t *testing.T, opts *Options) {
		text := roundTrip(t, inv, opts)
		validator(t, opts)("", text)
		if opts.Format == XML {
			return
		}
		c := parse(t, text).items("components")[0]
		if l := c.items("licenses"); len(l) != 1 || l[0].text("expression") != "GPL-2.0-or-later OR MIT" {
			t.Errorf("declared: %s", text)
		}
		var found []string
		for _, e := range c.all("evidence") {
			for _, l := range e.items("licenses") {
				for _, is := range l.all("license") {
					found = append(found, is.text("id")+is.text("name"))
				}
			}
		}
		if want := []string{"MIT", "GPL-2.0"}; !slices.Equal(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	})
}

// TestReadFoundLicenses: licences in the evidence of other tools' documents were found,
// whatever is said about who acknowledges them, which is not lost.
func TestReadFoundLicenses(t *testing.T) {
	inv, losses := decodeText(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[
		{"type":"library","bom-ref":"a","name":"a","licenses":[{"license":{"id":"MIT"}}],"evidence":{"licenses":[{"license":{"id":"ISC"}},{"license":{"name":"Own"}}]}},
		{"type":"library","bom-ref":"b","name":"b","evidence":{"licenses":[{"expression":"MIT OR ISC","acknowledgement":"concluded"}]}}]}`)
	for name, want := range map[string][]sbom.License{
		"a": {{Expression: "MIT"}, {Expression: "ISC", Acknowledgement: sbom.LicenseFound}, {Name: "Own", Acknowledgement: sbom.LicenseFound}},
		"b": {{Expression: "MIT OR ISC", Acknowledgement: sbom.LicenseFound}},
	} {
		if got := named(t, inv, name).Licenses; !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if named(t, inv, "a").Property("cyclonedx:evidence") != "" || named(t, inv, "b").Property("cyclonedx:evidence") == "" {
		t.Errorf("kept: %+v", inv.Components)
	}
	for _, l := range losses {
		if l.Component != "" {
			t.Errorf("lost: %+v", l)
		}
	}
	everyOptions(t, func(t *testing.T, opts *Options) { validator(t, opts)("", roundTrip(t, inv, opts)) })
}
