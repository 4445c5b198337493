package oci_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// internet carries requests to handlers by scheme and host, and notes who was asked
// with which credentials. Whoever is not there cannot be reached.
type internet struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
	asked map[string][]string // credentials by scheme and host
}

func (n *internet) RoundTrip(r *http.Request) (*http.Response, error) {
	at := r.URL.Scheme + "://" + r.URL.Host
	n.mu.Lock()
	n.asked[at] = append(n.asked[at], r.Header.Get("Authorization"))
	h := n.hosts[at]
	n.mu.Unlock()
	if h == nil {
		return nil, fmt.Errorf("no route to %s", at)
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

const (
	registryHost = "https://registry.example"
	storageHost  = "https://storage.example"
	secret       = "s3cret"
)

// newInternet has a registry with an image, which wants a password or the token that
// it gives for it, and hands blobs out by a redirect.
func newInternet(t *testing.T, bearer bool, redirect func(w http.ResponseWriter, r *http.Request)) *internet {
	t.Helper()
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	challenge, want := `Basic realm="r"`, ""
	if bearer {
		challenge, want = `Bearer realm="https://registry.example/token",service="registry.example"`, "Bearer "+secret
	}
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case r.URL.Path == "/token" && password == secret:
			io.WriteString(w, `{"token":"`+secret+`"}`)
		case bearer && r.Header.Get("Authorization") != want, !bearer && password != secret:
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/sha256:") && redirect != nil:
			redirect(w, r)
		default:
			inner.ServeHTTP(w, r)
		}
	})
	return &internet{hosts: map[string]http.Handler{registryHost: guarded, storageHost: inner}, asked: map[string][]string{}}
}

func (n *internet) target(t *testing.T, opts oci.RepositoryOptions) *oci.RepositoryTarget {
	t.Helper()
	opts.Transport = n
	opts.Keychain = keychain{authn.FromConfig(authn.AuthConfig{Username: "me", Password: secret})}
	target, err := oci.Repository("registry.example/test/app:v1", &opts)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func (n *internet) push(t *testing.T, content string) attest.Digest {
	t.Helper()
	img, digest := testImage(t, content)
	ref, err := name.ParseReference("registry.example/test/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	auth := remote.WithAuth(authn.FromConfig(authn.AuthConfig{Username: "me", Password: secret}))
	if err := remote.Write(ref, img, auth, remote.WithTransport(n)); err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestRedirectsCarryNoCredentials follows a redirect of blobs to another host.
func TestRedirectsCarryNoCredentials(t *testing.T) {
	for name, bearer := range map[string]bool{"password": false, "token": true} {
		t.Run(name, func(t *testing.T) {
			n := newInternet(t, bearer, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, storageHost+r.URL.Path, http.StatusTemporaryRedirect)
			})
			digest, key := n.push(t, "redirected"), newKeyPair(t)
			target := n.target(t, oci.RepositoryOptions{})
			mustAttach(t, target, digest, key.sign(t, digest, "x"))
			res, err := oci.Verify(t.Context(), target, "", key.verifier, nil)
			if err != nil || len(res.Verified) != 1 {
				t.Fatalf("%+v, %v", res, err)
			}
			if len(n.asked[storageHost]) == 0 {
				t.Error("nothing was redirected: the test does not test")
			}
			for _, credentials := range n.asked[storageHost] {
				if credentials != "" {
					t.Errorf("the other host got %q", credentials)
				}
			}
		})
	}
}

// TestRedirectsThatAreRefused: to plain HTTP, and into private networks.
func TestRedirectsThatAreRefused(t *testing.T) {
	for to, want := range map[string]error{
		"http://registry.example":        oci.ErrPlainHTTP,
		"http://storage.example":         oci.ErrPlainHTTP,
		"https://127.0.0.1":              oci.ErrPrivateAddress,
		"http://127.0.0.1:8080":          oci.ErrPlainHTTP,
		"https://localhost":              oci.ErrPrivateAddress,
		"https://LOCALHOST.":             oci.ErrPrivateAddress,
		"https://x.localhost":            oci.ErrPrivateAddress,
		"https://[::1]":                  oci.ErrPrivateAddress,
		"https://[::ffff:10.0.0.1]":      oci.ErrPrivateAddress,
		"https://[fe80::1%25eth0]":       oci.ErrPrivateAddress,
		"https://10.0.0.1":               oci.ErrPrivateAddress,
		"https://127.1":                  oci.ErrPrivateAddress,
		"https://0x7f000001":             oci.ErrPrivateAddress,
		"https://192.168.1.1":            oci.ErrPrivateAddress,
		"https://169.254.169.254/latest": oci.ErrPrivateAddress,
		"https://0.0.0.0":                oci.ErrPrivateAddress,
	} {
		for _, plain := range []bool{false, true} {
			n := newInternet(t, false, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to+r.URL.Path, http.StatusFound) })
			digest, key := n.push(t, "redirected"), newKeyPair(t)
			target := n.target(t, oci.RepositoryOptions{PlainHTTP: plain})
			mustAttach(t, target, digest, key.sign(t, digest, "x"))
			if _, err := oci.Verify(t.Context(), target, "", key.verifier, nil); !errors.Is(err, want) {
				t.Errorf("%s, PlainHTTP %t: %v", to, plain, err)
			}
			for host := range n.asked {
				if host != registryHost {
					t.Errorf("%s was asked", host)
				}
			}
		}
	}
}

// TestPrivateStorageIfAllowed: a registry whose storage is beside it.
func TestPrivateStorageIfAllowed(t *testing.T) {
	n := newInternet(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://10.0.0.1"+r.URL.Path, http.StatusTemporaryRedirect)
	})
	n.hosts["https://10.0.0.1"] = n.hosts[storageHost]
	digest, key := n.push(t, "private storage"), newKeyPair(t)
	target := n.target(t, oci.RepositoryOptions{AllowPrivateAddresses: true})
	mustAttach(t, target, digest, key.sign(t, digest, "x"))
	if res, err := oci.Verify(t.Context(), target, "", key.verifier, nil); err != nil || len(res.Verified) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestUploadLocationIsNotFollowedInside: a registry says where to upload to.
func TestUploadLocationIsNotFollowedInside(t *testing.T) {
	n := newInternet(t, false, nil)
	digest, key := n.push(t, "upload"), newKeyPair(t)
	honest := n.hosts[registryHost]
	n.hosts[registryHost] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Location", "https://169.254.169.254/upload")
			w.WriteHeader(http.StatusAccepted)
			return
		}
		honest.ServeHTTP(w, r)
	})
	if _, err := oci.Attach(t.Context(), n.target(t, oci.RepositoryOptions{}), digest, key.sign(t, digest, "x"), nil); err == nil {
		t.Error("no error")
	}
	for host := range n.asked {
		if host != registryHost {
			t.Errorf("%s was asked", host)
		}
	}
}

func TestRedirectLoop(t *testing.T) {
	n := newInternet(t, false, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	digest, key := n.push(t, "loop"), newKeyPair(t)
	target := n.target(t, oci.RepositoryOptions{})
	mustAttach(t, target, digest, key.sign(t, digest, "x"))
	if _, err := oci.Verify(t.Context(), target, "", key.verifier, nil); !errors.Is(err, oci.ErrNoneVerified) || !strings.Contains(err.Error(), "too many redirects") {
		t.Errorf("got %v", err)
	}
}

// TestSlowBodies: a registry that never ends an answer is left when the context ends.
func TestSlowBodies(t *testing.T) {
	img, digest := testImage(t, "slow")
	key := newKeyPair(t)
	for _, part := range []string{"/manifests/v1", "/referrers/", ".att", "/blobs/sha256:"} {
		var slow atomic.Bool
		host := testRegistry(t, true, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if slow.Load() && r.Method == http.MethodGet && strings.Contains(r.URL.Path, part) {
					w.Header().Set("Content-Type", string(types.OCIImageIndex))
					io.WriteString(w, "{")
					w.(http.Flusher).Flush()
					<-r.Context().Done()
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		target := pushImage(t, host, img)
		mustAttach(t, target, digest, key.sign(t, digest, "x"))
		slow.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if _, err := oci.Verify(ctx, target, "", key.verifier, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", part, err)
		}
		cancel()
	}
}

// TestMovedTag: the tag moves as soon as it has been resolved, and everything goes on
// about the image that it named.
func TestMovedTag(t *testing.T) {
	before, digest := testImage(t, "before")
	after, other := testImage(t, "after")
	key := newKeyPair(t)
	var resolved atomic.Int64
	var moved []byte
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/manifests/v1") && moved != nil && resolved.Add(1)%2 == 0 {
				w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
				w.Write(moved)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	pushImage(t, host, after)
	target := pushImage(t, host, before)
	mustAttach(t, target, other, key.sign(t, other, "of the other image"))
	var err error
	if moved, err = after.RawManifest(); err != nil {
		t.Fatal(err)
	}
	if _, err := oci.Attach(t.Context(), target, "", key.sign(t, digest, "x"), nil); err != nil || resolved.Load() != 1 {
		t.Fatalf("%v, resolved %d times", err, resolved.Load())
	}
	resolved.Store(0)
	res, err := oci.Verify(t.Context(), target, "", key.verifier, nil)
	if err != nil || res.Subject != digest || len(res.Verified) != 1 || !res.Verified[0].Statement().About(digest) || resolved.Load() != 1 {
		t.Errorf("%+v, %v, resolved %d times", res, err, resolved.Load())
	}
	if _, err := oci.Verify(t.Context(), target, "", key.verifier, nil); err != nil {
		t.Errorf("the tag has moved for good: %v", err)
	}
}

// TestDigestHeaderIsNotBelieved: what a tag names is what comes for it.
func TestDigestHeaderIsNotBelieved(t *testing.T) {
	img, digest := testImage(t, "header")
	_, other := testImage(t, "other")
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(digestHeader{w, other}, r)
		})
	})
	if got, err := oci.Resolve(t.Context(), pushImage(t, host, img)); err != nil || got != digest {
		t.Errorf("%s, %v; want %s", got, err, digest)
	}
}

// digestHeader overwrites the header by which registries say what they send.
type digestHeader struct {
	http.ResponseWriter
	digest attest.Digest
}

func (w digestHeader) WriteHeader(status int) {
	if w.Header().Get("Docker-Content-Digest") != "" {
		w.Header().Set("Docker-Content-Digest", string(w.digest))
	}
	w.ResponseWriter.WriteHeader(status)
}

// TestListsThatLie: what a list says of a good referrer hides it from nobody.
func TestListsThatLie(t *testing.T) {
	img, digest := testImage(t, "lists")
	key := newKeyPair(t)
	var lie atomic.Value
	host := testRegistry(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said, ok := lie.Load().(string)
			if !ok || !strings.Contains(r.URL.Path, "/referrers/") {
				next.ServeHTTP(w, r)
				return
			}
			if r.URL.RawQuery != "" {
				t.Errorf("a filter was asked for: %s", r.URL.RawQuery)
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			w.Header().Set("OCI-Filters-Applied", "artifactType")
			fmt.Fprintf(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}`, said)
		})
	})
	target := pushImage(t, host, img)
	d := mustAttach(t, target, digest, key.sign(t, digest, "x"))
	for name, said := range map[string]string{
		"size too small":              `{"mediaType":"m","digest":"%s","size":1}`,
		"size too large":              `{"mediaType":"m","digest":"%s","size":9000000000}`,
		"config as artifact type":     `{"mediaType":"m","digest":"%s","size":1,"artifactType":"application/vnd.oci.image.config.v1+json"}`,
		"another artifact type":       `{"mediaType":"m","digest":"%s","size":1,"artifactType":"application/vnd.example"}`,
		"media type of an index":      `{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"%s","size":1}`,
		"another predicate type":      `{"mediaType":"m","digest":"%s","size":1,"annotations":{"dev.sigstore.bundle.predicateType":"https://example.com/other"}}`,
		"a statement by BuildKit":     `{"mediaType":"m","digest":"%s","size":1,"annotations":{"vnd.docker.reference.type":"attestation-manifest"}}`,
		"twice, and rubbish":          `7,{"mediaType":"m","digest":"%s","size":1},{"mediaType":"m","digest":"%[1]s","size":2},null,{}`,
		"annotations of another type": `{"mediaType":"m","digest":"%[1]s","size":1,"annotations":7},{"mediaType":"m","digest":"%[1]s","size":1}`,
	} {
		lie.Store(fmt.Sprintf(said, d.Digest))
		res, err := oci.Verify(t.Context(), target, digest, key.verifier, &oci.Options{PredicateType: testType})
		if err != nil || len(res.Verified) != 1 {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}
