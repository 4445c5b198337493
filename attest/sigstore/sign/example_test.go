package sign_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
	"github.com/imagetrust/imagetrust/attest/sigstore/sign"
)

func ExampleNew() {
	ctx := context.Background()
	instance, address := loopback() // of Sigstore's public instance, ParseConfig reads the addresses
	signer, err := sign.New(sign.Options{
		Services: sign.Services{
			Fulcio:     address,
			Logs:       []sign.Log{{URL: address, Version: 2}},
			Timestamps: []string{address + "/timestamp"},
		},
		Token: func(context.Context) (string, error) { // from a CI's endpoint, or a browser
			return sigstoretest.Token("https://issuer.example", "release@example.com", ""), nil
		},
		Root: instance.Root(),
	})
	if err != nil {
		log.Fatal(err)
	}
	statement, err := attest.NewStatement(attest.Custom("https://example.com/reviewed/v1", map[string]bool{"approved": true}), attest.NewSubject("app", subject))
	if err != nil {
		log.Fatal(err)
	}
	bundle, err := signer.Sign(ctx, statement)
	if err != nil {
		log.Fatal(err)
	}

	verifier, err := sigstore.NewVerifier(attest.Trust{
		Root:       instance.Root(),
		Identities: []attest.TrustedIdentity{{Issuer: "https://issuer.example", SAN: "release@example.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := verifier.Verify(ctx, bundle, subject)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verified.Signer().SAN, "in a log as", verified.Log()[0].Kind)
	// Output: release@example.com in a log as hashedrekord 0.0.2
}

// loopback starts an instance of the test's own.
func loopback() (*sigstoretest.Instance, string) {
	in := sigstoretest.New(&testing.B{}) // of which nothing fails here
	return in, in.Serve(at)
}
