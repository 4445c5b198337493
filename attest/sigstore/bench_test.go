package sigstore_test

import (
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
)

// BenchmarkVerify reads and verifies a keyless bundle, logged in Rekor v1 and in v2.
func BenchmarkVerify(b *testing.B) {
	in := sigstoretest.New(b)
	verifier := mustVerifier(b, byIdentity(in))
	for name, m := range map[string]*made{
		"Rekor v1": sign(b, in, san, statement).logged(at.Add(time.Minute)),
		"Rekor v2": sign(b, in, san, statement).loggedV2().stamped(at.Add(time.Minute)),
	} {
		raw := m.bundle().Bytes()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bundle, err := attest.ParseBundle(raw)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := verifier.Verify(b.Context(), bundle, subject); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
