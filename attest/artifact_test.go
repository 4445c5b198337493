package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/imagetrust/imagetrust/attest"
)

const artifact = "some file"

func artifactDigests(t *testing.T) []attest.Digest {
	t.Helper()
	digests, err := attest.DigestArtifact(strings.NewReader(artifact))
	if err != nil {
		t.Fatal(err)
	}
	return digests
}

func TestDigestArtifact(t *testing.T) {
	s256, s384, s512 := sha256.Sum256([]byte(artifact)), sha512.Sum384([]byte(artifact)), sha512.Sum512([]byte(artifact))
	want := []attest.Digest{
		attest.Digest("sha256:" + hex.EncodeToString(s256[:])), attest.Digest("sha384:" + hex.EncodeToString(s384[:])), attest.Digest("sha512:" + hex.EncodeToString(s512[:])),
	}
	if got := artifactDigests(t); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got, err := attest.DigestArtifact(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// messageBundle is a bundle around a signature over a file.
func messageBundle(t *testing.T, algorithm string, digest, sig []byte) *attest.Bundle {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"mediaType": attest.BundleMediaType, "verificationMaterial": map[string]any{"publicKey": map[string]any{}},
		"messageSignature": map[string]any{"messageDigest": map[string]any{"algorithm": algorithm, "digest": digest}, "signature": sig},
	})
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(raw))
}

// TestVerifyFile verifies signatures over a file, by all its digests and by the one
// that was signed.
func TestVerifyFile(t *testing.T) {
	names := map[crypto.Hash]string{crypto.SHA256: "SHA2_256", crypto.SHA384: "SHA2_384", crypto.SHA512: "SHA2_512"}
	digests := artifactDigests(t)
	for name, tt := range map[string]struct {
		key   crypto.Signer
		hash  crypto.Hash
		opts  crypto.SignerOpts
		which int
	}{
		"P-256":              {mustECDSA(t, elliptic.P256()), crypto.SHA256, crypto.SHA256, 0},
		"P-384":              {mustECDSA(t, elliptic.P384()), crypto.SHA384, crypto.SHA384, 1},
		"P-384 with SHA-256": {mustECDSA(t, elliptic.P384()), crypto.SHA256, crypto.SHA256, 0},
		"P-521":              {mustECDSA(t, elliptic.P521()), crypto.SHA512, crypto.SHA512, 2},
		"RSA":                {mustRSA(t, 2048), crypto.SHA256, crypto.SHA256, 0},
		"Ed25519ph":          {mustEd25519(t), crypto.SHA512, &ed25519.Options{Hash: crypto.SHA512}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := tt.hash.New()
			h.Write([]byte(artifact))
			sum := h.Sum(nil)
			sig, err := tt.key.Sign(rand.Reader, sum, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			b := messageBundle(t, names[tt.hash], sum, sig)
			verifier := mustVerifier(t, attest.Key{Public: tt.key.Public(), Name: "release"})
			for _, known := range [][]attest.Digest{digests, {digests[tt.which]}} {
				v, err := verifier.VerifyArtifact(t.Context(), b, known...)
				if err != nil {
					t.Fatal(err)
				}
				if v.Signer().Name != "release" || v.Statement().Valid() || !slices.Equal(v.Digests(), known) || len(v.Unchecked()) != 0 || !v.Time().IsZero() || v.Log() != nil {
					t.Errorf("verified as %+v", v)
				}
			}
			other := digests[(tt.which+1)%3]
			if v, err := verifier.VerifyArtifact(t.Context(), b, other); v.Valid() || !errors.Is(err, attest.ErrSubject) {
				t.Errorf("by a digest of another algorithm: %v", err)
			}
			sig[len(sig)-1] ^= 1
			if v, err := verifier.VerifyArtifact(t.Context(), messageBundle(t, names[tt.hash], sum, sig), digests...); v.Valid() || !errors.Is(err, attest.ErrSignature) {
				t.Errorf("with a wrong signature: %v", err)
			}
		})
	}
}

func TestVerifyFileRefuses(t *testing.T) {
	key := mustECDSA(t, elliptic.P256())
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	digests := artifactDigests(t)
	sum, wrong := sha256.Sum256([]byte(artifact)), sha256.Sum256([]byte("other"))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	pure := mustEd25519(t)
	for name, tt := range map[string]struct {
		b       *attest.Bundle
		digests []attest.Digest
		want    error
	}{
		"digest of another file in the bundle": {messageBundle(t, "SHA2_256", wrong[:], sig), digests, attest.ErrSubject},
		"another file":                         {messageBundle(t, "SHA2_256", sum[:], sig), []attest.Digest{attest.Digest("sha256:" + hex.EncodeToString(wrong[:]))}, attest.ErrSubject},
		"weak digest in the bundle":            {messageBundle(t, "SHA1", sum[:20], sig), digests, attest.ErrUnsupported},
		"digest by a number":                   {mustParse(t, `{"mediaType":"`+attest.BundleMediaType+`","verificationMaterial":{},"messageSignature":{"messageDigest":{"algorithm":1,"digest":"AA=="},"signature":"AA=="}}`), digests, attest.ErrBundle},
		"no digest in the bundle":              {mustParse(t, `{"mediaType":"`+attest.BundleMediaType+`","verificationMaterial":{},"messageSignature":{"signature":"AA=="}}`), digests, attest.ErrBundle},
		"no signature":                         {mustParse(t, `{"mediaType":"`+attest.BundleMediaType+`","verificationMaterial":{},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AA=="}}}`), digests, attest.ErrBundle},
		"signature in another case":            {mustParse(t, `{"mediaType":"`+attest.BundleMediaType+`","verificationMaterial":{},"messageSignature":{"Signature":"AA==","signature":"AA=="}}`), digests, attest.ErrBundle},
		"no digest asked":                      {messageBundle(t, "SHA2_256", sum[:], sig), nil, attest.ErrDigest},
		"a weak digest asked":                  {messageBundle(t, "SHA2_256", sum[:], sig), []attest.Digest{"md5:00"}, attest.ErrDigest},
		"two digests of one algorithm":         {messageBundle(t, "SHA2_256", sum[:], sig), []attest.Digest{digests[0], attest.Digest("sha256:" + hex.EncodeToString(wrong[:]))}, attest.ErrDigest},
		"Ed25519 needs the file":               {messageBundle(t, "SHA2_512", func() []byte { s := sha512.Sum512([]byte(artifact)); return s[:] }(), ed25519.Sign(pure, []byte(artifact))), digests, attest.ErrSignature},
		"no bundle":                            {nil, digests, attest.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := verifier.VerifyArtifact(t.Context(), tt.b, tt.digests...)
			if v.Valid() || !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestDigestsMustAgree: all digests are of one artifact, so that a subject must not
// contradict any, and one subject cannot lend another what it lacks.
func TestDigestsMustAgree(t *testing.T) {
	key := mustEd25519(t)
	verifier := mustVerifier(t, attest.Key{Public: key.Public()})
	digests := artifactDigests(t)
	good, bad := digests, [3]string{hexA, strings.Repeat("b", 96), strings.Repeat("c", 128)}
	for name, tt := range map[string]struct {
		subjects []map[string]string
		ok       bool
	}{
		"all":                        {[]map[string]string{{"sha256": good[0].Hex(), "sha384": good[1].Hex(), "sha512": good[2].Hex()}}, true},
		"one":                        {[]map[string]string{{"sha512": good[2].Hex()}}, true},
		"one and a weak one":         {[]map[string]string{{"sha256": good[0].Hex(), "sha1": "00"}}, true},
		"weak ones":                  {[]map[string]string{{"sha1": strings.Repeat("0", 40), "md5": "00"}}, false},
		"sha256, and another sha512": {[]map[string]string{{"sha256": good[0].Hex(), "sha512": bad[2]}}, false},
		"another sha256, and sha512": {[]map[string]string{{"sha256": bad[0], "sha512": good[2].Hex()}}, false},
		"half in each subject":       {[]map[string]string{{"sha256": good[0].Hex(), "sha512": bad[2]}, {"sha256": bad[0], "sha512": good[2].Hex()}}, false},
		"the second subject":         {[]map[string]string{{"sha256": bad[0]}, {"sha256": good[0].Hex()}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var subjects []map[string]any
			for _, d := range tt.subjects {
				subjects = append(subjects, map[string]any{"name": string(good[0]), "digest": d})
			}
			payload, err := json.Marshal(map[string]any{"_type": attest.StatementV1, "subject": subjects, "predicateType": "t", "predicate": true})
			if err != nil {
				t.Fatal(err)
			}
			v, err := verifier.VerifyArtifact(t.Context(), signRaw(t, key, attest.PayloadType, string(payload)), digests...)
			if v.Valid() != tt.ok || !tt.ok && !errors.Is(err, attest.ErrSubject) {
				t.Errorf("got %v", err)
			}
			if tt.ok && (v.Statement().PredicateType() != "t" || v.Signer() != v.Statement().Signer()) {
				t.Errorf("says %+v", v.Statement())
			}
		})
	}
	for name, v := range map[string]*attest.VerifiedArtifact{"zero": {}, "nil": nil} {
		if v.Valid() || v.Statement() != nil || v.Digests() != nil || v.Signer() != (attest.Identity{}) || !v.Time().IsZero() || v.Log() != nil || v.Unchecked() != nil {
			t.Errorf("%s VerifiedArtifact says something", name)
		}
	}
}
