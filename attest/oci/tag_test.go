package oci

import (
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

// TestReferrersTag: the tag schema shortens digests (distribution specification,
// "Referrers Tag Schema"), and no tag may have more than 128 characters.
func TestReferrersTag(t *testing.T) {
	for digest, want := range map[attest.Digest]string{
		attest.Digest("sha256:" + strings.Repeat("a", 64)):  "sha256-" + strings.Repeat("a", 64),
		attest.Digest("sha512:" + strings.Repeat("b", 128)): "sha512-" + strings.Repeat("b", 64),
	} {
		if got := referrersTag(digest); got != want || attTag(digest) != want+".att" || len(attTag(digest)) > 128 {
			t.Errorf("%s: %s, %s", digest, got, attTag(digest))
		}
		if !isCompanion(Descriptor{Annotations: map[string]string{annotationRefName: want}}) {
			t.Errorf("%s is an image", want)
		}
	}
}
