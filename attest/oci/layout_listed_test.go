package oci_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestListingHidesNothing: whoever writes an index may say anything of a manifest in its
// annotations. That must not hide what another entry finds.
func TestListingHidesNothing(t *testing.T) {
	img, digest := testImage(t, "listed")
	key := newKeyPair(t)
	for name, reference := range map[string]string{
		"as an attestation of another image": "sha256:0000000000000000000000000000000000000000000000000000000000000000",
		"as BuildKit's of this image":        string(digest),
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeLayout(t, img)
			d := mustAttach(t, oci.Layout(dir), digest, key.sign(t, digest, "x"))
			file := filepath.Join(dir, "index.json")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var index map[string]any
			if err := json.Unmarshal(b, &index); err != nil {
				t.Fatal(err)
			}
			lie := map[string]any{"mediaType": d.MediaType, "digest": d.Digest, "size": d.Size,
				"annotations": map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": reference}}
			index["manifests"] = append([]any{lie}, index["manifests"].([]any)...)
			mustWrite(t, file, mustJSON(t, index))
			found, err := oci.Verify(t.Context(), oci.Layout(dir), digest, key.verifier, nil)
			if err != nil || len(found.Verified) != 1 {
				t.Errorf("%v, %v; want the one attestation", found, err)
			}
		})
	}
}
