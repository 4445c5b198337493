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

// trustFlags say whom to trust: any of some keys, or an identity.
type trustFlags struct {
	keys                   files
	identity, issuer, root *string
	requireLog             *bool
	skipLog, skipSCT       *bool
}

func addTrustFlags(flags *flag.FlagSet) *trustFlags {
	f := &trustFlags{
		identity:   flags.String("certificate-identity", "", "trusted identity: the certificate's subject alternative name"),
		issuer:     flags.String("certificate-oidc-issuer", "", "its identity provider"),
		root:       flags.String("trusted-root", "", "file with a Sigstore trusted root; needed for identities"),
		requireLog: flags.Bool("require-log", false, "want a transparency log entry of signatures by a key, too"),
		skipLog:    flags.Bool("insecure-skip-log", false, "accept what an identity signed and no transparency log has, as on private instances"),
		skipSCT:    flags.Bool("insecure-skip-sct", false, "accept certificates that no certificate transparency log has, as on private instances"),
	}
	flags.Var(&f.keys, "key", "file with a trusted public key (PEM); may be given several times")
	return f
}

// verifier makes a verifier of the flags.
func (f *trustFlags) verifier() (*attest.TrustVerifier, error) {
	trust := attest.Trust{RequireLog: *f.requireLog, InsecureSkipLog: *f.skipLog, InsecureSkipSCT: *f.skipSCT}
	switch {
	case (len(f.keys) == 0) == (*f.identity == ""):
		return nil, errors.New("give either -key or -certificate-identity")
	case len(f.keys) > 0:
		for _, file := range f.keys {
			key, err := readKey(file)
			if err != nil {
				return nil, err
			}
			trust.Keys = append(trust.Keys, key)
		}
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

// readKey trusts the key in a file, by the file's name.
func readKey(file string) (attest.Key, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return attest.Key{}, err
	}
	public, err := attest.ParsePublicKey(pem)
	if err != nil {
		return attest.Key{}, fmt.Errorf("%s: %w", file, err)
	}
	return attest.Key{Public: public, Name: filepath.Base(file)}, nil
}
