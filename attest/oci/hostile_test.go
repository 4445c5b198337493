package oci_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

type object = map[string]any

// pushReferrer stores content as a referrer of subject, whatever it is.
func pushReferrer(t testing.TB, host string, subject attest.Digest, mediaType string, content []byte) {
	t.Helper()
	pushLayer(t, host, content)
	layer := object{"mediaType": mediaType, "digest": sha256Of(content), "size": len(content)}
	pushManifest(t, host, object{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "layers": []object{layer},
		"subject": object{"mediaType": types.OCIManifestSchema1, "digest": subject, "size": 1}, "artifactType": mediaType,
	})
}

func emptyConfig(t testing.TB, host string) object {
	pushLayer(t, host, []byte("{}"))
	return object{"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256Of([]byte("{}")), "size": 2}
}

func pushLayer(t testing.TB, host string, content []byte) {
	t.Helper()
	repo, err := name.NewRepository(host + "/test/app")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteLayer(repo, static.NewLayer(content, "application/octet-stream")); err != nil {
		t.Fatal(err)
	}
}

// pushManifest puts a manifest by digest, or by tag if one is given.
func pushManifest(t testing.TB, host string, m object, tag ...string) attest.Digest {
	t.Helper()
	raw := mustJSON(t, m)
	id := string(sha256Of(raw))
	if len(tag) > 0 {
		id = tag[0]
	}
	mediaType := fmt.Sprint(m["mediaType"])
	req, err := http.NewRequest(http.MethodPut, "http://"+host+"/v2/test/app/manifests/"+id, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", mediaType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("put manifest: %s %s", resp.Status, body)
	}
	return sha256Of(raw)
}

// TestBadEntriesHideNoGoodOne puts every kind of rubbish beside a good bundle.
func TestBadEntriesHideNoGoodOne(t *testing.T) {
	img, digest := testImage(t, "target")
	_, other := testImage(t, "other")
	key, stranger := newKeyPair(t), newKeyPair(t)
	host := testRegistry(t, true)
	target := pushImage(t, host, img)
	good := mustAttach(t, target, digest, key.sign(t, digest, "good"))

	subject := object{"mediaType": types.OCIManifestSchema1, "digest": digest, "size": 1}
	manifest := func(layers ...object) object {
		return object{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "layers": layers, "subject": subject}
	}
	small := []byte("small")
	pushLayer(t, host, small)
	bundleLayer := func(digest attest.Digest, size int64) object {
		return object{"mediaType": attest.BundleMediaType, "digest": digest, "size": size}
	}
	pushReferrer(t, host, digest, attest.BundleMediaType, []byte(`not JSON`))
	pushReferrer(t, host, digest, attest.BundleMediaType, []byte(`{"mediaType":"`+attest.BundleMediaType+`"}`))
	pushReferrer(t, host, digest, attest.BundleMediaType, stranger.sign(t, digest, "x").Bytes())
	pushReferrer(t, host, digest, attest.BundleMediaType, key.sign(t, other, "moved").Bytes())
	pushManifest(t, host, manifest(bundleLayer(sha256Of(small), 3)))                // longer than it says
	pushManifest(t, host, manifest(bundleLayer(sha256Of(small), 200<<20)))          // over the limit by its own word
	pushManifest(t, host, manifest(bundleLayer(sha256Of(small), -1)))               // nonsense
	pushManifest(t, host, manifest(bundleLayer("sha256:../../../etc/passwd", 10)))  // a path
	pushManifest(t, host, manifest(bundleLayer(sha256Of([]byte("missing")), 7)))    // not there
	pushReferrer(t, host, digest, "application/vnd.example.foreign", []byte("hi"))  // something else
	pushReferrer(t, host, digest, attest.PayloadType, []byte(`{"_type":"forged"}`)) // unsigned

	res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
	if err != nil || len(res.Verified) != 1 || res.Sources[0].Manifest.Digest != good.Digest {
		t.Fatalf("the good one is hidden: %+v, %v", res, err)
	}
	if len(res.Rejected) != 9 || len(res.Other) != 1 || len(res.Unsigned) != 1 {
		t.Errorf("%d rejected, %d other, %d unsigned", len(res.Rejected), len(res.Other), len(res.Unsigned))
	}
	all := (&oci.NoneVerifiedError{Rejected: res.Rejected}).Unwrap()
	for _, want := range []error{attest.ErrBundle, attest.ErrSignature, attest.ErrSubject, attest.ErrDigest, oci.ErrLimit, oci.ErrNotFound} {
		if !errors.Is(errors.Join(all...), want) {
			t.Errorf("no rejection is %v: %v", want, res.Rejected)
		}
	}
	for _, r := range res.Rejected {
		if r.Err == nil || r.Descriptor.Digest == "" || !strings.Contains(r.Error(), string(r.Descriptor.Digest)) {
			t.Errorf("a rejection without reason or place: %v", r)
		}
	}
}

func TestReferrersTagOfStrangers(t *testing.T) {
	img, digest := testImage(t, "tagged")
	_, other := testImage(t, "other")
	key := newKeyPair(t)
	tag := strings.Replace(string(digest), ":", "-", 1)
	index := func(entries ...object) object {
		return object{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": entries}
	}
	t.Run("children without this subject", func(t *testing.T) {
		host := testRegistry(t, false)
		target := pushImage(t, host, img)
		child := object{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "layers": []object{}}
		none := pushManifest(t, host, child)
		child["subject"] = object{"mediaType": types.OCIManifestSchema1, "digest": other, "size": 1}
		wrong := pushManifest(t, host, child)
		pushManifest(t, host, index(object{"mediaType": types.OCIManifestSchema1, "digest": none, "size": 1}, object{"mediaType": types.OCIManifestSchema1, "digest": wrong, "size": 1}), tag)
		mustAttach(t, target, digest, key.sign(t, digest, "x"))
		res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
		if err != nil || len(res.Verified) != 1 || len(res.Rejected) != 2 || !errors.Is(res.Rejected[0].Err, oci.ErrReferrer) || !errors.Is(res.Rejected[1].Err, oci.ErrReferrer) {
			t.Errorf("%+v, %v", res, err)
		}
	})
	t.Run("tag that resolves to the image itself", func(t *testing.T) {
		host := testRegistry(t, false)
		target := pushImage(t, host, img)
		ref, err := name.ParseReference(host + "/test/app:" + tag)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref, img); err != nil {
			t.Fatal(err)
		}
		list, err := oci.List(t.Context(), target, digest, nil)
		if err != nil || len(list.Rejected)+len(list.Bundles) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		mustAttach(t, target, digest, key.sign(t, digest, "x"))
		if list, err := oci.List(t.Context(), target, digest, nil); err != nil || len(list.Bundles) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
	})
	t.Run("malformed entries and members that we do not know", func(t *testing.T) {
		var stored tagStore
		host := testRegistry(t, false, stored.serve)
		target := pushImage(t, host, img)
		m := index(object{"mediaType": types.OCIManifestSchema1, "digest": "sha256:zz", "size": 1, "future": true}, object{"size": "no descriptor"})
		m["annotations"], m["future"] = object{"a": "b"}, []int{1}
		pushManifest(t, host, m, tag)
		mustAttach(t, target, digest, key.sign(t, digest, "x"))
		res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil)
		if err != nil || len(res.Verified) != 1 || len(res.Rejected) != 2 || !errors.Is(res.Rejected[0].Err, oci.ErrManifest) {
			t.Errorf("%+v, %v", res, err)
		}
		raw := fetch(t, host+"/test/app:"+tag)
		for _, keep := range []string{`"future":true`, `"annotations":{"a":"b"}`, `"future":[1]`, `{"size":"no descriptor"}`} {
			if !strings.Contains(raw, keep) {
				t.Errorf("%s is lost: %s", keep, raw)
			}
		}
	})
	t.Run("no index", func(t *testing.T) {
		host := testRegistry(t, false)
		target := pushImage(t, host, img)
		pushManifest(t, host, object{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": emptyConfig(t, host), "layers": []object{}}, tag)
		list, err := oci.List(t.Context(), target, digest, nil)
		if err != nil || len(list.Rejected) != 1 || list.Rejected[0].Store != oci.StoreTag {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// tagStore keeps what is put at a referrers tag, without looking at it as the test
// registry would. Its hooks let tests play another writer.
type tagStore struct {
	mu       sync.Mutex
	content  []byte
	afterPut func(content []byte) []byte
}

func (s *tagStore) serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/manifests/sha256-") || strings.HasSuffix(r.URL.Path, ".att") {
			next.ServeHTTP(w, r)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case r.Method == http.MethodPut:
			s.content, _ = io.ReadAll(r.Body)
			if s.afterPut != nil {
				s.content = s.afterPut(s.content)
			}
			w.WriteHeader(http.StatusCreated)
		case s.content == nil:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			w.Header().Set("Docker-Content-Digest", string(sha256Of(s.content)))
			w.Write(s.content)
		}
	})
}

func TestReferrerLimit(t *testing.T) {
	img, digest := testImage(t, "many")
	key := newKeyPair(t)
	host := testRegistry(t, true)
	target := pushImage(t, host, img)
	for i := range 40 {
		pushReferrer(t, host, digest, "application/vnd.example.foreign", fmt.Append(nil, i))
	}
	mustAttach(t, target, digest, key.sign(t, digest, "good"))
	res, err := oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{MaxReferrers: 5})
	if err != nil || len(res.Verified) != 1 {
		t.Fatalf("the bundle is not among the first five: %+v, %v", res, err)
	}
	if len(res.Other) != 4 || len(res.Rejected) != 36 || !errors.Is(res.Rejected[0].Err, oci.ErrLimit) {
		t.Errorf("%d other, %d rejected", len(res.Other), len(res.Rejected))
	}
}

// TestManyReferrersInOneList: those beyond the limit hide none before it.
func TestManyReferrersInOneList(t *testing.T) {
	img, digest := testImage(t, "very many")
	key := newKeyPair(t)
	for _, withAPI := range []bool{true, false} {
		var plant planted
		host := testRegistry(t, withAPI, plant.serve)
		target := pushImage(t, host, img)
		d := mustAttach(t, target, digest, key.sign(t, digest, "good"))
		entry := `{"mediaType":"m","digest":"sha256:%064x","size":1},`
		var list strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&list, entry, i)
		}
		content := `{"schemaVersion":2,"manifests":[` + fmt.Sprintf(`{"mediaType":"m","digest":"%s","size":1,"artifactType":"%s"},`, d.Digest, attest.BundleMediaType) +
			strings.TrimSuffix(list.String(), ",") + `]}`
		if withAPI {
			plant.put(types.OCIImageIndex, content, string(digest)) // the path of the referrers API ends with it
		} else {
			plant.put(types.OCIImageIndex, content, strings.Replace(string(digest), ":", "-", 1))
		}
		res, err := oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{MaxReferrers: 3})
		if err != nil || len(res.Verified) != 1 || !errors.Is(res.Rejected[0].Err, oci.ErrLimit) {
			t.Errorf("API %t: %v", withAPI, err)
		}
	}
}

func TestListTotalLimit(t *testing.T) {
	img, digest := testImage(t, "total")
	key := newKeyPair(t)
	target := oci.Layout(writeLayout(t, img))
	size := int64(0)
	for i := range 4 {
		b := key.sign(t, digest, fmt.Sprint(i))
		size = max(size, int64(len(b.Bytes())))
		mustAttach(t, target, digest, b)
	}
	list, err := oci.List(t.Context(), target, digest, &oci.Options{MaxTotal: 2*size + 10, MaxInFlight: 1})
	if err != nil || len(list.Bundles) != 2 || len(list.Rejected) != 2 || !errors.Is(list.Rejected[0].Err, oci.ErrLimit) {
		t.Errorf("%d bundles, rejected %v, %v", len(list.Bundles), list.Rejected, err)
	}
	if res, err := oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{MaxTotal: 1}); err != nil || len(res.Verified) != 4 {
		t.Errorf("Verify needs no total: %+v, %v", res, err)
	}
	if res, err := oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{MaxBlobSize: size - 20}); !errors.Is(err, oci.ErrNoneVerified) || !errors.Is(err, oci.ErrLimit) {
		t.Errorf("above MaxBlobSize: %+v, %v", res, err)
	}
}

// TestForeignReferrersCostOneRequest counts what strangers can make us fetch.
func TestForeignReferrersCostOneRequest(t *testing.T) {
	img, digest := testImage(t, "foreign")
	var manifests, blobs atomic.Int64
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method != http.MethodGet:
			case strings.Contains(r.URL.Path, "/blobs/"):
				blobs.Add(1)
			case strings.Contains(r.URL.Path, "/manifests/sha256:"):
				manifests.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	target := pushImage(t, host, img)
	const n = 30
	for i := range n {
		pushReferrer(t, host, digest, "application/vnd.example.foreign", fmt.Append(nil, i))
	}
	manifests.Store(0)
	blobs.Store(0)
	list, err := oci.List(t.Context(), target, digest, nil)
	if err != nil || len(list.Other) != n {
		t.Fatalf("%+v, %v", list, err)
	}
	if manifests.Load() != n || blobs.Load() != 0 {
		t.Errorf("%d manifests and %d blobs were fetched for %d foreign referrers", manifests.Load(), blobs.Load(), n)
	}
}

func TestCancelled(t *testing.T) {
	img, digest := testImage(t, "cancelled")
	key := newKeyPair(t)
	eachTarget(t, img, func(t *testing.T, target oci.Target, _ oci.Store) {
		b := key.sign(t, digest, "x")
		mustAttach(t, target, digest, b)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := oci.Verify(ctx, target, digest, key.verifier, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("verify: %v", err)
		}
		if _, err := oci.Attach(ctx, target, digest, key.sign(t, digest, "y"), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("attach: %v", err)
		}
	})
}

// TestRegistryErrorsAreErrors: an unreachable list is no empty list.
func TestRegistryErrorsAreErrors(t *testing.T) {
	img, digest := testImage(t, "errors")
	for status, pathPart := range map[int]string{http.StatusInternalServerError: "/referrers/", http.StatusUnauthorized: "/referrers/", http.StatusForbidden: "/referrers/"} {
		host := testRegistry(t, true, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, pathPart) {
					w.WriteHeader(status)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		if _, err := oci.List(t.Context(), pushImage(t, host, img), digest, nil); err == nil {
			t.Errorf("status %d gives an empty list", status)
		}
	}
}

func TestRegistryThatLies(t *testing.T) {
	img, digest := testImage(t, "liar")
	key := newKeyPair(t)
	b := key.sign(t, digest, "x")
	tests := map[string]struct {
		path string
		want error
	}{"manifest": {"/manifests/sha256:", oci.ErrDigest}, "blob": {"/blobs/sha256:", oci.ErrDigest}}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var lie atomic.Bool
			host := testRegistry(t, true, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if lie.Load() && r.Method == http.MethodGet && strings.Contains(r.URL.Path, tt.path) {
						io.WriteString(w, `{"schemaVersion":2}`)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			target := pushImage(t, host, img)
			mustAttach(t, target, digest, b)
			lie.Store(true)
			if res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil); !errors.Is(err, oci.ErrNoneVerified) || !errors.Is(err, tt.want) {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
}

func TestHugeAnswersAreCutOff(t *testing.T) {
	img, digest := testImage(t, "huge")
	endless := func(w http.ResponseWriter, mediaType string) {
		w.Header().Set("Content-Type", mediaType)
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/referrers/") || strings.HasSuffix(r.URL.Path, ".att") {
				endless(w, string(types.OCIImageIndex))
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	list, err := oci.List(t.Context(), pushImage(t, host, img), digest, nil)
	if err != nil || len(list.Rejected) != 2 || !errors.Is(list.Rejected[0].Err, oci.ErrLimit) || !errors.Is(list.Rejected[1].Err, oci.ErrLimit) {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestPages(t *testing.T) {
	img, digest := testImage(t, "pages")
	key := newKeyPair(t)
	var link atomic.Value
	to := func(link string) func(*http.Request) string { return func(*http.Request) string { return link } }
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/referrers/") && r.URL.Query().Get("last") == "" && link.Load() != nil {
				w.Header().Set("Content-Type", string(types.OCIImageIndex))
				w.Header().Set("Link", "<"+link.Load().(func(*http.Request) string)(r)+`>; rel="next"`)
				io.WriteString(w, `{"schemaVersion":2,"manifests":[]}`)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	target := pushImage(t, host, img)
	mustAttach(t, target, digest, key.sign(t, digest, "on the second page"))
	link.Store(to("/v2/test/app/referrers/" + string(digest) + "?last=x"))
	if res, err := oci.Verify(t.Context(), target, digest, key.verifier, nil); err != nil || len(res.Verified) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	link.Store(to("http://127.0.0.1:1/steal?last=x"))
	list, err := oci.List(t.Context(), target, digest, nil)
	if err != nil || len(list.Rejected) != 1 || !errors.Is(list.Rejected[0].Err, oci.ErrManifest) {
		t.Errorf("a page on another host: %+v, %v", list, err)
	}
	for name, endless := range map[string]func(r *http.Request) string{
		"the same again": func(r *http.Request) string { return r.URL.Path },
		"always another": func(r *http.Request) string { return r.URL.Path + "?page=x" + r.URL.Query().Get("page") },
	} {
		link.Store(endless)
		list, err = oci.List(t.Context(), target, digest, nil)
		if err != nil || len(list.Rejected) != 1 || !errors.Is(list.Rejected[0].Err, oci.ErrLimit) {
			t.Errorf("endless pages, %s: %+v, %v", name, list, err)
		}
	}
}

// TestPlainHTTPIsRefused: nothing goes out unencrypted but to loopback.
func TestPlainHTTPIsRefused(t *testing.T) {
	for _, host := range []string{"10.1.2.3:5000", "registry.example", "registry.local:5000"} {
		var schemes recorder
		target, err := oci.Repository(host+"/test/app:v1", &oci.RepositoryOptions{Transport: &schemes})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := oci.Resolve(t.Context(), target); err == nil {
			t.Error("no error")
		}
		if schemes.plain.Load() != 0 || schemes.tls.Load() == 0 {
			t.Errorf("%s: %d requests in the clear, %d encrypted", host, schemes.plain.Load(), schemes.tls.Load())
		}
		allowed, err := oci.Repository(host+"/test/app:v1", &oci.RepositoryOptions{Transport: &schemes, PlainHTTP: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := oci.Resolve(t.Context(), allowed); err == nil || schemes.plain.Load() == 0 {
			t.Errorf("%s: PlainHTTP has no effect", host)
		}
	}
}

type recorder struct{ plain, tls atomic.Int64 }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "https" {
		r.tls.Add(1)
	} else {
		r.plain.Add(1)
	}
	return nil, errors.New("no network")
}

func TestMalformedReference(t *testing.T) {
	for _, ref := range []string{"", "UPPER/case", "registry.example/app@sha256:x", "http://registry.example/app"} {
		if _, err := oci.Repository(ref, nil); err == nil {
			t.Errorf("%q is accepted", ref)
		}
	}
}
