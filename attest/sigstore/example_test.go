package sigstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
)

// received stands for a bundle that came from a registry, and the trusted root of the
// instance that issued it.
func received() (bundle *attest.Bundle, root []byte) {
	tb := &testing.B{} // of which nothing fails here
	in := sigstoretest.New(tb)
	m := sign(tb, in, "https://ci.example/acme/app/release.yml@refs/tags/v1", statement).logged(at.Add(time.Minute))
	return m.bundle(), in.Root()
}

func ExampleNewVerifier() {
	bundle, root := received() // root is the content of trusted_root.json
	verifier, err := sigstore.NewVerifier(attest.Trust{
		Root: root,
		Identities: []attest.TrustedIdentity{{
			Name:       "release workflow",
			Issuer:     "https://issuer.example",
			SANPattern: `^https://ci\.example/acme/app/release\.yml@refs/tags/v[0-9]+$`,
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := verifier.Verify(context.Background(), bundle, subject)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed by the", verified.Signer().Name)
	fmt.Println("not later than", verified.Time().Format(time.RFC3339))
	fmt.Println("in the log as", verified.Log()[0].Kind)
	fmt.Println("not checked:", len(verified.Unchecked()))
	// Output:
	// signed by the release workflow
	// not later than 2026-01-02T00:01:00Z
	// in the log as dsse 0.0.1
	// not checked: 0
}

// A workflow of GitHub that others may call signs with its own name; what it was called
// for is in the certificate's claims. Identifiers survive the renaming of a repository.
func ExampleNewVerifier_claims() {
	_, root := received()
	_, err := sigstore.NewVerifier(attest.Trust{
		Root: root,
		Identities: []attest.TrustedIdentity{{
			Issuer:     "https://token.actions.githubusercontent.com",
			SANPattern: `^https://github\.com/acme/workflows/\.github/workflows/build\.yml@refs/tags/v[0-9.]+$`,
			Claims: attest.Claims{
				SourceRepositoryURI:             "https://github.com/acme/app",
				SourceRepositoryOwnerIdentifier: "1234567",
				SourceRepositoryRef:             "refs/heads/main",
				BuildTrigger:                    "push",
				RunnerEnvironment:               "github-hosted",
			},
		}},
	})
	fmt.Println(err)
	// Output: <nil>
}

// A pattern that would also match "https://evil.example/?https://ci.example/acme" is no
// trust that anybody means.
func ExampleNewVerifier_unanchored() {
	_, root := received()
	_, err := sigstore.NewVerifier(attest.Trust{
		Root:       root,
		Identities: []attest.TrustedIdentity{{Issuer: "https://issuer.example", SANPattern: `https://ci\.example/acme`}},
	})
	fmt.Println(errors.Is(err, attest.ErrTrust))
	// Output: true
}
