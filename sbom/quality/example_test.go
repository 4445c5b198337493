package quality_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/quality"
)

func ExampleCheck() {
	inv := &sbom.Inventory{Components: []sbom.Component{
		{ID: "c-1", PURL: "pkg:deb/debian/bash@5.2.15-2", Name: "bash", Version: "5.2.15-2", Attribution: sbom.Attribution{Visible: true}},
	}}
	report := quality.Check(inv, quality.CISA2026())
	for _, f := range report.Of("c-1") {
		if f.Status == quality.Unknown || f.Status == quality.Absent {
			fmt.Printf("%s, %s: %s\n", f.Element, f.Status, f.Reason)
		}
	}
	// Output:
	// Component Producer, absent: packages of type deb always state it
	// Component Dependency Relationship, absent: no component of type deb has it
	// Component Hash Value, unknown: the archive that the package came in is not in the image
	// Component Hash Algorithm, unknown: the archive that the package came in is not in the image
	// Component License, absent: no component of type deb has it
}
