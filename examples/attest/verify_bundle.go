package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
)

// verifyBundle checks a Sigstore bundle that lies in a file:
//
//	attest verify-bundle --bundle FILE (--key PEM | --certificate-identity SAN --certificate-oidc-issuer URL) [--trusted-root FILE] FILE_OR_DIGEST
//
// FILE_OR_DIGEST is what the bundle must be about: a file, or "sha256:" and its digest. These
// are the arguments of the Sigstore conformance suite.
func verifyBundle(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("verify-bundle", flag.ContinueOnError)
	file := flags.String("bundle", "", "file with the bundle")
	trust := addTrustFlags(flags)
	artifact, err := parse(flags, args)
	if err != nil {
		return err
	}
	if *file == "" {
		flags.Usage()
		return errUsage
	}
	verifier, err := trust.verifier()
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	bundle, err := attest.ParseBundle(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	digests, err := digestsOf(artifact)
	if err != nil {
		return err
	}
	verified, err := verifier.VerifyArtifact(ctx, bundle, digests...)
	if err != nil {
		return err
	}
	what := "the artifact"
	if st := verified.Statement(); st != nil {
		what = st.PredicateType()
	}
	report(out, what, verified)
	return nil
}

// digestsOf returns the digests of a file, or the one that is given in its place.
func digestsOf(artifact string) ([]attest.Digest, error) {
	if strings.HasPrefix(artifact, "sha256:") || strings.HasPrefix(artifact, "sha384:") || strings.HasPrefix(artifact, "sha512:") {
		return []attest.Digest{attest.Digest(artifact)}, nil
	}
	f, err := os.Open(artifact)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return attest.DigestArtifact(f)
}
