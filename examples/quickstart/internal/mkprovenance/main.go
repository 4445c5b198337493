// Command mkprovenance plays the builder of the quickstart's image: it signs how the
// image was built (SLSA provenance v1), attaches the attestation to the image, and
// leaves its public key:
//
//	go run ./examples/quickstart/internal/mkprovenance -image examples/quickstart/testdata/image -out examples/quickstart/testdata/builder
//
// The private key is made anew each time and never written.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
	"github.com/imagetrust/imagetrust/sbom/image"
)

func main() {
	log.SetFlags(0)
	layout := flag.String("image", "", "OCI layout of the image")
	out := flag.String("out", "", "directory for the public key")
	flag.Parse()
	if err := run(context.Background(), *layout, *out); err != nil {
		log.Fatal("mkprovenance: ", err)
	}
}

func run(ctx context.Context, layout, out string) error {
	img, err := image.Open(layout, nil)
	if err != nil {
		return err
	}
	defer img.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	subject := attest.Digest(img.Subject().Digest)
	st, err := attest.NewStatement(attest.Provenance(provenance()), attest.NewSubject("quickstart.example/storefront", subject))
	if err != nil {
		return err
	}
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		return err
	}
	bundle, err := signer.Sign(ctx, st)
	if err != nil {
		return err
	}
	d, err := oci.Attach(ctx, oci.Layout(layout), subject, bundle, nil)
	if err != nil {
		return err
	}
	fmt.Println(d.Digest)
	return writeKey(filepath.Join(out, "builder.pub"), &key.PublicKey)
}

func provenance() *attest.SLSAProvenance {
	built := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	return &attest.SLSAProvenance{
		BuildDefinition: attest.BuildDefinition{
			BuildType:          "https://builder.example/mkimage/v1",
			ExternalParameters: json.RawMessage(`{"source":"git+https://github.com/imagetrust/imagetrust","program":"examples/quickstart/internal/mkimage"}`),
		},
		RunDetails: attest.RunDetails{
			Builder:  attest.Builder{ID: "https://builder.example/imagetrust/quickstart@v1"},
			Metadata: &attest.BuildMetadata{InvocationID: "https://builder.example/runs/1", StartedOn: built, FinishedOn: built},
		},
	}
}

func writeKey(name string, key *ecdsa.PublicKey) error {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644)
}
