package attest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

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

func ExampleTrustVerifier_Verify_otherImage() {
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

func ExampleNewPredicate() {
	predicate := attest.NewPredicate(&attest.SVR{
		Verifier:    attest.SVRVerifier{ID: "https://verifier.example/v1", Policies: []attest.ResourceDescriptor{}},
		TimeCreated: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Properties:  []string{"EXAMPLE_REVIEWED"},
	})
	statement, err := attest.NewStatement(predicate, attest.NewSubject("app", imageDigest))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n%s\n", statement.PredicateType, statement.Predicate)

	// What its specification requires must be there.
	_, err = attest.NewStatement(attest.NewPredicate(&attest.SVR{}), attest.NewSubject("app", imageDigest))
	fmt.Println(err)
	// Output:
	// https://in-toto.io/attestation/svr/v0.2
	// {"verifier":{"id":"https://verifier.example/v1","policies":[]},"timeCreated":"2026-01-02T03:04:05Z","properties":["EXAMPLE_REVIEWED"]}
	// https://in-toto.io/attestation/svr/v0.2: attest: unusable predicate: verifier.id is empty
}

// A large SBOM is attested by its digest and stored beside the image.
func ExampleReference() {
	const sbom = `{"spdxVersion":"SPDX-2.3"}`
	described, err := attest.DescribeDocument(strings.NewReader(sbom), "application/spdx+json", "https://registry.example/v2/app/blobs/sbom")
	if err != nil {
		log.Fatal(err)
	}
	statement, err := attest.NewStatement(attest.NewPredicate(&attest.Reference{
		Attester:   attest.Attester{ID: "https://ci.example"},
		References: []attest.ResourceDescriptor{described},
	}), attest.NewSubject("app", imageDigest))
	if err != nil {
		log.Fatal(err)
	}
	verified := signedAndVerified(statement)

	// Elsewhere: the statement is verified, the document fetched, and compared.
	reference, err := attest.DecodePredicate[attest.Reference](verified)
	if err != nil {
		log.Fatal(err)
	}
	found, err := reference.Find(strings.NewReader(sbom))
	fmt.Println(found.MediaType, err)
	_, err = reference.Find(strings.NewReader(sbom + " "))
	fmt.Println(errors.Is(err, attest.ErrDocument))
	// Output:
	// application/spdx+json <nil>
	// true
}

// verifiedProvenance stands for a statement that came from a registry.
func verifiedProvenance() *attest.Verified {
	statement, err := attest.NewStatement(attest.Provenance(&attest.SLSAProvenance{
		BuildDefinition: attest.BuildDefinition{BuildType: "https://example.com/build/v1", ExternalParameters: []byte(`{"ref":"main"}`)},
		RunDetails:      attest.RunDetails{Builder: attest.Builder{ID: "https://example.com/builder"}},
	}), attest.NewSubject("app", imageDigest))
	if err != nil {
		log.Fatal(err)
	}
	return signedAndVerified(statement)
}

// signedAndVerified stands for the way of a statement through a registry.
func signedAndVerified(statement *attest.Statement) *attest.Verified {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := attest.NewKeySigner(key)
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
