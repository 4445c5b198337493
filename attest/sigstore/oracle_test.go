package sigstore_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
)

// oracle is sigstore-go's own verification from end to end, with the requirements that
// a Trust has.
type oracle struct {
	verifier *verify.Verifier
	identity verify.CertificateIdentity
}

func newOracle(t *testing.T, rootJSON []byte, issuer, san string) *oracle {
	t.Helper()
	material, err := root.NewTrustedRootFromJSON(rootJSON)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.NewVerifier(material, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	if err != nil {
		t.Fatal(err)
	}
	id, err := verify.NewShortCertificateIdentity(issuer, "", san, "")
	if err != nil {
		t.Fatal(err)
	}
	return &oracle{v, id}
}

func (o *oracle) accepts(raw []byte, digest attest.Digest) bool {
	b := &bundle.Bundle{}
	if b.UnmarshalJSON(raw) != nil {
		return false
	}
	sum, err := hex.DecodeString(digest.Hex())
	if err != nil {
		return false
	}
	_, err = o.verifier.Verify(b, verify.NewPolicy(verify.WithArtifactDigest(digest.Algorithm(), sum), verify.WithCertificateIdentity(o.identity)))
	return err == nil
}

// TestNeverMoreThanSigstoreGo mutates bundles: what verifies here must verify with
// sigstore-go from end to end, although this package puts its parts together in its own way.
func TestNeverMoreThanSigstoreGo(t *testing.T) {
	in := sigstoretest.New(t)
	random := rand.New(rand.NewPCG(1, 2))
	both, stricter := 0, 0
	compare := func(o *oracle, v *attest.TrustVerifier, raw []byte, digest attest.Digest) {
		theirs, ours := o.accepts(raw, digest), false
		b, err := attest.ParseBundle(raw)
		if err == nil {
			var verified *attest.VerifiedArtifact
			verified, err = v.VerifyArtifact(t.Context(), b, digest)
			ours = err == nil && verified.Valid()
		}
		switch {
		case ours && !theirs:
			t.Errorf("only here: %s", raw)
		case ours:
			both++
		case theirs:
			stricter++ // a bad timestamp beside a good time is an error here
			if !errors.Is(err, attest.ErrEvidence) {
				t.Errorf("only with sigstore-go: %v: %s", err, raw)
			}
		}
	}
	o, v := newOracle(t, in.Root(), issuer, san), mustVerifier(t, byIdentity(in))
	for _, m := range []*made{
		sign(t, in, san, statement).logged(at), sign(t, in, san, statement).logged(at).stamped(at.Add(time.Minute)), sign(t, in, san, statement).loggedV2().stamped(at),
	} {
		raw := m.bundle().Bytes()
		compare(o, v, raw, subject)
		for range 300 {
			compare(o, v, mutate(random, raw), subject)
		}
	}
	t.Logf("%d verify with both, %d only with sigstore-go", both, stricter)
	if both < 10 {
		t.Error("hardly any mutant verifies: the test does not test")
	}
}

// TestRealBundlesMutated is the same for real bundles.
func TestRealBundlesMutated(t *testing.T) {
	rootJSON := shared(t, "trusted-roots", "public-good.json")
	random := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for i, r := range realBundles(t) {
		if r.Want != "ok" || r.SAN == "" || r.Entry != "" || i%6 != 0 {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(corpustest.Dir(t, "../..", "attest/real"), r.File))
		if err != nil {
			t.Fatal(err)
		}
		var compact json.RawMessage
		if err := json.Unmarshal(raw, &compact); err != nil {
			t.Fatal(err)
		}
		o := newOracle(t, rootJSON, githubIssuer, r.SAN)
		v := mustVerifier(t, attest.Trust{Root: rootJSON, Identities: []attest.TrustedIdentity{{Issuer: githubIssuer, SAN: r.SAN}}})
		for range 20 {
			mutant := mutate(random, compact)
			b, err := attest.ParseBundle(mutant)
			if err != nil {
				continue
			}
			compared++
			if verified, err := v.Verify(t.Context(), b, r.digests()[0]); err == nil && verified.Valid() && !o.accepts(mutant, r.digests()[0]) {
				t.Errorf("%s: only here: %s", r.File, mutant)
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d mutants could be read", compared)
	}
}

// mutate changes a few characters for others that JSON takes there.
func mutate(random *rand.Rand, raw []byte) []byte {
	const alphabet = `ABCabcxyz0189+/="{}[],:_ `
	out := append([]byte{}, raw...)
	for range 1 + random.IntN(2) {
		i := random.IntN(len(out))
		switch random.IntN(4) {
		case 0: // within the alphabet of base64, which keeps most of the JSON readable
			out[i] = alphabet[random.IntN(16)]
		case 1:
			out[i] = alphabet[random.IntN(len(alphabet))]
		case 2:
			out[i] ^= 1 << random.IntN(5)
		default: // a piece somewhere else
			j, n := random.IntN(len(out)), 1+random.IntN(8)
			copy(out[i:], out[j:min(j+n, len(out))])
		}
	}
	return out
}
