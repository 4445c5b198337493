package sigstore_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
)

// TestIdentity: what a good bundle of each kind says.
func TestIdentity(t *testing.T) {
	in := sigstoretest.New(t)
	tests := map[string]struct {
		made   *made
		kinds  []string
		stages int
	}{
		"Rekor v1":               {sign(t, in, san, statement).logged(at.Add(time.Minute)), []string{"dsse 0.0.1"}, 1},
		"Rekor v1 and timestamp": {sign(t, in, san, statement).logged(at.Add(time.Minute)).stamped(at), []string{"dsse 0.0.1"}, 2},
		"Rekor v2":               {sign(t, in, san, statement).loggedV2().stamped(at.Add(time.Minute)), []string{"hashedrekord 0.0.2"}, 1},
	}
	old := sign(t, in, san, statement)
	old.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	old.entries = []any{old.EntryV1("intoto", "0.0.1", old.Intoto001Body(old.envelope, old.payload, old.pem()), at)}
	tests["intoto 0.0.1"] = struct {
		made   *made
		kinds  []string
		stages int
	}{old, []string{"intoto 0.0.1"}, 1}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := mustVerifier(t, byIdentity(in)).Verify(t.Context(), tt.made.bundle(), subject)
			if err != nil {
				t.Fatal(err)
			}
			if v.Signer() != (attest.Identity{Name: "ci", Issuer: issuer, SAN: san}) || len(v.Times()) != tt.stages || v.Time().Before(at) || v.Time().After(at.Add(time.Minute)) {
				t.Errorf("signed by %+v at %v", v.Signer(), v.Times())
			}
			var kinds []string
			for _, e := range v.Log() {
				kinds = append(kinds, e.Kind)
			}
			if !slices.Equal(kinds, tt.kinds) || len(v.Unchecked()) != 0 {
				t.Errorf("log %+v, unchecked %q", v.Log(), v.Unchecked())
			}
		})
	}
}

// TestEvidence: each way in which what a bundle brings along can be wrong, and how
// that is said.
func TestEvidence(t *testing.T) {
	in, other := sigstoretest.New(t), sigstoretest.New(t)
	trust := byIdentity(in)
	skipLog, stamp, two := trust, trust, trust
	skipLog.InsecureSkipLog, stamp.RequireTimestamp, two.Signers = true, true, 2
	mint := func(change func(m *made)) *made {
		m := sign(t, in, san, statement)
		change(m)
		return m
	}
	elsewhere := sign(t, other, san, statement)
	noSCT := func() *made {
		in.WithoutSCT = true
		defer func() { in.WithoutSCT = false }()
		return sign(t, in, san, statement).logged(at)
	}()
	tests := []struct {
		name  string
		made  *made
		trust attest.Trust
		stage attest.Stage
		want  error
	}{
		{"good", sign(t, in, san, statement).logged(at), trust, "", nil},
		{"no log entry", sign(t, in, san, statement).stamped(at), trust, attest.StageEvidence, attest.ErrEvidence},
		{"no log entry, skipped by name", sign(t, in, san, statement).stamped(at), skipLog, "", nil},
		{"no log entry and no timestamp", sign(t, in, san, statement), skipLog, attest.StageEvidence, attest.ErrEvidence},
		{"Rekor v2 without a timestamp", sign(t, in, san, statement).loggedV2(), trust, attest.StageEvidence, attest.ErrEvidence},
		{"a timestamp is required", sign(t, in, san, statement).logged(at), stamp, attest.StageEvidence, attest.ErrEvidence},
		{"a timestamp is required and there", sign(t, in, san, statement).logged(at).stamped(at), stamp, "", nil},
		{"logged before the certificate", sign(t, in, san, statement).logged(at.Add(-time.Second)), trust, attest.StageEvidence, attest.ErrEvidence},
		{"logged after the certificate", sign(t, in, san, statement).logged(at.Add(11 * time.Minute)), trust, attest.StageEvidence, attest.ErrEvidence},
		{"timestamped after the certificate", sign(t, in, san, statement).logged(at).stamped(at.Add(time.Hour)), trust, attest.StageEvidence, attest.ErrEvidence},
		{"timestamp of another signature", mint(func(m *made) {
			m.logged(at).stamps = []any{object{"signedTimestamp": in.Timestamp([]byte("other"), at)}}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"timestamp by another authority", mint(func(m *made) {
			m.logged(at).stamps = []any{object{"signedTimestamp": other.Timestamp(m.sig, at)}}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"more timestamps than anybody needs", mint(func(m *made) {
			m.logged(at).stamps = slices.Repeat(m.stamped(at).stamps, 33)
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"more log entries than anybody needs", mint(func(m *made) {
			m.entries = slices.Repeat(m.logged(at).entries, 33)
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"certificate by another authority", elsewhere.logged(at), trust, attest.StageEvidence, attest.ErrEvidence},
		{"certificate by another authority in our log", mint(func(m *made) {
			m.cert = other.Certificate(m.key.Public(), issuer, san, at)
			m.logged(at)
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"certificate of another key", mint(func(m *made) {
			m.cert = in.Certificate(newKey(t).Public(), issuer, san, at)
			m.logged(at)
		}), trust, attest.StageSignature, attest.ErrSignature},
		{"certificate in no certificate log", noSCT, trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry about another payload", mint(func(m *made) {
			m.entries = []any{in.EntryV1("dsse", "0.0.1", in.DSSEBody(m.envelope, []byte("{}"), m.sig, m.pem()), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry about another signature", mint(func(m *made) {
			m.entries = []any{in.EntryV1("dsse", "0.0.1", in.DSSEBody(m.envelope, m.payload, sign(t, in, "", statement).sig, m.pem()), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry about another certificate", mint(func(m *made) {
			m.entries = []any{in.EntryV1("dsse", "0.0.1", in.DSSEBody(m.envelope, m.payload, m.sig, sign(t, in, san, statement).pem()), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry with another body than promised", mint(func(m *made) {
			e := in.EntryV1("dsse", "0.0.1", m.dsse(), at)
			e["inclusionPromise"] = object{"signedEntryTimestamp": in.Promise([]byte("{}"), at)}
			m.entries = []any{e}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry at another time than promised", mint(func(m *made) {
			e := in.EntryV1("dsse", "0.0.1", m.dsse(), at.Add(time.Hour))
			e["integratedTime"] = "1767312000"
			m.entries = []any{e}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry without a proof", mint(func(m *made) {
			e := in.EntryV1("dsse", "0.0.1", m.dsse(), at)
			delete(e, "inclusionProof")
			m.entries = []any{e}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry with a proof for another", mint(func(m *made) {
			e := in.EntryV1("dsse", "0.0.1", m.dsse(), at)
			e["inclusionProof"] = in.EntryV1("dsse", "0.0.1", []byte("{}"), at)["inclusionProof"]
			m.entries = []any{e}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"a good entry does not hide a bad one", mint(func(m *made) {
			m.logged(at)
			m.entries = append(m.entries, in.EntryV1("dsse", "0.0.1", in.DSSEBody(m.envelope, []byte("{}"), m.sig, m.pem()), at.Add(time.Second)))
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"an entry twice", sign(t, in, san, statement).logged(at).logged(at), trust, attest.StageEvidence, attest.ErrEvidence},
		{"entry of an unknown log", mint(func(m *made) {
			m.entries = []any{other.EntryV1("dsse", "0.0.1", m.dsse(), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"Rekor v2 entry about another signature", mint(func(m *made) {
			m.stamped(at).entries = sign(t, in, san, statement).loggedV2().entries
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"material that nobody knows", mint(func(m *made) {
			m.logged(at).entries[0].(object)["surprise"] = 1
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"intoto 0.0.1 in a later bundle", mint(func(m *made) {
			m.entries = []any{in.EntryV1("intoto", "0.0.1", in.Intoto001Body(m.envelope, m.payload, m.pem()), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"intoto 0.0.1 about another envelope", mint(func(m *made) {
			m.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
			m.entries = []any{in.EntryV1("intoto", "0.0.1", in.Intoto001Body(append([]byte(" "), m.envelope...), m.payload, m.pem()), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"intoto 0.0.1 about another signer", mint(func(m *made) {
			m.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
			m.entries = []any{in.EntryV1("intoto", "0.0.1", in.Intoto001Body(m.envelope, m.payload, sign(t, in, san, statement).pem()), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"intoto 0.0.1 by name only", mint(func(m *made) {
			m.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
			m.entries = []any{in.EntryV1("intoto", "0.0.1", m.dsse(), at)}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"intoto 0.0.1 promised by nobody", mint(func(m *made) {
			m.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
			e := in.EntryV1("intoto", "0.0.1", in.Intoto001Body(m.envelope, m.payload, m.pem()), at)
			e["inclusionPromise"] = object{"signedEntryTimestamp": other.Promise(nil, at)}
			m.entries = []any{e}
		}), trust, attest.StageEvidence, attest.ErrEvidence},
		{"two signers are required", sign(t, in, san, statement).logged(at), two, attest.StageSignature, attest.ErrSigners},
		{"another SAN", sign(t, in, san+"x", statement).logged(at), trust, attest.StageIdentity, attest.ErrIdentity},
		{"an e-mail address", sign(t, in, "a@example.com", statement).logged(at), trust, attest.StageIdentity, attest.ErrIdentity},
		{"a key where identities are trusted", sign(t, in, "", statement).logged(at), trust, attest.StageEvidence, attest.ErrEvidence},
		{"another subject", sign(t, in, san, strings.Replace(statement, subjectHex, strings.Repeat("b", 64), 1)).logged(at), trust, attest.StageSubject, attest.ErrSubject},
		{"null predicate", sign(t, in, san, strings.Replace(statement, `{"ok":true}`, "null", 1)).logged(at), trust, attest.StageStatement, attest.ErrPredicate},
		{"unknown _type", sign(t, in, san, strings.Replace(statement, "Statement/v1", "Statement/v2", 1)).logged(at), trust, attest.StageStatement, attest.ErrStatement},
		{"duplicate predicate", sign(t, in, san, strings.Replace(statement, `"predicate":`, `"predicate":1,"predicate":`, 1)).logged(at), trust, attest.StageStatement, attest.ErrStatement},
		{"predicate in another case", sign(t, in, san, strings.Replace(statement, `"predicate":`, `"Predicate":1,"predicate":`, 1)).logged(at), trust, attest.StageStatement, attest.ErrStatement},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := mustVerifier(t, tt.trust).Verify(t.Context(), tt.made.bundle(), subject)
			var ve *attest.VerifyError
			switch {
			case tt.want == nil && err != nil:
				t.Error(err)
			case tt.want != nil && (v.Valid() || !errors.As(err, &ve) || ve.Stage != tt.stage || !errors.Is(err, tt.want)):
				t.Errorf("got %v, want %v at %s", err, tt.want, tt.stage)
			}
		})
	}
}

// TestUnusualIdentities: certificates that name nobody, or two.
func TestUnusualIdentities(t *testing.T) {
	in := sigstoretest.New(t)
	utf8, err := asn1.MarshalWithParams("https://evil.example", "utf8")
	if err != nil {
		t.Fatal(err)
	}
	arc := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, n} }
	for name, more := range map[string]pkix.Extension{
		"two issuers":        {Id: arc(1), Value: []byte("https://evil.example")},
		"malformed claim":    {Id: arc(12), Value: []byte("not DER")},
		"claim with a tail":  {Id: arc(12), Value: append(slices.Clone(utf8), 0)},
		"more than one name": {Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: twoNames(t)},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := mustVerifier(t, byIdentity(in)).Verify(t.Context(), sign(t, in, san, statement, more).logged(at).bundle(), subject)
			if v.Valid() || !errors.Is(err, attest.ErrIdentity) && !errors.Is(err, attest.ErrBundle) {
				t.Errorf("got %v", err)
			}
		})
	}
	same := pkix.Extension{Id: arc(1), Value: []byte(issuer)}
	if _, err := mustVerifier(t, byIdentity(in)).Verify(t.Context(), sign(t, in, san, statement, same).logged(at).bundle(), subject); err != nil {
		t.Errorf("both forms of the issuer: %v", err)
	}
}

// TestClaims: each claim that is demanded must be in the certificate, with that value.
func TestClaims(t *testing.T) {
	in := sigstoretest.New(t)
	claim := func(arc int, value string) pkix.Extension {
		der, err := asn1.MarshalWithParams(value, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		if arc < 8 {
			der = []byte(value)
		}
		return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, arc}, Value: der}
	}
	b := sign(t, in, san, statement, claim(2, "push"), claim(6, "refs/tags/v1"), claim(12, "https://ci.example/acme/app"), claim(22, "public"), claim(99, "future")).logged(at).bundle()
	for _, tt := range []struct {
		want attest.Claims
		ok   bool
	}{
		{attest.Claims{}, true},
		{attest.Claims{GitHubWorkflowTrigger: "push", GitHubWorkflowRef: "refs/tags/v1", SourceRepositoryURI: "https://ci.example/acme/app", SourceRepositoryVisibilityAtSigning: "public"}, true},
		{attest.Claims{GitHubWorkflowTrigger: "pull_request"}, false},
		{attest.Claims{SourceRepositoryURI: "https://ci.example/acme/app2"}, false},
		{attest.Claims{SourceRepositoryURI: "https://ci.example/acme"}, false},
		{attest.Claims{GitHubWorkflowTrigger: "push", RunnerEnvironment: "github-hosted"}, false}, // which it lacks
		{attest.Claims{BuildTrigger: "push"}, false},                                              // the older claim is not the newer
	} {
		trust := byIdentity(in)
		trust.Identities[0].Claims = tt.want
		v, err := mustVerifier(t, trust).Verify(t.Context(), b, subject)
		if v.Valid() != tt.ok || !tt.ok && !errors.Is(err, attest.ErrIdentity) {
			t.Errorf("%+v: %v", tt.want, err)
		}
	}
}

// TestUserNames: Fulcio's user names are a kind of name that crypto/x509 does not read.
func TestUserNames(t *testing.T) {
	in := sigstoretest.New(t)
	for _, critical := range []bool{true, false} {
		name, err := cryptoutils.MarshalOtherNameSAN("release!example.com", critical)
		if err != nil {
			t.Fatal(err)
		}
		m := sign(t, in, "", statement)
		m.cert = in.Certificate(m.key.Public(), issuer, "", at, *name)
		trust := attest.Trust{Root: in.Root(), Identities: []attest.TrustedIdentity{{Issuer: issuer, SAN: "release!example.com"}}}
		if _, err := mustVerifier(t, trust).Verify(t.Context(), m.logged(at).bundle(), subject); err != nil {
			t.Errorf("critical %t: %v", critical, err)
		}
		trust.Identities[0].SAN = "other!example.com"
		if v, err := mustVerifier(t, trust).Verify(t.Context(), m.bundle(), subject); v.Valid() || !errors.Is(err, attest.ErrIdentity) {
			t.Errorf("critical %t: another name: %v", critical, err)
		}
	}
	nobody := sign(t, in, "", statement)
	nobody.cert = in.Certificate(nobody.key.Public(), issuer, "", at)
	trust := attest.Trust{Root: in.Root(), Identities: []attest.TrustedIdentity{{Issuer: issuer, SANPattern: "^(.*)$"}}}
	if v, err := mustVerifier(t, trust).Verify(t.Context(), nobody.logged(at).bundle(), subject); v.Valid() || !errors.Is(err, attest.ErrIdentity) {
		t.Errorf("no name: %v", err)
	}
}

// twoNames is a subject alternative name extension of two URIs.
func twoNames(t *testing.T) []byte {
	uri := func(s string) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(s)}
	}
	der, err := asn1.Marshal([]asn1.RawValue{uri(san), uri("https://evil.example")})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestKeysByTrustedTime: the time of a key is judged by what the log says.
func TestKeysByTrustedTime(t *testing.T) {
	in := sigstoretest.New(t)
	key := func(m *made, k attest.Key) attest.Trust {
		k.Public, k.Name = m.key.Public(), "release"
		return attest.Trust{Root: in.Root(), Keys: []attest.Key{k}}
	}
	before, after := at.Add(-time.Hour), at.Add(time.Hour)
	for _, tt := range []struct {
		name   string
		key    attest.Key
		logged bool
		want   error
	}{
		{"no bounds, no log", attest.Key{}, false, nil},
		{"ended, but signed before", attest.Key{NotAfter: after}, true, nil},
		{"ended, and nothing shows when it was signed", attest.Key{NotAfter: after}, false, attest.ErrKeyValidity},
		{"signed after its end", attest.Key{NotAfter: before}, true, attest.ErrKeyValidity},
		{"signed before its beginning", attest.Key{NotBefore: after}, true, attest.ErrKeyValidity},
		{"revoked, but signed before", attest.Key{Revoked: after}, true, nil},
		{"revoked, and nothing shows when it was signed", attest.Key{Revoked: after}, false, attest.ErrKeyRevoked},
		{"signed after it was revoked", attest.Key{Revoked: before}, true, attest.ErrKeyRevoked},
		{"signed as it was revoked", attest.Key{Revoked: at}, true, attest.ErrKeyRevoked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := sign(t, in, "", statement)
			if tt.logged {
				m.logged(at)
			}
			v, err := mustVerifier(t, key(m, tt.key)).At(sigstoretest.Start.AddDate(3, 0, 0)).Verify(t.Context(), m.bundle(), subject)
			if !errors.Is(err, tt.want) || v.Valid() != (tt.want == nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want == nil && (v.Signer().Name != "release" || tt.logged != v.Time().Equal(at) || tt.logged != (len(v.Log()) == 1)) {
				t.Errorf("by %+v at %s, log %+v", v.Signer(), v.Time(), v.Log())
			}
		})
	}
	m := sign(t, in, "", statement)
	trust := key(m, attest.Key{})
	trust.RequireLog = true
	if v, err := mustVerifier(t, trust).Verify(t.Context(), m.bundle(), subject); v.Valid() || !errors.Is(err, attest.ErrEvidence) {
		t.Errorf("a log entry is required: %v", err)
	}
	m.entries = sign(t, in, "", statement).logged(at).entries
	if v, err := mustVerifier(t, key(m, attest.Key{})).Verify(t.Context(), m.bundle(), subject); v.Valid() || !errors.Is(err, attest.ErrEvidence) {
		t.Errorf("the entry of another key: %v", err)
	}
}

// TestPrivateInstance: an instance without logs, as GitHub's own, is trusted by name only.
func TestPrivateInstance(t *testing.T) {
	in := sigstoretest.New(t)
	in.WithoutLog, in.WithoutSCT = true, true
	b := sign(t, in, san, statement).stamped(at).bundle()
	for _, trust := range []attest.Trust{{}, {InsecureSkipLog: true}, {InsecureSkipSCT: true}} {
		trust.Root, trust.Identities = in.Root(), byIdentity(in).Identities
		if v, err := mustVerifier(t, trust).Verify(t.Context(), b, subject); v.Valid() || !errors.Is(err, attest.ErrEvidence) {
			t.Errorf("got %v", err)
		}
	}
	trust := byIdentity(in)
	trust.InsecureSkipLog, trust.InsecureSkipSCT = true, true
	v, err := mustVerifier(t, trust).Verify(t.Context(), b, subject)
	if err != nil || !slices.Equal(v.Unchecked(), []string{"transparencyLog", "signedCertificateTimestamps"}) {
		t.Errorf("got %v, unchecked %q", err, v.Unchecked())
	}
}

// TestUnknownThirdParties: what the root knows nothing of is named, not believed.
func TestUnknownThirdParties(t *testing.T) {
	in, other := sigstoretest.New(t), sigstoretest.New(t)
	in.WithoutStamp = true
	m := sign(t, in, san, statement).logged(at).stamped(at.Add(time.Hour))
	m.entries = append(m.entries, other.EntryV1("dsse", "0.0.1", m.dsse(), at.Add(time.Hour)))
	v, err := mustVerifier(t, byIdentity(in)).Verify(t.Context(), m.bundle(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.Unchecked(), []string{"tlogEntries[1]", "timestampVerificationData"}) || len(v.Times()) != 1 || len(v.Log()) != 1 {
		t.Errorf("unchecked %q, times %v, log %v", v.Unchecked(), v.Times(), v.Log())
	}
}

// TestConcurrentVerify: one verifier for many goroutines.
func TestConcurrentVerify(t *testing.T) {
	in := sigstoretest.New(t)
	trust := byIdentity(in)
	keyed := sign(t, in, "", statement).logged(at)
	trust.Keys = []attest.Key{{Public: keyed.key.Public(), NotAfter: at.Add(time.Hour)}}
	verifier := mustVerifier(t, trust)
	bundles := []*attest.Bundle{keyed.bundle(), sign(t, in, san, statement).logged(at).bundle(), sign(t, in, san, statement).loggedV2().stamped(at).bundle()}
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			if _, err := verifier.Verify(t.Context(), bundles[i%len(bundles)], subject); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestNewVerifierRefuses(t *testing.T) {
	root := sigstoretest.New(t).Root()
	id := attest.TrustedIdentity{Issuer: issuer, SAN: san}
	for name, tt := range map[string]struct {
		trust attest.Trust
		want  error
	}{
		"no root":           {attest.Trust{Identities: []attest.TrustedIdentity{id}}, attest.ErrTrust},
		"nobody":            {attest.Trust{Root: root}, attest.ErrTrust},
		"root is no JSON":   {attest.Trust{Root: []byte("{"), Identities: []attest.TrustedIdentity{id}}, attest.ErrRoot},
		"root has a double": {attest.Trust{Root: slices.Concat([]byte(`{"tlogs":[],`), root[1:]), Identities: []attest.TrustedIdentity{id}}, attest.ErrRoot},
		"root is too large": {attest.Trust{Root: make([]byte, 1<<20+1), Identities: []attest.TrustedIdentity{id}}, attest.ErrLimit},
		"another document":  {attest.Trust{Root: []byte(`{"mediaType":"application/json"}`), Identities: []attest.TrustedIdentity{id}}, attest.ErrRoot},
	} {
		if v, err := sigstore.NewVerifier(tt.trust); v != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
