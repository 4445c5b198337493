package attest

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// leaf reads the signing certificate out of the verification material: that of the
// member certificate, or the first of x509CertificateChain (bundles v0.1 and v0.2). It
// is nil if there is neither. Nothing says yet that anybody issued it.
func (b *Bundle) leaf() (*x509.Certificate, error) {
	if b.material == nil {
		return nil, nil
	}
	type certificate struct {
		RawBytes base64Bytes `json:"rawBytes"`
	}
	var m struct {
		Certificate *certificate `json:"certificate"`
		Chain       *struct {
			Certificates []certificate `json:"certificates"`
		} `json:"x509CertificateChain"`
	}
	if err := strictjson.Decode(b.material, &m); err != nil {
		return nil, err
	}
	switch {
	case m.Certificate == nil && m.Chain == nil:
		return nil, nil
	case m.Certificate != nil && m.Chain != nil:
		return nil, errors.New("both a certificate and a chain")
	case m.Chain != nil && len(m.Chain.Certificates) == 0:
		return nil, errors.New("empty certificate chain")
	case m.Chain != nil:
		m.Certificate = &m.Chain.Certificates[0]
	}
	return x509.ParseCertificate(m.Certificate.RawBytes)
}

// base64Bytes are bytes that are read as strictly as a payload is.
type base64Bytes []byte

// UnmarshalJSON reads base64 as decodeBase64 does.
func (b *base64Bytes) UnmarshalJSON(data []byte) (err error) {
	*b, err = decodeBase64(data)
	return err
}

// fulcioArc is 1.3.6.1.4.1.57264.1, under which Fulcio's extensions are.
var fulcioArc = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1}

var (
	oidSAN       = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidOtherName = append(append(asn1.ObjectIdentifier{}, fulcioArc...), 7)
)

// identityOf reads whom a certificate names. A certificate that can be read in two
// ways names nobody: there must be exactly one subject alternative name, one issuer,
// and each extension once.
func identityOf(cert *x509.Certificate) (id Identity, err error) {
	if id.SAN, err = onlySAN(cert); err != nil {
		return id, err
	}
	var issuers [2]string // in the older form and the newer one
	seen := map[int]bool{}
	for _, e := range cert.Extensions {
		n := len(fulcioArc)
		if len(e.Id) != n+1 || !e.Id[:n].Equal(fulcioArc) {
			continue
		}
		arc := e.Id[n]
		if seen[arc] {
			return id, fmt.Errorf("extension %s twice", e.Id)
		}
		seen[arc] = true
		value := string(e.Value) // the first six are no DER, just the text
		if arc >= 8 {
			if value, err = derString(e.Value); err != nil {
				return id, fmt.Errorf("extension %s: %w", e.Id, err)
			}
		}
		switch claim := id.Claims.byArc(arc); {
		case arc == 1:
			issuers[0] = value
		case arc == 8:
			issuers[1] = value
		case claim != nil:
			*claim = value
		}
	}
	if id.Issuer = issuers[1]; id.Issuer == "" {
		id.Issuer = issuers[0]
	}
	if issuers[0] != "" && issuers[0] != id.Issuer {
		return id, fmt.Errorf("two issuers: %.100q and %.100q", issuers[0], issuers[1])
	}
	return id, nil
}

// byArc returns the claim that an extension holds, nil for those that are none.
func (c *Claims) byArc(arc int) *string {
	claims := []*string{
		2: &c.GitHubWorkflowTrigger, 3: &c.GitHubWorkflowSHA, 4: &c.GitHubWorkflowName, 5: &c.GitHubWorkflowRepository, 6: &c.GitHubWorkflowRef,
		9: &c.BuildSignerURI, 10: &c.BuildSignerDigest, 11: &c.RunnerEnvironment,
		12: &c.SourceRepositoryURI, 13: &c.SourceRepositoryDigest, 14: &c.SourceRepositoryRef, 15: &c.SourceRepositoryIdentifier,
		16: &c.SourceRepositoryOwnerURI, 17: &c.SourceRepositoryOwnerIdentifier, 18: &c.BuildConfigURI, 19: &c.BuildConfigDigest,
		20: &c.BuildTrigger, 21: &c.RunInvocationURI, 22: &c.SourceRepositoryVisibilityAtSigning,
	}
	if arc < 0 || arc >= len(claims) {
		return nil
	}
	return claims[arc]
}

func derString(der []byte) (s string, err error) {
	rest, err := asn1.Unmarshal(der, &s)
	if err == nil && len(rest) > 0 {
		err = errors.New("data behind the string")
	}
	return s, err
}

// onlySAN returns the certificate's one subject alternative name as it is written
// there (RFC 5280, section 4.2.1.6): an e-mail address, a URI, or Fulcio's user name, an OtherName
// (Fulcio, "oid-info.md", 1.3.6.1.4.1.57264.1.7). What crypto/x509 makes of a URI is another spelling.
func onlySAN(cert *x509.Certificate) (string, error) {
	var names []asn1.RawValue
	for _, e := range cert.Extensions {
		if !e.Id.Equal(oidSAN) {
			continue
		}
		if rest, err := asn1.Unmarshal(e.Value, &names); err != nil || len(rest) > 0 {
			return "", errors.New("malformed subject alternative name")
		}
	}
	if len(names) != 1 {
		return "", fmt.Errorf("%d subject alternative names, want one", len(names))
	}
	name := names[0]
	switch {
	case name.Class != asn1.ClassContextSpecific:
	case (name.Tag == tagEmail || name.Tag == tagURI) && len(name.Bytes) > 0:
		return string(name.Bytes), nil
	case name.Tag == tagOtherName:
		return otherName(name.FullBytes)
	}
	return "", errors.New("unknown kind of subject alternative name")
}

// Tags of a GeneralName.
const (
	tagOtherName = 0
	tagEmail     = 1
	tagURI       = 6
)

func otherName(der []byte) (string, error) {
	var other struct {
		ID    asn1.ObjectIdentifier
		Value string `asn1:"utf8,explicit,tag:0"`
	}
	if _, err := asn1.UnmarshalWithParams(der, &other, "tag:0"); err != nil || !other.ID.Equal(oidOtherName) || other.Value == "" {
		return "", errors.New("unknown kind of subject alternative name")
	}
	return other.Value, nil
}
