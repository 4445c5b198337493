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
			v.Signer() != (attest.Identity{}) || !v.Time().IsZero() || v.EnvelopeDigest() != "" || v.Unchecked() != nil {
			t.Errorf("%s Verified says something", name)
		}
		if _, err := attest.DecodePredicate[map[string]any](v); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s Verified: DecodePredicate gives %v", name, err)
		}
	}
}

// TestVerifiedCannotBeForged tries what a package outside of the module can do
// without unsafe: build the argument of Admit through reflection.
func TestVerifiedCannotBeForged(t *testing.T) {
	admit := reflect.ValueOf(attest.Admit)
	proof := reflect.New(admit.Type().In(0)).Elem()
	for i := range proof.NumField() {
		if proof.Field(i).CanSet() {
			t.Errorf("field %s of the proof can be set from outside", proof.Type().Field(i).Name)
		}
	}
	out := admit.Call([]reflect.Value{proof, reflect.ValueOf(digestA)})
	err, _ := out[1].Interface().(error)
	var v *attest.Verified
	wantVerifyError(t, v, err, attest.StageSignature, attest.ErrSignature)
	for _, typ := range []reflect.Type{reflect.TypeFor[attest.Verified](), reflect.TypeFor[attest.Bundle]()} {
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
