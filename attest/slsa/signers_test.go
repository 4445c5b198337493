package slsa_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/slsa"
)

const ciBuilder = "https://ci.example/builder"

// TestClaimsOfTheSigner: claims that an entry asks for are members that must be those of
// the signer like any others.
func TestClaimsOfTheSigner(t *testing.T) {
	claims := attest.Claims{SourceRepositoryOwnerURI: "https://github.com/acme"}
	for name, signer := range map[string]attest.Identity{
		"claims alone":           {Claims: claims},
		"claims and an identity": {Issuer: issuer, SAN: "https://ci.example/workflow", Claims: claims},
	} {
		v := signedBy(t, attest.Identity{Issuer: issuer, SAN: "https://ci.example/workflow"}, attest.TypeSLSAProvenance02, provenanceBy(ciBuilder, ""))
		b, err := slsa.Read(v)
		if err != nil {
			t.Fatal(err)
		}
		if a := b.Assess(slsa.TrustedBuilder{ID: ciBuilder, Level: slsa.Level3, Signer: signer}); a.Level != slsa.Level0 {
			t.Errorf("%s, which the signer lacks: %s", name, a.Level)
		}
	}
	if got := (attest.Claims{SourceRepositoryOwnerURI: "https://github.com/acme", BuildTrigger: "push"}); !claims.MetBy(got) || claims.MetBy(attest.Claims{}) || !(attest.Claims{}).MetBy(got) {
		t.Error("claims are met by those that have them, and by no others")
	}
}

// TestAnyOfSeveralSigners: the builder may have signed in any place of an envelope.
func TestAnyOfSeveralSigners(t *testing.T) {
	payload := fmt.Sprintf(`{"_type":%q,"subject":[{"digest":{"sha256":%q}}],"predicateType":%q,"predicate":%s}`,
		attest.StatementV1, hexA, attest.TypeSLSAProvenance02, provenanceBy(ciBuilder, ""))
	var keys []attest.Key
	var sigs []map[string][]byte
	for _, name := range []string{"auditor", "builder"} {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, attest.Key{Public: public, Name: name})
		sigs = append(sigs, map[string][]byte{"sig": ed25519.Sign(private, attest.PAE(attest.PayloadType, []byte(payload)))})
	}
	raw, err := json.Marshal(map[string]any{"payload": []byte(payload), "payloadType": attest.PayloadType, "signatures": sigs})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := attest.ParseBundle(raw)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := attest.NewKeyVerifier(keys...)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.Verify(t.Context(), bundle, digestA)
	if err != nil {
		t.Fatal(err)
	}
	b, err := slsa.Read(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"auditor", "builder"} {
		a := b.Assess(slsa.TrustedBuilder{ID: ciBuilder, Level: slsa.Level3, Signer: attest.Identity{Name: name}})
		if a.Level != slsa.Level3 || !strings.Contains(a.Results[2].Reason, name) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}
