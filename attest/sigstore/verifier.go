package sigstore

import (
	"fmt"

	"github.com/imagetrust/imagetrust/attest"
)

// NewVerifier returns a verifier that trusts t, which may have a trusted root,
// identities and keys. It does not change and may be used by several goroutines. The
// error is an attest.ErrTrust, attest.ErrKey or attest.ErrRoot.
func NewVerifier(t attest.Trust) (*attest.TrustVerifier, error) {
	if len(t.Root) == 0 {
		return nil, fmt.Errorf("%w: no trusted root", attest.ErrTrust)
	}
	root, err := parseRoot(t.Root)
	if err != nil {
		return nil, err
	}
	return attest.NewVerifierWith(t, &instance{root})
}
