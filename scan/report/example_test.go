package report_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/imagetrust/imagetrust/scan/report"
)

const grype = `{
  "matches": [{
    "vulnerability": {"id": "CVE-2023-4911", "severity": "High", "fix": {"versions": ["2.36-9+deb12u3"], "state": "fixed"}},
    "matchDetails": [{"type": "exact-indirect-match", "matcher": "dpkg-matcher"}],
    "artifact": {"name": "libc6", "version": "2.36-9+deb12u1", "type": "deb", "purl": "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1"}
  }],
  "descriptor": {"name": "grype", "version": "0.120.0"}
}`

// Any report that the package knows, told apart by its content.
func ExampleDecode() {
	rep, err := report.Decode(strings.NewReader(grype), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range rep.Findings {
		fmt.Println(rep.Tool.Name, f.ID, f.Component.Name, f.Severity, f.FixedVersions, f.Match.Method, f.Pointer)
	}
	// Output: grype CVE-2023-4911 libc6 high [2.36-9+deb12u3] source-package /matches/0
}

// A report that is not what was asked for is refused.
func ExampleDecode_format() {
	_, err := report.Decode(strings.NewReader(grype), &report.Options{Format: report.FormatTrivy})
	fmt.Println(errors.Is(err, report.ErrFormat))
	fmt.Println(err)
	// Output:
	// true
	// report: unknown format: it looks like Grype JSON, not like trivy
}

func ExampleSniff() {
	format, name := report.Sniff([]byte(`{"version": "2.1.0", "runs": []}`))
	fmt.Printf("%q %s\n", format, name)
	// Output: "" SARIF
}
