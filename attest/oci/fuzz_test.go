package oci

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

// FuzzReferrers reads referrers lists and adds to them: nothing that was listed is
// lost, what is added is listed, and adding again changes nothing.
func FuzzReferrers(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"m","digest":"sha256:x","size":1,"annotations":{"a":"b"},"future":1}]}`))
	f.Add([]byte(`{"schemaVersion":2,"manifests":[null,{},{"size":"x"}],"annotations":{"<":"&"},"z":[]}`))
	f.Add([]byte(`{"schemaVersion":2}`))
	f.Add([]byte(`{"schemaVersion":1,"manifests":[]}`))
	f.Add([]byte(`{"schemaVersion":2,"Manifests":[{}],"manifests":[]}`))
	d := describe(mediaTypeManifest, []byte("new"))
	isIt := func(e Descriptor) bool { return e.Digest == d.Digest }
	f.Fuzz(func(t *testing.T, raw []byte) {
		before, err := parseReferrers(raw)
		if err != nil {
			if !errors.Is(err, ErrManifest) && !errors.Is(err, ErrLimit) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		out, err := addToIndex(raw, d, isIt)
		if err != nil {
			if !errors.Is(err, ErrManifest) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if out == nil {
			if !slices.ContainsFunc(before, isIt) {
				t.Fatal("neither added nor listed")
			}
			return
		}
		after, err := parseReferrers(out)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, out)
		}
		if len(after) != len(before)+1 || after[len(before)].Digest != d.Digest || !json.Valid(out) {
			t.Fatalf("%d entries became %d:\n%s\n%s", len(before), len(after), raw, out)
		}
		for i := range before {
			if before[i].Digest != after[i].Digest {
				t.Fatalf("entry %d changed", i)
			}
		}
		if again, err := addToIndex(out, d, isIt); err != nil || again != nil {
			t.Fatalf("added twice: %v", err)
		}
	})
}

// FuzzManifest reads manifests as every store has them: nothing is silently dropped,
// what is written to a .att image keeps what was there, and what its annotations say
// survives the way into a bundle and back.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"sha256:x","size":-1}],"subject":{"digest":"sha256:y"}}`))
	f.Add([]byte(`{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.in-toto+json"}]}`))
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"a"}]}`))
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:` + strings.Repeat("0", 64) +
		`"},{"digest":"sha256:` + strings.Repeat("1", 64) + `","platform":{"os":"linux","architecture":"arm64"}}]}`))
	f.Add([]byte(`{"schemaVersion":2,"config":{"size":1},"layers":[{"mediaType":"application/vnd.dsse.envelope.v1+json","digest":"sha256:` + strings.Repeat("0", 64) +
		`","size":1,"annotations":{"dev.sigstore.cosign/bundle":"{\"SignedEntryTimestamp\":\"AAAA\",\"Payload\":{\"body\":\"e30=\",\"logID\":\"00\"}}",` +
		`"dev.sigstore.cosign/rfc3161timestamp":"{\"SignedRFC3161Timestamp\":\"AAAA\"}"}}],"future":{}}`))
	envelope := []byte(`{"payloadType":"t","payload":"AAAA","signatures":[{"sig":"AAAA"}]}`)
	entry := &legacyEntry{layer: describe(mediaTypeDSSE, envelope), envelope: envelope}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, store := range []Store{StoreAPI, StoreAtt, StoreBuildKit} {
			lookAt(t, raw, store)
		}
		askIndex(t, raw)
		m, err := parseManifest(raw)
		if err != nil {
			if !errors.Is(err, ErrManifest) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		addTo(t, raw, m, entry)
		for _, layer := range m.Layers {
			if b, err := legacyBundle(envelope, layer.Annotations); err == nil && b.MediaType() != "" {
				throughLegacy(t, b, envelope)
			}
		}
	})
}

// askIndex asks a manifest that is also all that it lists.
func askIndex(t *testing.T, raw []byte) {
	r, err := VerifyIndex(t.Context(), &oneManifest{raw: raw}, describe("", raw).Digest, &attest.TrustVerifier{}, nil)
	if !errors.Is(err, ErrNoneVerified) && !errors.Is(err, ErrManifest) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrNotFound) {
		t.Fatalf("error %v", err)
	}
	if (r != nil) != errors.Is(err, ErrNoneVerified) || r != nil && (len(r.Images) == 0 || len(r.Images) > defaultMaxImages || len(err.Error()) > 1<<20) {
		t.Fatalf("%+v, %v", r, err)
	}
}

func lookAt(t *testing.T, raw []byte, store Store) {
	s := &searcher{target: &oneManifest{raw: raw}, subject: describe("", raw).Digest, opts: (*Options)(nil).withDefaults()}
	p := s.look(t.Context(), candidate{Descriptor: describe("", raw), store: store})
	for i := range p.bundles {
		p.bundles[i].keep, p.bundles[i].err = s.bundle(t.Context(), &p.bundles[i].Entry)
	}
	var out findings
	p.addTo(&out)
	if len(out.entries) > 0 {
		t.Fatal("a bundle was found where there are no blobs")
	}
	if len(out.rejected)+len(out.unsigned)+len(out.other) == 0 {
		t.Fatalf("silently dropped in %s", store)
	}
	if kept := len(out.rejected) + len(out.unsigned); kept > maxUnsigned+maxBundles+1 && store != StoreAtt {
		t.Fatalf("%d results of one manifest", kept)
	}
}

func addTo(t *testing.T, raw []byte, before *manifest, entry *legacyEntry) {
	image, err := addToLegacy(raw, raw, []*legacyEntry{entry})
	if err != nil || image == nil {
		if err != nil && !errors.Is(err, ErrManifest) && !errors.Is(err, ErrLimit) {
			t.Fatalf("untyped error %v", err)
		}
		return
	}
	after, err := parseManifest(image.manifest)
	if err != nil {
		t.Fatalf("cannot read what was written: %v\n%s", err, image.manifest)
	}
	if len(after.Layers) != len(before.Layers)+1 || !entry.isIn(after.Layers[len(before.Layers):]) || after.Config.Digest != describe("", image.config).Digest {
		t.Fatalf("%s\n%s", raw, image.manifest)
	}
	for i := range before.Layers {
		if before.Layers[i].Digest != after.Layers[i].Digest {
			t.Fatalf("layer %d changed", i)
		}
	}
	if again, err := addToLegacy(image.manifest, image.config, []*legacyEntry{entry}); err != nil || again != nil {
		t.Fatalf("added twice: %v", err)
	}
}

func throughLegacy(t *testing.T, b *attest.Bundle, envelope []byte) {
	annotations, err := legacyAnnotations(b, "x")
	if err != nil {
		t.Fatalf("cannot write what was read: %v", err)
	}
	again, err := legacyBundle(envelope, annotations)
	if err != nil || string(again.Bytes()) != string(b.Bytes()) {
		t.Fatalf("%v\n%s\n%s", err, b.Bytes(), again.Bytes())
	}
}
