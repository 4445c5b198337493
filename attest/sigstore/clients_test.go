package sigstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
)

// TestBundlesOfOtherClients: statements in the test data of gh, sigstore-go, sigstore-js
// and cosign. GitHub's own instance is not the public one, and its bundle must not verify
// with the public root.
func TestBundlesOfOtherClients(t *testing.T) {
	anybody := attest.TrustedIdentity{IssuerPattern: `^(.+)$`, SANPattern: `^(.+)$`}
	verifier := mustVerifier(t, attest.Trust{Root: shared(t, "trusted-roots", "public-good.json"), Identities: []attest.TrustedIdentity{anybody}})
	want := map[string]int{"gh-cli": 6, "sigstore-go": 2, "sigstore-js": 9, "cosign": 1}
	for client, want := range want {
		verified, foreign := 0, 0
		statements(t, corpustest.Dir(t, "../..", "attest/real/"+client), func(file string, b *attest.Bundle, subject attest.Digest) {
			v, err := verifier.Verify(t.Context(), b, subject)
			switch {
			case err == nil && v.Signer().SAN != "" && len(v.Log()) > 0:
				verified++
			case strings.Contains(file, "github_provenance_demo") && errors.Is(err, attest.ErrEvidence):
				foreign++
			default:
				t.Errorf("%s: %v", file, err)
			}
		})
		if verified != want || client == "gh-cli" && foreign != 1 {
			t.Errorf("%s: %d verify, want %d; %d are of GitHub's own instance", client, verified, want, foreign)
		}
	}
}

// statements finds the bundles with a statement below dir, whole files and lines, each
// with the digest of its first subject.
func statements(t *testing.T, dir string, found func(file string, b *attest.Bundle, subject attest.Digest)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(file)
		for dec := json.NewDecoder(bytes.NewReader(raw)); err == nil; {
			var one json.RawMessage
			if dec.Decode(&one) != nil {
				return nil // not JSON, or the end
			}
			b, err := attest.ParseBundle(one)
			if err != nil {
				continue
			}
			st, err := b.UnverifiedStatement()
			if err != nil {
				continue
			}
			for algorithm, hex := range st.Subject[0].Digest {
				found(file, b, attest.Digest(algorithm+":"+hex))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
