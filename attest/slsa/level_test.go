package slsa_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
	"github.com/imagetrust/imagetrust/attest/slsa"
)

const (
	hexA    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestA = attest.Digest("sha256:" + hexA)
	issuer  = "https://token.actions.githubusercontent.com"
	goodGen = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0"
)

// signedBy is a verified statement, as if the verifier had found that id signed it.
func signedBy(t testing.TB, id attest.Identity, predicateType, predicate string) *attest.Verified {
	t.Helper()
	payload := fmt.Sprintf(`{"_type":%q,"subject":[{"digest":{"sha256":%q}}],"predicateType":%q,"predicate":%s}`, attest.StatementV1, hexA, predicateType, predicate)
	v, err := attesttest.Verified(id, payload, digestA)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func provenanceBy(builder, more string) string {
	return fmt.Sprintf(`{"builder":{"id":%q},"buildType":"https://ci.example/build/v1","invocation":{"parameters":{}}%s}`, builder, more)
}

func TestAssess(t *testing.T) {
	const builder = "https://ci.example/builder@v1"
	key := attest.Identity{KeyID: attesttest.KeyID(), Name: "ci"}
	trust := func(l slsa.Level) slsa.TrustedBuilder {
		return slsa.TrustedBuilder{ID: "https://ci.example/builder@", Level: l, Signer: attest.Identity{KeyID: attesttest.KeyID()}}
	}
	tests := []struct {
		name    string
		signer  attest.Identity
		builder string
		more    string
		trust   []slsa.TrustedBuilder
		want    slsa.Level
		failed  slsa.Requirement // the first that is not met
		reason  string           // part of its reason
	}{
		{"trusted up to 3", key, builder, "", []slsa.TrustedBuilder{trust(3)}, slsa.Level3, "", ""},
		{"trusted up to 2", key, builder, "", []slsa.TrustedBuilder{trust(2)}, slsa.Level2, slsa.Unforgeable, "up to level 2"},
		{"trusted up to 1", key, builder, "", []slsa.TrustedBuilder{trust(1)}, slsa.Level1, slsa.Hosted, "up to level 1"},
		{"the highest entry counts", key, builder, "", []slsa.TrustedBuilder{trust(1), trust(3), trust(2)}, slsa.Level3, "", ""},
		{"no more than there is", key, builder, "", []slsa.TrustedBuilder{trust(9)}, slsa.Level3, "", ""},
		{"nobody trusted", key, builder, "", nil, slsa.Level0, slsa.BuilderTrusted, "nothing is known"},
		{"another builder", key, "https://ci.example/builder2", "", []slsa.TrustedBuilder{trust(3)}, slsa.Level0, slsa.BuilderTrusted, "nothing is known"},
		{"no builder", key, "", "", []slsa.TrustedBuilder{trust(3), {Level: 3, Signer: key}}, slsa.Level0, slsa.BuilderTrusted, "names no builder"},
		{"a builder that climbs", key, "https://ci.example/builder@/../evil", "", []slsa.TrustedBuilder{trust(3)}, slsa.Level0, slsa.BuilderTrusted, "nothing is known"},
		{"another signer", key, builder, "", []slsa.TrustedBuilder{{ID: "https://ci.example/builder@", Level: 3, Signer: attest.Identity{KeyID: "other"}}}, slsa.Level0, slsa.BuilderTrusted, "not trusted to speak"},
		{"an entry without a signer", key, builder, "", []slsa.TrustedBuilder{{ID: builder, Level: 3}}, slsa.Level0, slsa.BuilderTrusted, "not trusted to speak"},
		{"an entry without a level", key, builder, "", []slsa.TrustedBuilder{trust(0)}, slsa.Level0, slsa.BuilderTrusted, ""},
		{"parameters left out", key, builder, `,"metadata":{"completeness":{"parameters":false}}`, []slsa.TrustedBuilder{trust(3)}, slsa.Level2, slsa.Unforgeable, "does not list all parameters"},
		{"self-hosted runner", key, builder, `,"invocation":{"environment":{"RUNNER_ENVIRONMENT":"self-hosted"}}`, []slsa.TrustedBuilder{trust(3)}, slsa.Level1, slsa.Hosted, "self-hosted"},
		{"a contradiction", key, builder, `,"metadata":{"buildStartedOn":"2026-01-02T00:00:00Z","buildFinishedOn":"2026-01-01T00:00:00Z"}`, []slsa.TrustedBuilder{trust(3)}, slsa.Level0, slsa.Exists, "contradicts itself"},
		{"generator signs for itself", attest.Identity{Issuer: issuer, SAN: goodGen}, goodGen, "", slsa.GitHubGeneratorBuilders(), slsa.Level3, "", ""},
		{"another workflow signs for the generator", attest.Identity{Issuer: issuer, SAN: "https://github.com/evil/x/.github/workflows/a.yml@refs/heads/main"}, goodGen, "", slsa.GitHubGeneratorBuilders(), slsa.Level0, slsa.BuilderTrusted, "evil/x"},
		{"another issuer", attest.Identity{Issuer: "https://evil.example", SAN: goodGen}, goodGen, "", slsa.GitHubGeneratorBuilders(), slsa.Level0, slsa.BuilderTrusted, "not trusted to speak"},
		{"a key signs for the generator", key, goodGen, "", slsa.GitHubGeneratorBuilders(), slsa.Level0, slsa.BuilderTrusted, "not trusted to speak"},
		{"generator from a branch", attest.Identity{Issuer: issuer, SAN: strings.Replace(goodGen, "tags", "heads", 1)}, strings.Replace(goodGen, "tags", "heads", 1), "", slsa.GitHubGeneratorBuilders(), slsa.Level0, slsa.BuilderTrusted, "nothing is known"},
		{"fork of the generator", attest.Identity{Issuer: issuer, SAN: strings.Replace(goodGen, "slsa-framework", "evil", 1)}, strings.Replace(goodGen, "slsa-framework", "evil", 1), "", slsa.GitHubGeneratorBuilders(), slsa.Level0, slsa.BuilderTrusted, "nothing is known"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			predicate := provenanceBy(tt.builder, tt.more)
			predicate = strings.Replace(predicate, `,"invocation":{"parameters":{}},"invocation"`, `,"invocation"`, 1)
			b, err := slsa.Read(signedBy(t, tt.signer, attest.TypeSLSAProvenance02, predicate))
			if err != nil {
				t.Fatal(err)
			}
			a := b.Assess(tt.trust...)
			if a.Level != tt.want {
				t.Errorf("%v, want %v: %+v", a.Level, tt.want, a.Results)
			}
			failed := slsa.Result{}
			for _, r := range a.Results {
				if r.Reason == "" {
					t.Errorf("%s has no reason", r.Requirement)
				}
				if !r.Met && failed.Requirement == "" {
					failed = r
				}
			}
			if failed.Requirement != tt.failed || !strings.Contains(failed.Reason, tt.reason) {
				t.Errorf("first unmet is %+v, want %s because of %q", failed, tt.failed, tt.reason)
			}
		})
	}
}

// TestUnsignedSupportsNoLevel: not even in the shape of a signed one.
func TestUnsignedSupportsNoLevel(t *testing.T) {
	trust := slsa.TrustedBuilder{ID: "b", Level: slsa.Level3, Signer: attest.Identity{KeyID: attesttest.KeyID()}}
	v := signedBy(t, attest.Identity{KeyID: attesttest.KeyID()}, attest.TypeSLSAProvenance02, provenanceBy("b", ""))
	signed, err := slsa.Read(v)
	if err != nil || signed.Assess(trust).Level != slsa.Level3 {
		t.Fatalf("the test does not test: %v", err)
	}
	unsigned, err := slsa.Parse(v.PredicateType(), v.Predicate())
	if err != nil {
		t.Fatal(err)
	}
	copied := &slsa.Build{}
	raw, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, copied); err != nil || copied.Builder != "b" {
		t.Fatal(err)
	}
	for name, b := range map[string]*slsa.Build{"parsed": unsigned, "decoded": copied, "made": {Builder: "b", BuildType: "t"}} {
		if a := b.Assess(trust); a.Level != slsa.Level0 || !strings.Contains(a.Results[0].Reason, "nobody signed") {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, v := range map[string]*attest.Verified{"nil": nil, "zero": {}} {
		if b, err := slsa.Read(v); err == nil {
			t.Errorf("%s gives %+v", name, b)
		}
	}
}

func TestLevelText(t *testing.T) {
	for l := slsa.Level0; l <= slsa.Level3; l++ {
		if got, ok := slsa.ParseLevel(l.String()); !ok || got != l {
			t.Errorf("%v becomes %v, %t", l, got, ok)
		}
	}
	for _, s := range []string{"", "SLSA_BUILD_LEVEL_", "SLSA_BUILD_LEVEL_4", "SLSA_BUILD_LEVEL_03", "SLSA_SOURCE_LEVEL_3", "slsa_build_level_3"} {
		if l, ok := slsa.ParseLevel(s); ok {
			t.Errorf("%q is read as %v", s, l)
		}
	}
}
