package catalog_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

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
	// pacman
	// portage
	// opkg
	// nix
	// homebrew
	// conda
	// kernel
	// npm
	// python
	// golang
	// cargo
	// java
	// dotnet
	// gem
	// composer
	// wordpress
	// perl
	// r
	// julia
	// lua
	// opam
	// haskell
	// otp
	// dart
	// swift
	// jslock
	// pylock
	// gomod
	// helm
	// binary
}

// A cache is shared by all runs: what was read once is not read again.
func ExampleNewMemoryCache() {
	img := exampleImage()
	defer img.Close()

	cache := catalog.NewMemoryCache(64 << 20)
	for range 2 {
		var last catalog.Progress
		opts := &catalog.Options{Cache: cache, Progress: func(p catalog.Progress) { last = p }}
		if _, err := catalog.Image(context.Background(), img, opts); err != nil {
			log.Fatal(err)
		}
		fmt.Println(last.LayersDone, "layer done,", last.LayersCached, "from the cache")
	}
	// Output:
	// 1 layer done, 0 from the cache
	// 1 layer done, 1 from the cache
}

// A directory serves any number of processes, one after the other or at a time.
func ExampleNewDirCache() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)

	cache, err := catalog.NewDirCache(filepath.Join(parent, "layers"))
	if err != nil {
		log.Fatal(err)
	}
	img := exampleImage()
	defer img.Close()
	inv, err := catalog.Image(context.Background(), img, &catalog.Options{Cache: cache})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(inv.Components), "component")
	// Now and then, and not necessarily by the same process:
	if err := cache.Prune(context.Background(), 1<<30); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 component
}
