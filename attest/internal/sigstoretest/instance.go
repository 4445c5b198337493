// Package sigstoretest is a Sigstore instance for tests: a certificate authority with
// a certificate transparency log, a log in the forms of Rekor v1 and v2, and a timestamp
// authority. Its keys live in memory, its clocks are the caller's, and it lies on
// request. [Instance.Serve] puts it on loopback.
package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// Start is when all keys of an instance become valid; they end a year later.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Instance is a Sigstore instance.
type Instance struct {
	tb                       testing.TB
	seed                     string
	made                     int64 // keys and certificates so far
	rootKey, logKey, ctKey   *ecdsa.PrivateKey
	root, authority          *x509.Certificate
	authorityKey, stampKey   *ecdsa.PrivateKey
	stampRoot, stampAuthor   *x509.Certificate
	WithoutLog, WithoutStamp bool   // leave them out of the trusted root
	WithoutSCT               bool   // make certificates without
	hostname                 string // the log's, in its address and in its checkpoints
	url                      string
}

// New returns an instance with new keys.
func New(tb testing.TB) *Instance { return NewSeeded(tb, rand.Text()) }

// NewSeeded returns an instance whose keys and certificates are always the same, for
// tests that run in several processes.
func NewSeeded(tb testing.TB, seed string) *Instance {
	in := &Instance{tb: tb, seed: seed, hostname: "rekor.test", url: "https://rekor.test"}
	in.rootKey, in.logKey, in.ctKey = in.key(), in.key(), in.key()
	in.authorityKey, in.stampKey = in.key(), in.key()
	in.root = in.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign},
		nil, in.rootKey.Public(), in.rootKey)
	in.authority = in.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}, in.root, in.authorityKey.Public(), in.rootKey)
	in.stampRoot = in.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "timestamp root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}, nil, in.rootKey.Public(), in.rootKey)
	in.stampAuthor = in.issue(timestampTemplate(), in.stampRoot, in.stampKey.Public(), in.rootKey)
	return in
}

func (in *Instance) key() *ecdsa.PrivateKey {
	in.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", in.seed, in.made))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	in.must(err)
	return k
}

func (in *Instance) must(err error) {
	in.tb.Helper()
	if err != nil {
		in.tb.Fatal(err)
	}
}

// issue makes a certificate; a nil parent makes it sign itself. It is valid for the
// instance's year if the template does not say otherwise.
func (in *Instance) issue(template, parent *x509.Certificate, public crypto.PublicKey, signer *ecdsa.PrivateKey) *x509.Certificate {
	in.tb.Helper()
	if template.SerialNumber == nil {
		in.made++
		template.SerialNumber = big.NewInt(in.made)
	}
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = Start, Start.AddDate(1, 0, 0)
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(nil, template, parent, public, signer)
	in.must(err)
	cert, err := x509.ParseCertificate(der)
	in.must(err)
	return cert
}

// spki returns the public key in DER, and its hash, which is a log's id.
func (in *Instance) spki(key *ecdsa.PrivateKey) (der, id []byte) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	in.must(err)
	sum := sha256.Sum256(der)
	return der, sum[:]
}

// Root returns the trusted root in JSON.
func (in *Instance) Root() []byte {
	validFor := map[string]any{"start": Start.Format(time.RFC3339), "end": Start.AddDate(1, 0, 0).Format(time.RFC3339)}
	chain := func(certs ...*x509.Certificate) map[string]any {
		var list []any
		for _, c := range certs {
			list = append(list, map[string]any{"rawBytes": c.Raw})
		}
		return map[string]any{"uri": in.url, "certChain": map[string]any{"certificates": list}, "validFor": validFor}
	}
	log := func(key *ecdsa.PrivateKey) map[string]any {
		der, id := in.spki(key)
		return map[string]any{
			"baseUrl": in.url, "hashAlgorithm": "SHA2_256", "logId": map[string]any{"keyId": id},
			"publicKey": map[string]any{"rawBytes": der, "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": validFor},
		}
	}
	root := map[string]any{
		"mediaType":              "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"certificateAuthorities": []any{chain(in.authority, in.root)},
		"ctlogs":                 []any{log(in.ctKey)},
		"tlogs":                  []any{log(in.logKey)},
		"timestampAuthorities":   []any{chain(in.stampAuthor, in.stampRoot)},
	}
	if in.WithoutLog {
		delete(root, "tlogs")
	}
	if in.WithoutStamp {
		delete(root, "timestampAuthorities")
	}
	if in.WithoutSCT {
		delete(root, "ctlogs")
	}
	out, err := json.Marshal(root)
	in.must(err)
	return out
}
