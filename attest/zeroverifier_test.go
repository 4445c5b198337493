package attest_test

import (
	"crypto/elliptic"
	"errors"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// TestZeroVerifierTrustsNobody: a program that forgets the error of NewVerifier gets
// another one, and no panic.
func TestZeroVerifierTrustsNobody(t *testing.T) {
	b := mustSign(t, mustECDSA(t, elliptic.P256()), imageDigest)
	for name, verifier := range map[string]*attest.TrustVerifier{"nil": nil, "zero": {}} {
		for _, v := range []*attest.TrustVerifier{verifier, verifier.At(time.Now())} {
			if verified, err := v.Verify(t.Context(), b, imageDigest); verified.Valid() || !errors.Is(err, attest.ErrTrust) {
				t.Errorf("%s: Verify: %v", name, err)
			}
			if verified, err := v.VerifyArtifact(t.Context(), b, imageDigest); verified.Valid() || !errors.Is(err, attest.ErrTrust) {
				t.Errorf("%s: VerifyArtifact: %v", name, err)
			}
		}
	}
}
