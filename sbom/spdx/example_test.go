package spdx_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

func ExampleEncode() {
	inv := &sbom.Inventory{
		Subject:    sbom.Subject{Name: "demo:1"},
		Components: []sbom.Component{{ID: "c-1", Type: sbom.TypeLibrary, Name: "left-pad", Version: "1.1.3", PURL: "pkg:npm/left-pad@1.1.3", Attribution: sbom.Attribution{Visible: true}}},
		Files:      []sbom.File{{Path: "usr/bin/env", Kind: sbom.KindELF}},
	}
	var b bytes.Buffer
	losses, err := spdx.Encode(&b, inv, &spdx.Options{Format: spdx.TagValue23, Namespace: "https://example.org/"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, pkg, _ := strings.Cut(b.String(), "##### Package: left-pad\n\n")
	pkg, _, _ = strings.Cut(pkg, "\n\n")
	fmt.Println(pkg)
	for _, l := range losses {
		fmt.Printf("lost: %d %s: %s\n", l.Count, l.Field, l.Reason)
	}
	// Output:
	// PackageName: left-pad
	// SPDXID: SPDXRef-c-1
	// PackageVersion: 1.1.3
	// PackageDownloadLocation: NOASSERTION
	// PrimaryPackagePurpose: LIBRARY
	// FilesAnalyzed: false
	// PackageLicenseConcluded: NOASSERTION
	// PackageLicenseDeclared: NOASSERTION
	// PackageCopyrightText: NOASSERTION
	// ExternalRef: PACKAGE-MANAGER purl pkg:npm/left-pad@1.1.3
	// lost: 1 files: files are written with Options.Files only
}

func ExampleDecode() {
	inv, err := spdx.Decode(strings.NewReader(`SPDXVersion: SPDX-2.2
SPDXID: SPDXRef-DOCUMENT
DocumentName: redis:7
Creator: Tool: trivy
Created: 2022-07-01T19:37:03Z

PackageName: libattr1
SPDXID: SPDXRef-130ade
PackageVersion: 1:2.4.48-6
`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(inv.Subject.Name, inv.Created.Year())
	for _, c := range inv.Components {
		fmt.Println(c.ID, c.Name, c.Version, "at", c.Property("imagetrust:pointer"))
	}
	// Output:
	// redis:7 2022
	// SPDXRef-130ade libattr1 1:2.4.48-6 at line 7
}
