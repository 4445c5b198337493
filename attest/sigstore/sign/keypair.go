package sign

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/imagetrust/imagetrust/attest"
)

// keypair is a crypto.Signer in the form that sigstore-go signs with (sign.Keypair).
type keypair struct {
	crypto.Signer
	id      string
	details signature.AlgorithmDetails
}

func newKeypair(key crypto.Signer) (*keypair, error) {
	id, err := attest.KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	details, err := signature.GetDefaultAlgorithmDetails(key.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", attest.ErrKey, err)
	}
	return &keypair{key, id, details}, nil
}

func (k *keypair) GetHashAlgorithm() protocommon.HashAlgorithm { return k.details.GetProtoHashType() }
func (k *keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return k.details.GetSignatureAlgorithm()
}
func (k *keypair) GetHint() []byte                { return []byte(k.id) }
func (k *keypair) GetPublicKey() crypto.PublicKey { return k.Public() }

// GetKeyAlgorithm names the kind of key as Fulcio's requests do.
func (k *keypair) GetKeyAlgorithm() string {
	return map[signature.PublicKeyType]string{signature.ECDSA: "ECDSA", signature.RSA: "RSA", signature.ED25519: "ED25519"}[k.details.GetKeyType()]
}

func (k *keypair) GetPublicKeyPem() (string, error) {
	pem, err := cryptoutils.MarshalPublicKeyToPEM(k.Public())
	return string(pem), err
}

// SignData signs the hash of data, for Ed25519 data itself, and returns what was signed.
func (k *keypair) SignData(_ context.Context, data []byte) (sig, signed []byte, err error) {
	hash := k.details.GetHashType()
	if hash != 0 {
		h := hash.New()
		h.Write(data)
		data = h.Sum(nil)
	}
	sig, err = k.Sign(rand.Reader, data, hash)
	return sig, data, err
}
