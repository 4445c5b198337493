package sigstoretest

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"

	"github.com/digitorus/timestamp"
)

func timestampTemplate() *x509.Certificate {
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "timestamp authority"}, KeyUsage: x509.KeyUsageDigitalSignature,
		// RFC 3161, section 2.3: critical, which ExtKeyUsage would not be
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}
}

// Timestamp signs that sig existed at the given time (RFC 3161).
func (in *Instance) Timestamp(sig []byte, at time.Time) []byte {
	sum := sha256.Sum256(sig)
	return in.timestamp(sum[:], at)
}

func (in *Instance) timestamp(digest []byte, at time.Time) []byte {
	ts := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: digest, Time: at,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: true,
	}
	out, err := ts.CreateResponseWithOpts(in.stampAuthor, in.stampKey, crypto.SHA256)
	in.must(err)
	return out
}
