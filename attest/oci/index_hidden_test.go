package oci_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestNoImageIsHidden: whoever publishes an index could list a good image of somebody
// else and, in a way that only runtimes understand, another one for the same platform.
func TestNoImageIsHidden(t *testing.T) {
	key := newKeyPair(t)
	var plant planted
	host := testRegistry(t, true, plant.serve)
	img, good := testImage(t, "good")
	target := pushImage(t, host, img)
	mustAttach(t, target, good, key.sign(t, good, "good"))
	evil := plant.put(types.OCIManifestSchema1, `{"schemaVersion":2,"config":{},"layers":[]}`)

	const amd64 = `"platform":{"os":"linux","architecture":"amd64"}`
	entry := func(members string) string {
		return fmt.Sprintf(`{"mediaType":%q,"size":1,%s}`, types.OCIManifestSchema1, members)
	}
	digest := fmt.Sprintf(`"digest":%q,`, evil)
	goodEntry := entry(fmt.Sprintf(`"digest":%q,%s`, good, amd64))
	const buildKit = `"annotations":{"vnd.docker.reference.type":"attestation-manifest"}`
	for name, tt := range map[string]struct {
		index string
		all   bool // seen only if all images are asked for
	}{
		"called a statement of BuildKit": {index: entry(digest + amd64 + "," + buildKit)},
		"the same of no platform":        {index: entry(digest + buildKit)},
		"of no platform":                 {index: entry(strings.TrimSuffix(digest, ","))},
		"of an empty platform":           {index: entry(digest + `"platform":{}`)},
		"of any system":                  {index: entry(digest + `"platform":{"architecture":"amd64"}`)},
		"of a long platform":             {index: entry(digest + `"platform":{"os":"linux","architecture":"amd64","features":["` + strings.Repeat("x", 2000) + `"]}`)},
		"of x86_64":                      {index: entry(digest + `"platform":{"os":"linux","architecture":"x86_64"}`)},
		"of Linux/AMD64":                 {index: entry(digest + `"platform":{"os":"Linux","architecture":"AMD64"}`)},
		"of two platforms":               {index: entry(digest + `"platform":{"os":"linux","architecture":"arm64","Architecture":"amd64"}`)},
		"of two digests":                 {index: entry(fmt.Sprintf(`"digest":%q,"Digest":%q,%s`, good, evil, amd64))},
		"of another platform":            {index: entry(digest + `"platform":{"os":"linux","architecture":"s390x"}`), all: true},
	} {
		d := plant.put(types.OCIImageIndex, fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s,%s]}`, types.OCIImageIndex, tt.index, goodEntry))
		if r, err := oci.VerifyIndex(t.Context(), target, d, key.verifier, nil); err == nil {
			t.Errorf("%s: all images: %+v", name, r.Images)
		}
		r, err := oci.VerifyIndex(t.Context(), target, d, key.verifier, &oci.IndexOptions{Platforms: []string{"linux/amd64"}})
		if (err == nil) != tt.all {
			t.Errorf("%s: linux/amd64: %+v, %v", name, r, err)
		}
	}
	both := plant.put(types.OCIImageIndex, fmt.Sprintf(`{"schemaVersion":2,"config":{},"layers":[{"digest":%q}],"manifests":[%s]}`, evil, goodEntry))
	if r, err := oci.VerifyIndex(t.Context(), target, both, key.verifier, nil); err == nil {
		t.Errorf("index and image in one: %+v", r)
	}
}
