package oci

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
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

// FuzzManifest reads manifests and looks into every layer of one.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"sha256:x","size":-1}],"subject":{"digest":"sha256:y"}}`))
	f.Add([]byte(`{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.in-toto+json"}]}`))
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"a"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		target := &oneManifest{raw: raw}
		s := &searcher{target: target, subject: describe("", raw).Digest, opts: (*Options)(nil).withDefaults()}
		for _, store := range []Store{StoreAPI, StoreAtt, StoreBuildKit} {
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
			if kept := len(out.rejected) + len(out.unsigned); kept > 2*maxUnsigned+2 && store != StoreAtt {
				t.Fatalf("%d results of one manifest", kept)
			}
		}
	})
}
