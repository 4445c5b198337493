package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/scan"
)

// The parties that the example trusts, by the names it gives to their keys.
const (
	examiner = "examiner" // this program, with a key made for this run
	builder  = "builder"  // whoever built the image
)

// The files of what is signed.
const (
	sbomFile = "sbom.sigstore.json"
	scanFile = "scan.sigstore.json"
	rbomFile = "rbom.sigstore.json"
)

var signedFiles = []string{sbomFile, scanFile, rbomFile}

// attest signs what was learned, and verifies it and what is beside the image.
func (t *trust) attest(ctx context.Context, c config) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if t.publicKey, err = publicPEM(key); err != nil {
		return err
	}
	keys := []attest.Key{{Public: &key.PublicKey, Name: examiner}}
	if c.builder != "" {
		text, err := os.ReadFile(c.builder)
		if err != nil {
			return err
		}
		public, err := attest.ParsePublicKey(text)
		if err != nil {
			return fmt.Errorf("%s: %w", c.builder, err)
		}
		keys = append(keys, attest.Key{Public: public, Name: builder})
	}
	verifier, err := attest.NewKeyVerifier(keys...)
	if err != nil {
		return err
	}
	if t.inventory.Subject.Digest == "" {
		return nil // a directory is no image: there is nothing to bind a statement to
	}
	if err := t.sign(ctx, key, verifier); err != nil {
		return err
	}
	return t.verifyBeside(ctx, c.image, verifier)
}

// publicPEM is what others need to verify what this run signed.
func publicPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// sign makes a signed statement of each piece of evidence.
func (t *trust) sign(ctx context.Context, key *ecdsa.PrivateKey, verifier attest.Verifier) error {
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		return err
	}
	predicates, err := t.predicates()
	if err != nil {
		return err
	}
	subject := attest.Digest(t.inventory.Subject.Digest)
	t.bundles, t.files = make(map[string]*attest.Bundle), make(map[attest.Digest]string)
	for _, name := range slices.Sorted(maps.Keys(predicates)) {
		st, err := attest.NewStatement(predicates[name], attest.NewSubject(t.inventory.Subject.Name, subject))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b, err := signer.Sign(ctx, st)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v, err := verifier.Verify(ctx, b, subject)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.bundles[name], t.files[v.EnvelopeDigest()] = b, name
		t.attestations = append(t.attestations, v)
	}
	return nil
}

// predicates are the evidence in the words of the field, by file name.
func (t *trust) predicates() (map[string]attest.Predicate, error) {
	var doc bytes.Buffer
	if _, err := cyclonedx.Encode(&doc, t.inventory, nil); err != nil {
		return nil, err
	}
	ps := map[string]attest.Predicate{sbomFile: attest.CycloneDX(doc.Bytes())}
	if len(t.reports) > 0 {
		p, err := vulnerabilities(t.reports[0])
		if err != nil {
			return nil, err
		}
		ps[scanFile] = p
	}
	if t.rbom != nil {
		ps[rbomFile] = attest.Custom("https://github.com/imagetrust/imagetrust/rbom/v0.1", t.rbom)
	}
	return ps, nil
}

func vulnerabilities(r *scan.Report) (attest.Predicate, error) {
	result, err := json.Marshal(r)
	if err != nil {
		return attest.Predicate{}, err
	}
	return attest.VulnerabilityReport(&attest.VulnScan{
		Scanner: attest.VulnScanner{URI: r.Tool.Name, Version: r.Tool.Version, Result: result,
			DB: attest.VulnDatabase{URI: r.Database.Name, Version: string(r.Database.Digest)}},
		Metadata: attest.VulnMetadata{ScanStartedOn: r.Created, ScanFinishedOn: r.Created},
	}), nil
}

// verifyBeside finds the attestations that are stored with the image.
func (t *trust) verifyBeside(ctx context.Context, image string, verifier attest.Verifier) error {
	target, err := beside(image)
	if target == nil || err != nil {
		return err
	}
	found, err := oci.Verify(ctx, target, attest.Digest(t.inventory.Subject.Digest), verifier, nil)
	if found != nil {
		t.attestations = append(t.attestations, found.Verified...)
		for _, r := range found.Rejected {
			t.rejected = append(t.rejected, r.Error())
		}
	}
	if err != nil && !errors.Is(err, oci.ErrNoneVerified) {
		t.rejected = append(t.rejected, err.Error()) // the policy decides what is missing
	}
	return nil
}

// beside returns where attestations of the image would be; nil for archives, which hold none.
func beside(image string) (oci.Target, error) {
	info, err := os.Stat(image)
	if err != nil {
		return oci.Repository(image, nil)
	}
	if _, err := os.Stat(filepath.Join(image, "oci-layout")); info.IsDir() && err == nil {
		return oci.Layout(image), nil
	}
	return nil, nil
}
