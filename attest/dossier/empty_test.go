package dossier_test

import (
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/dossier"
)

// TestNothingIsNoForm: who names an empty document does not name a scan without a result.
func TestNothingIsNoForm(t *testing.T) {
	const image attest.Digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	bom := cyclonedx(stamp(0), "app")
	for document, digest := range map[string]attest.Digest{
		"":     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"null": "sha256:74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b",
	} {
		for name, scan := range map[string]attest.Predicate{
			"absent": attest.Custom(attest.TypeCosignVuln, []byte(`{"scanner":{}}`)),
			"null":   attest.Custom(attest.TypeCosignVuln, []byte(`{"scanner":{"result":null}}`)),
			"text":   attest.Custom(attest.TypeCosignVuln, []byte(`""`)),
		} {
			a := dossier.Check(image, []*attest.Verified{
				verified(t, image, bom, time.Time{}),
				verified(t, image, scan, time.Time{}),
				verified(t, image, reconciled(stamp(1), describe(t, bom), attest.NewSubject("", digest)), time.Time{}),
			}, nil)
			for _, r := range a.Reasons {
				if r.Statement.Kind == dossier.Reconciliation && r.Of != nil && r.Of.Kind == dossier.Scan {
					t.Errorf("%q, result %s: %s", document, name, r)
				}
			}
		}
	}
}
