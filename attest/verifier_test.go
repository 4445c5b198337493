package attest_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
)

func mustECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustEd25519(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustRSA(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustStatement(t testing.TB, subject attest.Digest) *attest.Statement {
	t.Helper()
	st, err := attest.NewStatement(attest.Custom(customType, map[string]string{"hello": "world"}), attest.NewSubject("app", subject))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func mustSign(t testing.TB, key crypto.Signer, subject attest.Digest) *attest.Bundle {
	t.Helper()
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := signer.Sign(t.Context(), mustStatement(t, subject))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustVerifier(t testing.TB, keys ...attest.Key) *attest.TrustVerifier {
	t.Helper()
	v, err := attest.NewKeyVerifier(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustParse(t testing.TB, raw string) *attest.Bundle {
	t.Helper()
	b, err := attest.ParseBundle([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantVerifyError checks that err is a *VerifyError of a stage and a reason.
func wantVerifyError(t *testing.T, v *attest.Verified, err error, stage attest.Stage, reason error) {
	t.Helper()
	var ve *attest.VerifyError
	if v.Valid() || !errors.As(err, &ve) || ve.Stage != stage || !errors.Is(err, reason) {
		t.Errorf("got %v, %v, want a failure at %s: %v", v.Valid(), err, stage, reason)
	}
}

func TestSignAndVerify(t *testing.T) {
	keys := map[string]crypto.Signer{
		"P-256":    mustECDSA(t, elliptic.P256()),
		"P-384":    mustECDSA(t, elliptic.P384()),
		"P-521":    mustECDSA(t, elliptic.P521()),
		"Ed25519":  mustEd25519(t),
		"RSA 2048": mustRSA(t, 2048),
	}
	other := mustECDSA(t, elliptic.P256())
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			b := mustSign(t, key, digestA)
			v, err := mustVerifier(t, attest.Key{Public: other.Public()}, attest.Key{Public: key.Public(), Name: "release"}).Verify(t.Context(), b, digestA)
			if err != nil {
				t.Fatal(err)
			}
			id, err := attest.KeyID(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if !v.Valid() || v.Subject() != digestA || v.PredicateType() != customType || string(v.Predicate()) != `{"hello":"world"}` ||
				v.Signer() != (attest.Identity{KeyID: id, Name: "release"}) || !v.Time().IsZero() || len(v.Unchecked()) != 0 {
				t.Errorf("verified as %+v by %+v", v.Statement(), v.Signer())
			}
			if b.KeyHint() != id {
				t.Errorf("hint %q, want %q", b.KeyHint(), id)
			}
			wrong, err := mustVerifier(t, attest.Key{Public: other.Public(), Name: "other"}).Verify(t.Context(), b, digestA)
			wantVerifyError(t, wrong, err, attest.StageSignature, attest.ErrSignature)
			if !strings.Contains(err.Error(), "other") {
				t.Errorf("the error does not name the keys: %v", err)
			}
			elsewhere, err := mustVerifier(t, attest.Key{Public: key.Public()}).Verify(t.Context(), b, digestB)
			wantVerifyError(t, elsewhere, err, attest.StageSubject, attest.ErrSubject)
		})
	}
}

func TestEnvelopeDigestIsOfTheStoredEnvelope(t *testing.T) {
	key := mustEd25519(t)
	b := mustSign(t, key, digestA)
	var parts struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(b.Bytes(), &parts); err != nil {
		t.Fatal(err)
	}
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	inBundle, err := verifier.Verify(t.Context(), b, digestA)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := verifier.Verify(t.Context(), mustParse(t, string(parts.Envelope)), digestA)
	if err != nil {
		t.Fatal(err)
	}
	if inBundle.EnvelopeDigest() != bare.EnvelopeDigest() || inBundle.EnvelopeDigest().Validate() != nil {
		t.Errorf("digests %s and %s", inBundle.EnvelopeDigest(), bare.EnvelopeDigest())
	}
}

// TestEveryBitFlipIsRefused flips every bit of payload and signature.
func TestEveryBitFlipIsRefused(t *testing.T) {
	for name, key := range map[string]crypto.Signer{"ECDSA": mustECDSA(t, elliptic.P256()), "Ed25519": mustEd25519(t), "RSA": mustRSA(t, 2048)} {
		t.Run(name, func(t *testing.T) {
			verifier := mustVerifier(t, attest.Key{Public: key.Public()})
			env := mustSign(t, key, digestA).Envelope()
			check := func() error {
				b, err := attest.NewBundle(env, json.RawMessage(`{"publicKey":{}}`))
				if err != nil {
					return err
				}
				_, err = verifier.Verify(t.Context(), b, digestA)
				return err
			}
			if err := check(); err != nil {
				t.Fatal(err)
			}
			for part, bytes := range map[string][]byte{"payload": env.Payload, "signature": env.Signatures[0].Sig} {
				for i := range bytes {
					for bit := range 8 {
						bytes[i] ^= 1 << bit
						if err := check(); !errors.Is(err, attest.ErrSignature) {
							t.Errorf("%s byte %d bit %d: %v", part, i, bit, err)
						}
						bytes[i] ^= 1 << bit
					}
				}
			}
		})
	}
}

// TestEveryTextFlipIsHarmless flips every bit of a bundle's text. What still
// verifies must be the same payload.
func TestEveryTextFlipIsHarmless(t *testing.T) {
	key := mustEd25519(t)
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	b := mustSign(t, key, digestA)
	want := b.Envelope()
	raw, passed := b.Bytes(), 0
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if got, err := attest.ParseBundle(raw); err != nil {
				if !errors.Is(err, attest.ErrBundle) {
					t.Fatalf("byte %d bit %d: untyped error %v", i, bit, err)
				}
			} else if _, err := verifier.Verify(t.Context(), got, digestA); err == nil {
				passed++
				env := got.Envelope()
				if string(env.Payload) != string(want.Payload) || string(env.Signatures[0].Sig) != string(want.Signatures[0].Sig) {
					t.Errorf("byte %d bit %d: another payload or signature verifies", i, bit)
				}
			}
			raw[i] ^= 1 << bit
		}
	}
	if passed == 0 {
		t.Error("no mutant verifies: hints decide, or the test does not test")
	}
}

func TestForeignSignatureFormsAreRefused(t *testing.T) {
	key := mustECDSA(t, elliptic.P256())
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	payload, err := mustStatement(t, digestA).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	sign := func(msg []byte) []byte {
		sum := sha256.Sum256(msg)
		sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	var rs struct{ R, S *big.Int }
	good := sign(attest.PAE(attest.PayloadType, payload))
	if _, err := asn1.Unmarshal(good, &rs); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		sig []byte
		ok  bool
	}{
		"PAE, ASN.1":           {good, true},
		"bare payload":         {sign(payload), false},
		"base64 of payload":    {sign([]byte(base64.StdEncoding.EncodeToString(payload))), false},
		"other payload type":   {sign(attest.PAE("application/json", payload)), false},
		"raw r and s":          {append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...), false},
		"ASN.1 with more":      {append(slices.Clone(good), 0), false},
		"hash of PAE unhashed": {sign(func() []byte { s := sha256.Sum256(attest.PAE(attest.PayloadType, payload)); return s[:] }()), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := attest.NewBundle(&attest.Envelope{PayloadType: attest.PayloadType, Payload: payload, Signatures: []attest.Signature{{Sig: tt.sig}}}, json.RawMessage(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			v, err := verifier.Verify(t.Context(), b, digestA)
			if tt.ok && err != nil {
				t.Fatal(err)
			}
			if !tt.ok {
				wantVerifyError(t, v, err, attest.StageSignature, attest.ErrSignature)
			}
		})
	}
}

// signRaw signs any payload under any type, to test what follows the signature.
func signRaw(t *testing.T, key ed25519.PrivateKey, payloadType, payload string) *attest.Bundle {
	t.Helper()
	sig := ed25519.Sign(key, attest.PAE(payloadType, []byte(payload)))
	b, err := attest.NewBundle(&attest.Envelope{PayloadType: payloadType, Payload: []byte(payload), Signatures: []attest.Signature{{Sig: sig}}}, json.RawMessage(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSignedButUnacceptable(t *testing.T) {
	key := mustEd25519(t)
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	const good = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + hexA + `"}}],"predicateType":"t","predicate":{}}`
	tests := []struct {
		name, payloadType, payload string
		stage                      attest.Stage
		want                       error
	}{
		{"payload type", "application/vnd.in-toto+json; charset=utf-8", good, attest.StageBundle, attest.ErrPayloadType},
		{"payload type in another case", "Application/vnd.in-toto+json", good, attest.StageBundle, attest.ErrPayloadType},
		{"no statement", attest.PayloadType, `{}`, attest.StageStatement, attest.ErrStatement},
		{"empty payload", attest.PayloadType, ``, attest.StageStatement, attest.ErrStatement},
		{"null predicate", attest.PayloadType, strings.Replace(good, `"predicate":{}`, `"predicate":null`, 1), attest.StageStatement, attest.ErrPredicate},
		{"duplicate member", attest.PayloadType, strings.Replace(good, `"predicate":{}`, `"predicate":{},"predicate":1`, 1), attest.StageStatement, attest.ErrStatement},
		{"digest under another algorithm", attest.PayloadType, strings.Replace(good, `"sha256"`, `"sha1"`, 1), attest.StageSubject, attest.ErrSubject},
		{"digest in upper case", attest.PayloadType, strings.Replace(good, hexA, strings.ToUpper(hexA), 1), attest.StageSubject, attest.ErrSubject},
		{"digest as name", attest.PayloadType, strings.Replace(good, `{"digest":{"sha256":"`+hexA+`"}}`, `{"name":"sha256:`+hexA+`","digest":{"sha256":"`+hexB+`"}}`, 1), attest.StageSubject, attest.ErrSubject},
		{"no digest", attest.PayloadType, strings.Replace(good, `{"digest":{"sha256":"`+hexA+`"}}`, `{"name":"x"}`, 1), attest.StageSubject, attest.ErrSubject},
	}
	if _, err := verifier.Verify(t.Context(), signRaw(t, key, attest.PayloadType, good), digestA); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := verifier.Verify(t.Context(), signRaw(t, key, tt.payloadType, tt.payload), digestA)
			wantVerifyError(t, v, err, tt.stage, tt.want)
		})
	}
}

func TestVerifyArguments(t *testing.T) {
	key := mustEd25519(t)
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	b := mustSign(t, key, digestA)
	if v, err := verifier.Verify(t.Context(), b, attest.Digest("sha1:"+hexA[:40])); !errors.Is(err, attest.ErrDigest) || v.Valid() {
		t.Errorf("weak subject: %v", err)
	}
	v, err := verifier.Verify(t.Context(), nil, digestA)
	wantVerifyError(t, v, err, attest.StageBundle, attest.ErrUnsupported)
	v, err = verifier.Verify(t.Context(), &attest.Bundle{}, digestA)
	wantVerifyError(t, v, err, attest.StageBundle, attest.ErrUnsupported)
	file := mustParse(t, `{"mediaType":"`+attest.BundleMediaType+`","verificationMaterial":{"publicKey":{}},"messageSignature":{"signature":"AA=="}}`)
	v, err = verifier.Verify(t.Context(), file, digestA)
	wantVerifyError(t, v, err, attest.StageBundle, attest.ErrUnsupported)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := verifier.Verify(ctx, b, digestA); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSeveralSignatures(t *testing.T) {
	one, two, stranger := mustEd25519(t), mustEd25519(t), mustEd25519(t)
	env := mustSign(t, one, digestA).Envelope()
	env.Signatures = append(env.Signatures, attest.Signature{KeyID: "x", Sig: ed25519.Sign(two, attest.PAE(env.PayloadType, env.Payload))})
	text := func(s attest.Signature) string { return `{"sig":"` + base64.StdEncoding.EncodeToString(s.Sig) + `"}` }
	bare := `{"payloadType":"` + env.PayloadType + `","payload":"` + base64.URLEncoding.EncodeToString(env.Payload) + `","signatures":[` + text(env.Signatures[0]) + `,` + text(env.Signatures[1]) + `]}`
	for _, key := range []ed25519.PrivateKey{one, two} {
		if _, err := mustVerifier(t, attest.Key{Public: key.Public()}).Verify(t.Context(), mustParse(t, bare), digestA); err != nil {
			t.Error(err)
		}
	}
	v, err := mustVerifier(t, attest.Key{Public: stranger.Public()}).Verify(t.Context(), mustParse(t, bare), digestA)
	wantVerifyError(t, v, err, attest.StageSignature, attest.ErrSignature)
	if _, err := attest.NewBundle(env, json.RawMessage(`{}`)); !errors.Is(err, attest.ErrBundle) {
		t.Errorf("a bundle with two signatures: %v", err)
	}
}

func TestHintsDecideNothing(t *testing.T) {
	key, other := mustEd25519(t), mustEd25519(t)
	env := mustSign(t, key, digestA).Envelope()
	otherID, err := attest.KeyID(other.Public())
	if err != nil {
		t.Fatal(err)
	}
	b, err := attest.NewBundle(env, json.RawMessage(`{"publicKey":{"hint":"`+otherID+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	verifier := mustVerifier(t, attest.Key{Public: key.Public(), Name: "signer"}, attest.Key{Public: other.Public(), Name: "other"})
	v, err := verifier.Verify(t.Context(), b, digestA)
	if err != nil || v.Signer().Name != "signer" {
		t.Errorf("a false hint leads to %v, %v", v.Signer(), err)
	}
	_, err = mustVerifier(t, attest.Key{Public: mustEd25519(t).Public(), Name: "first"}, attest.Key{Public: other.Public(), Name: "hinted"}).Verify(t.Context(), b, digestA)
	var ve *attest.VerifyError
	if !errors.As(err, &ve) || !slices.Equal(ve.Keys, []string{"hinted", "first"}) {
		t.Errorf("the hint does not order the keys: %v", err)
	}
}

func TestKeyValidity(t *testing.T) {
	key := mustEd25519(t)
	b := mustSign(t, key, digestA)
	start, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	verifier := mustVerifier(t, attest.Key{Public: key.Public(), Name: "k", NotBefore: start, NotAfter: end})
	for at, ok := range map[time.Time]bool{start.Add(-1): false, start: true, end: true, end.Add(1): false} {
		v, err := verifier.At(at).Verify(t.Context(), b, digestA)
		if ok && err != nil {
			t.Errorf("at %s: %v", at, err)
		}
		if !ok {
			wantVerifyError(t, v, err, attest.StageEvidence, attest.ErrKeyValidity)
		}
	}
	rotated := mustVerifier(t, attest.Key{Public: key.Public(), Name: "old", NotAfter: start}, attest.Key{Public: key.Public(), Name: "new", NotBefore: start.Add(1)})
	if v, err := rotated.At(end).Verify(t.Context(), b, digestA); err != nil || v.Signer().Name != "new" {
		t.Errorf("the same key with two periods: %v, %v", v.Signer(), err)
	}
}

func TestUncheckedMaterialIsNamed(t *testing.T) {
	key := mustEd25519(t)
	env := mustSign(t, key, digestA).Envelope()
	b, err := attest.NewBundle(env, json.RawMessage(`{"publicKey":{"hint":"h"},"tlogEntries":[{"logIndex":"1"}],"timestampVerificationData":{},"certificate":null,"future":{"x":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	v, err := mustVerifier(t, attest.Key{Public: key.Public()}).Verify(t.Context(), b, digestA)
	if err != nil || !slices.Equal(v.Unchecked(), []string{"tlogEntries", "future"}) {
		t.Errorf("unchecked %v, %v", v.Unchecked(), err)
	}
}

// TestCertificateBesideKey: who trusts the key need not trust the certificate, but is
// told of it; a certificate that cannot be read is an error.
func TestCertificateBesideKey(t *testing.T) {
	key := mustECDSA(t, elliptic.P256())
	payload, err := mustStatement(t, digestA).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := attesttest.Certificate(key, attest.Identity{Issuer: "https://issuer.example", SAN: "https://ci.example/w"})
	if err != nil {
		t.Fatal(err)
	}
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	for _, form := range []string{`{"certificate":{"rawBytes":"%s"}}`, `{"x509CertificateChain":{"certificates":[{"rawBytes":"%s"}]}}`} {
		b, err := attesttest.Bundle(key, string(payload), json.RawMessage(fmt.Sprintf(form, base64.StdEncoding.EncodeToString(cert))))
		if err != nil {
			t.Fatal(err)
		}
		v, err := verifier.Verify(t.Context(), b, digestA)
		if err != nil || !slices.Equal(v.Unchecked(), []string{"certificate"}) || v.Signer().Issuer != "" {
			t.Errorf("%s: by %+v, unchecked %q, %v", form, v.Signer(), v.Unchecked(), err)
		}
	}
	for name, material := range map[string]string{
		"no certificate":     `{"certificate":{"rawBytes":"AAAA"}}`,
		"no base64":          `{"certificate":{"rawBytes":"%"}}`,
		"an empty chain":     `{"x509CertificateChain":{"certificates":[]}}`,
		"a null in the list": `{"x509CertificateChain":{"certificates":[null]}}`,
		"both forms":         `{"certificate":{"rawBytes":"AAAA"},"x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]}}`,
		"in another case":    `{"Certificate":{"rawBytes":"AAAA"}}`,
	} {
		b, err := attesttest.Bundle(key, string(payload), json.RawMessage(material))
		if err != nil {
			t.Fatal(err)
		}
		v, err := verifier.Verify(t.Context(), b, digestA)
		if wantVerifyError(t, v, err, attest.StageBundle, attest.ErrBundle); t.Failed() {
			t.Fatal(name)
		}
	}
}

// brokenSigner returns signatures of another key.
type brokenSigner struct{ public, private crypto.Signer }

func (s brokenSigner) Public() crypto.PublicKey { return s.public.Public() }
func (s brokenSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.private.Sign(r, digest, opts)
}

func TestSignerChecksItsSignature(t *testing.T) {
	signer, err := attest.NewKeySigner(brokenSigner{mustEd25519(t), mustEd25519(t)})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := signer.Sign(t.Context(), mustStatement(t, digestA)); !errors.Is(err, attest.ErrSignature) || b != nil {
		t.Errorf("got %v, %v", b, err)
	}
	if _, err := attest.NewKeySigner(nil); !errors.Is(err, attest.ErrKey) {
		t.Errorf("nil signer: %v", err)
	}
}
