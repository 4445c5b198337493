package oci_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// exampleLayout writes an OCI layout with one image.
func exampleLayout() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	dir = filepath.Join(dir, "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		log.Fatal(err)
	}
	if err := path.AppendImage(empty.Image); err != nil {
		log.Fatal(err)
	}
	return dir
}

func Example() {
	ctx := context.Background()
	dir := exampleLayout()
	defer os.RemoveAll(filepath.Dir(dir))
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}

	// Name the image once, by digest. A registry works alike:
	// oci.Repository("registry.example/app:1.2", nil).
	target := oci.Layout(dir)
	image, err := oci.Resolve(ctx, target)
	if err != nil {
		log.Fatal(err)
	}

	// Sign a statement about it and attach that.
	statement, err := attest.NewStatement(attest.CycloneDX([]byte(`{"bomFormat":"CycloneDX"}`)), attest.NewSubject("app", image))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := attest.NewKeySigner(private)
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(ctx, statement)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := oci.Attach(ctx, target, image, bundle, nil); err != nil {
		log.Fatal(err)
	}

	// Verify all that is attached.
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: public, Name: "release key"})
	if err != nil {
		log.Fatal(err)
	}
	result, err := oci.Verify(ctx, target, image, verifier, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range result.Verified {
		fmt.Println(v.PredicateType(), "signed by", v.Signer().Name)
	}
	// Output: https://cyclonedx.org/bom signed by release key
}

func ExampleList() {
	dir := exampleLayout()
	defer os.RemoveAll(filepath.Dir(dir))
	listing, err := oci.List(context.Background(), oci.Layout(dir), "", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(listing.Bundles), "bundles,", len(listing.Rejected), "rejected")
	// Output: 0 bundles, 0 rejected
}

func ExampleVerify_nothingToTrust() {
	dir := exampleLayout()
	defer os.RemoveAll(filepath.Dir(dir))
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: public})
	if err != nil {
		log.Fatal(err)
	}
	result, err := oci.Verify(context.Background(), oci.Layout(dir), "", verifier, nil)
	fmt.Println(errors.Is(err, oci.ErrNoneVerified), len(result.Verified))
	// Output: true 0
}
