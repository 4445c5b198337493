package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"net/url"
	"time"
)

var (
	oidIssuer = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
	oidSCTs   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
)

// Certificate makes a certificate as Fulcio does, valid for ten minutes from at. A SAN
// with a scheme is a URI, any other an e-mail address.
func (in *Instance) Certificate(public crypto.PublicKey, issuer, san string, at time.Time, more ...pkix.Extension) *x509.Certificate {
	in.tb.Helper()
	value, err := asn1.MarshalWithParams(issuer, "utf8")
	in.must(err)
	template := &x509.Certificate{
		NotBefore: at, NotAfter: at.Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: append([]pkix.Extension{{Id: oidIssuer, Value: value}}, more...),
	}
	if u, err := url.Parse(san); err == nil && u.Scheme != "" {
		template.URIs = []*url.URL{u}
	} else if san != "" {
		template.EmailAddresses = []string{san}
	}
	cert := in.issue(template, in.authority, public, in.authorityKey)
	if in.WithoutSCT {
		return cert
	}
	// What the log signs is the certificate without the proof that the log has it (RFC 6962,
	// section 3.2), which is this first one.
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidSCTs, Value: in.sct(cert.RawTBSCertificate, at)})
	return in.issue(template, in.authority, public, in.authorityKey)
}

// sct signs a certificate timestamp, in the form of a certificate's extension.
func (in *Instance) sct(tbs []byte, at time.Time) []byte {
	issuer := sha256.Sum256(in.authority.RawSubjectPublicKeyInfo)
	signed := []byte{0, 0}
	signed = binary.BigEndian.AppendUint64(signed, uint64(at.UnixMilli()))
	signed = append(append(signed, 0, 1), issuer[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	signed = append(append(signed, tbs...), 0, 0)
	sig := in.sign(in.ctKey, signed)
	_, id := in.spki(in.ctKey)
	sct := append([]byte{0}, id...)
	sct = binary.BigEndian.AppendUint64(sct, uint64(at.UnixMilli()))
	sct = append(sct, 0, 0, 4, 3)
	sct = append(binary.BigEndian.AppendUint16(sct, uint16(len(sig))), sig...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(sct)+2))
	list = append(binary.BigEndian.AppendUint16(list, uint16(len(sct))), sct...)
	value, err := asn1.Marshal(list)
	in.must(err)
	return value
}

// sign signs the SHA-256 of msg.
func (in *Instance) sign(key *ecdsa.PrivateKey, msg []byte) []byte {
	sum := sha256.Sum256(msg)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	in.must(err)
	return sig
}
