package scan

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestParseSeverity(t *testing.T) {
	for label, want := range map[string]Severity{
		"Critical": SeverityCritical, "HIGH": SeverityHigh, "Important": SeverityHigh, " moderate ": SeverityMedium, "medium": SeverityMedium,
		"Low": SeverityLow, "minor": SeverityLow, "unimportant": SeverityNegligible, "None": SeverityNegligible, "info": SeverityNegligible,
		"": SeverityUnknown, "Unknown": SeverityUnknown, "not yet assigned": SeverityUnknown, "9.8": SeverityUnknown,
	} {
		if got := ParseSeverity(label); got != want {
			t.Errorf("%q: %v, want %v", label, got, want)
		}
	}
}

func TestSeverityOf(t *testing.T) {
	for score, want := range map[float64]Severity{
		0: SeverityNegligible, 0.1: SeverityLow, 3.9: SeverityLow, 4: SeverityMedium, 6.9: SeverityMedium, 7: SeverityHigh, 8.9: SeverityHigh, 9: SeverityCritical, 10: SeverityCritical,
	} {
		if got := SeverityOf(score); got != want {
			t.Errorf("%v: %v, want %v", score, got, want)
		}
	}
}

func TestSeverityText(t *testing.T) {
	for s := SeverityUnknown; s <= SeverityCritical; s++ {
		b, err := json.Marshal(s)
		var back Severity
		if err == nil {
			err = json.Unmarshal(b, &back)
		}
		if err != nil || back != s {
			t.Errorf("%v became %s and %v, %v", s, b, back, err)
		}
	}
	if Severity(-1).String() != "unknown" || Severity(99).String() != "unknown" {
		t.Error("a severity out of range has a name")
	}
}

func TestIDs(t *testing.T) {
	f := Finding{ID: "GO-1", Aliases: []string{"CVE-1", "GO-1", "GHSA-1", "CVE-1"}}
	if got, want := f.IDs(), []string{"GO-1", "CVE-1", "GHSA-1"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFixable(t *testing.T) {
	for _, tc := range []struct {
		f    Finding
		want bool
	}{
		{Finding{}, false}, {Finding{Fix: FixAvailable}, true}, {Finding{FixedVersions: []string{"1"}}, true}, {Finding{Fix: FixNone}, false}, {Finding{Fix: FixWontFix}, false},
	} {
		if got := tc.f.Fixable(); got != tc.want {
			t.Errorf("%+v: %v", tc.f, got)
		}
	}
}

// TestSort: the order does not depend on the order before.
func TestSort(t *testing.T) {
	c := func(purl, path string) ComponentRef {
		return ComponentRef{PURL: purl, Location: sbom.Location{Path: path}}
	}
	want := Report{
		Findings: []Finding{
			{ID: "B", Severity: SeverityHigh, Component: c("pkg:npm/a@1", "x")},
			{ID: "A", Severity: SeverityLow, Component: c("pkg:npm/a@1", "x")},
			{ID: "B", Severity: SeverityLow, Component: c("pkg:npm/a@1", "x")},
			{ID: "A", Severity: SeverityLow, Component: c("pkg:npm/a@1", "y")},
			{ID: "A", Component: c("pkg:npm/b@1", "")},
		},
		Unassessed: []Unassessed{{Component: c("", "")}, {Component: c("pkg:npm/a@1", "")}},
	}
	got := Report{Findings: slices.Clone(want.Findings), Unassessed: slices.Clone(want.Unassessed)}
	slices.Reverse(got.Findings)
	slices.Reverse(got.Unassessed)
	got.Sort()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
