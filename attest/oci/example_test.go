package oci_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

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

// The index has no attestation, and neither has its only image: the error says so for
// each platform.
func ExampleVerifyIndex() {
	temp, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(temp)
	dir := filepath.Join(temp, "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		log.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	if err := path.AppendIndex(index); err != nil {
		log.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: public})
	if err != nil {
		log.Fatal(err)
	}
	result, err := oci.VerifyIndex(context.Background(), oci.Layout(dir), "", verifier, &oci.IndexOptions{Platforms: []string{"linux/arm64"}})
	fmt.Println(errors.Is(err, oci.ErrNoneVerified))
	for _, image := range result.Images {
		fmt.Println(image.Platform, "has", len(image.Result.Verified), "verified and", len(image.Result.Rejected), "rejected")
	}
	// Output:
	// true
	// linux/arm64 has 0 verified and 0 rejected
}

// With keys, both forms together are what every reader in use finds. The statement is
// verified once.
func ExampleAttach_both() {
	ctx := context.Background()
	dir := exampleLayout()
	defer os.RemoveAll(filepath.Dir(dir))
	target := oci.Layout(dir)
	image, err := oci.Resolve(ctx, target)
	if err != nil {
		log.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	statement, err := attest.NewStatement(attest.Custom("https://example.com/v1", "hello"), attest.NewSubject("app", image))
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
	if _, err := oci.Attach(ctx, target, image, bundle, &oci.AttachOptions{Format: oci.FormatBoth}); err != nil {
		log.Fatal(err)
	}
	listing, err := oci.List(ctx, target, image, nil)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: public})
	if err != nil {
		log.Fatal(err)
	}
	result, err := oci.Verify(ctx, target, image, verifier, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(listing.Bundles), "stored,", len(result.Verified), "verified")
	// Output: 2 stored, 1 verified
}
