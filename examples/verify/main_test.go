package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
	"github.com/imagetrust/imagetrust/examples/internal/source"
)

const (
	testImage  = "../quickstart/testdata/image"
	builderKey = "../quickstart/testdata/builder/builder.pub"
)

func TestRun(t *testing.T) {
	if err := run(t.Context(), testImage, []string{builderKey}, "", ""); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), testImage, []string{builderKey}, "https://spdx.dev/Document", ""); !errors.Is(err, oci.ErrNoneVerified) {
		t.Errorf("error %v, want that there is no statement of this type", err)
	}
}

func TestRunErrors(t *testing.T) {
	for name, tc := range map[string]struct{ image, key, bundle, says string }{
		"no key":       {testImage, "main.go", "", "main.go"},
		"no image":     {"./nothing", builderKey, "", "there is no ./nothing"},
		"no bundle":    {testImage, builderKey, "main.go", "main.go"},
		"no such file": {testImage, builderKey, "nothing.json", "nothing.json"},
	} {
		if err := run(t.Context(), tc.image, []string{tc.key}, "", tc.bundle); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tc.says)
		}
	}
}

// TestTypeOfBundle: -type asks the same of a file as of what is beside the image.
func TestTypeOfBundle(t *testing.T) {
	const sbomType, other = "https://cyclonedx.org/bom", "https://slsa.dev/provenance/v1"
	image, err := source.Image(t.Context(), testImage)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	key, bundle := signed(t, attest.Custom(sbomType, struct{}{}), attest.Digest(image.Subject().Digest))
	for want, wrong := range map[string]bool{"": false, sbomType: false, other: true} {
		if err := run(t.Context(), testImage, []string{key}, want, bundle); (err != nil) != wrong {
			t.Errorf("type %q: error %v", want, err)
		}
	}
}

// signed writes a statement signed with a new key, and the key's public half.
func signed(t *testing.T, p attest.Predicate, subject attest.Digest) (key, bundle string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.NewKeySigner(private)
	if err != nil {
		t.Fatal(err)
	}
	st, err := attest.NewStatement(p, attest.NewSubject("", subject))
	if err != nil {
		t.Fatal(err)
	}
	b, err := signer.Sign(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	key, bundle = filepath.Join(t.TempDir(), "key.pub"), filepath.Join(t.TempDir(), "bundle.json")
	for name, data := range map[string][]byte{key: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), bundle: b.Bytes()} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key, bundle
}
