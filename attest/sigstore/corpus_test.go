package sigstore_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
)

const githubIssuer = "https://token.actions.githubusercontent.com"

// shared returns a file of real data, or skips the test.
func shared(t testing.TB, elem ...string) []byte {
	t.Helper()
	dir := corpustest.Dir(t, "../..", "attest")
	b, err := os.ReadFile(filepath.Join(append([]string{dir}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustVerifier(t testing.TB, trust attest.Trust) *attest.TrustVerifier {
	t.Helper()
	v, err := sigstore.NewVerifier(trust)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// realBundle is a row of bundles.json.
type realBundle struct {
	File, Want, SAN, Entry, PredicateType, SHA256, SHA512 string
}

func realBundles(t testing.TB) []realBundle {
	var rows []realBundle
	if err := json.Unmarshal(shared(t, "real", "bundles.json"), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// bundle reads the row's bundle. npm's files hold several, by predicate type.
func (r realBundle) bundle(t testing.TB) (*attest.Bundle, error) {
	raw := shared(t, "real", r.File)
	if r.Entry != "" {
		var file struct {
			Attestations []struct {
				PredicateType string
				Bundle        json.RawMessage
			}
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		raw = nil
		for _, a := range file.Attestations {
			if strings.HasSuffix(a.PredicateType, r.Entry) {
				raw = a.Bundle
			}
		}
	}
	return attest.ParseBundle(raw)
}

// digests are those of the artifact under the algorithm that statements about npm
// packages use, and under that of all others.
func (r realBundle) digests() []attest.Digest {
	if r.Entry != "" {
		return []attest.Digest{attest.Digest("sha512:" + r.SHA512)}
	}
	return []attest.Digest{attest.Digest("sha256:" + r.SHA256)}
}

// TestRealBundles: of 113 real bundles 103 verify, and the 10 that somebody broke on
// purpose do not. npm signs with keys that it publishes; all others by GitHub's identities.
func TestRealBundles(t *testing.T) {
	root := shared(t, "trusted-roots", "public-good.json")
	npm, err := attest.ParseNPMKeys(shared(t, "trusted-roots", "npm-keys.json"), attest.NPMAttestations)
	if err != nil {
		t.Fatal(err)
	}
	anyOfGitHub := attest.TrustedIdentity{Issuer: githubIssuer, SANPattern: `^https://github\.com/[^@]+@refs/(heads|tags)/.+$`}
	verified, rejected := 0, 0
	for _, r := range realBundles(t) {
		trust := attest.Trust{Root: root, Identities: []attest.TrustedIdentity{anyOfGitHub}}
		switch {
		case strings.HasPrefix(r.Entry, "publish/"):
			trust = attest.Trust{Root: root, Keys: npm, RequireLog: true}
		case r.SAN != "":
			trust.Identities = []attest.TrustedIdentity{{Issuer: githubIssuer, SAN: r.SAN}}
		}
		b, err := r.bundle(t)
		var v *attest.VerifiedArtifact
		if err == nil {
			v, err = mustVerifier(t, trust).VerifyArtifact(t.Context(), b, r.digests()...)
		}
		switch {
		case r.Want == "ok" && err != nil:
			t.Errorf("%s %s: %v", r.File, r.Entry, err)
		case r.Want == "ok":
			verified++
			checkReport(t, r, v)
			checkClaims(t, r, b, v)
		case err == nil:
			t.Errorf("%s %s verifies", r.File, r.Entry)
		default:
			rejected++
		}
	}
	if verified != 103 || rejected != 10 {
		t.Errorf("%d verified, %d rejected, want 103 and 10", verified, rejected)
	}
}

// checkReport: a real bundle has a log entry of a known kind, a trusted time, a signer,
// and nothing that was not checked.
func checkReport(t *testing.T, r realBundle, v *attest.VerifiedArtifact) {
	st := v.Statement()
	if !st.Valid() || v.Signer() != st.Signer() || r.PredicateType != "" && st.PredicateType() != r.PredicateType {
		t.Errorf("%s: says %q by %+v", r.File, st.PredicateType(), v.Signer())
	}
	if v.Signer().SAN != r.SAN || (v.Signer().KeyID == "") != (r.SAN != "") {
		t.Errorf("%s: signed by %+v, want %q", r.File, v.Signer(), r.SAN)
	}
	if len(v.Log()) == 0 || v.Log()[0].URL == "" || v.Time().Year() < 2022 || len(v.Unchecked()) > 0 {
		t.Errorf("%s: log %+v, time %s, unchecked %q", r.File, v.Log(), v.Time(), v.Unchecked())
	}
}

// checkClaims compares what is read out of the certificate with what sigstore-go reads.
func checkClaims(t *testing.T, r realBundle, b *attest.Bundle, v *attest.VerifiedArtifact) {
	if r.SAN == "" {
		return
	}
	type certificateOf struct{ RawBytes []byte }
	var material struct {
		Certificate          certificateOf
		X509CertificateChain struct{ Certificates []certificateOf }
	}
	if err := json.Unmarshal(b.VerificationMaterial(), &material); err != nil {
		t.Fatal(err)
	}
	raw := material.Certificate.RawBytes
	if raw == nil {
		raw = material.X509CertificateChain.Certificates[0].RawBytes
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := certificate.SummarizeCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := map[string]string{}, map[string]string{}
	for from, to := range map[any]map[string]string{summary.Extensions: theirs, v.Signer().Claims: ours} {
		text, err := json.Marshal(from)
		if err == nil {
			err = json.Unmarshal(text, &to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ours["issuer"] = v.Signer().Issuer
	if !maps.Equal(ours, theirs) || len(ours) < 6 || summary.SubjectAlternativeName != v.Signer().SAN {
		t.Errorf("%s: %v, sigstore-go reads %v", r.File, ours, theirs)
	}
}

// TestRealBundlesAgainstOthers: each of 83 keyless bundles with its own identity, another
// identity, and another digest.
func TestRealBundlesAgainstOthers(t *testing.T) {
	root := shared(t, "trusted-roots", "public-good.json")
	right := 0
	for _, r := range realBundles(t) {
		if r.Want != "ok" || r.Entry != "" {
			continue
		}
		b, err := r.bundle(t)
		if err != nil {
			t.Errorf("%s: %v", r.File, err)
			continue
		}
		own := attest.TrustedIdentity{Issuer: githubIssuer, SAN: r.SAN}
		other := attest.TrustedIdentity{Issuer: githubIssuer, SAN: r.SAN + "x"}
		wrong := attest.Digest("sha256:" + strings.Repeat("0", 64))
		for _, tt := range []struct {
			name   string
			id     attest.TrustedIdentity
			digest attest.Digest
			want   error
		}{
			{"own identity", own, r.digests()[0], nil},
			{"wrong identity", other, r.digests()[0], attest.ErrIdentity},
			{"wrong digest", own, wrong, attest.ErrSubject},
		} {
			v, err := mustVerifier(t, attest.Trust{Root: root, Identities: []attest.TrustedIdentity{tt.id}}).Verify(t.Context(), b, tt.digest)
			if !errors.Is(err, tt.want) || v.Valid() != (tt.want == nil) {
				t.Errorf("%s with %s: %v", r.File, tt.name, err)
				continue
			}
			right++
		}
	}
	if right != 249 {
		t.Errorf("%d of 249", right)
	}
}

// TestEnvelopesWithoutLog: older generators put the certificate into the signature and
// relied on a search of the log. Nothing beside such an envelope proves a time.
func TestEnvelopesWithoutLog(t *testing.T) {
	root := shared(t, "trusted-roots", "public-good.json")
	verifier := mustVerifier(t, attest.Trust{Root: root, Identities: []attest.TrustedIdentity{{Issuer: githubIssuer, SANPattern: `^(.+)$`}}})
	refused := 0
	corpustest.Envelopes(t, corpustest.Dir(t, "../..", "attest/real/slsa-verifier"), func(file string, raw []byte) {
		b, err := attest.ParseBundle(raw)
		if err != nil {
			return
		}
		st, err := b.UnverifiedStatement()
		if err != nil {
			return
		}
		for algorithm, hex := range st.Subject[0].Digest {
			v, err := verifier.Verify(t.Context(), b, attest.Digest(algorithm+":"+hex))
			if v.Valid() || !errors.Is(err, attest.ErrEvidence) && !errors.Is(err, attest.ErrDigest) {
				t.Errorf("%s: %v", file, err)
			}
			refused++
		}
	})
	if refused < 100 {
		t.Errorf("only %d envelopes", refused)
	}
}
