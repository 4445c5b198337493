package catalog_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// exampleImage is one layer with an npm package and a program of nobody.
func exampleImage() *image.Image {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for path, file := range map[string]struct {
		mode int64
		data string
	}{
		"app/node_modules/left-pad/package.json": {0o644, `{"name": "left-pad", "version": "1.3.0"}`},
		"usr/local/bin/helper":                   {0o4755, "#!/bin/sh\nexec sh\n"},
	} {
		_ = w.WriteHeader(&tar.Header{Name: path, Mode: file.mode, Size: int64(len(file.data))})
		_, _ = io.WriteString(w, file.data)
	}
	_ = w.Close()
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer))
	if err != nil {
		log.Fatal(err)
	}
	opened, err := image.FromV1(img, nil)
	if err != nil {
		log.Fatal(err)
	}
	return opened
}

func ExampleImage() {
	img := exampleImage() // image.Open("image.tar", nil) for one on disk
	defer img.Close()

	inv, err := catalog.Image(context.Background(), img, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range inv.Components {
		fmt.Println(c.PURL, "since layer", c.Attribution.Introduced.Index)
	}
	for _, f := range inv.Files {
		fmt.Println(f.Path, f.Mode, f.State())
	}
	fmt.Println(inv.Accounting()[sbom.StateUnaccounted].Files, "unaccounted")
	// Output:
	// pkg:npm/left-pad@1.3.0 since layer 0
	// usr/local/bin/helper urwxr-xr-x unaccounted
	// 1 unaccounted
}

func ExampleDetectors() {
	for _, d := range catalog.Detectors() {
		fmt.Println(d.ID().Name)
	}
	// Output:
	// osrelease
	// dpkg
	// apk
	// rpm
	// npm
	// python
	// golang
	// java
}
