// The least program that verifies the attestations of an image with a key.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

func main() {
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	key, err := attest.ParsePublicKey(pem)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := attest.NewVerifier(attest.Trust{Keys: []attest.Key{{Public: key}}})
	if err != nil {
		log.Fatal(err)
	}
	image, err := oci.Repository(os.Args[2], nil)
	if err != nil {
		log.Fatal(err)
	}
	found, err := oci.Verify(context.Background(), image, "", verifier, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range found.Verified {
		fmt.Println(v.PredicateType(), v.Signer().KeyID)
	}
}
