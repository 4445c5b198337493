package reconcile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// TestReportDigest: an input of two documents names both, and each proof cites the one
// that it is from.
func TestReportDigest(t *testing.T) {
	const ofReport = sbom.Digest("sha256:4444444444444444444444444444444444444444444444444444444444444444")
	component := sbom.Component{ID: "1", Name: "apt", Version: "2.6.1", PURL: "pkg:deb/debian/apt@2.6.1"}
	input := func(name string, digest, report sbom.Digest, findings ...scan.Finding) reconcile.Input {
		return reconcile.Input{Name: name, Digest: digest, ReportDigest: report, Inventory: &sbom.Inventory{Components: []sbom.Component{component}},
			Report: &scan.Report{Tool: sbom.Tool{Name: name}, Findings: findings}}
	}
	inputs := []reconcile.Input{
		input("two documents", sha1, ofReport, scan.Finding{ID: "CVE-2024-1", Component: scan.RefOf(&component), Severity: scan.SeverityHigh}),
		input("one document", sha2, "", scan.Finding{ID: "CVE-2024-1", Component: scan.RefOf(&component), Severity: scan.SeverityLow}),
	}
	inputs[1].Inventory = &sbom.Inventory{Components: []sbom.Component{component, {ID: "2", Name: "x", PURL: "pkg:npm/x@1"}}}
	r, err := reconcile.Run(context.Background(), inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Inputs[0].Digest != sha1 || r.Inputs[0].ReportDigest != ofReport || r.Inputs[1].ReportDigest != "" {
		t.Errorf("inputs %+v", r.Inputs)
	}
	findings := 0
	for _, d := range r.Differences {
		for _, s := range d.Proof.Sides {
			want := map[string]sbom.Digest{"two documents": sha1, "one document": sha2}[s.Input]
			if s.Finding != "" && s.Input == "two documents" {
				want = ofReport
				findings++
			}
			if s.Document != want {
				t.Errorf("%s of %s cites %s, want %s", s.Field, s.Input, s.Document, want)
			}
		}
	}
	if findings == 0 || len(r.Differences) < 2 {
		t.Errorf("the test does not test: %v", r.Differences)
	}
	if err := reconcile.Verify(r, inputs); err != nil {
		t.Error(err)
	}
	inputs[0].ReportDigest = sha2
	if err := reconcile.Verify(r, inputs); err == nil || !strings.Contains(err.Error(), string(ofReport)) {
		t.Errorf("another report: %v", err)
	}
}
