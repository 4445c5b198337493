package oci_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

func attachAs(t testing.TB, target oci.Target, format oci.Format, bundles ...*attest.Bundle) []oci.Descriptor {
	t.Helper()
	d, err := oci.AttachAll(t.Context(), target, "", bundles, &oci.AttachOptions{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stores counts the entries of a listing by store.
func stores(t testing.TB, target oci.Target) map[oci.Store]int {
	t.Helper()
	list, err := oci.List(t.Context(), target, "", nil)
	if err != nil || len(list.Rejected)+len(list.Other) != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	n := map[oci.Store]int{}
	for _, e := range list.Bundles {
		n[e.Store]++
	}
	return n
}

func TestFormats(t *testing.T) {
	img, digest := testImage(t, "formats")
	key := newKeyPair(t)
	first, second := key.sign(t, digest, "first"), key.sign(t, digest, "second")
	eachTarget(t, img, func(t *testing.T, target oci.Target, store oci.Store) {
		for _, step := range []struct {
			format  oci.Format
			bundles []*attest.Bundle
			want    map[oci.Store]int
		}{
			{oci.FormatLegacy, []*attest.Bundle{first}, map[oci.Store]int{oci.StoreAtt: 1}},
			{oci.FormatLegacy, []*attest.Bundle{first}, map[oci.Store]int{oci.StoreAtt: 1}}, // once
			{oci.FormatBundle, []*attest.Bundle{second}, map[oci.Store]int{oci.StoreAtt: 1, store: 1}},
			{oci.FormatBoth, []*attest.Bundle{first, second}, map[oci.Store]int{oci.StoreAtt: 2, store: 2}},
		} {
			attachAs(t, target, step.format, step.bundles...)
			if got := stores(t, target); !maps.Equal(got, step.want) {
				t.Errorf("format %d: %v, want %v", step.format, got, step.want)
			}
		}
		res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
		if err != nil || len(res.Verified) != 2 || len(res.Sources) != 2 || len(res.Rejected)+len(res.Other) != 0 {
			t.Fatalf("each statement is to be there once: %+v, %v", res, err)
		}
		for i, s := range res.Sources {
			if s.Store != store || res.Verified[i].Subject() != digest {
				t.Errorf("source %d: %+v", i, s)
			}
		}
	})
}

// TestLegacyForm pins what is written to cosign's form.
func TestLegacyForm(t *testing.T) {
	img, digest := testImage(t, "legacy form")
	host := testRegistry(t, true)
	target := pushImage(t, host, img)
	b := newKeyPair(t).sign(t, digest, "x")
	d := attachAs(t, target, oci.FormatLegacy, b)[0]
	var parts struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(b.Bytes(), &parts); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`{"config":{},"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":["%s"]}}`, d.Digest)
	got := fetch(t, host+"/test/app:"+strings.Replace(string(digest), ":", "-", 1)+".att")
	want := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},`+
		`"layers":[{"mediaType":"application/vnd.dsse.envelope.v1+json","digest":"%s","size":%d,`+
		`"annotations":{"dev.cosignproject.cosign/signature":"","predicateType":"https://example.com/test/v1"}}]}`,
		sha256Of([]byte(config)), len(config), sha256Of(parts.Envelope), len(parts.Envelope))
	if got != want {
		t.Errorf("manifest\ngot  %s\nwant %s", got, want)
	}
	if got := getBlob(t, host, sha256Of([]byte(config))); got != config {
		t.Errorf("config %s", got)
	}
}

func getBlob(t *testing.T, host string, d attest.Digest) string {
	t.Helper()
	resp, err := http.Get("http://" + host + "/v2/test/app/blobs/" + string(d))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLegacyKeepsOthers: what is in a .att image, known or not, is there afterwards.
func TestLegacyKeepsOthers(t *testing.T) {
	img, digest := testImage(t, "legacy others")
	key := newKeyPair(t)
	tag := strings.Replace(string(digest), ":", "-", 1) + ".att"
	foreign := object{"mediaType": "application/vnd.example", "digest": sha256Of([]byte("foreign")), "size": 7, "annotations": object{"a": "b"}, "future": true}
	config := []byte(`{"architecture":"","os":"","author":"somebody","history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":[]}}`)
	for name, m := range map[string]object{
		"with its config":       {"config": object{"mediaType": types.OCIConfigJSON, "digest": sha256Of(config), "size": len(config)}},
		"with a missing config": {"config": object{"mediaType": types.OCIConfigJSON, "digest": sha256Of([]byte("x")), "size": 1}},
		"with a broken config":  {"config": object{"mediaType": types.OCIConfigJSON, "digest": sha256Of([]byte("no")), "size": 2}},
		"without config":        {},
	} {
		t.Run(name, func(t *testing.T) {
			host := testRegistry(t, true)
			target := pushImage(t, host, img)
			for _, b := range [][]byte{config, []byte("foreign"), []byte("no")} {
				pushLayer(t, host, b)
			}
			m["schemaVersion"], m["mediaType"], m["layers"], m["future"] = 2, types.OCIManifestSchema1, []object{foreign}, object{"kept": 1}
			pushManifest(t, host, m, tag)
			attachAs(t, target, oci.FormatLegacy, key.sign(t, digest, "ours"))
			raw := fetch(t, host+"/test/app:"+tag)
			for _, keep := range []string{`"future":true`, `"annotations":{"a":"b"}`, `"future":{"kept":1}`} {
				if !strings.Contains(raw, keep) {
					t.Errorf("%s is lost: %s", keep, raw)
				}
			}
			var written struct{ Config oci.Descriptor }
			if err := json.Unmarshal([]byte(raw), &written); err != nil {
				t.Fatal(err)
			}
			c := getBlob(t, host, written.Config.Digest)
			if strings.Contains(c, "somebody") != (name == "with its config") || strings.Count(c, "sha256:") != 2 {
				t.Errorf("config %s", c)
			}
			if res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil); err != nil || len(res.Verified) != 1 || len(res.Rejected) != 0 {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
	t.Run("that is an index is not overwritten", func(t *testing.T) {
		host := testRegistry(t, true)
		target := pushImage(t, host, img)
		pushManifest(t, host, object{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": []object{}}, tag)
		_, err := oci.Attach(t.Context(), target, digest, key.sign(t, digest, "ours"), &oci.AttachOptions{Format: oci.FormatLegacy})
		if !errors.Is(err, oci.ErrManifest) {
			t.Errorf("got %v", err)
		}
	})
}

// TestConcurrentLegacyWriters is TestConcurrentWriters for the image at the .att tag,
// which cosign's own writers overwrite for each other.
func TestConcurrentLegacyWriters(t *testing.T) {
	img, digest := testImage(t, "concurrent legacy")
	key := newKeyPair(t)
	dir := writeLayout(t, img)
	host := testRegistry(t, true)
	pushImage(t, host, img)
	for name, open := range map[string]func() oci.Target{
		"layout":   func() oci.Target { return oci.Layout(dir) },
		"registry": func() oci.Target { return repository(t, host) },
	} {
		t.Run(name, func(t *testing.T) {
			const writers = 8
			start, errs := make(chan struct{}), make([]error, writers)
			var group sync.WaitGroup
			for i := range writers {
				target, b := open(), key.sign(t, digest, fmt.Sprint(i))
				group.Go(func() {
					<-start
					_, errs[i] = oci.Attach(t.Context(), target, digest, b, &oci.AttachOptions{Format: oci.FormatLegacy})
				})
			}
			close(start)
			group.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			res, err := oci.Verify(t.Context(), open(), digest, key.verifier, nil)
			if err != nil || len(res.Verified) != writers || len(res.Rejected) != 0 {
				t.Errorf("%d of %d kept, rejected %v, %v", len(res.Verified), writers, res.Rejected, err)
			}
		})
	}
}

// TestLostLegacyUpdate plays another writer who keeps overwriting the tag.
func TestLostLegacyUpdate(t *testing.T) {
	img, digest := testImage(t, "lost legacy")
	key := newKeyPair(t)
	foreign := mustJSON(t, object{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "layers": []object{}})
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".att") {
				w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
				w.Write(foreign)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	pushImage(t, host, img)
	target, err := oci.Repository(host+"/test/app", &oci.RepositoryOptions{Settle: time.Millisecond, Retries: 3})
	if err != nil {
		t.Fatal(err)
	}
	_, err = oci.Attach(t.Context(), target, digest, key.sign(t, digest, "x"), &oci.AttachOptions{Format: oci.FormatLegacy})
	if !errors.Is(err, oci.ErrLostUpdate) {
		t.Errorf("got %v", err)
	}
}

// material is the verification material of a bundle, as far as the tests look at it.
type material struct {
	Chain struct {
		Certificates []struct{ RawBytes []byte }
	} `json:"x509CertificateChain"`
	TlogEntries []struct {
		LogIndex, IntegratedTime string
		KindVersion              struct{ Kind, Version string }
		InclusionPromise         struct{ SignedEntryTimestamp []byte }
		CanonicalizedBody        []byte
	}
	TimestampVerificationData struct {
		Timestamps []struct{ SignedTimestamp []byte } `json:"rfc3161Timestamps"`
	}
}

// TestLegacyKeyless reads the real layouts that the SLSA generator wrote: each entry
// comes out as a bundle with all that its annotations hold, and goes into an .att image
// again with the same annotations.
func TestLegacyKeyless(t *testing.T) {
	dirs, err := filepath.Glob("../../../shared/attest/real/slsa-verifier/gha_generic_container/*/*/oci-layout")
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Skip("no real keyless attestations beside the checkout")
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		digest := attest.Digest("sha256:" + readDigest(t, dir+".digest"))
		list, err := oci.List(t.Context(), oci.Layout(dir), digest, nil)
		if err != nil || len(list.Bundles) != 1 || len(list.Rejected) != 0 {
			t.Fatalf("%s: %+v, %v", dir, list, err)
		}
		e := list.Bundles[0]
		var m material
		if err := json.Unmarshal(e.Bundle.VerificationMaterial(), &m); err != nil {
			t.Fatal(err)
		}
		if e.Bundle.MediaType() != "application/vnd.dev.sigstore.bundle+json;version=0.1" || len(m.Chain.Certificates) == 0 || len(m.TlogEntries) != 1 {
			t.Fatalf("%s: %s: %+v", dir, e.Bundle.MediaType(), m)
		}
		if log := m.TlogEntries[0]; log.LogIndex == "" || log.IntegratedTime == "" || log.KindVersion.Kind == "" || log.KindVersion.Version == "" ||
			len(log.InclusionPromise.SignedEntryTimestamp) == 0 || len(log.CanonicalizedBody) == 0 {
			t.Errorf("%s: log entry %+v", dir, log)
		}
		st, err := e.Bundle.UnverifiedStatement()
		if err != nil || !st.About(digest) {
			t.Errorf("%s: %v", dir, err)
		}
		again := rewrite(t, dir, e, digest)
		for name, want := range e.Layer.Annotations {
			if got := again.Layer.Annotations[name]; got != want && !sameJSON(got, want) && !(strings.HasSuffix(name, "/chain") && strings.Contains(want, got)) {
				t.Errorf("%s: annotation %s\ngot  %s\nwant %s", dir, name, got, want)
			}
		}
		if again.Layer.Digest != e.Layer.Digest || string(again.Bundle.Bytes()) != string(e.Bundle.Bytes()) {
			t.Errorf("%s: the bundle changed on its way", dir)
		}
	}
	t.Logf("%d layouts", len(dirs))
}

func readDigest(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(b)), "sha256:")
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// rewrite attaches the bundle of e in the older form to a copy of the layout that has
// no attestations, and reads it back.
func rewrite(t *testing.T, dir string, e oci.Entry, digest attest.Digest) oci.Entry {
	t.Helper()
	bare := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(bare, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(bare, "index.json"), mustJSON(t, object{"schemaVersion": 2, "manifests": []object{{"mediaType": types.OCIImageIndex, "digest": digest, "size": 1}}}))
	attachAs(t, oci.Layout(bare), oci.FormatLegacy, e.Bundle)
	list, err := oci.List(t.Context(), oci.Layout(bare), digest, nil)
	if err != nil || len(list.Bundles) != 1 || list.Bundles[0].Store != oci.StoreAtt {
		t.Fatalf("%+v, %v", list, err)
	}
	return list.Bundles[0]
}

// TestLegacyMaterial goes through what annotations may hold.
func TestLegacyMaterial(t *testing.T) {
	img, digest := testImage(t, "legacy material")
	key := newKeyPair(t)
	envelope := mustEnvelope(t, key.sign(t, digest, "x"))
	log := `{"SignedEntryTimestamp":"AAAA","Payload":{"body":"eyJhcGlWZXJzaW9uIjoiMC4wLjEiLCJraW5kIjoiZHNzZSJ9","integratedTime":7,"logIndex":8,"logID":"c0ffee"}}`
	for name, tt := range map[string]struct {
		annotations map[string]string
		keyed       error    // what the verifier with the key says
		unchecked   []string // what it did not look at
	}{
		"nothing":              {map[string]string{"predicateType": testType}, nil, nil},
		"log entry":            {map[string]string{"dev.sigstore.cosign/bundle": log}, nil, []string{"tlogEntries"}},
		"timestamp":            {map[string]string{"dev.sigstore.cosign/rfc3161timestamp": `{"SignedRFC3161Timestamp":"AAAA"}`}, nil, []string{"timestampVerificationData"}},
		"not PEM":              {map[string]string{"dev.sigstore.cosign/certificate": "certificate"}, oci.ErrManifest, nil},
		"not a certificate":    {map[string]string{"dev.sigstore.cosign/certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, oci.ErrManifest, nil},
		"log entry, not JSON":  {map[string]string{"dev.sigstore.cosign/bundle": "{"}, oci.ErrManifest, nil},
		"log entry, no body":   {map[string]string{"dev.sigstore.cosign/bundle": `{"Payload":{"logID":"00"}}`}, oci.ErrManifest, nil},
		"log entry, id":        {map[string]string{"dev.sigstore.cosign/bundle": strings.Replace(log, "c0ffee", "x", 1)}, oci.ErrManifest, nil},
		"log entry, twice":     {map[string]string{"dev.sigstore.cosign/bundle": strings.Replace(log, `"logIndex":8`, `"logIndex":8,"logIndex":9`, 1)}, oci.ErrManifest, nil},
		"timestamp, not JSON":  {map[string]string{"dev.sigstore.cosign/rfc3161timestamp": "AAAA"}, oci.ErrManifest, nil},
		"timestamp, not bytes": {map[string]string{"dev.sigstore.cosign/rfc3161timestamp": `{"SignedRFC3161Timestamp":"!"}`}, oci.ErrManifest, nil},
	} {
		t.Run(name, func(t *testing.T) {
			host := testRegistry(t, true)
			target := pushImage(t, host, img)
			pushLayer(t, host, envelope)
			good := mustEnvelope(t, key.sign(t, digest, "good"))
			pushLayer(t, host, good)
			layer := func(content []byte, annotations map[string]string) object {
				return object{"mediaType": "application/vnd.dsse.envelope.v1+json", "digest": sha256Of(content), "size": len(content), "annotations": annotations}
			}
			pushManifest(t, host, object{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host),
				"layers": []object{layer(envelope, tt.annotations), layer(good, nil)}}, strings.Replace(string(digest), ":", "-", 1)+".att")
			res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
			if err != nil {
				t.Fatalf("the good one beside it is lost: %v", err)
			}
			if tt.keyed != nil {
				if len(res.Verified) != 1 || len(res.Rejected) != 1 || !errors.Is(res.Rejected[0].Err, tt.keyed) {
					t.Errorf("%d verified, rejected %v", len(res.Verified), res.Rejected)
				}
				return
			}
			if len(res.Verified) != 2 || !slices.Equal(res.Verified[0].Unchecked(), tt.unchecked) {
				t.Errorf("%d verified, rejected %v, unchecked %v", len(res.Verified), res.Rejected, res.Verified[0].Unchecked())
			}
		})
	}
}

func mustEnvelope(t testing.TB, b *attest.Bundle) []byte {
	t.Helper()
	var parts struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(b.Bytes(), &parts); err != nil {
		t.Fatal(err)
	}
	return parts.Envelope
}

// TestNoPlaceInLegacy: what the older form cannot say is refused, and nothing of it
// is stored.
func TestNoPlaceInLegacy(t *testing.T) {
	img, digest := testImage(t, "no place")
	key := newKeyPair(t)
	entry := object{"logIndex": "1", "logId": object{"keyId": "AAAA"}, "kindVersion": object{"kind": "dsse", "version": "0.0.1"}, "integratedTime": "1",
		"canonicalizedBody": []byte(`{"apiVersion":"0.0.1","kind":"dsse"}`)}
	promised := maps.Clone(entry)
	promised["inclusionPromise"] = object{"signedEntryTimestamp": "AAAA"}
	stamp := object{"signedTimestamp": "AAAA"}
	for name, tt := range map[string]struct {
		material object
		want     error
	}{
		"promised":            {object{"publicKey": object{}, "tlogEntries": []object{promised}}, nil},
		"Rekor v2":            {object{"publicKey": object{}, "tlogEntries": []object{entry}}, oci.ErrBundle},
		"two log entries":     {object{"publicKey": object{}, "tlogEntries": []object{promised, promised}}, oci.ErrBundle},
		"one timestamp":       {object{"publicKey": object{}, "timestampVerificationData": object{"rfc3161Timestamps": []object{stamp}}}, nil},
		"two timestamps":      {object{"publicKey": object{}, "timestampVerificationData": object{"rfc3161Timestamps": []object{stamp, stamp}}}, oci.ErrBundle},
		"broken certificate":  {object{"certificate": object{"rawBytes": "AAAA"}}, oci.ErrBundle},
		"certificate, no DER": {object{"certificate": object{"rawBytes": 1}}, oci.ErrBundle},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := attest.NewBundle(key.sign(t, digest, "x").Envelope(), mustJSON(t, tt.material))
			if err != nil {
				t.Fatal(err)
			}
			target := oci.Layout(writeLayout(t, img))
			_, err = oci.AttachAll(t.Context(), target, digest, []*attest.Bundle{key.sign(t, digest, "before"), b}, &oci.AttachOptions{Format: oci.FormatBoth})
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			want := map[oci.Store]int{}
			if tt.want == nil {
				want = map[oci.Store]int{oci.StoreAtt: 2, oci.StoreLayout: 2}
			}
			if got := stores(t, target); !maps.Equal(got, want) {
				t.Errorf("stored %v, want %v", got, want)
			}
		})
	}
}
