package sigstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
)

type object = sigstoretest.Object

const (
	subjectHex = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	subject    = attest.Digest("sha256:" + subjectHex)
	issuer     = "https://issuer.example"
	san        = "https://ci.example/acme/app/release.yml@refs/tags/v1"
	statement  = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + subjectHex + `"}}],"predicateType":"https://example.com/p/v1","predicate":{"ok":true}}`
)

// at is when everything happens that happens in time.
var at = sigstoretest.Start.Add(24 * time.Hour)

// made is a signed statement, before it becomes a bundle. Tests put what they like into it.
type made struct {
	*sigstoretest.Instance
	tb       testing.TB
	key      *ecdsa.PrivateKey
	cert     *x509.Certificate // nil: signed by the key alone
	payload  []byte
	sig      []byte
	envelope []byte

	mediaType string
	entries   []any
	stamps    []any
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// sign signs a payload. With a SAN the signer has a certificate of the time at.
func sign(tb testing.TB, in *sigstoretest.Instance, san, payload string, more ...pkix.Extension) *made {
	m := &made{Instance: in, tb: tb, key: newKey(tb), payload: []byte(payload), mediaType: attest.BundleMediaType}
	if san != "" {
		m.cert = in.Certificate(m.key.Public(), issuer, san, at, more...)
	}
	sum := sha256.Sum256(attest.PAE(attest.PayloadType, m.payload))
	var err error
	if m.sig, err = ecdsa.SignASN1(rand.Reader, m.key, sum[:]); err != nil {
		tb.Fatal(err)
	}
	m.envelope = m.json(object{"payload": m.payload, "payloadType": attest.PayloadType, "signatures": []any{object{"sig": m.sig}}})
	return m
}

func (m *made) json(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		m.tb.Fatal(err)
	}
	return out
}

// pem is the signer as entries of Rekor v1 name it.
func (m *made) pem() []byte {
	if m.cert != nil {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.cert.Raw})
	}
	der, err := x509.MarshalPKIXPublicKey(m.key.Public())
	if err != nil {
		m.tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func (m *made) dsse() []byte { return m.DSSEBody(m.envelope, m.payload, m.sig, m.pem()) }

// logged adds an entry dsse 0.0.1 that the log took in at t.
func (m *made) logged(t time.Time) *made {
	m.entries = append(m.entries, m.EntryV1("dsse", "0.0.1", m.dsse(), t))
	return m
}

// loggedV2 adds an entry of Rekor v2.
func (m *made) loggedV2() *made {
	sum := sha256.Sum256(attest.PAE(attest.PayloadType, m.payload))
	verifier := object{"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": object{"rawBytes": m.cert.Raw}}
	m.entries = append(m.entries, m.EntryV2(m.HashedRekordBody(sum[:], m.sig, verifier)))
	return m
}

// stamped adds a timestamp.
func (m *made) stamped(t time.Time) *made {
	m.stamps = append(m.stamps, object{"signedTimestamp": m.Timestamp(m.sig, t)})
	return m
}

// material is the verification material.
func (m *made) material() object {
	material := object{"publicKey": object{"hint": "key"}}
	switch {
	case m.cert != nil && m.mediaType == attest.BundleMediaType:
		material = object{"certificate": object{"rawBytes": m.cert.Raw}}
	case m.cert != nil:
		material = object{"x509CertificateChain": object{"certificates": []any{object{"rawBytes": m.cert.Raw}}}}
	}
	if m.entries != nil {
		material["tlogEntries"] = m.entries
	}
	if m.stamps != nil {
		material["timestampVerificationData"] = object{"rfc3161Timestamps": m.stamps}
	}
	return material
}

func (m *made) bundle() *attest.Bundle {
	m.tb.Helper()
	b, err := attest.ParseBundle(m.json(object{"mediaType": m.mediaType, "verificationMaterial": m.material(), "dsseEnvelope": json.RawMessage(m.envelope)}))
	if err != nil {
		m.tb.Fatal(err)
	}
	return b
}

// byIdentity trusts san of in.
func byIdentity(in *sigstoretest.Instance) attest.Trust {
	return attest.Trust{Root: in.Root(), Identities: []attest.TrustedIdentity{{Name: "ci", Issuer: issuer, SAN: san}}}
}
