package attest_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
)

func TestTrustRefuses(t *testing.T) {
	key := attest.Key{Public: mustEd25519(t).Public()}
	id := attest.TrustedIdentity{Issuer: "i", SAN: "s"}
	root := []byte("{}")
	for name, trust := range map[string]attest.Trust{
		"nobody":                       {},
		"nobody, with a root":          {Root: root},
		"an identity without a root":   {Identities: []attest.TrustedIdentity{id}},
		"a log without a root":         {Keys: []attest.Key{key}, RequireLog: true},
		"a timestamp without a root":   {Keys: []attest.Key{key}, RequireTimestamp: true},
		"a log and none":               {Keys: []attest.Key{key}, Root: root, RequireLog: true, InsecureSkipLog: true},
		"less than no signers":         {Keys: []attest.Key{key}, Signers: -1},
		"no issuer":                    {Root: root, Identities: []attest.TrustedIdentity{{SAN: "s"}}},
		"no SAN":                       {Root: root, Identities: []attest.TrustedIdentity{{Issuer: "i"}}},
		"SAN and pattern":              {Root: root, Identities: []attest.TrustedIdentity{{Issuer: "i", SAN: "s", SANPattern: "^s$"}}},
		"a pattern that is none":       {Root: root, Identities: []attest.TrustedIdentity{{Issuer: "i", SANPattern: "^($"}}},
		"one good and one bad":         {Root: root, Identities: []attest.TrustedIdentity{id, {Issuer: "i", SANPattern: "s"}}},
		"claims and nothing else":      {Root: root, Identities: []attest.TrustedIdentity{{Claims: attest.Claims{BuildTrigger: "push"}}}},
		"an issuer by loose pattern":   {Root: root, Identities: []attest.TrustedIdentity{{IssuerPattern: "https://.*", SAN: "s"}}},
		"identities and a good key":    {Keys: []attest.Key{key}, Identities: []attest.TrustedIdentity{{Issuer: "i"}}, Root: root},
		"identities, keys and no root": {Keys: []attest.Key{key}, Identities: []attest.TrustedIdentity{id}},
	} {
		if v, err := attest.NewVerifierWith(trust, attesttest.Credulous{}); v != nil || !errors.Is(err, attest.ErrTrust) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := attest.NewVerifierWith(attest.Trust{Keys: []attest.Key{key}, Root: root, RequireLog: true}, nil); v != nil || !errors.Is(err, attest.ErrTrust) {
		t.Errorf("a root without a witness: %v", err)
	}
	for name, trust := range map[string]attest.Trust{
		"a root":     {Keys: []attest.Key{key}, Root: root},
		"identities": {Root: root, Identities: []attest.TrustedIdentity{id}},
	} {
		if v, err := attest.NewVerifier(trust); v != nil || !errors.Is(err, attest.ErrTrust) || !strings.Contains(err.Error(), "attest/sigstore") {
			t.Errorf("%s with the standard library alone: %v", name, err)
		}
	}
}

// TestPatternsMustBeAnchored: what looks anchored and is not is refused, too.
func TestPatternsMustBeAnchored(t *testing.T) {
	for pattern, ok := range map[string]bool{
		`^https://ci\.example/.*$`:      true,
		`^(a|b)$`:                       true,
		`^(?:a|b)$`:                     true,
		`\Aabc\z`:                       true,
		`(?i)^abc$`:                     true,
		`^$`:                            true, // matches nothing that a certificate has
		`abc`:                           false,
		`^abc`:                          false,
		`abc$`:                          false,
		`^a|b$`:                         false,
		`^a$|^b$`:                       false, // alternatives go into parentheses
		`(?m)^abc$`:                     false, // the ends of lines
		`^abc\$`:                        false,
		`\^abc$`:                        false,
		`^abc$|`:                        false,
		`(^abc$)?`:                      false,
		`^abc.*\n?`:                     false,
		`[^a]$`:                         false,
		`(?m:^)abc$`:                    false,
		`^https://github.com/acme/(.*)`: false,
	} {
		trust := attest.Trust{Root: []byte("{}"), Identities: []attest.TrustedIdentity{{Issuer: "i", SANPattern: pattern}}}
		if _, err := attest.NewVerifierWith(trust, attesttest.Credulous{}); (err == nil) != ok {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// bareEnvelope is an envelope of one statement with signatures by several keys.
func bareEnvelope(t *testing.T, keys ...ed25519.PrivateKey) *attest.Bundle {
	t.Helper()
	payload, err := mustStatement(t, digestA).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var sigs []map[string]any
	for _, k := range keys {
		sigs = append(sigs, map[string]any{"sig": ed25519.Sign(k, attest.PAE(attest.PayloadType, payload))})
	}
	raw, err := json.Marshal(map[string]any{"payload": payload, "payloadType": attest.PayloadType, "signatures": sigs})
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(raw))
}

// TestThreshold counts signers, not signatures, keys or entries of the trust.
func TestThreshold(t *testing.T) {
	a, b, c := mustEd25519(t), mustEd25519(t), mustEd25519(t)
	named := func(k ed25519.PrivateKey, name string) attest.Key { return attest.Key{Public: k.Public(), Name: name} }
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	ended := named(b, "b")
	ended.NotAfter = past
	for _, tt := range []struct {
		name   string
		keys   []attest.Key
		signed []ed25519.PrivateKey
		need   int
		want   error
	}{
		{"two of two", []attest.Key{named(a, "a"), named(b, "b")}, []ed25519.PrivateKey{a, b}, 2, nil},
		{"two of three, without names", []attest.Key{named(a, ""), named(b, ""), named(c, "")}, []ed25519.PrivateKey{c, a}, 2, nil},
		{"one twice", []attest.Key{named(a, "a"), named(b, "b")}, []ed25519.PrivateKey{a, a}, 2, attest.ErrSigners},
		{"one and a stranger", []attest.Key{named(a, "a"), named(b, "b")}, []ed25519.PrivateKey{a, c}, 2, attest.ErrSigners},
		{"two keys of one signer", []attest.Key{named(a, "a"), named(b, "a")}, []ed25519.PrivateKey{a, b}, 2, attest.ErrSigners},
		{"one key by two names", []attest.Key{named(a, "a"), named(a, "b")}, []ed25519.PrivateKey{a}, 2, attest.ErrSigners},
		{"names that a common key joins", []attest.Key{named(a, "x"), named(a, "y"), named(b, "y")}, []ed25519.PrivateKey{a, b}, 2, attest.ErrSigners},
		{"one whose time is over", []attest.Key{named(a, "a"), ended}, []ed25519.PrivateKey{a, b}, 2, attest.ErrSigners},
		{"one suffices", []attest.Key{named(a, "a"), ended}, []ed25519.PrivateKey{b, a}, 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			verifier, err := attest.NewVerifier(attest.Trust{Keys: tt.keys, Signers: tt.need})
			if err != nil {
				t.Fatal(err)
			}
			v, err := verifier.Verify(t.Context(), bareEnvelope(t, tt.signed...), digestA)
			if tt.want != nil {
				wantVerifyError(t, v, err, attest.StageSignature, tt.want)
			} else if err != nil || len(v.Signers()) != tt.need || attest.DistinctSigners(v) != tt.need {
				t.Errorf("by %v, %v", v.Signers(), err)
			}
		})
	}
}

// TestDistinctSigners counts over several bundles.
func TestDistinctSigners(t *testing.T) {
	a, b, c := mustEd25519(t), mustEd25519(t), mustEd25519(t)
	verifier := mustVerifier(t, attest.Key{Public: a.Public(), Name: "x"}, attest.Key{Public: b.Public(), Name: "x"}, attest.Key{Public: c.Public()})
	verified := func(k ed25519.PrivateKey) *attest.Verified {
		v, err := verifier.Verify(t.Context(), mustSign(t, k, digestA), digestA)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if n := attest.DistinctSigners(verified(a), verified(b), verified(a)); n != 1 {
		t.Errorf("one signer with two keys counts as %d", n)
	}
	if n := attest.DistinctSigners(verified(a), verified(c), nil, &attest.Verified{}); n != 2 {
		t.Errorf("two signers count as %d", n)
	}
}

// TestRevokedKeyIsRevokedEverywhere: an entry of the trust without the revocation does
// not bring the key back.
func TestRevokedKeyIsRevokedEverywhere(t *testing.T) {
	key := mustEd25519(t)
	moment := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	verifier := mustVerifier(t, attest.Key{Public: key.Public(), Name: "old", Revoked: moment}, attest.Key{Public: key.Public(), Name: "forgotten"})
	for _, at := range []time.Time{moment.AddDate(-1, 0, 0), moment, moment.AddDate(1, 0, 0)} {
		v, err := verifier.At(at).Verify(t.Context(), mustSign(t, key, digestA), digestA)
		wantVerifyError(t, v, err, attest.StageEvidence, attest.ErrKeyRevoked)
	}
}

// TestForeignFormsByName: raw signatures and bare payloads verify with the key that is
// known to make them, and with no other.
func TestForeignFormsByName(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		t.Run(curve.Params().Name, func(t *testing.T) {
			key := mustECDSA(t, curve)
			payload, err := mustStatement(t, digestA).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			sign := func(msg []byte, raw bool) *attest.Bundle {
				sum := sha256.Sum256(msg)
				sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
				if err != nil {
					t.Fatal(err)
				}
				if raw {
					var rs struct{ R, S *big.Int }
					if _, err := asn1.Unmarshal(sig, &rs); err != nil {
						t.Fatal(err)
					}
					n := (curve.Params().BitSize + 7) / 8
					sig = append(rs.R.FillBytes(make([]byte, n)), rs.S.FillBytes(make([]byte, n))...)
				}
				text := base64.StdEncoding.EncodeToString
				return mustParse(t, `{"payloadType":"`+attest.PayloadType+`","payload":"`+text(payload)+`","signatures":[{"sig":"`+text(sig)+`"}]}`)
			}
			pae := attest.PAE(attest.PayloadType, payload)
			for _, tt := range []struct {
				name             string
				b                *attest.Bundle
				p1363, bare, raw bool
			}{
				{"raw", sign(pae, true), true, false, true},
				{"bare", sign(payload, false), false, true, false},
				{"raw and bare", sign(payload, true), true, true, true},
			} {
				for _, accept := range []attest.Key{{}, {AcceptP1363: true}, {InsecureAcceptBarePayload: true}, {AcceptP1363: true, InsecureAcceptBarePayload: true}} {
					accept.Public = key.Public()
					want := (accept.AcceptP1363 || !tt.p1363) && (accept.InsecureAcceptBarePayload || !tt.bare)
					v, err := mustVerifier(t, accept).Verify(t.Context(), tt.b, digestA)
					if v.Valid() != want || !want && !errors.Is(err, attest.ErrSignature) {
						t.Errorf("%s with %+v: %v", tt.name, accept, err)
					}
				}
			}
		})
	}
}
