package oci_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestClaimedSizesCostLittle: many descriptors say 32 MiB of a blob of two bytes. No
// memory is set aside by what strangers say.
func TestClaimedSizesCostLittle(t *testing.T) {
	const referrers, most = 16, 32 << 20
	img, digest := testImage(t, "claimed")
	key := newKeyPair(t)
	small := sha256Of([]byte("{}"))
	layer := object{"mediaType": attest.BundleMediaType, "digest": small, "size": 32 << 20}
	for _, chunked := range []bool{false, true} {
		host := testRegistry(t, true, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !chunked || r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, string(small)) {
					next.ServeHTTP(w, r)
					return
				}
				_ = http.NewResponseController(w).Flush()
				_, _ = w.Write([]byte("{}"))
			})
		})
		target := pushImage(t, host, img)
		mustAttach(t, target, digest, key.sign(t, digest, "good"))
		for i := range referrers {
			pushManifest(t, host, object{
				"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "artifactType": attest.BundleMediaType,
				"layers": []object{layer, layer, layer, layer}, "subject": object{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": i},
			})
		}
		var res *oci.Result
		var err error
		n := allocated(func() { res, err = oci.Verify(t.Context(), target, digest, key.verifier, nil) })
		if err != nil || len(res.Verified) != 1 || len(res.Rejected) != 4*referrers {
			t.Fatalf("chunked %t: %+v, %v", chunked, res, err)
		}
		for _, r := range res.Rejected {
			if !errors.Is(r, oci.ErrDigest) {
				t.Errorf("chunked %t: %v", chunked, r)
			}
		}
		if n > most && !underRace {
			t.Errorf("chunked %t: %d MB allocated, want at most %d", chunked, n>>20, most>>20)
		}
	}
}
