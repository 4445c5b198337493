package dossier_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/dossier"
)

// TestReferenceOfTooMany: each document of a reference is compared with each input, so
// that a reference to more than anybody writes is no SBOM here.
func TestReferenceOfTooMany(t *testing.T) {
	const image attest.Digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for n, want := range map[int]dossier.Kind{1024: dossier.SBOM, 1025: dossier.Other} {
		r := &attest.Reference{Attester: attest.Attester{ID: "https://ci.example"}}
		for i := range n {
			r.References = append(r.References, attest.ResourceDescriptor{
				Digest: map[string]string{"sha256": fmt.Sprintf("%064x", i)}, MediaType: "application/spdx+json", DownloadLocation: "https://sbom.example",
			})
		}
		v := verified(t, image, attest.NewPredicate(r), time.Time{})
		if kind := dossier.KindOf(v); kind != want {
			t.Errorf("%d documents: %s, want %s", n, kind, want)
		}
		if a := dossier.Check(image, []*attest.Verified{v}, nil); a.Together() != (want == dossier.SBOM) {
			t.Errorf("%d documents: %s", n, a.Verdict)
		}
	}
}
