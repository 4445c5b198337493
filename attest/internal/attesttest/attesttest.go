// Package attesttest makes verified statements for tests of what takes them.
package attesttest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// Key returns a key that is always the same and protects nothing.
func Key() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		panic(err)
	}
	return key
}

// KeyID returns the id of Key.
func KeyID() string {
	id, err := attest.KeyID(Key().Public())
	if err != nil {
		panic(err)
	}
	return id
}

// Verified signs a payload with Key and verifies it. The signer has the identity's
// name and, if it has an issuer, a certificate with issuer and SAN, a URI.
func Verified(id attest.Identity, payload string, subject attest.Digest) (*attest.Verified, error) {
	key := Key()
	trust := attest.Trust{Keys: []attest.Key{{Public: key.Public(), Name: id.Name}}}
	material := json.RawMessage(`{"publicKey":{}}`)
	if id.Issuer != "" {
		trust = attest.Trust{Root: []byte("{}"), Identities: []attest.TrustedIdentity{{Name: id.Name, Issuer: id.Issuer, SAN: id.SAN}}}
		cert, err := Certificate(key, id)
		if err != nil {
			return nil, err
		}
		if material, err = json.Marshal(map[string]any{"certificate": map[string]any{"rawBytes": cert}}); err != nil {
			return nil, err
		}
	}
	b, err := Bundle(key, payload, material)
	if err != nil {
		return nil, err
	}
	v, err := attest.NewVerifierWith(trust, Credulous{})
	if err != nil {
		return nil, err
	}
	return v.Verify(context.Background(), b, subject)
}

// Bundle signs a payload as a statement and puts the given material beside it.
func Bundle(key *ecdsa.PrivateKey, payload string, material json.RawMessage) (*attest.Bundle, error) {
	hash := sha256.Sum256(attest.PAE(attest.PayloadType, []byte(payload)))
	sig, err := ecdsa.SignASN1(rand.Reader, key, hash[:])
	if err != nil {
		return nil, err
	}
	return attest.NewBundle(&attest.Envelope{PayloadType: attest.PayloadType, Payload: []byte(payload), Signatures: []attest.Signature{{Sig: sig}}}, material)
}

// Certificate makes a certificate like Fulcio's, which nobody but the key itself issued.
func Certificate(key *ecdsa.PrivateKey, id attest.Identity, more ...pkix.Extension) ([]byte, error) {
	san, err := url.Parse(id.SAN)
	if err != nil {
		return nil, err
	}
	issuer, err := asn1.MarshalWithParams(id.Issuer, "utf8")
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now, NotAfter: now.Add(10 * time.Minute), URIs: []*url.URL{san},
		ExtraExtensions: append([]pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: issuer}}, more...),
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}

// Credulous is a witness who believes everything: that each signature was made at At,
// or now if that is zero, and is in a log.
type Credulous struct{ At time.Time }

// Testify implements witness.Witness.
func (c Credulous) Testify(q *witness.Question) (witness.Proof, error) {
	if (q.Certificate == nil) == (q.Key == nil) || len(q.Signature) == 0 {
		return witness.Proof{}, fmt.Errorf("attesttest: incomplete question %+v", q)
	}
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	return witness.New(witness.Testimony{
		Times: []witness.Time{{Time: at, Source: witness.SourceLog}},
		Log:   []witness.LogEntry{{Index: 1, Kind: "dsse 0.0.1", Time: at}},
		SCT:   true,
	}), nil
}
