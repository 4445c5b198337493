package kms_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/attest/kms"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// With a plugin "sigstore-kms-hsm" in PATH, the key signs like any other:
//
//	signer, err := attest.NewKeySigner(key)
func ExampleOpen() {
	key, err := kms.Open(context.Background(), "no-such-hsm://slot/1", nil)
	fmt.Println(key == nil, errors.Is(err, kms.ErrPlugin))
	// Output: true true
}
