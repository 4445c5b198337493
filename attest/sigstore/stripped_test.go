package sigstore_test

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestStrippedCopyHidesNoEvidence: an entry in cosign's older form that is also there as
// a bundle says nothing new, unless somebody took the timestamp out of the bundle.
func TestStrippedCopyHidesNoEvidence(t *testing.T) {
	in := sigstoretest.New(t)
	dir := t.TempDir()
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendImage(empty.Image); err != nil {
		t.Fatal(err)
	}
	target := oci.Layout(dir)
	image, err := oci.Resolve(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	text := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + image.Hex() + `"}}],"predicateType":"https://example.com/p/v1","predicate":{}}`
	m := sign(t, in, "", text)
	stripped := m.bundle()
	for format, b := range map[oci.Format]*attest.Bundle{oci.FormatLegacy: m.stamped(at).bundle(), oci.FormatBundle: stripped} {
		if _, err := oci.Attach(t.Context(), target, image, b, &oci.AttachOptions{Format: format}); err != nil {
			t.Fatal(err)
		}
	}
	verifier := mustVerifier(t, attest.Trust{Root: in.Root(), Keys: []attest.Key{{Public: m.key.Public()}}})
	r, err := oci.Verify(t.Context(), target, image, verifier, nil)
	if err != nil {
		t.Fatal(err)
	}
	proven := 0
	for _, v := range r.Verified {
		if v.Time().Equal(at) {
			proven++
		}
	}
	if proven != 1 || len(r.Verified) != len(r.Sources) {
		t.Errorf("%d of %d with the time of signing, want one", proven, len(r.Verified))
	}
}
