package sigstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

// TestImageLayouts: nine images with provenance of the SLSA generator in cosign's older
// form, where certificate and log entry are annotations.
func TestImageLayouts(t *testing.T) {
	root := shared(t, "trusted-roots", "public-good.json")
	dirs, err := filepath.Glob(filepath.Join(corpustest.Dir(t, "../..", "attest/real/slsa-verifier/gha_generic_container"), "*", "*.digest"))
	if err != nil {
		t.Fatal(err)
	}
	generator := attest.TrustedIdentity{
		Issuer:     githubIssuer,
		SANPattern: `^https://github\.com/slsa-framework/slsa-github-generator/\.github/workflows/generator_container_slsa3\.yml@refs/tags/v[0-9.]+$`,
		Claims:     attest.Claims{GitHubWorkflowRepository: "slsa-framework/example-package"},
	}
	fork := generator
	fork.Claims.GitHubWorkflowRepository = "evil/example-package"
	verified := 0
	for _, file := range dirs {
		digest, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		subject, layout := attest.Digest(strings.TrimSpace(string(digest))), oci.Layout(strings.TrimSuffix(file, ".digest"))
		good := mustVerifier(t, attest.Trust{Root: root, Identities: []attest.TrustedIdentity{generator}})
		r, err := oci.Verify(t.Context(), layout, subject, good, nil)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		v := r.Verified[0]
		if len(r.Verified) != 1 || v.Subject() != subject || len(v.Log()) != 1 || v.Signer().Claims.GitHubWorkflowSHA == "" || v.Time().IsZero() {
			t.Errorf("%s: %d verified: %+v, log %+v", file, len(r.Verified), v.Signer(), v.Log())
		}
		other := mustVerifier(t, attest.Trust{Root: root, Identities: []attest.TrustedIdentity{fork}})
		if r, err := oci.Verify(t.Context(), layout, subject, other, nil); err == nil || len(r.Verified) > 0 || len(r.Rejected) != 1 {
			t.Errorf("%s: provenance for another repository is verified", file)
		}
		verified++
	}
	if verified != 9 {
		t.Errorf("%d of 9 layouts", verified)
	}
}
