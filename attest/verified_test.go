package attest_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
)

func TestZeroVerifiedIsUnusable(t *testing.T) {
	for name, v := range map[string]*attest.Verified{"zero": {}, "nil": nil} {
		if v.Valid() || v.Statement() != nil || v.PredicateType() != "" || v.Predicate() != nil || v.Subject() != "" ||
			v.Signer() != (attest.Identity{}) || v.Signers() != nil || v.Times() != nil || v.Log() != nil || !v.Time().IsZero() || v.EnvelopeDigest() != "" || v.Unchecked() != nil {
			t.Errorf("%s Verified says something", name)
		}
		if _, err := attest.DecodePredicate[map[string]any](v); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s Verified: DecodePredicate gives %v", name, err)
		}
	}
}

// forger testifies what it is told to.
type forger[Question, Proof any] struct{ proof Proof }

func (f forger[Question, Proof]) Testify(Question) (Proof, error) { return f.proof, nil }

// forge tries what a package outside of the module can do without unsafe: learn the
// types that it cannot name from the exported function that takes them.
func forge[W interface{ Testify(Q) (P, error) }, Q, P any](newVerifier func(attest.Trust, W) (*attest.TrustVerifier, error), t attest.Trust) (*attest.TrustVerifier, reflect.Type, error) {
	w, _ := any(forger[Q, P]{}).(W)
	v, err := newVerifier(t, w)
	return v, reflect.TypeFor[P](), err
}

func TestVerifiedCannotBeForged(t *testing.T) {
	key := mustEd25519(t)
	verifier, proof, err := forge(attest.NewVerifierWith, attest.Trust{Keys: []attest.Key{{Public: key.Public()}}, Root: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.Verify(t.Context(), mustSign(t, key, digestA), digestA)
	wantVerifyError(t, v, err, attest.StageEvidence, attest.ErrEvidence)
	for _, typ := range []reflect.Type{proof, reflect.TypeFor[attest.Verified](), reflect.TypeFor[attest.VerifiedArtifact](), reflect.TypeFor[attest.Bundle]()} {
		for i := range typ.NumField() {
			if typ.Field(i).IsExported() {
				t.Errorf("%s.%s is exported", typ, typ.Field(i).Name)
			}
		}
	}
}

func TestVerifiedIsImmutable(t *testing.T) {
	key := mustEd25519(t)
	b := mustSign(t, key, digestA)
	v, err := mustVerifier(t, attest.Key{Public: key.Public()}).Verify(t.Context(), b, digestA)
	if err != nil {
		t.Fatal(err)
	}
	st := v.Statement()
	st.PredicateType = "other"
	st.Predicate[0] = '['
	st.Subject[0].Digest["sha256"] = hexB
	v.Predicate()[0] = '['
	b.Bytes()[0] = '['
	b.Envelope().Payload[0] = '['
	b.Envelope().Signatures[0].Sig[0] ^= 1
	if again := v.Statement(); again.PredicateType != customType || again.Predicate[0] != '{' || again.Subject[0].Digest["sha256"] != hexA || v.Predicate()[0] != '{' {
		t.Error("a Verified was changed through what it returned")
	}
	if _, err := mustVerifier(t, attest.Key{Public: key.Public()}).Verify(t.Context(), b, digestA); err != nil {
		t.Errorf("a Bundle was changed through what it returned: %v", err)
	}
}
