package scan_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

func ExampleBaseScore() {
	score, typ, err := scan.BaseScore("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")
	fmt.Println(score, typ, scan.SeverityOf(score), err)
	// Output: 9.3 CVSS_V4 critical <nil>
}

func ExampleParseSeverity() {
	fmt.Println(scan.ParseSeverity("Important"), scan.ParseSeverity("unimportant"), scan.ParseSeverity("?"))
	// Output: high negligible unknown
}

func ExampleReport_Sort() {
	r := scan.Report{Findings: []scan.Finding{
		{ID: "CVE-2024-0002", Severity: scan.SeverityLow},
		{ID: "CVE-2024-0001", Severity: scan.SeverityCritical},
	}}
	r.Sort()
	fmt.Println(r.Findings[0].ID)
	// Output: CVE-2024-0001
}

func ExampleRefOf() {
	c := sbom.Component{ID: "c-1", Name: "libc6", Version: "2.36-9", Source: &sbom.SourcePackage{Name: "glibc"}}
	fmt.Println(scan.RefOf(&c).Name, scan.RefOf(&c).Source.Name)
	// Output: libc6 glibc
}
