package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	beaconIdentity = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
	beaconIssuer   = "https://token.actions.githubusercontent.com"
)

// shared is where real data lies, beside the repository.
const shared = "../../../shared/attest"

// TestConformance runs the Sigstore client conformance suite: every case by the path of
// its artifact and by the digest. What a case leaves open is as in the suite's own README.
func TestConformance(t *testing.T) {
	dir := filepath.Join(shared, "conformance", "assets", "bundle-verify")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("the conformance suite is not run: %v", err)
	}
	cases, right := 0, 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		for how, artifact := range artifactOf(t, filepath.Join(dir, e.Name())) {
			cases++
			args := append(argumentsOf(t, filepath.Join(dir, e.Name())), artifact)
			err := run(t.Context(), args, io.Discard)
			switch fails := strings.HasSuffix(e.Name(), "_fail"); {
			case fails && err == nil:
				t.Errorf("%s by %s passes", e.Name(), how)
			case !fails && err != nil:
				t.Errorf("%s by %s: %v", e.Name(), how, err)
			default:
				right++
			}
		}
	}
	if cases != 140 {
		t.Errorf("%d cases, want 70 by path and by digest", cases)
	}
	t.Logf("%d of %d", right, cases)
}

func argumentsOf(t *testing.T, dir string) []string {
	args := []string{"verify-bundle", "--bundle", filepath.Join(dir, "bundle.sigstore.json")}
	if key := filepath.Join(dir, "key.pub"); exists(key) {
		args = append(args, "--key", key)
	} else {
		args = append(args, "--certificate-identity", textOr(t, filepath.Join(dir, "identity"), beaconIdentity),
			"--certificate-oidc-issuer", textOr(t, filepath.Join(dir, "issuer"), beaconIssuer))
	}
	root := filepath.Join(dir, "trusted_root.json")
	if !exists(root) {
		root = filepath.Join(shared, "trusted-roots", "public-good.json")
	}
	return append(args, "--trusted-root", root)
}

func artifactOf(t *testing.T, dir string) map[string]string {
	file := filepath.Join(dir, "artifact")
	if !exists(file) {
		file = filepath.Join(dir, "..", "a.txt")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return map[string]string{"path": file, "digest": "sha256:" + hex.EncodeToString(sum[:])}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func textOr(t *testing.T, file, otherwise string) string {
	if !exists(file) {
		return otherwise
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
