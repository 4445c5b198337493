package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// attach stores bundles beside the image that they are about:
//
//	attest attach --bundle FILE [--bundle FILE]... [--format bundle|legacy|both] IMAGE
//
// IMAGE is a reference or an OCI layout. It prints the digest of what was written for each.
func attach(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("attach", flag.ContinueOnError)
	var bundles files
	flags.Var(&bundles, "bundle", "file with a bundle; may be given several times")
	form := flags.String("format", "bundle", "bundle (an OCI referrer), legacy (cosign's .att image) or both")
	image, err := parse(flags, args)
	if err != nil {
		return err
	}
	format, known := map[string]oci.Format{"bundle": oci.FormatBundle, "legacy": oci.FormatLegacy, "both": oci.FormatBoth}[*form]
	if !known || len(bundles) == 0 {
		flags.Usage()
		return errUsage
	}
	var read []*attest.Bundle
	for _, file := range bundles {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		b, err := attest.ParseBundle(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		read = append(read, b)
	}
	t, err := target(image)
	if err != nil {
		return err
	}
	written, err := oci.AttachAll(ctx, t, "", read, &oci.AttachOptions{Format: format})
	if err != nil {
		return err
	}
	for i, d := range written {
		fmt.Fprintf(out, "%s: %s\n", bundles[i], d.Digest)
	}
	return nil
}
