// Command mkimage builds the image of the SBOM generator buildkit-scanner, from scratch:
// one static program and nothing else.
//
//	go run ./examples/buildkit-scanner/mkimage -out DIR        as an OCI layout
//	go run ./examples/buildkit-scanner/mkimage -push REFERENCE to a registry
//
// A registry on this machine's loopback interface is spoken to without TLS.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/examples/buildkit-scanner/internal/generator"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("mkimage: ")
	arch := flag.String("arch", runtime.GOARCH, "architecture of the builders that will run it, as GOARCH")
	out := flag.String("out", "", "directory of the OCI layout to make; must not exist")
	push := flag.String("push", "", "reference to push to")
	flag.Parse()
	if (*out == "") == (*push == "") || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	img, err := generator.Image(ctx, *arch)
	if err != nil {
		log.Fatal(err)
	}
	if *push != "" {
		err = pushTo(ctx, *push, img)
	} else {
		err = write(*out, img)
	}
	if err != nil {
		log.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(digest)
}

func pushTo(ctx context.Context, reference string, img v1.Image) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	return remote.Write(ref, img, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
}

// write makes the layout of an index with the image, as docker and buildctl expect it.
func write(dir string, img v1.Image) error {
	if _, err := os.Stat(dir); err == nil {
		return fmt.Errorf("%s exists", dir)
	}
	cf, err := img.ConfigFile()
	if err != nil {
		return err
	}
	idx := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: img, Descriptor: v1.Descriptor{Platform: cf.Platform()}})
	_, err = layout.Write(dir, idx)
	return err
}
