package sigstore_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
)

// FuzzVerify: bytes as a bundle and as a trusted root. A bundle that verifies has the
// payload that was signed, and one that does not says why with a type.
func FuzzVerify(f *testing.F) {
	in := sigstoretest.NewSeeded(f, "fuzz") // workers need the same keys
	for _, b := range []*attest.Bundle{
		sign(f, in, san, statement).logged(at).stamped(at).bundle(),
		sign(f, in, san, statement).loggedV2().stamped(at).bundle(),
		sign(f, in, "", statement).logged(at).bundle(),
	} {
		f.Add(b.Bytes())
	}
	old := sign(f, in, san, statement)
	old.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	old.entries = []any{old.EntryV1("intoto", "0.0.1", old.Intoto001Body(old.envelope, old.payload, old.pem()), at)}
	f.Add(old.bundle().Bytes())
	f.Add(in.Root())
	trust := byIdentity(in)
	trust.Keys = []attest.Key{{Public: newKey(f).Public(), NotAfter: at.Add(time.Hour)}}
	verifier := mustVerifier(f, trust)
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := sigstore.NewVerifier(attest.Trust{Root: data, Identities: trust.Identities}); err != nil {
			if !errors.Is(err, attest.ErrRoot) && !errors.Is(err, attest.ErrTrust) {
				t.Fatalf("untyped error %v", err)
			}
		} else if v == nil {
			t.Fatal("neither a verifier nor an error")
		}
		b, err := attest.ParseBundle(data)
		if err != nil {
			return
		}
		v, err := verifier.Verify(t.Context(), b, subject)
		var ve *attest.VerifyError
		switch {
		case err != nil && (v.Valid() || !errors.As(err, &ve)):
			t.Fatalf("untyped error %v", err)
		case err == nil && (!bytes.Equal(b.Envelope().Payload, []byte(statement)) || v.Signer().SAN != san || len(v.Log()) == 0 || v.Time().IsZero()):
			t.Fatalf("another statement verifies, or without proof: %+v", v.Statement())
		}
	})
}
