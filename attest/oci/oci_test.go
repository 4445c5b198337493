package oci_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// eachTarget runs a test on every kind of target, with img in it.
func eachTarget(t *testing.T, img v1.Image, run func(t *testing.T, target oci.Target, store oci.Store)) {
	t.Run("layout", func(t *testing.T) { run(t, oci.Layout(writeLayout(t, img)), oci.StoreLayout) })
	t.Run("registry with API", func(t *testing.T) { run(t, pushImage(t, testRegistry(t, true), img), oci.StoreAPI) })
	t.Run("registry without API", func(t *testing.T) { run(t, pushImage(t, testRegistry(t, false), img), oci.StoreTag) })
}

func mustAttach(t testing.TB, target oci.Target, subject attest.Digest, b *attest.Bundle) oci.Descriptor {
	t.Helper()
	d, err := oci.Attach(t.Context(), target, subject, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAttachListVerify(t *testing.T) {
	img, digest := testImage(t, "hello")
	key, stranger := newKeyPair(t), newKeyPair(t)
	sbom := key.signPredicate(t, digest, attest.CycloneDX([]byte(cdxDoc)))
	note := key.sign(t, digest, "one")
	foreign := stranger.sign(t, digest, "foreign")
	eachTarget(t, img, func(t *testing.T, target oci.Target, store oci.Store) {
		want := mustAttach(t, target, digest, sbom)
		mustAttach(t, target, "", note) // the target names the image
		mustAttach(t, target, digest, foreign)

		list, err := oci.List(t.Context(), target, "", nil)
		if err != nil || list.Subject != digest || len(list.Bundles) != 3 || len(list.Rejected)+len(list.Other)+len(list.Unsigned) != 0 {
			t.Fatalf("list %+v, %v", list, err)
		}
		i := slices.IndexFunc(list.Bundles, func(e oci.Entry) bool { return e.Manifest.Digest == want.Digest })
		if i < 0 || string(list.Bundles[i].Bundle.Bytes()) != string(sbom.Bytes()) || list.Bundles[i].Store != store {
			t.Errorf("the SBOM is not listed as it was attached: %+v", list.Bundles)
		}
		if e := list.Bundles[max(i, 0)].Manifest; e.ArtifactType != attest.BundleMediaType || e.Annotations["dev.sigstore.bundle.predicateType"] != attest.TypeCycloneDX {
			t.Errorf("descriptor %+v", e)
		}

		res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
		if err != nil || len(res.Verified) != 2 || len(res.Sources) != 2 || len(res.Rejected) != 1 || !errors.Is(res.Rejected[0].Err, attest.ErrSignature) {
			t.Fatalf("result %+v, %v", res, err)
		}
		res, err = oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{PredicateType: attest.TypeCycloneDX})
		if err != nil || len(res.Verified) != 1 || res.Verified[0].PredicateType() != attest.TypeCycloneDX || len(res.Other) != 1 {
			t.Fatalf("by type: %+v, %v", res, err)
		}
		if res.Sources[0].Manifest.Digest != want.Digest || res.Sources[0].Bundle != nil {
			t.Errorf("source %+v", res.Sources[0])
		}
		list, err = oci.List(t.Context(), target, digest, &oci.Options{PredicateType: testType})
		if err != nil || len(list.Bundles) != 2 || len(list.Other) != 1 {
			t.Errorf("list by type: %+v, %v", list, err)
		}
	})
}

func TestNothingAttached(t *testing.T) {
	img, digest := testImage(t, "bare")
	key := newKeyPair(t)
	eachTarget(t, img, func(t *testing.T, target oci.Target, _ oci.Store) {
		list, err := oci.List(t.Context(), target, "", nil)
		if err != nil || list.Subject != digest || len(list.Bundles)+len(list.Rejected)+len(list.Other) != 0 {
			t.Errorf("list %+v, %v", list, err)
		}
		res, err := oci.Verify(t.Context(), target, "", key.verifier, nil)
		if !errors.Is(err, oci.ErrNoneVerified) || res == nil || len(res.Verified) != 0 || !strings.Contains(err.Error(), "has none") {
			t.Errorf("verify %+v, %v", res, err)
		}
	})
}

func TestAttachTwiceStoresOnce(t *testing.T) {
	img, digest := testImage(t, "twice")
	b := newKeyPair(t).sign(t, digest, "x")
	eachTarget(t, img, func(t *testing.T, target oci.Target, _ oci.Store) {
		first := mustAttach(t, target, digest, b)
		if second := mustAttach(t, target, digest, b); second.Digest != first.Digest {
			t.Errorf("%s, then %s", first.Digest, second.Digest)
		}
		list, err := oci.List(t.Context(), target, digest, nil)
		if err != nil || len(list.Bundles) != 1 {
			t.Errorf("%d bundles, %v", len(list.Bundles), err)
		}
	})
}

func TestAttachRefuses(t *testing.T) {
	img, digest := testImage(t, "refuse")
	_, absent := testImage(t, "absent")
	key := newKeyPair(t)
	b := key.sign(t, digest, "x")
	var parts struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(b.Bytes(), &parts); err != nil {
		t.Fatal(err)
	}
	parse := func(raw string) *attest.Bundle {
		p, err := attest.ParseBundle([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	file := parse(`{"mediaType":"` + attest.BundleMediaType + `","verificationMaterial":{},"messageSignature":{}}`)
	eachTarget(t, img, func(t *testing.T, target oci.Target, _ oci.Store) {
		for name, tt := range map[string]struct {
			subject attest.Digest
			bundle  *attest.Bundle
			want    error
		}{
			"bare envelope":     {digest, parse(string(parts.Envelope)), oci.ErrBundle},
			"file signature":    {digest, file, oci.ErrBundle},
			"zero bundle":       {digest, &attest.Bundle{}, oci.ErrBundle},
			"other image":       {digest, key.sign(t, absent, "x"), attest.ErrSubject},
			"absent image":      {absent, key.sign(t, absent, "x"), oci.ErrNotFound},
			"malformed subject": {"sha256:x", b, attest.ErrDigest},
			"path as subject":   {"sha256:../../../../etc/passwd", b, attest.ErrDigest},
		} {
			if _, err := oci.Attach(t.Context(), target, tt.subject, tt.bundle, nil); !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v, want %v", name, err, tt.want)
			}
		}
		list, err := oci.List(t.Context(), target, digest, nil)
		if err != nil || len(list.Bundles)+len(list.Rejected) != 0 {
			t.Errorf("a refused bundle was stored: %+v, %v", list, err)
		}
	})
}

// TestManifestForm pins the artifact to the form that Sigstore clients write.
func TestManifestForm(t *testing.T) {
	img, digest := testImage(t, "form")
	host := testRegistry(t, false)
	target := pushImage(t, host, img)
	b := newKeyPair(t).sign(t, digest, "x")
	created := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	d, err := oci.Attach(t.Context(), target, digest, b, &oci.AttachOptions{Created: created})
	if err != nil {
		t.Fatal(err)
	}
	size, err := img.Size()
	if err != nil {
		t.Fatal(err)
	}
	got := fetch(t, host+"/test/app@"+string(d.Digest))
	annotations := `{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://example.com/test/v1","org.opencontainers.image.created":"2026-01-02T02:04:05Z"}`
	want := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},`+
		`"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"%s","size":%d}],"annotations":%s,`+
		`"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d},`+
		`"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, b.Digest(), len(b.Bytes()), annotations, digest, size)
	if got != want {
		t.Errorf("manifest\ngot  %s\nwant %s", got, want)
	}
	got = fetch(t, host+"/test/app:"+strings.Replace(string(digest), ":", "-", 1))
	want = fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[`+
		`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d,"annotations":%s,"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}]}`,
		d.Digest, d.Size, annotations)
	if got != want {
		t.Errorf("referrers tag\ngot  %s\nwant %s", got, want)
	}
}

// fetch reads a manifest with another client.
func fetch(t *testing.T, ref string) string {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Get(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return string(d.Manifest)
}

// lyingVerifier returns what no verifier may.
type lyingVerifier struct{ verified *attest.Verified }

func (v lyingVerifier) Verify(context.Context, *attest.Bundle, attest.Digest) (*attest.Verified, error) {
	return v.verified, nil
}

func TestVerifyDoesNotTrustTheVerifierBlindly(t *testing.T) {
	img, digest := testImage(t, "x")
	other, otherDigest := testImage(t, "y")
	key := newKeyPair(t)
	target := oci.Layout(writeLayout(t, img, other))
	mustAttach(t, target, digest, key.sign(t, digest, "x"))
	elsewhere, err := key.verifier.Verify(t.Context(), key.sign(t, otherDigest, "y"), otherDigest)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*attest.Verified{"nil": nil, "zero": {}, "of another image": elsewhere} {
		if res, err := oci.Verify(t.Context(), target, digest, lyingVerifier{v}, nil); !errors.Is(err, oci.ErrNoneVerified) || len(res.Verified) != 0 || len(res.Rejected) != 1 {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

// TestStatementAboutAnotherImage attaches by hand what Attach refuses: a good
// bundle moved to an image that it is not about.
func TestStatementAboutAnotherImage(t *testing.T) {
	img, digest := testImage(t, "victim")
	_, other := testImage(t, "other")
	key := newKeyPair(t)
	host := testRegistry(t, true)
	target := pushImage(t, host, img)
	pushReferrer(t, host, digest, attest.BundleMediaType, key.sign(t, other, "x").Bytes())
	res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
	if !errors.Is(err, oci.ErrNoneVerified) || !errors.Is(err, attest.ErrSubject) || len(res.Verified) != 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestBareEnvelopeIsRead(t *testing.T) {
	img, digest := testImage(t, "bare envelope")
	key := newKeyPair(t)
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	env := key.sign(t, digest, "x").Envelope()
	extra := base64.StdEncoding.EncodeToString(ed25519.Sign(ed, []byte("x")))
	raw := fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":[{"sig":%q},{"sig":%q}]}`,
		env.PayloadType, base64.StdEncoding.EncodeToString(env.Payload), extra, base64.StdEncoding.EncodeToString(env.Signatures[0].Sig))
	host := testRegistry(t, true)
	target := pushImage(t, host, img)
	pushReferrer(t, host, digest, "application/vnd.dsse.envelope.v1+json", []byte(raw))
	if res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil); err != nil || len(res.Verified) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}
