package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/attest/oci"
)

// list prints what is attached to an image, unverified:
//
//	attest list [--type TYPE] IMAGE
//
// IMAGE is a reference or an OCI layout. What is listed are claims, and anybody who may write
// to the repository can make them: verify decides.
func list(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	kind := flags.String("type", "", typeUsage)
	image, err := parse(flags, args)
	if err != nil {
		return err
	}
	t, err := target(image)
	if err != nil {
		return err
	}
	found, err := oci.List(ctx, t, "", &oci.Options{PredicateType: predicateType(*kind)})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, found.Subject)
	for _, e := range found.Bundles {
		says := "no statement"
		if st, err := e.Bundle.UnverifiedStatement(); err == nil {
			says = st.PredicateType
		}
		fmt.Fprintf(out, "  claimed: %s (%s, %s)\n", says, e.Store, e.Manifest.Digest)
	}
	for _, u := range found.Unsigned {
		fmt.Fprintf(out, "  unsigned: %s (%s, %s)\n", u.PredicateType(), u.Store, u.Layer.Digest)
	}
	for _, d := range found.Other {
		fmt.Fprintf(out, "  something else: %s (%s)\n", d.ArtifactType, d.Digest)
	}
	for _, r := range found.Rejected {
		fmt.Fprintln(out, "  unreadable:", r)
	}
	return nil
}
