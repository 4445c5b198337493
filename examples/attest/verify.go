package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// verify checks what is attached to an image:
//
//	attest verify (--key PEM | --certificate-identity SAN --certificate-oidc-issuer URL --trusted-root FILE) [--type TYPE] IMAGE
//
// IMAGE is a reference or an OCI layout, and is resolved to a digest once. It fails unless
// a statement of the type about that digest verifies; entries that do not are printed with the
// reason, and hide none that do. Of an index, --all-platforms wants one for each image in it.
func verify(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	trust := addTrustFlags(flags)
	kind := flags.String("type", "", typeUsage)
	all := flags.Bool("all-platforms", false, "want a statement about each image of an index")
	image, err := parse(flags, args)
	if err != nil {
		return err
	}
	verifier, err := trust.verifier()
	if err != nil {
		return err
	}
	t, err := target(image)
	if err != nil {
		return err
	}
	options := oci.Options{PredicateType: predicateType(*kind)}
	if *all {
		return verifyAll(ctx, t, verifier, options, out)
	}
	found, err := oci.Verify(ctx, t, "", verifier, &options)
	show(out, found)
	return err
}

func verifyAll(ctx context.Context, t oci.Target, verifier attest.Verifier, options oci.Options, out io.Writer) error {
	found, err := oci.VerifyIndex(ctx, t, "", verifier, &oci.IndexOptions{Options: options})
	if found == nil {
		return err
	}
	for _, image := range found.Images {
		fmt.Fprintln(out, image.Platform)
		show(out, image.Result)
	}
	return err
}

// show prints what verified and what did not.
func show(out io.Writer, found *oci.Result) {
	if found == nil {
		return
	}
	fmt.Fprintln(out, found.Subject)
	for _, v := range found.Verified {
		report(out, v.PredicateType(), v)
	}
	for _, r := range found.Rejected {
		fmt.Fprintln(out, "rejected:", r)
	}
}
