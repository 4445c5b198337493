package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
)

// trustFlags say whom to trust: a key, or an identity.
type trustFlags struct {
	key, identity, issuer, root *string
	requireLog                  *bool
}

func addTrustFlags(flags *flag.FlagSet) *trustFlags {
	return &trustFlags{
		key:        flags.String("key", "", "file with a trusted public key (PEM)"),
		identity:   flags.String("certificate-identity", "", "trusted identity: the certificate's subject alternative name"),
		issuer:     flags.String("certificate-oidc-issuer", "", "its identity provider"),
		root:       flags.String("trusted-root", "", "file with a Sigstore trusted root; needed for identities"),
		requireLog: flags.Bool("require-log", false, "want a transparency log entry of signatures by the key, too"),
	}
}

// verifier makes a verifier of the flags.
func (f *trustFlags) verifier() (*attest.TrustVerifier, error) {
	trust := attest.Trust{RequireLog: *f.requireLog}
	switch {
	case (*f.key == "") == (*f.identity == ""):
		return nil, errors.New("give either -key or -certificate-identity")
	case *f.key != "":
		pem, err := os.ReadFile(*f.key)
		if err != nil {
			return nil, err
		}
		public, err := attest.ParsePublicKey(pem)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", *f.key, err)
		}
		trust.Keys = []attest.Key{{Public: public, Name: filepath.Base(*f.key)}}
	default:
		trust.Identities = []attest.TrustedIdentity{{SAN: *f.identity, Issuer: *f.issuer}}
	}
	if *f.root == "" {
		return attest.NewVerifier(trust)
	}
	var err error
	if trust.Root, err = os.ReadFile(*f.root); err != nil {
		return nil, err
	}
	return sigstore.NewVerifier(trust)
}
