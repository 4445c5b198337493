package policy_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/sbom"
)

// TestAnyOfSeveralSigners: of an envelope that several signed, the trusted one counts in
// whatever place his signature is.
func TestAnyOfSeveralSigners(t *testing.T) {
	const image = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	st, err := attest.NewStatement(attest.Custom(attest.TypeCycloneDX, map[string]string{"bomFormat": "CycloneDX"}), attest.NewSubject("", image))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := st.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var keys []attest.Key
	var sigs []map[string][]byte
	for _, name := range []string{"release", "security"} {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, attest.Key{Public: public, Name: name})
		sigs = append(sigs, map[string][]byte{"sig": ed25519.Sign(private, attest.PAE(attest.PayloadType, payload))})
	}
	raw, err := json.Marshal(map[string]any{"payload": payload, "payloadType": attest.PayloadType, "signatures": sigs})
	if err != nil {
		t.Fatal(err)
	}
	b, err := attest.ParseBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	v, err := attest.NewVerifier(attest.Trust{Keys: keys, Signers: 2})
	if err != nil {
		t.Fatal(err)
	}
	verified, err := v.Verify(t.Context(), b, image)
	if err != nil {
		t.Fatal(err)
	}
	e := &policy.Evidence{Subject: sbom.Digest(image), Attestations: []*attest.Verified{verified}}
	for name, want := range map[string]policy.Verdict{"release": policy.Allow, "security": policy.Allow, "stranger": policy.Deny} {
		signers := []policy.Signer{{Name: name}}
		for _, rule := range []policy.Rule{policy.SignerTrusted{Signers: signers}, policy.SBOMAttested{Signers: signers}} {
			if o := rule.Evaluate(t.Context(), e); o.Verdict != want {
				t.Errorf("%s, %s: %+v, want %v", name, o.Rule, o, want)
			}
		}
	}
}
