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

// A key is rotated: signatures of the old one verify until its end, those of the new
// one already do.
func ExampleTrust_rotation() {
	previous, next := newExampleKey(), newExampleKey()
	end := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	verifier, err := attest.NewVerifier(attest.Trust{Keys: []attest.Key{
		{Public: previous.Public(), Name: "release", NotAfter: end},
		{Public: next.Public(), Name: "release", NotBefore: end.AddDate(0, -1, 0)},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, day := range []time.Time{end.AddDate(0, -2, 0), end.AddDate(0, 0, -1), end.AddDate(0, 0, 1)} {
		_, byPrevious := verifier.At(day).Verify(context.Background(), signedExample(previous), imageDigest)
		_, byNext := verifier.At(day).Verify(context.Background(), signedExample(next), imageDigest)
		fmt.Println(day.Format(time.DateOnly), byPrevious == nil, byNext == nil)
	}
	// Output:
	// 2026-05-01 true false
	// 2026-06-30 true true
	// 2026-07-02 false true
}

// A key was stolen. Without a trusted time nothing that it signed counts any more;
// package attest/sigstore finds such times in timestamps and logs.
func ExampleKey_revoked() {
	key := newExampleKey()
	verifier, err := attest.NewVerifier(attest.Trust{Keys: []attest.Key{
		{Public: key.Public(), Revoked: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
	}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), signedExample(key), imageDigest)
	fmt.Println(errors.Is(err, attest.ErrKeyRevoked))
	// Output: true
}

// A file is verified by all its digests, whether the bundle holds a statement about it
// or a signature over it.
func ExampleTrustVerifier_VerifyArtifact() {
	digests, err := attest.DigestArtifact(strings.NewReader("content of the file"))
	if err != nil {
		log.Fatal(err)
	}
	key := newExampleKey()
	statement, err := attest.NewStatement(attest.Custom("https://example.com/reviewed/v1", true), attest.NewSubject("file", digests[0]))
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
	verifier, err := attest.NewVerifier(attest.Trust{Keys: []attest.Key{{Public: key.Public(), Name: "reviewer"}}})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := verifier.VerifyArtifact(context.Background(), bundle, digests...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verified.Signer().Name, "says", verified.Statement().PredicateType())
	// Output: reviewer says https://example.com/reviewed/v1
}

func newExampleKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// signedExample stands for a bundle that came from a registry.
func signedExample(key *ecdsa.PrivateKey) *attest.Bundle {
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
	return bundle
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
