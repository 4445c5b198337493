package index_test

import (
	"context"
	"fmt"
	"log"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/index"
)

// known is an index whose images were read before.
func known() *index.Index {
	leftPad := sbom.Component{ID: "c-1", Type: sbom.TypeLibrary, Name: "left-pad", Version: "1.3.0", Attribution: sbom.Attribution{Visible: true}}
	x := &index.Index{Subject: sbom.Subject{Name: "app"}}
	for _, arch := range []string{"amd64", "arm64"} {
		s := sbom.Subject{Name: "app", Platform: sbom.Platform{OS: "linux", Architecture: arch}}
		x.Images = append(x.Images, index.Image{Subject: s, Inventory: &sbom.Inventory{Subject: s, Components: []sbom.Component{leftPad}}})
	}
	return x
}

func ExampleIndex_Inventory() {
	inv := known().Inventory()
	for _, r := range inv.Relationships {
		if r.Type == sbom.Contains {
			platform := inv.Component(r.From).Property(index.PlatformProperty)
			fmt.Println(inv.Component(r.To).Name, platform)
		}
	}
	// Unordered output:
	// left-pad linux/amd64
	// left-pad linux/arm64
}

func ExampleIndex_CycloneDX() {
	for d, err := range known().CycloneDX(nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %q\n", d.Subject.Name, d.Subject.Platform.String())
	}
	// Output:
	// app "linux/amd64"
	// app "linux/arm64"
	// app ""
}

func ExampleRead() {
	x, err := index.Read(context.Background(), "app.tar", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, img := range x.Images {
		if img.Err != nil {
			fmt.Println(img.Subject.Platform, img.Err)
			continue
		}
		fmt.Println(img.Subject.Platform, len(img.Inventory.Components), "components")
	}
}
