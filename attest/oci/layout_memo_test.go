package oci_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestLayoutIsReadOnceForAnIndex: a layout of an index of 64 images and a thousand
// referrers costs about as much for all images as for a few, not a thousand reads for
// each.
func TestLayoutIsReadOnceForAnIndex(t *testing.T) {
	dir := writeLayout(t)
	put := func(mediaType types.MediaType, content []byte) object {
		mustWrite(t, filepath.Join(dir, "blobs", "sha256", sha256Of(content).Hex()), content)
		return object{"mediaType": mediaType, "digest": sha256Of(content), "size": len(content)}
	}
	mkdir(t, dir, "blobs")
	mkdir(t, dir, "blobs", "sha256")
	var images []object
	for i := range 64 {
		image := put(types.OCIManifestSchema1, fmt.Appendf(nil, `{"schemaVersion":2,"x":%d}`, i))
		image["platform"] = object{"os": "linux", "architecture": fmt.Sprint("a", i)}
		images = append(images, image)
	}
	index := put(types.OCIImageIndex, mustJSON(t, object{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": images}))
	entries := []object{index}
	for i := range 1000 {
		entries = append(entries, put(types.OCIManifestSchema1, fmt.Appendf(nil, `{"schemaVersion":2,"subject":{"digest":"sha256:%064x"},"annotations":{"a":"%0900d"}}`, i, i)))
	}
	mustWrite(t, filepath.Join(dir, "index.json"), mustJSON(t, object{"schemaVersion": 2, "manifests": entries}))

	ask := func(platforms ...string) int64 {
		return allocated(func() {
			_, err := oci.VerifyIndex(t.Context(), oci.Layout(dir), index["digest"].(attest.Digest), newKeyPair(t).verifier, &oci.IndexOptions{Platforms: platforms})
			if !errors.Is(err, oci.ErrNoneVerified) {
				t.Error(err)
			}
		})
	}
	one, all := ask("linux/a1"), ask()
	t.Logf("one image: %d kB allocated, 64: %d kB", one>>10, all>>10)
	if all > 8*one {
		t.Errorf("%d bytes allocated for 64 images, %d for one", all, one)
	}
}
