package attest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	"github.com/imagetrust/imagetrust/attest"
)

const imageDigest attest.Digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func Example() {
	ctx := context.Background()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // or attest.ParsePrivateKey
	if err != nil {
		log.Fatal(err)
	}

	// Sign an SBOM of the image.
	sbom := []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}`)
	statement, err := attest.NewStatement(attest.CycloneDX(sbom), attest.NewSubject("app", imageDigest))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(ctx, statement)
	if err != nil {
		log.Fatal(err)
	}

	// Verify it, elsewhere, with the public key.
	received, err := attest.ParseBundle(bundle.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: key.Public(), Name: "release key"})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := verifier.Verify(ctx, received, imageDigest)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verified.PredicateType(), "signed by", verified.Signer().Name)
	// Output: https://cyclonedx.org/bom signed by release key
}

func ExampleKeyVerifier_Verify_otherImage() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		log.Fatal(err)
	}
	statement, err := attest.NewStatement(attest.Custom("https://example.com/reviewed/v1", true), attest.NewSubject("", imageDigest))
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(context.Background(), statement)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: key.Public()})
	if err != nil {
		log.Fatal(err)
	}

	other := attest.Digest("sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
	_, err = verifier.Verify(context.Background(), bundle, other)
	var failed *attest.VerifyError
	if errors.As(err, &failed) {
		fmt.Println("failed at the", failed.Stage, "stage:", errors.Is(err, attest.ErrSubject))
	}
	// Output: failed at the subject stage: true
}

func ExampleDecodePredicate() {
	verified := verifiedProvenance()
	provenance, err := attest.DecodePredicate[attest.SLSAProvenance](verified)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("built by", provenance.RunDetails.Builder.ID)
	// Output: built by https://example.com/builder
}

// verifiedProvenance stands for a statement that came from a registry.
func verifiedProvenance() *attest.Verified {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		log.Fatal(err)
	}
	statement, err := attest.NewStatement(attest.Provenance(&attest.SLSAProvenance{
		BuildDefinition: attest.BuildDefinition{BuildType: "https://example.com/build/v1", ExternalParameters: []byte(`{"ref":"main"}`)},
		RunDetails:      attest.RunDetails{Builder: attest.Builder{ID: "https://example.com/builder"}},
	}), attest.NewSubject("app", imageDigest))
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(context.Background(), statement)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: key.Public()})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := verifier.Verify(context.Background(), bundle, imageDigest)
	if err != nil {
		log.Fatal(err)
	}
	return verified
}
