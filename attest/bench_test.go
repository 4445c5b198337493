package attest_test

import (
	"bytes"
	"crypto/elliptic"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

// BenchmarkVerify reads and verifies a bundle with an SBOM of about 17 MB, and a
// small one.
func BenchmarkVerify(b *testing.B) {
	key := mustECDSA(b, elliptic.P256())
	verifier := mustVerifier(b, attest.Key{Public: key.Public()})
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{10, 170_000} {
		var doc bytes.Buffer
		doc.WriteString(`{"bomFormat":"CycloneDX","components":[`)
		for i := range n {
			fmt.Fprintf(&doc, `{"type":"library","name":"component-%06d","version":"1.%d","purl":"pkg:npm/component-%06d@1"},`, i, i, i)
		}
		doc.WriteString(`{"type":"library","name":"last"}]}`)
		st, err := attest.NewStatement(attest.CycloneDX(doc.Bytes()), attest.NewSubject("app", digestA))
		if err != nil {
			b.Fatal(err)
		}
		bundle, err := signer.Sign(b.Context(), st)
		if err != nil {
			b.Fatal(err)
		}
		raw := bundle.Bytes()
		b.Run(fmt.Sprintf("%d kB", doc.Len()/1000), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				parsed, err := attest.ParseBundle(raw)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := verifier.Verify(b.Context(), parsed, digestA); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
