package reconcile_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
)

// Two SBOMs of one image: one spells a package with less detail, and lacks the
// jar that the other found.
func ExampleRun() {
	bash := func(purl string) sbom.Component {
		return sbom.Component{ID: "1", Name: "bash", Version: "5.2.15-2+b7", PURL: purl}
	}
	jar := sbom.Component{ID: "2", Name: "log4j-core", Version: "2.14.1", PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
		Evidence: []sbom.Evidence{{Technique: sbom.TechniqueManifest, Location: sbom.Location{Path: "app/log4j-core.jar", Layer: &sbom.LayerRef{Index: 2}}}}}
	ours := &sbom.Inventory{Components: []sbom.Component{bash("pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12"), jar}}
	theirs := &sbom.Inventory{Components: []sbom.Component{bash("pkg:deb/debian/bash@5.2.15-2%2Bb7?distro=bookworm")}}

	r, err := reconcile.Run(context.Background(), []reconcile.Input{
		{Name: "ours", Inventory: ours, Witness: true},
		{Name: "theirs", Inventory: theirs},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Summary.SharedComponents, "of", r.Summary.Components, "components in both")
	for i := range r.Differences {
		fmt.Println(r.Differences[i].String())
	}
	// Output:
	// 1 of 2 components in both
	// pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12 is in ours and theirs: one component, spelled differently (C1, proven)
	// pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1 is in ours and not in theirs: there, and not catalogued by the other input (C7, proven)
}

func ExampleDifference_Explain() {
	inputs := []reconcile.Input{
		{Name: "a", Inventory: &sbom.Inventory{Components: []sbom.Component{{ID: "1", Name: "apt", Version: "2.6.1", PURL: "pkg:deb/debian/apt@2.6.1"}}}},
		{Name: "b", Inventory: &sbom.Inventory{Components: []sbom.Component{{ID: "7", Name: "apt", Version: "2.6.0", PURL: "pkg:deb/debian/apt@2.6.0"}}}},
	}
	r, err := reconcile.Run(context.Background(), inputs, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Differences[0].Explain())
	// Output: pkg:deb/debian/apt@2.6.0 is in b and not in a: one package in different versions, proven: both list the package, in different versions. b says version "2.6.0". a says version "2.6.1". By the rules of Debian, 2.6.0 is older than 2.6.1.
}

// A stored result is checked against the documents that it cites.
func ExampleVerify() {
	inputs := []reconcile.Input{
		{Name: "a", Inventory: &sbom.Inventory{Components: []sbom.Component{{ID: "1", Name: "x", PURL: "pkg:npm/x@1.0.0"}}}},
		{Name: "b", Inventory: &sbom.Inventory{Components: []sbom.Component{{ID: "2", Name: "x", PURL: "pkg:npm/x@v1.0.0"}}}},
	}
	r, err := reconcile.Run(context.Background(), inputs, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reconcile.Verify(r, inputs))
	inputs[1].Inventory.Components[0].PURL = "pkg:npm/x@2.0.0"
	fmt.Println(reconcile.Verify(r, inputs) != nil)
	// Output:
	// <nil>
	// true
}
