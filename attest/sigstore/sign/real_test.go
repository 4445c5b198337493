package sign_test

import (
	"context"
	"errors"
	"fmt"
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
// verifies. The programs take minutes to build; see newStack.
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
}

// predicateTypes are those that people exchange, ten of them.
var predicateTypes = []string{
	attest.TypeSPDX, attest.TypeCycloneDX, attest.TypeOpenVEX, attest.TypeCosignVuln, attest.TypeVulns02,
	attest.TypeSLSAProvenance02, attest.TypeSLSAProvenance1, attest.TypeVSA, attest.TypeSVR02, attest.TypeRuntimeTrace,
}

// TestCosignKeyless: what is signed here with real services verifies with cosign, and what
// cosign signs with them verifies here, for ten predicate types; and not for another
// identity, and not as another type.
func TestCosignKeyless(t *testing.T) {
	bin := os.Getenv("IMAGETRUST_SIGSTORE")
	cosign, err := exec.LookPath("cosign")
	if bin == "" || err != nil {
		t.Skipf("cosign is not asked about keyless signatures: IMAGETRUST_SIGSTORE is %q, %v", bin, err)
	}
	s := newStack(t, bin)
	const who, other = "release@example.com", "somebody@example.com"
	signer, err := sign.New(sign.Options{
		Services: sign.Services{Fulcio: s.fulcio, Logs: []sign.Log{{URL: s.rekor, Version: 2}}, Timestamps: []string{s.stamping}},
		Token:    func(context.Context) (string, error) { return s.token(who), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &cosignOn{s, cosign, s.file("trusted_root.json", s.root), s.file("signing_config.json", s.signingConfig()), s.file("artifact", []byte("content"))}
	digests, err := attest.DigestArtifact(strings.NewReader("content"))
	if err != nil {
		t.Fatal(err)
	}
	for _, predicateType := range predicateTypes {
		t.Run(predicateType, func(t *testing.T) {
			st, err := attest.NewStatement(attest.Custom(predicateType, map[string]string{"for": predicateType}), attest.NewSubject("artifact", digests[0]))
			if err != nil {
				t.Fatal(err)
			}
			ours, err := signer.Sign(t.Context(), st)
			if err != nil {
				t.Fatal(err)
			}
			for name, ok := range map[string]bool{who: true, other: false} {
				if out, err := c.verify(ours, predicateType, name); (err == nil) != ok {
					t.Errorf("cosign for %s: %v: %s", name, err, out)
				}
			}
			if out, err := c.verify(ours, "https://example.com/another/v1", who); err == nil {
				t.Errorf("cosign takes it for another type: %s", out)
			}
			theirs, err := c.sign(predicateType, s.token(who))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]error{who: nil, other: attest.ErrIdentity} {
				verifier, err := sigstore.NewVerifier(attest.Trust{Root: s.root, Identities: []attest.TrustedIdentity{{Issuer: s.issuer.URL, SAN: name}}})
				if err != nil {
					t.Fatal(err)
				}
				v, err := verifier.VerifyArtifact(t.Context(), theirs, digests...)
				if !errors.Is(err, want) || want == nil && v.Statement().PredicateType() != predicateType {
					t.Errorf("cosign's bundle for %s: %v, a %s", name, err, v.Statement().PredicateType())
				}
			}
		})
	}
}

// cosignOn is cosign with the services of a stack.
type cosignOn struct {
	*stack
	program, root, config, artifact string
}

func (c *cosignOn) run(args ...string) ([]byte, error) {
	cmd := exec.Command(c.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(c.dir, "home")) // where it would keep a root of its own
	return cmd.CombinedOutput()
}

func (c *cosignOn) verify(b *attest.Bundle, predicateType, who string) ([]byte, error) {
	return c.run("verify-blob-attestation", "--bundle", c.file("ours.json", b.Bytes()), "--trusted-root", c.root, "--type", predicateType,
		"--certificate-identity", who, "--certificate-oidc-issuer", c.issuer.URL, c.artifact)
}

func (c *cosignOn) sign(predicateType, token string) (*attest.Bundle, error) {
	file := filepath.Join(c.dir, "theirs.json")
	predicate := c.file("predicate.json", []byte(`{"by":"cosign"}`))
	out, err := c.run("attest-blob", "--bundle", file, "--predicate", predicate, "--type", predicateType, "--identity-token", token,
		"--signing-config", c.config, "--trusted-root", c.root, "--yes", c.artifact)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return attest.ParseBundle(raw)
}
