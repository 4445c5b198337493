// Command verify checks the attestations of an image against public keys, and prints
// what is proven by whom.
//
//	go run ./examples/verify -key FILE [-key FILE]... [-type URI] IMAGE
//	go run ./examples/verify -key FILE [-type URI] -bundle FILE IMAGE
//
// IMAGE is an OCI layout or a reference. Attestations are found beside it, or
// taken from a file with -bundle. The exit status is 0 if at least one statement
// about the image verifies, 1 if none does, and 2 for wrong arguments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
	"github.com/imagetrust/imagetrust/examples/internal/source"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return fmt.Sprint(*l) }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	var keys list
	flag.Var(&keys, "key", "file with a trusted public key (PEM); may be given several times")
	predicate := flag.String("type", "", "only statements of this predicate type")
	bundle := flag.String("bundle", "", "check this bundle instead of those beside the image")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: verify -key FILE [-key FILE]... [-type URI] [-bundle FILE] IMAGE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || len(keys) == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), keys, *predicate, *bundle); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, image string, keys []string, predicate, bundle string) error {
	verifier, err := newVerifier(keys)
	if err != nil {
		return err
	}
	img, err := source.Image(ctx, image)
	if err != nil {
		return err
	}
	defer img.Close()
	subject := attest.Digest(img.Subject().Digest)
	if bundle != "" {
		return verifyFile(ctx, verifier, subject, predicate, bundle)
	}
	target, err := beside(image)
	if err != nil {
		return err
	}
	found, err := oci.Verify(ctx, target, subject, verifier, &oci.Options{PredicateType: predicate})
	if err != nil {
		return err
	}
	for _, v := range found.Verified {
		show(v)
	}
	for _, r := range found.Rejected {
		fmt.Println("rejected:", r)
	}
	return nil
}

// newVerifier trusts the keys, by the names of their files.
func newVerifier(files []string) (attest.Verifier, error) {
	var keys []attest.Key
	for _, file := range files {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		public, err := attest.ParsePublicKey(pem)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		keys = append(keys, attest.Key{Public: public, Name: filepath.Base(file)})
	}
	return attest.NewKeyVerifier(keys...)
}

func beside(image string) (oci.Target, error) {
	if _, err := os.Stat(filepath.Join(image, "oci-layout")); err == nil {
		return oci.Layout(image), nil
	}
	if _, err := os.Stat(image); err == nil {
		return nil, errors.New(image + " holds no attestations: give an OCI layout or a reference, or a file with -bundle")
	}
	return oci.Repository(image, nil)
}

func verifyFile(ctx context.Context, verifier attest.Verifier, subject attest.Digest, predicate, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	bundle, err := attest.ParseBundle(b)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	v, err := verifier.Verify(ctx, bundle, subject)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if predicate != "" && v.PredicateType() != predicate {
		return fmt.Errorf("%s: is signed, and is %s instead of %s", file, v.PredicateType(), predicate)
	}
	show(v)
	return nil
}

func show(v *attest.Verified) {
	fmt.Printf("verified: %s about %s, signed by %s\n", v.PredicateType(), v.Subject(), v.Signer().Name)
	for _, what := range v.Unchecked() {
		fmt.Println("  not checked:", what)
	}
}
