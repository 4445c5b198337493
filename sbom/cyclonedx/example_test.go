package cyclonedx_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
)

func ExampleEncode() {
	inv := &sbom.Inventory{Components: []sbom.Component{
		{ID: "c-1", Type: sbom.TypeLibrary, Name: "left-pad", Version: "1.1.3", PURL: "pkg:npm/left-pad@1.1.3", Attribution: sbom.Attribution{Visible: true}},
		{ID: "c-2", Type: sbom.TypeLibrary, Name: "removed", Version: "2", Attribution: sbom.Attribution{Removed: &sbom.LayerRef{Index: 1}}},
	}}
	losses, err := cyclonedx.Encode(os.Stdout, inv, &cyclonedx.Options{Indent: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range losses {
		fmt.Printf("lost: %d %s: %s\n", l.Count, l.Field, l.Reason)
	}
	// Output:
	// {
	//   "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
	//   "bomFormat": "CycloneDX",
	//   "specVersion": "1.6",
	//   "serialNumber": "urn:uuid:a3bc08df-78db-81f1-8e57-12ec7d4b7b87",
	//   "version": 1,
	//   "metadata": {
	//     "properties": [
	//       {
	//         "name": "imagetrust:schema",
	//         "value": "1"
	//       }
	//     ]
	//   },
	//   "components": [
	//     {
	//       "bom-ref": "c-1",
	//       "type": "library",
	//       "name": "left-pad",
	//       "version": "1.1.3",
	//       "purl": "pkg:npm/left-pad@1.1.3"
	//     }
	//   ]
	// }
	// lost: 1 components: a later layer removed them (attribution.visible is false); Options.Hidden writes them
}

func ExampleDecode() {
	inv, err := cyclonedx.Decode(strings.NewReader(`{
		"bomFormat": "CycloneDX", "specVersion": "1.5",
		"components": [{"type": "library", "bom-ref": "x", "name": "openssl", "version": "3.0.11-1", "purl": "pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"}],
		"dependencies": [{"ref": "x", "dependsOn": ["y"]}]
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range inv.Components {
		fmt.Println(c.Name, c.Version, "at", c.Property("imagetrust:pointer"))
	}
	fmt.Println(inv.Distribution.ID, inv.Distribution.VersionID)
	for _, g := range inv.Gaps {
		fmt.Println(g.Kind, g.Message)
	}
	// Output:
	// openssl 3.0.11-1 at /components/0
	// debian 12
	// corrupt relationship with "y", which is no component of the document
}

func ExampleReadBOM() {
	bom, err := cyclonedx.ReadBOM(strings.NewReader(`{
		"bomFormat": "CycloneDX", "specVersion": "1.5",
		"components": [{"type": "library", "bom-ref": "x", "name": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20"}],
		"vulnerabilities": [{"id": "CVE-2021-23337", "affects": [{"ref": "x"}]}]
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	inv, err := cyclonedx.FromBOM(bom)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range *bom.Vulnerabilities {
		fmt.Println(v.ID, "affects", inv.Component((*v.Affects)[0].Ref).PURL)
	}
	// Output: CVE-2021-23337 affects pkg:npm/lodash@4.17.20
}
