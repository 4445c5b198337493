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

// sign makes a signed statement about an image and writes it as a Sigstore bundle:
//
//	attest sign --key KEY --type TYPE --predicate FILE [--out BUNDLE] IMAGE
//	attest sign --identity-token FILE --signing-config FILE [--trusted-root FILE] --type TYPE ... IMAGE
//
// IMAGE is a reference, an OCI layout or a digest. FILE is the predicate in JSON: an SBOM,
// a report, provenance. The bundle goes to standard output without --out.
func sign(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	by := addSignerFlags(flags)
	kind := flags.String("type", "custom", typeUsage)
	predicate := flags.String("predicate", "", "file with the predicate (JSON)")
	to := flags.String("out", "", "file for the bundle")
	image, err := parse(flags, args)
	if err != nil {
		return err
	}
	signer, err := by.signer(ctx)
	if err != nil {
		return err
	}
	if *predicate == "" {
		flags.Usage()
		return errUsage
	}
	document, err := os.ReadFile(*predicate)
	if err != nil {
		return err
	}
	subject, err := subjectOf(ctx, image)
	if err != nil {
		return err
	}
	st, err := attest.NewStatement(predicateOf(predicateType(*kind), document), subject)
	if err != nil {
		return fmt.Errorf("%s: %w", *predicate, err)
	}
	bundle, err := signer.Sign(ctx, st)
	if err != nil {
		return err
	}
	if *to == "" {
		_, err := out.Write(append(bundle.Bytes(), '\n'))
		return err
	}
	return os.WriteFile(*to, bundle.Bytes(), 0o644)
}

// predicateOf wraps a document. Those of known formats must be what their type says.
func predicateOf(predicateType string, document []byte) attest.Predicate {
	switch {
	case predicateType == attest.TypeCycloneDX:
		return attest.CycloneDX(document)
	case predicateType == attest.TypeSPDX:
		return attest.SPDX(document)
	case attest.IsOpenVEX(predicateType):
		return attest.OpenVEX(document)
	}
	return attest.Predicate{Type: predicateType, Content: document}
}

// subjectOf resolves an image once: what is signed is its digest. The name is for people.
func subjectOf(ctx context.Context, image string) (attest.Subject, error) {
	if d := attest.Digest(image); d.Validate() == nil {
		return attest.NewSubject("", d), nil
	}
	t, err := target(image)
	if err != nil {
		return attest.Subject{}, err
	}
	digest, err := oci.Resolve(ctx, t)
	return attest.NewSubject(t.String(), digest), err
}
