package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

const quickstart = "../quickstart/testdata/"

// TestTheWholeWay signs, attaches, lists and verifies an image in a registry.
func TestTheWholeWay(t *testing.T) {
	image := pushed(t)
	dir := t.TempDir()
	private, public := newKey(t, dir, "ours")
	_, stranger := newKey(t, dir, "stranger")
	sbom := write(t, dir, "sbom.json", `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}`)
	bundle, other := filepath.Join(dir, "sbom.bundle"), filepath.Join(dir, "other.bundle")
	ok := func(want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if err := run(t.Context(), args, &out); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s prints\n%s, want %q", args, &out, want)
		}
	}
	fails := func(want error, args ...string) {
		t.Helper()
		if err := run(t.Context(), args, io.Discard); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", args, err, want)
		}
	}
	fails(oci.ErrNoneVerified, "verify", "--key", public, image)
	ok("", "sign", "--key", private, "--type", "cyclonedx", "--predicate", sbom, "--out", bundle, image)
	ok("", "sign", "--key", private, "--type", "https://example.com/x", "--predicate", sbom, "--out", other, image)
	ok("sha256:", "attach", "--bundle", bundle, "--bundle", other, "--format", "both", image)
	ok("claimed: https://cyclonedx.org/bom", "list", image)
	ok("claimed: https://example.com/x", "list", "--type", "https://example.com/x", image)
	ok("signed by key ours.pub", "verify", "--key", stranger, "--key", public, "--type", "cyclonedx", image)
	fails(oci.ErrNoneVerified, "verify", "--key", stranger, image)
	fails(oci.ErrNoneVerified, "verify", "--key", public, "--type", "spdx", image)
	ok("verified: https://cyclonedx.org/bom", "verify", "--all-platforms", "--key", public, "--type", "cyclonedx", image)
	// What was signed is not about another image.
	fails(attest.ErrSubject, "attach", "--bundle", bundle, pushed(t))
	fails(attest.ErrSubject, "verify-bundle", "--bundle", bundle, "--key", public, "sha256:"+strings.Repeat("0", 64))
}

// TestLayout verifies what the quickstart's builder attached to a layout.
func TestLayout(t *testing.T) {
	args := []string{"verify", "--key", quickstart + "builder/builder.pub"}
	if err := run(t.Context(), append(args, quickstart+"image"), io.Discard); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), append(args, "--type", "spdx", quickstart+"image"), io.Discard); !errors.Is(err, oci.ErrNoneVerified) {
		t.Errorf("error %v, want that there is no statement of this type", err)
	}
}

func TestArguments(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"no command":            {nil, "wrong arguments"},
		"unknown command":       {[]string{"sing"}, "wrong arguments"},
		"no argument":           {[]string{"list"}, "wrong arguments"},
		"nothing to attach":     {[]string{"attach", "x"}, "wrong arguments"},
		"unknown format":        {[]string{"attach", "--format", "x", "--bundle", "main.go", "x"}, "wrong arguments"},
		"no key":                {[]string{"verify", "x"}, "either -key or -certificate-identity"},
		"key and identity":      {[]string{"verify", "--key", "main.go", "--certificate-identity", "x", "x"}, "either -key or -certificate-identity"},
		"no public key":         {[]string{"verify", "--key", "main.go", "x"}, "main.go"},
		"no private key":        {[]string{"sign", "--key", "main.go", "x"}, "main.go"},
		"no signer":             {[]string{"sign", "x"}, "either -key or -identity-token"},
		"token without config":  {[]string{"sign", "--identity-token", "main.go", "x"}, "signing config"},
		"config that is none":   {[]string{"sign", "--identity-token", "x", "--signing-config", "main.go", "x"}, "main.go"},
		"no plugin":             {[]string{"sign", "--key", "nosuch://key", "x"}, "plugin"},
		"no bundle file":        {[]string{"verify-bundle", "--key", "main.go", "x"}, "wrong arguments"},
		"no bundle":             {[]string{"attach", "--bundle", "main.go", "x"}, "main.go"},
		"identity without root": {[]string{"verify", "--certificate-identity", "x", "--certificate-oidc-issuer", "y", "z"}, "root"},
	} {
		if err := run(t.Context(), tt.args, io.Discard); err == nil || !strings.Contains(strings.ToLower(err.Error()), tt.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tt.says)
		}
	}
}

// pushed returns a reference to a new image in a registry on loopback.
func pushed(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	t.Cleanup(server.Close)
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/acme/app:1.0")
	if err != nil {
		t.Fatal(err)
	}
	img, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.Name()
}

// newKey writes a pair of keys.
func newKey(t *testing.T, dir, name string) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))),
		write(t, dir, name+".pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open})))
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
