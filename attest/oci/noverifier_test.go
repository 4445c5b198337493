package oci_test

import (
	"errors"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestNoVerifier: no verifier is an error, whether anything is attached or not.
func TestNoVerifier(t *testing.T) {
	img, digest := testImage(t, "no verifier")
	target := oci.Layout(writeLayout(t, img))
	key := newKeyPair(t)
	for range 2 {
		for name, v := range map[string]attest.Verifier{"nil": nil, "nil TrustVerifier": (*attest.TrustVerifier)(nil)} {
			if r, err := oci.Verify(t.Context(), target, digest, v, nil); !errors.Is(err, attest.ErrTrust) && !errors.Is(err, oci.ErrNoneVerified) {
				t.Errorf("%s: Verify: %+v, %v", name, r, err)
			}
			if r, err := oci.VerifyIndex(t.Context(), target, digest, v, nil); !errors.Is(err, attest.ErrTrust) && !errors.Is(err, oci.ErrNoneVerified) {
				t.Errorf("%s: VerifyIndex: %+v, %v", name, r, err)
			}
		}
		mustAttach(t, target, digest, key.sign(t, digest, "x"))
	}
}
