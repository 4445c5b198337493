package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/seal"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Key is a trusted public key.
type Key struct {
	// Public is an *ecdsa.PublicKey, ed25519.PublicKey or *rsa.PublicKey.
	Public crypto.PublicKey
	// Name is what the key is called in results and errors. Its id if empty.
	Name string
	// NotBefore and NotAfter bound the time at which the key may be used to
	// verify; zero is unbounded. A plain key gives no proven time of signing, so
	// what counts is the time of verification.
	NotBefore, NotAfter time.Time
}

// KeyVerifier verifies with trusted keys. It does not change and may be used by
// several goroutines.
type KeyVerifier struct {
	keys []trustedKey
	now  func() time.Time
}

type trustedKey struct {
	Key
	id string
}

// NewKeyVerifier returns a verifier that trusts keys, at least one: any of them
// may have signed. The error is an ErrKey.
func NewKeyVerifier(keys ...Key) (*KeyVerifier, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: no keys", ErrKey)
	}
	v := &KeyVerifier{now: time.Now}
	for _, k := range keys {
		id, err := KeyID(k.Public)
		if err != nil {
			return nil, err
		}
		v.keys = append(v.keys, trustedKey{Key: k, id: id})
	}
	return v, nil
}

// At returns a verifier with the same keys that takes t for the time of
// verification, to repeat an earlier decision.
func (v *KeyVerifier) At(t time.Time) *KeyVerifier {
	return &KeyVerifier{keys: v.keys, now: func() time.Time { return t }}
}

// Verify checks b against the keys and subject; see [Verifier]. An envelope with
// several signatures needs one by a trusted key.
func (v *KeyVerifier) Verify(ctx context.Context, b *Bundle, subject Digest) (*Verified, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := subject.Validate(); err != nil {
		return nil, err
	}
	if b == nil || b.envelope == nil {
		return nil, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: no envelope", ErrUnsupported)}
	}
	if b.envelope.PayloadType != PayloadType {
		return nil, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: %.80q", ErrPayloadType, b.envelope.PayloadType)}
	}
	key, err := v.signedBy(b)
	if err != nil {
		return nil, err
	}
	return Admit(seal.New(seal.Facts{
		Payload:   b.envelope.Payload,
		Envelope:  b.envelopeJSON,
		KeyID:     key.id,
		Name:      key.Name,
		Unchecked: b.uncheckedByKeys(),
	}), subject)
}

// signedBy finds the trusted key that made one of the signatures. The error is a
// *VerifyError.
func (v *KeyVerifier) signedBy(b *Bundle) (*trustedKey, error) {
	msg := &message{payloadType: b.envelope.PayloadType, payload: b.envelope.Payload}
	now := v.now()
	var tried []string
	var outside *trustedKey
	for _, k := range v.ordered(b) {
		tried = append(tried, k.label())
		if !msg.verifyAny(k.Public, b.envelope.Signatures) {
			continue
		}
		if k.validAt(now) {
			return &k, nil
		}
		outside = &k
	}
	if outside != nil {
		return nil, &VerifyError{Stage: StageSignature, Keys: []string{outside.label()}, Err: fmt.Errorf("%w (%s)", ErrKeyValidity, outside.period())}
	}
	return nil, &VerifyError{Stage: StageSignature, Keys: tried, Err: ErrSignature}
}

// ordered returns the keys, those to which the bundle hints first.
func (v *KeyVerifier) ordered(b *Bundle) []trustedKey {
	hints := []string{b.KeyHint()}
	for _, s := range b.envelope.Signatures {
		hints = append(hints, s.KeyID)
	}
	var first, rest []trustedKey
	for _, k := range v.keys {
		if slices.Contains(hints, k.id) {
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
	}
	return append(first, rest...)
}

func (k *trustedKey) label() string {
	if k.Name != "" {
		return k.Name
	}
	return k.id
}

func (k *trustedKey) validAt(t time.Time) bool {
	return (k.NotBefore.IsZero() || !t.Before(k.NotBefore)) && (k.NotAfter.IsZero() || !t.After(k.NotAfter))
}

func (k *trustedKey) period() string {
	bound := func(t time.Time) string {
		if t.IsZero() {
			return "unbounded"
		}
		return t.UTC().Format(time.RFC3339)
	}
	return bound(k.NotBefore) + " to " + bound(k.NotAfter)
}

// uncheckedByKeys names the verification material that a KeyVerifier ignores.
func (b *Bundle) uncheckedByKeys() []string {
	if b.material == nil {
		return nil
	}
	var names []string
	_ = strictjson.Object(b.material, func(name string, value []byte) error { // scanned before
		if name != "publicKey" && !strictjson.IsNull(value) && !isEmpty(value) {
			names = append(names, name)
		}
		return nil
	})
	return names
}

// isEmpty reports whether value is an empty object or array.
func isEmpty(value []byte) bool {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// message is what signatures cover. Its digests are computed once each, for any
// number of keys and signatures, and without a copy of the payload.
type message struct {
	payloadType string
	payload     []byte
	digests     map[crypto.Hash][]byte
}

// digest returns the hash of the encoded message, for hash 0 the message itself.
func (m *message) digest(hash crypto.Hash) []byte {
	if d, ok := m.digests[hash]; ok {
		return d
	}
	var d []byte
	if hash == 0 {
		d = PAE(m.payloadType, m.payload)
	} else {
		h := hash.New()
		h.Write(paeHeader(m.payloadType, m.payload))
		h.Write(m.payload)
		d = h.Sum(nil)
	}
	if m.digests == nil {
		m.digests = map[crypto.Hash][]byte{}
	}
	m.digests[hash] = d
	return d
}

func (m *message) verifyAny(key crypto.PublicKey, sigs []Signature) bool {
	return slices.ContainsFunc(sigs, func(s Signature) bool { return m.verify(key, s.Sig) })
}

// verify reports whether key made sig. The key alone determines what is tried.
// Beside the usual form that is, for what cosign writes, SHA-256 with P-384 and
// P-521 keys, and Ed25519ph, whose domain separation keeps it apart from Ed25519
// (RFC 8032, section 5.1).
func (m *message) verify(key crypto.PublicKey, sig []byte) bool {
	hash := signingHash(key)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, m.digest(hash), sig) ||
			hash != crypto.SHA256 && ecdsa.VerifyASN1(k, m.digest(crypto.SHA256), sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, hash, m.digest(hash), sig) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(k, m.digest(0), sig) ||
			ed25519.VerifyWithOptions(k, m.digest(crypto.SHA512), sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
	default:
		return false
	}
}
