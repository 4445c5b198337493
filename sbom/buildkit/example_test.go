package buildkit_test

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
)

// Statements can come from anywhere. Those that lie beside the image, Read finds.
func ExampleBuild_Join() {
	// What an image of one layer was built by:
	//
	//	FROM debian AS build
	//	RUN make
	//	FROM scratch
	//	COPY --from=build /out/app /usr/bin/app
	provenance := exampleProvenance()
	layer := sbom.Layer{Digest: layerDigest("app")}
	inv := &sbom.Inventory{
		Subject: sbom.Subject{Digest: digestOf("image")},
		Layers:  []sbom.Layer{layer},
		Files:   []sbom.File{{Path: "usr/bin/app", Layer: layer.Ref(), Kind: sbom.KindELF, Digests: []sbom.Digest{digestOf("app")}}},
	}

	build := buildkit.Parse(inv.Subject.Digest, []buildkit.Statement{{Data: provenance}}, nil)
	origins, err := build.Join(inv, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range origins {
		for _, hop := range o.Trail {
			fmt.Printf("%s: /%s %s (%s)\n", hop.Stage, hop.Path, hop.Kind, hop.Proof)
		}
	}
	for _, c := range inv.Components {
		fmt.Println(c.Scope, c.Type, c.Name)
	}
	// Output:
	// stage-1: /usr/bin/app copied (stated)
	// build: /out/app run (stated)
	// build container build
	// build container debian
}

func exampleProvenance() []byte {
	r := recipe{
		dockerfile: "FROM debian AS build\nRUN make\nFROM scratch\nCOPY --from=build /out/app /usr/bin/app\n",
		materials:  []object{{"uri": "pkg:docker/debian@12", "digest": object{"sha256": digestOf("debian").Hex()}}},
	}
	built := r.run(2, r.source(1, "docker-image://docker.io/library/debian:12"), "make")
	return r.end(r.copy(4, "", built, "/out/app /usr/bin/app", "app")).v1()
}
