package oci_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// multiArch is an index of three images, the first of which has statements by
// BuildKit.
type multiArch struct {
	index              v1.ImageIndex
	digest             attest.Digest
	amd64, arm64, arm7 attest.Digest
	statement          []byte
}

func newMultiArch(t testing.TB) *multiArch {
	t.Helper()
	m := &multiArch{index: mutate.IndexMediaType(empty.Index, types.OCIImageIndex)}
	add := func(platform string, annotations map[string]string, img v1.Image) attest.Digest {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		d, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		m.index = mutate.AppendManifests(m.index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: p, Annotations: annotations}})
		return attest.Digest(d.String())
	}
	image := func(content string) v1.Image { img, _ := testImage(t, content); return img }
	m.amd64 = add("linux/amd64", nil, image("amd64"))
	m.arm64 = add("linux/arm64", nil, image("arm64"))
	m.arm7 = add("linux/arm/v7", nil, image("arm"))
	m.statement = fmt.Appendf(nil, `{"_type":%q,"subject":[{"name":"app","digest":{"sha256":%q}}],"predicateType":%q,"predicate":{}}`,
		attest.StatementV01, m.amd64.Hex(), attest.TypeSPDX)
	unsigned, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer:       static.NewLayer(m.statement, types.MediaType(attest.PayloadType)),
		Annotations: map[string]string{"in-toto.io/predicate-type": attest.TypeSPDX}, MediaType: types.MediaType(attest.PayloadType),
	})
	if err != nil {
		t.Fatal(err)
	}
	add("unknown/unknown", map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": string(m.amd64)}, unsigned)
	d, err := m.index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	m.digest = attest.Digest(d.String())
	return m
}

// eachPlace runs a test with the index in every kind of target.
func (m *multiArch) eachPlace(t *testing.T, run func(t *testing.T, target oci.Target)) {
	t.Run("layout", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "layout")
		p, err := layout.Write(dir, empty.Index)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.AppendIndex(m.index); err != nil {
			t.Fatal(err)
		}
		run(t, oci.Layout(dir))
	})
	for _, withAPI := range []bool{true, false} {
		t.Run(fmt.Sprintf("registry, API %t", withAPI), func(t *testing.T) {
			host := testRegistry(t, withAPI)
			ref, err := name.ParseReference(host + "/test/app:v1")
			if err != nil {
				t.Fatal(err)
			}
			if err := remote.WriteIndex(ref, m.index); err != nil {
				t.Fatal(err)
			}
			run(t, repository(t, host))
		})
	}
}

// TestVerifyIndex: the index and one image have attestations, and the answer says so.
func TestVerifyIndex(t *testing.T) {
	m := newMultiArch(t)
	key, stranger := newKeyPair(t), newKeyPair(t)
	m.eachPlace(t, func(t *testing.T, target oci.Target) {
		mustAttach(t, target, m.digest, key.sign(t, m.digest, "of the index"))
		mustAttach(t, target, m.amd64, key.signPredicate(t, m.amd64, attest.CycloneDX([]byte(cdxDoc))))
		mustAttach(t, target, m.arm64, stranger.sign(t, m.arm64, "of arm64, by a stranger"))

		r, err := oci.VerifyIndex(t.Context(), target, "", key.verifier, nil)
		var which *oci.IndexError
		if !errors.Is(err, oci.ErrNoneVerified) || !errors.Is(err, attest.ErrSignature) || !errors.As(err, &which) || which.Result != r {
			t.Fatalf("%+v, %v", r, err)
		}
		if r.Index != m.digest || len(r.Own.Verified) != 1 || len(r.Images) != 3 {
			t.Fatalf("%+v", r)
		}
		for i, want := range []struct {
			image                        attest.Digest
			platform                     string
			verified, rejected, unsigned int
		}{{m.amd64, "linux/amd64", 1, 0, 1}, {m.arm64, "linux/arm64", 0, 1, 0}, {m.arm7, "linux/arm/v7", 0, 0, 0}} {
			got := r.Images[i]
			if got.Image != want.image || got.Platform.String() != want.platform || len(got.Result.Verified) != want.verified ||
				len(got.Result.Rejected) != want.rejected || len(got.Result.Unsigned) != want.unsigned || (got.Err == nil) != (want.verified > 0) {
				t.Errorf("image %d: %+v", i, got)
			}
		}
		for _, part := range []string{
			"linux/amd64 (" + string(m.amd64) + "): https://cyclonedx.org/bom (1 unsigned)",
			"linux/arm64 (" + string(m.arm64) + "): nothing (1 rejected)",
			"linux/arm/v7 (" + string(m.arm7) + "): nothing",
			"the index itself: https://example.com/test/v1",
		} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error does not say %q: %v", part, err)
			}
		}
		checkUnsigned(t, target, m, r.Images[0].Result)
		checkSelection(t, target, m, key.verifier)
	})
}

// checkUnsigned reads BuildKit's statement, which nothing else does.
func checkUnsigned(t *testing.T, target oci.Target, m *multiArch, r *oci.Result) {
	t.Helper()
	u := r.Unsigned[0]
	raw, err := oci.ReadUnsigned(t.Context(), target, u, nil)
	if err != nil || string(raw) != string(m.statement) || u.PredicateType() != attest.TypeSPDX || u.Store != oci.StoreBuildKit {
		t.Errorf("%+v: %s, %v", u, raw, err)
	}
	if _, err := oci.ReadUnsigned(t.Context(), target, u, &oci.Options{MaxBlobSize: u.Layer.Size - 1}); !errors.Is(err, oci.ErrLimit) {
		t.Errorf("over the limit: %v", err)
	}
	u.Layer.Size--
	if _, err := oci.ReadUnsigned(t.Context(), target, u, nil); !errors.Is(err, oci.ErrLimit) {
		t.Errorf("larger than described: %v", err)
	}
	u.Layer.Digest = "sha256:../../../etc/passwd"
	if _, err := oci.ReadUnsigned(t.Context(), target, u, nil); !errors.Is(err, oci.ErrManifest) {
		t.Errorf("malformed digest: %v", err)
	}
}

func checkSelection(t *testing.T, target oci.Target, m *multiArch, v attest.Verifier) {
	t.Helper()
	for _, tt := range []struct {
		platforms []string
		images    int
		want      error
	}{
		{[]string{"linux/amd64"}, 1, nil},
		{[]string{"linux/arm64/v8"}, 1, oci.ErrNoneVerified},
		{[]string{"linux/arm"}, 1, oci.ErrNoneVerified},
		{[]string{"linux/amd64", "linux/arm/v7"}, 2, oci.ErrNoneVerified},
		{[]string{"linux/arm/v6"}, 0, oci.ErrNotFound},
		{[]string{"linux/amd64", "windows/amd64"}, 0, oci.ErrNotFound},
		{[]string{""}, 0, oci.ErrNotFound},
		{[]string{"unknown/unknown"}, 0, oci.ErrNotFound}, // BuildKit's are no images
	} {
		r, err := oci.VerifyIndex(t.Context(), target, "", v, &oci.IndexOptions{Platforms: tt.platforms})
		if !errors.Is(err, tt.want) || (r != nil) != (tt.images > 0) || r != nil && len(r.Images) != tt.images {
			t.Errorf("%q: %+v, %v", tt.platforms, r, err)
		}
		if tt.want == oci.ErrNotFound && !strings.Contains(err.Error(), "linux/amd64, linux/arm64, linux/arm/v7") {
			t.Errorf("%q: the error does not say what there is: %v", tt.platforms, err)
		}
	}
	if _, err := oci.VerifyIndex(t.Context(), target, "", v, &oci.IndexOptions{MaxImages: 2}); !errors.Is(err, oci.ErrLimit) {
		t.Errorf("too many images: %v", err)
	}
	if _, err := oci.VerifyIndex(t.Context(), target, "", v, &oci.IndexOptions{Platforms: []string{"linux/amd64"}, Options: oci.Options{PredicateType: attest.TypeVSA}}); !errors.Is(err, oci.ErrNoneVerified) {
		t.Errorf("another type: %v", err)
	}
}

// TestIndexIsNotItsImages: a statement about an index is about none of its images,
// and one about an image is not about the index.
func TestIndexIsNotItsImages(t *testing.T) {
	m := newMultiArch(t)
	key := newKeyPair(t)
	m.eachPlace(t, func(t *testing.T, target oci.Target) {
		mustAttach(t, target, m.amd64, key.sign(t, m.amd64, "x"))
		_, err := oci.Verify(t.Context(), target, "", key.verifier, nil)
		if !errors.Is(err, oci.ErrNoneVerified) || !strings.Contains(err.Error(), "it is an index, and its 3 images were not asked") {
			t.Errorf("the index: %v", err)
		}
		mustAttach(t, target, m.digest, key.sign(t, m.digest, "x"))
		if r, err := oci.Verify(t.Context(), target, m.arm64, key.verifier, nil); !errors.Is(err, oci.ErrNoneVerified) || len(r.Rejected) != 0 {
			t.Errorf("an image: %+v, %v", r, err)
		}
	})
}

// TestIndexOfOne: who does not know whether a reference is an index need not.
func TestIndexOfOne(t *testing.T) {
	img, _ := testImage(t, "one")
	img, err := mutate.ConfigFile(img, &v1.ConfigFile{OS: "linux", Architecture: "arm64", RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	digest, key := attest.Digest(d.String()), newKeyPair(t)
	eachTarget(t, img, func(t *testing.T, target oci.Target, _ oci.Store) {
		mustAttach(t, target, digest, key.sign(t, digest, "x"))
		r, err := oci.VerifyIndex(t.Context(), target, "", key.verifier, &oci.IndexOptions{Platforms: []string{"linux/arm64"}})
		if err != nil || r.Own != nil || r.Index != digest || len(r.Images) != 1 || len(r.Images[0].Result.Verified) != 1 || r.Images[0].Platform.String() != "linux/arm64" {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := oci.VerifyIndex(t.Context(), target, "", key.verifier, &oci.IndexOptions{Platforms: []string{"linux/amd64"}}); !errors.Is(err, oci.ErrNotFound) {
			t.Errorf("another platform: %v", err)
		}
	})
}

// TestIndexesOfStrangers reads indexes that nobody should have written.
func TestIndexesOfStrangers(t *testing.T) {
	key := newKeyPair(t)
	var plant planted
	host := testRegistry(t, true, plant.serve)
	raw := func(content string) attest.Digest { return plant.put(types.OCIImageIndex, content) }
	img, digest := testImage(t, "in indexes")
	pushImage(t, host, img)
	index := func(entries ...object) object {
		return object{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": entries}
	}
	image := object{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": 1, "platform": object{"os": "linux", "architecture": "amd64"}}
	nested := raw(string(mustJSON(t, index(image))))
	for range 6 {
		nested = raw(string(mustJSON(t, index(object{"mediaType": types.OCIImageIndex, "digest": nested, "size": 1}))))
	}
	twice := index(image, image, object{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": 1, "platform": object{"os": "linux", "architecture": "arm64"}})
	for name, tt := range map[string]struct {
		digest attest.Digest
		want   error
		images int
	}{
		"empty":                  {raw(string(mustJSON(t, index()))), oci.ErrNotFound, 0},
		"too deep":               {nested, oci.ErrLimit, 0},
		"no descriptors":         {raw(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"x"}]}`), oci.ErrManifest, 0},
		"one image, two entries": {raw(string(mustJSON(t, twice))), oci.ErrNoneVerified, 2},
		"of another type":        {raw(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":7}`), oci.ErrManifest, 0},
	} {
		r, err := oci.VerifyIndex(t.Context(), repository(t, host), tt.digest, key.verifier, nil)
		if !errors.Is(err, tt.want) || r != nil && len(r.Images) != tt.images || (r == nil) != (tt.images == 0) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestBuildKitAsReferrer: newer BuildKit also gives its manifests a subject. They are
// found in two ways and listed once.
func TestBuildKitAsReferrer(t *testing.T) {
	key := newKeyPair(t)
	host := testRegistry(t, true)
	img, digest := testImage(t, "built")
	pushImage(t, host, img)
	statement := []byte(`{"_type":"https://in-toto.io/Statement/v0.1"}`)
	pushLayer(t, host, statement)
	attestation := pushManifest(t, host, object{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "artifactType": "application/vnd.docker.attestation.manifest.v1+json",
		"layers":  []object{{"mediaType": attest.PayloadType, "digest": sha256Of(statement), "size": len(statement)}},
		"subject": object{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": 1},
	})
	index := pushManifest(t, host, object{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": []object{
		{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": 1},
		{"mediaType": types.OCIManifestSchema1, "digest": attestation, "size": 1, "platform": object{"os": "unknown", "architecture": "unknown"},
			"annotations": object{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest}},
	}})
	r, err := oci.VerifyIndex(t.Context(), repository(t, host), index, key.verifier, nil)
	if !errors.Is(err, oci.ErrNoneVerified) || len(r.Images) != 1 || len(r.Images[0].Result.Unsigned) != 1 || len(r.Images[0].Result.Rejected) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if raw, err := oci.ReadUnsigned(t.Context(), repository(t, host), r.Images[0].Result.Unsigned[0], nil); err != nil || string(raw) != string(statement) {
		t.Errorf("%s, %v", raw, err)
	}
}
