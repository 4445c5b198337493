package sigstore_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
)

// TestNamesAreTakenAsTheyAre: a name counts as it stands in the certificate. What
// net/url makes of a URI may be another one: it drops an empty fragment, and a branch
// may be called "main#".
func TestNamesAreTakenAsTheyAre(t *testing.T) {
	in := sigstoretest.New(t)
	name := func(tag int, value string, constructed bool) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: constructed, Bytes: []byte(value)}
	}
	uri := func(s string) asn1.RawValue { return name(6, s, false) }
	directory, err := asn1.Marshal(pkix.Name{CommonName: "somebody else"}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	for label, tt := range map[string]struct {
		names []asn1.RawValue
		good  bool
	}{
		"as it is":            {[]asn1.RawValue{uri(san)}, true},
		"an empty fragment":   {[]asn1.RawValue{uri(san + "#")}, false},
		"another case":        {[]asn1.RawValue{uri("HTTPS" + san[len("https"):])}, false},
		"a directory name":    {[]asn1.RawValue{uri(san), name(4, string(directory), true)}, false},
		"a registered number": {[]asn1.RawValue{uri(san), name(8, "\x2a\x03", false)}, false},
	} {
		der, err := asn1.Marshal(tt.names)
		if err != nil {
			t.Fatal(err)
		}
		m := sign(t, in, "", statement)
		m.cert = in.Certificate(m.key.Public(), issuer, "", at, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: der})
		v, err := mustVerifier(t, byIdentity(in)).Verify(t.Context(), m.logged(at).bundle(), subject)
		if v.Valid() != tt.good || !tt.good && !errors.Is(err, attest.ErrIdentity) {
			t.Errorf("%s: %v, %v", label, v.Signer(), err)
		}
	}
}

// TestStrangersMaterialIsBounded: anybody may put a good envelope of somebody else into
// a bundle with material of his own.
func TestStrangersMaterialIsBounded(t *testing.T) {
	in := sigstoretest.New(t)
	m := sign(t, in, "", statement)
	material := `{"publicKey":{},"tlogEntries":[` + strings.Repeat("{},", 1<<20) + `{}]}`
	b, err := attest.ParseBundle(m.json(object{"mediaType": m.mediaType, "verificationMaterial": json.RawMessage(material), "dsseEnvelope": json.RawMessage(m.envelope)}))
	if err != nil {
		t.Fatal(err)
	}
	verifier := mustVerifier(t, attest.Trust{Root: in.Root(), Keys: []attest.Key{{Public: m.key.Public()}}})
	allocated := testing.Benchmark(func(b2 *testing.B) {
		b2.ReportAllocs()
		for b2.Loop() {
			_, err = verifier.Verify(t.Context(), b, subject)
		}
	}).AllocedBytesPerOp()
	if !errors.Is(err, attest.ErrLimit) || !errors.Is(err, attest.ErrEvidence) {
		t.Errorf("got %v", err)
	}
	if allocated > 1<<20 {
		t.Errorf("%d bytes allocated", allocated)
	}
}
