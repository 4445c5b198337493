package attest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"
)

// message is what signatures cover. Its digests are computed once each, for any
// number of keys and signatures, and without a copy of the payload.
type message struct {
	header, payload []byte
	bare            *message // the payload alone
	digests         map[crypto.Hash][]byte
	digestsOnly     bool // there is nothing to hash
}

// newMessage is that of an envelope.
func newMessage(payloadType string, payload []byte) *message {
	return &message{
		header: paeHeader(payloadType, payload), payload: payload, digests: map[crypto.Hash][]byte{},
		bare: &message{payload: payload, digests: map[crypto.Hash][]byte{}},
	}
}

// digestMessage is that of a file, of which only digests are known.
func digestMessage(digests map[crypto.Hash][]byte) *message {
	return &message{digests: digests, digestsOnly: true}
}

// digest returns the hash of the message, for hash 0 the message itself; nil if it is
// not known.
func (m *message) digest(hash crypto.Hash) []byte {
	d, ok := m.digests[hash]
	if ok || m.digestsOnly {
		return d
	}
	if hash == 0 {
		d = append(append([]byte{}, m.header...), m.payload...)
	} else {
		h := hash.New()
		h.Write(m.header)
		h.Write(m.payload)
		d = h.Sum(nil)
	}
	m.digests[hash] = d
	return d
}

// verifyAs is verify, and whatever else is accepted of this key.
func (m *message) verifyAs(k *Key, sig []byte) bool {
	forms := [][]byte{sig}
	if public, ok := k.Public.(*ecdsa.PublicKey); ok && k.AcceptP1363 {
		if der := fromP1363(public, sig); der != nil {
			forms = append(forms, der)
		}
	}
	for _, sig := range forms {
		if m.verify(k.Public, sig) || k.InsecureAcceptBarePayload && m.bare != nil && m.bare.verify(k.Public, sig) {
			return true
		}
	}
	return false
}

// verify reports whether key made sig. The key alone determines what is tried.
// Beside the usual form that is, for what cosign writes, SHA-256 with P-384 and
// P-521 keys, and Ed25519ph, whose domain separation keeps it apart from Ed25519
// (RFC 8032, section 5.1).
func (m *message) verify(key crypto.PublicKey, sig []byte) bool {
	hash := signingHash(key)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return m.verifyECDSA(k, hash, sig) || hash != crypto.SHA256 && m.verifyECDSA(k, crypto.SHA256, sig)
	case *rsa.PublicKey:
		d := m.digest(hash)
		return d != nil && rsa.VerifyPKCS1v15(k, hash, d, sig) == nil
	case ed25519.PublicKey:
		if d := m.digest(0); d != nil && ed25519.Verify(k, d, sig) {
			return true
		}
		d := m.digest(crypto.SHA512)
		return d != nil && ed25519.VerifyWithOptions(k, d, sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
	default:
		return false
	}
}

// verifyECDSA never verifies an unknown digest: for an empty one anybody can make
// signatures.
func (m *message) verifyECDSA(k *ecdsa.PublicKey, hash crypto.Hash, sig []byte) bool {
	d := m.digest(hash)
	return len(d) == hash.Size() && ecdsa.VerifyASN1(k, d, sig)
}

// fromP1363 returns r‖s as ASN.1, nil if it is no such thing.
func fromP1363(k *ecdsa.PublicKey, sig []byte) []byte {
	size := (k.Curve.Params().BitSize + 7) / 8
	if len(sig) != 2*size {
		return nil
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:])})
	if err != nil {
		return nil
	}
	return der
}
