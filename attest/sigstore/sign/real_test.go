package sign_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
	"github.com/imagetrust/imagetrust/attest/sigstore/sign"
)

// TestRealServices signs with real Fulcio, Rekor v2 and a real timestamp authority, and
// verifies here and with cosign. The programs take minutes to build; see newStack.
func TestRealServices(t *testing.T) {
	bin := os.Getenv("IMAGETRUST_SIGSTORE")
	if bin == "" {
		t.Skip("IMAGETRUST_SIGSTORE names no directory with fulcio, rekor-server-posix and timestamp-server: keyless signing is tested with services of our own alone")
	}
	s := newStack(t, bin)
	const who = "release@example.com"
	signer, err := sign.New(sign.Options{
		Services: sign.Services{Fulcio: s.fulcio, Logs: []sign.Log{{URL: s.rekor, Version: 2}}, Timestamps: []string{s.stamping}},
		Token:    func(context.Context) (string, error) { return s.token(who), nil },
		Root:     s.root,
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := signer.Sign(t.Context(), newStatement(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{who: nil, "somebody@example.com": attest.ErrIdentity} {
		verifier, err := sigstore.NewVerifier(attest.Trust{Root: s.root, Identities: []attest.TrustedIdentity{{Issuer: s.issuer.URL, SAN: name}}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := verifier.Verify(t.Context(), b, subject)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if want == nil && (len(v.Log()) != 1 || v.Log()[0].Kind != "hashedrekord 0.0.2" || time.Since(v.Time()) > time.Minute || len(v.Unchecked()) != 0) {
			t.Errorf("log %v, times %v, unchecked %q", v.Log(), v.Times(), v.Unchecked())
		}
	}
	s.verifyWithCosign(b, who)
}

// verifyWithCosign asks cosign, if it is there, who is right.
func (s *stack) verifyWithCosign(b *attest.Bundle, who string) {
	s.t.Helper()
	cosign, err := exec.LookPath("cosign")
	if err != nil {
		s.t.Log("cosign is not in PATH: it was not asked")
		return
	}
	bundle, root := s.file("bundle.json", b.Bytes()), s.file("trusted_root.json", s.root)
	for name, ok := range map[string]bool{who: true, "somebody@example.com": false} {
		cmd := exec.Command(cosign, "verify-blob-attestation", "--bundle", bundle, "--new-bundle-format", "--trusted-root", root, "--type", "https://example.com/p/v1",
			"--certificate-identity", name, "--certificate-oidc-issuer", s.issuer.URL, "--digest", strings.TrimPrefix(string(subject), "sha256:"), "--digestAlg", "sha256")
		cmd.Env = append(os.Environ(), "HOME="+filepath.Join(s.dir, "home"))
		if out, err := cmd.CombinedOutput(); (err == nil) != ok {
			s.t.Errorf("cosign for %s: %v: %s", name, err, out)
		}
	}
}
