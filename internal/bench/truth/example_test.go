package truth_test

import (
	"fmt"
	"os"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func ExampleRead() {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	built := &truth.Image{Name: "tampered", Changes: []truth.Change{{Kind: truth.Modified, Path: "usr/bin/openssl", Package: "openssl", Layer: 2}}}
	if err := truth.Write(dir, built); err != nil {
		fmt.Println(err)
		return
	}
	img, err := truth.Read(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range img.Changes {
		fmt.Printf("%s: /%s of %s was %s in layer %d\n", img.Name, c.Path, c.Package, c.Kind, c.Layer)
	}
	// Output: tampered: /usr/bin/openssl of openssl was modified in layer 2
}
