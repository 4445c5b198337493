package oci_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/imagetrust/imagetrust/attest/oci"
)

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }

// TestTLSAndPassword attaches and verifies over TLS with a password.
func TestTLSAndPassword(t *testing.T) {
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "https://")
	auth := keychain{authn.FromConfig(authn.AuthConfig{Username: "me", Password: "secret"})}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	trusting := &tls.Config{RootCAs: roots}

	img, digest := testImage(t, "private")
	ref, err := name.ParseReference(host + "/test/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithAuthFromKeychain(auth), remote.WithTransport(s.Client().Transport)); err != nil {
		t.Fatal(err)
	}
	target, err := oci.Repository(ref.String(), &oci.RepositoryOptions{Keychain: auth, TLS: trusting})
	if err != nil {
		t.Fatal(err)
	}
	key := newKeyPair(t)
	mustAttach(t, target, "", key.sign(t, digest, "x"))
	if res, err := oci.Verify(t.Context(), target, "", key.verifier, nil); err != nil || len(res.Verified) != 1 || res.Subject != digest {
		t.Errorf("%+v, %v", res, err)
	}
	for reason, opts := range map[string]*oci.RepositoryOptions{
		"unknown certificate": {Keychain: auth},
		"wrong password":      {Keychain: keychain{authn.FromConfig(authn.AuthConfig{Username: "me", Password: "guess"})}, TLS: trusting},
		"no password":         {Keychain: keychain{authn.Anonymous}, TLS: trusting},
	} {
		target, err := oci.Repository(ref.String(), opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := oci.Resolve(t.Context(), target); err == nil {
			t.Errorf("%s: no error", reason)
		}
	}
}

// TestDigestReference resolves a reference by digest, and notices that it is gone.
func TestDigestReference(t *testing.T) {
	img, digest := testImage(t, "by digest")
	_, absent := testImage(t, "absent")
	host := testRegistry(t, true)
	pushImage(t, host, img)
	for d, ok := range map[string]bool{string(digest): true, string(absent): false} {
		target, err := oci.Repository(host+"/test/app@"+d, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := oci.Resolve(t.Context(), target); (err == nil) != ok || ok && string(got) != d {
			t.Errorf("%s: %s, %v", d, got, err)
		}
	}
}
