package attest

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"fmt"
)

// KeySigner signs with a private key. Whether several goroutines may use one
// depends on its crypto.Signer; those of the standard library allow it.
type KeySigner struct {
	key crypto.Signer
	id  string
}

// NewKeySigner returns a signer for an ECDSA P-256, P-384 or P-521 key (with
// SHA-256, SHA-384 and SHA-512), an Ed25519 key, or an RSA key of at least 2048
// bits (PKCS #1 v1.5 with SHA-256, as cosign does). The key may live elsewhere:
// any crypto.Signer will do, such as a client of a key management service. The
// error is an ErrKey.
func NewKeySigner(key crypto.Signer) (*KeySigner, error) {
	if key == nil {
		return nil, fmt.Errorf("%w: nil", ErrKey)
	}
	id, err := KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	return &KeySigner{key: key, id: id}, nil
}

// Public returns the public key.
func (s *KeySigner) Public() crypto.PublicKey { return s.key.Public() }

// KeyID returns the id of the key, as the function KeyID does.
func (s *KeySigner) KeyID() string { return s.id }

// Sign signs st. The result is checked with the public key before it is returned,
// because services disagree about hashes and encodings; one that fails is an
// ErrSignature. The statement must be complete as from [NewStatement].
func (s *KeySigner) Sign(ctx context.Context, st *Statement) (*Bundle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	payload, err := st.MarshalJSON()
	if err != nil {
		return nil, err
	}
	msg := newMessage(PayloadType, payload)
	hash := signingHash(s.key.Public())
	sig, err := s.key.Sign(rand.Reader, msg.digest(hash), hash)
	if err != nil {
		return nil, fmt.Errorf("attest: sign: %w", err)
	}
	if !msg.verify(s.key.Public(), sig) {
		return nil, fmt.Errorf("%w: the signer returned one that its public key refuses", ErrSignature)
	}
	material, err := json.Marshal(map[string]any{"publicKey": map[string]string{"hint": s.id}})
	if err != nil {
		return nil, err
	}
	env := &Envelope{PayloadType: PayloadType, Payload: payload, Signatures: []Signature{{Sig: sig}}}
	return NewBundle(env, material)
}
