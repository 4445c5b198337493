package oci_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// cosign runs the real cosign, offline, with its state in a directory of its own.
type cosign struct {
	path, dir string
}

func findCosign(t *testing.T) *cosign {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: interoperability with cosign is not tested")
	}
	if underRace {
		t.Skip("the race detector sees nothing of what cosign does: run without it")
	}
	path, err := exec.LookPath("cosign")
	if err != nil {
		t.Skip("cosign is not in PATH: interoperability with it is not tested")
	}
	c := &cosign{path: path, dir: t.TempDir()}
	mustWrite(t, c.file("offline.json"), []byte(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}`))
	return c
}

func (c *cosign) file(name string) string { return filepath.Join(c.dir, name) }

func (c *cosign) run(args ...string) (string, error) {
	cmd := exec.Command(c.path, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "COSIGN_PASSWORD=", "HOME="+c.dir, "DOCKER_CONFIG="+c.dir, "SIGSTORE_NO_CACHE=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// verifyAttestation runs cosign verify-attestation with the public key.
func (c *cosign) verifyAttestation(t *testing.T, public crypto.PublicKey, image, predicateType string, extra ...string) (string, error) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, c.file("key.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	args := []string{"verify-attestation", "--key", c.file("key.pub"), "--insecure-ignore-tlog=true", "--allow-http-registry", "--type", predicateType}
	return c.run(append(append(args, extra...), image)...)
}

// attest runs cosign attest with the private key.
func (c *cosign) attest(t *testing.T, private crypto.Signer, image string, legacy bool) {
	t.Helper()
	c.attestType(t, c.importKey(t, private), image, "cyclonedx", cdxDoc, legacy)
}

// importKey turns a private key into the form that cosign reads, and returns its file.
func (c *cosign) importKey(t *testing.T, private crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	mustWrite(t, file("plain.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if out, err := c.run("import-key-pair", "--key", file("plain.pem"), "--output-key-prefix", file("imported")); err != nil {
		t.Fatalf("import-key-pair: %v\n%s", err, out)
	}
	return file("imported.key")
}

// attestType runs cosign attest with a predicate.
func (c *cosign) attestType(t *testing.T, key, image, predicateType, predicate string, legacy bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "predicate")
	mustWrite(t, file, []byte(predicate))
	args := []string{"attest", "--yes", "--key", key, "--allow-http-registry", "--type", predicateType, "--predicate", file}
	if legacy {
		args = append(args, "--tlog-upload=false", "--use-signing-config=false", "--new-bundle-format=false")
	} else {
		args = append(args, "--signing-config", c.file("offline.json"))
	}
	if out, err := c.run(append(args, image)...); err != nil {
		t.Fatalf("cosign attest --type %s: %v\n%s", predicateType, err, out)
	}
}

// namedKey is a key, and what cosign must be told to verify with it: by default it
// takes SHA-256 whatever the curve.
type namedKey struct {
	name  string
	key   crypto.Signer
	flags []string
}

func allKeys(t *testing.T) []namedKey {
	t.Helper()
	var keys []namedKey
	hashes := map[elliptic.Curve]string{elliptic.P256(): "sha256", elliptic.P384(): "sha384", elliptic.P521(): "sha512"}
	for curve, hash := range hashes {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, namedKey{"ECDSA " + curve.Params().Name, k, []string{"--signature-digest-algorithm", hash}})
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return append(keys, namedKey{"Ed25519", ed, nil}, namedKey{"RSA", r, nil})
}

const (
	spdxDoc = `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"app <&> \"x\"","dataLicense":"CC0-1.0","documentNamespace":"https://example.com/app","creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: test"]}}`
	cdxDoc  = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"a","version":"1"}]}`
)

func TestCosignVerifiesOurs(t *testing.T) {
	c := findCosign(t)
	for _, withAPI := range []bool{true, false} {
		for _, k := range allKeys(t) {
			t.Run(fmt.Sprintf("%s, referrers API %t", k.name, withAPI), func(t *testing.T) {
				img, digest := testImage(t, k.name)
				host := testRegistry(t, withAPI)
				repo := pushImage(t, host, img)
				signer, err := attest.NewKeySigner(k.key)
				if err != nil {
					t.Fatal(err)
				}
				st, err := attest.NewStatement(attest.SPDX([]byte(spdxDoc)), attest.NewSubject(repo.String(), digest))
				if err != nil {
					t.Fatal(err)
				}
				b, err := signer.Sign(context.Background(), st)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := oci.Attach(context.Background(), repo, digest, b, nil); err != nil {
					t.Fatal(err)
				}
				image := repo.String() + "@" + string(digest)
				if out, err := c.verifyAttestation(t, k.key.Public(), image, "spdxjson", k.flags...); err != nil {
					t.Errorf("cosign refuses our attestation: %v\n%s", err, out)
				}
				stranger := newKeyPair(t)
				if out, err := c.verifyAttestation(t, stranger.private.Public(), image, "spdxjson"); err == nil {
					t.Errorf("cosign accepts it with another key:\n%s", out)
				}
			})
		}
	}
}

func TestWeVerifyCosigns(t *testing.T) {
	c := findCosign(t)
	for legacy, store := range map[bool]oci.Store{true: oci.StoreAtt, false: oci.StoreAPI} {
		for _, k := range allKeys(t) {
			t.Run(fmt.Sprintf("%s, legacy %t", k.name, legacy), func(t *testing.T) {
				img, digest := testImage(t, k.name)
				repo := pushImage(t, testRegistry(t, true), img)
				c.attest(t, k.key, repo.String()+"@"+string(digest), legacy)
				verifyCosigns(t, repo, digest, k.key.Public(), store)
			})
		}
	}
}

func verifyCosigns(t *testing.T, repo oci.Target, digest attest.Digest, key crypto.PublicKey, store oci.Store) {
	t.Helper()
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: key})
	if err != nil {
		t.Fatal(err)
	}
	res, err := oci.Verify(context.Background(), repo, "", verifier, &oci.Options{PredicateType: attest.TypeCycloneDX})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Verified) != 1 || len(res.Rejected) != 0 || res.Subject != digest || res.Sources[0].Store != store {
		t.Fatalf("got %d verified in %v, rejected %v", len(res.Verified), res.Sources, res.Rejected)
	}
	doc, err := attest.DecodePredicate[struct {
		Components []struct {
			Name string `json:"name"`
		} `json:"components"`
	}](res.Verified[0])
	if err != nil || len(doc.Components) != 1 || doc.Components[0].Name != "a" {
		t.Errorf("predicate %+v, %v", doc, err)
	}
	stranger := newKeyPair(t)
	if _, err := oci.Verify(context.Background(), repo, "", stranger.verifier, nil); !errors.Is(err, oci.ErrNoneVerified) || !errors.Is(err, attest.ErrSignature) {
		t.Errorf("with another key: %v", err)
	}
}
