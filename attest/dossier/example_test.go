package dossier_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/dossier"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// An SBOM, a scan of it and a reconciliation are attached to an image in one call,
// verified in one call, and do belong together. An RBOM is not there.
func ExampleCheck() {
	ctx := context.Background()
	target, remove := imageInLayout()
	defer remove()
	image, err := oci.Resolve(ctx, target)
	if err != nil {
		log.Fatal(err)
	}

	// Whoever makes a statement from another names that by its digest.
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sbom := attest.CycloneDX([]byte(`{"bomFormat":"CycloneDX","metadata":{"timestamp":"2026-01-02T03:04:05Z"}}`))
	input, err := attest.DescribePredicate("app.cdx.json", sbom)
	if err != nil {
		log.Fatal(err)
	}
	scan := attest.WithInputs(attest.VulnerabilityReport(&attest.VulnScan{
		Scanner:  attest.VulnScanner{URI: "https://example.com/scanner", Result: json.RawMessage(`{"matches":[]}`)},
		Metadata: attest.VulnMetadata{ScanStartedOn: made.Add(time.Minute), ScanFinishedOn: made.Add(2 * time.Minute)},
	}), input)
	reconciliation := attest.NewPredicate(&attest.Reconciliation{
		Reconciler: attest.Reconciler{URI: "https://example.com/reconciler"}, TimeCreated: made.Add(time.Hour),
		Inputs: []attest.ResourceDescriptor{input}, Result: json.RawMessage(`{}`),
	})

	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	bundles := sign(ctx, private, image, sbom, scan, reconciliation)
	if _, err := oci.AttachAll(ctx, target, image, bundles, nil); err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(attest.Key{Public: public})
	if err != nil {
		log.Fatal(err)
	}
	result, err := oci.Verify(ctx, target, image, verifier, nil)
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(dossier.Check(image, result.Verified, nil).Verdict)
	answer := dossier.Check(image, result.Verified, &dossier.Options{Need: []dossier.Kind{dossier.RBOM}})
	fmt.Println(answer.Verdict)
	for _, reason := range answer.With(dossier.Unproven) {
		fmt.Println(reason)
	}
	// Output:
	// together
	// unproven
	// unproven: RBOM present
}

func sign(ctx context.Context, key ed25519.PrivateKey, image attest.Digest, predicates ...attest.Predicate) []*attest.Bundle {
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		log.Fatal(err)
	}
	var bundles []*attest.Bundle
	for _, p := range predicates {
		statement, err := attest.NewStatement(p, attest.NewSubject("app", image))
		if err != nil {
			log.Fatal(err)
		}
		b, err := signer.Sign(ctx, statement)
		if err != nil {
			log.Fatal(err)
		}
		bundles = append(bundles, b)
	}
	return bundles
}

// imageInLayout writes an OCI layout with one image.
func imageInLayout() (target oci.Target, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	path, err := layout.Write(filepath.Join(dir, "layout"), empty.Index)
	if err != nil {
		log.Fatal(err)
	}
	if err := path.AppendImage(empty.Image); err != nil {
		log.Fatal(err)
	}
	return oci.Layout(filepath.Join(dir, "layout")), func() { os.RemoveAll(dir) }
}
