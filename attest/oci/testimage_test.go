package oci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
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

// testImage returns a small image that differs by content.
func testImage(t testing.TB, content string) (v1.Image, attest.Digest) {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.AppendLayers(img, static.NewLayer([]byte(content), types.OCILayer))
	if err != nil {
		t.Fatal(err)
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return img, attest.Digest(d.String())
}

// testRegistry serves an empty registry on loopback and returns its host.
func testRegistry(t testing.TB, withAPI bool, wrap ...func(http.Handler) http.Handler) string {
	t.Helper()
	h := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(withAPI))
	for _, w := range wrap {
		h = w(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// pushImage puts img into the repository app of a registry.
func pushImage(t testing.TB, host string, img v1.Image) *oci.RepositoryTarget {
	t.Helper()
	ref, err := name.ParseReference(host + "/test/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return repository(t, host)
}

func repository(t testing.TB, host string) *oci.RepositoryTarget {
	t.Helper()
	r, err := oci.Repository(host+"/test/app:v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// writeLayout puts images into a new OCI layout directory.
func writeLayout(t testing.TB, imgs ...v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range imgs {
		if err := p.AppendImage(img); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type keyPair struct {
	private  *ecdsa.PrivateKey
	signer   *attest.KeySigner
	verifier attest.Verifier
}

func newKeyPair(t testing.TB) keyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: key.Public(), Name: "release"})
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, signer, verifier}
}

const testType = "https://example.com/test/v1"

// sign makes a bundle with a predicate that differs by note.
func (k keyPair) sign(t testing.TB, subject attest.Digest, note string) *attest.Bundle {
	t.Helper()
	return k.signPredicate(t, subject, attest.Custom(testType, map[string]string{"note": note}))
}

func (k keyPair) signPredicate(t testing.TB, subject attest.Digest, p attest.Predicate) *attest.Bundle {
	t.Helper()
	st, err := attest.NewStatement(p, attest.NewSubject("app", subject))
	if err != nil {
		t.Fatal(err)
	}
	b, err := k.signer.Sign(context.Background(), st)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustWrite(t testing.TB, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func sha256Of(b []byte) attest.Digest {
	sum := sha256.Sum256(b)
	return attest.Digest("sha256:" + hex.EncodeToString(sum[:]))
}
