package slsa_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/corpustest"
	"github.com/imagetrust/imagetrust/attest/slsa"
)

func goodVSA() *slsa.VSA {
	return &slsa.VSA{
		Verifier:           slsa.VSAVerifier{ID: "https://verifier.example/v1", Version: map[string]string{"engine": "2"}},
		TimeVerified:       time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		ResourceURI:        "registry.example/app",
		Policy:             attest.ResourceDescriptor{URI: "https://verifier.example/policy", Digest: map[string]string{"sha256": hexA}},
		InputAttestations:  []attest.ResourceDescriptor{{Digest: map[string]string{"sha256": hexA}}},
		VerificationResult: slsa.Passed,
		VerifiedLevels:     []string{"SLSA_BUILD_LEVEL_2", "EXAMPLE_REVIEWED"},
		DependencyLevels:   map[string]uint64{},
		SLSAVersion:        "1.1",
	}
}

func goodV02() *slsa.ProvenanceV02 {
	yes := true
	return &slsa.ProvenanceV02{
		Builder: slsa.BuilderV02{ID: "https://ci.example/builder"}, BuildType: "https://ci.example/build/v1",
		Invocation: slsa.InvocationV02{
			ConfigSource: slsa.ConfigSource{URI: "git+https://git.example/app", Digest: map[string]string{"sha1": "22"}, EntryPoint: "Makefile"},
			Parameters:   json.RawMessage(`{"a":1}`),
		},
		Metadata: &slsa.MetadataV02{BuildInvocationID: "7", Completeness: &slsa.Completeness{Parameters: &yes}, Reproducible: &yes,
			Extra: map[string]json.RawMessage{"https://ci.example/x": json.RawMessage(`1`)}},
		Materials: []attest.ResourceDescriptor{{URI: "git+https://git.example/app", Digest: map[string]string{"sha1": "22"}}},
	}
}

// TestPredicateForm pins what is written byte for byte, and reads it back.
func TestPredicateForm(t *testing.T) {
	for _, tt := range []struct {
		p    attest.Typed
		want string
	}{
		{goodVSA(), `{"verifier":{"id":"https://verifier.example/v1","version":{"engine":"2"}},"timeVerified":"2026-01-02T03:04:05Z","resourceUri":"registry.example/app",` +
			`"policy":{"uri":"https://verifier.example/policy","digest":{"sha256":"` + hexA + `"}},"inputAttestations":[{"digest":{"sha256":"` + hexA + `"}}],` +
			`"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_2","EXAMPLE_REVIEWED"],"dependencyLevels":{},"slsaVersion":"1.1"}`},
		{goodV02(), `{"builder":{"id":"https://ci.example/builder"},"buildType":"https://ci.example/build/v1","invocation":{"configSource":{"uri":"git+https://git.example/app","digest":{"sha1":"22"},"entryPoint":"Makefile"},` +
			`"parameters":{"a":1}},"metadata":{"buildInvocationId":"7","completeness":{"parameters":true},"reproducible":true,"https://ci.example/x":1},` +
			`"materials":[{"uri":"git+https://git.example/app","digest":{"sha1":"22"}}]}`},
	} {
		st, err := attest.NewStatement(attest.NewPredicate(tt.p), attest.NewSubject("app", digestA))
		if err != nil {
			t.Fatal(err)
		}
		if string(st.Predicate) != tt.want {
			t.Errorf("got  %s\nwant %s", st.Predicate, tt.want)
		}
	}
	vsa, err := attest.DecodePredicate[slsa.VSA](signedBy(t, attest.Identity{}, attest.TypeVSA, encode(t, goodVSA())))
	if err != nil || vsa.BuildLevel() != slsa.Level2 || vsa.DependencyLevels == nil || vsa.Validate() != nil {
		t.Errorf("got %+v, %v", vsa, err)
	}
	v02, err := attest.DecodePredicate[slsa.ProvenanceV02](signedBy(t, attest.Identity{}, attest.TypeSLSAProvenance02, encode(t, goodV02())))
	if err != nil || encode(t, v02) != encode(t, goodV02()) {
		t.Errorf("got %+v, %v", v02, err)
	}
	if p, err := attest.DecodePredicate[slsa.VSA](signedBy(t, attest.Identity{}, attest.TypeSLSAProvenance02, encode(t, goodV02()))); !errors.Is(err, attest.ErrPredicate) {
		t.Errorf("provenance read as %+v, %v", p, err)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestVSARefuses(t *testing.T) {
	for want, change := range map[string]func(*slsa.VSA){
		"verifier.id":          func(v *slsa.VSA) { v.Verifier.ID = "" },
		"resourceUri":          func(v *slsa.VSA) { v.ResourceURI = "" },
		"policy.uri":           func(v *slsa.VSA) { v.Policy.URI = "" },
		"inputAttestations":    func(v *slsa.VSA) { v.InputAttestations[0].Digest = nil },
		"verificationResult":   func(v *slsa.VSA) { v.VerificationResult = "passed" },
		"verifiedLevels is":    func(v *slsa.VSA) { v.VerifiedLevels = nil },
		"several build levels": func(v *slsa.VSA) { v.VerifiedLevels = []string{"SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_2"} },
		"verification failed":  func(v *slsa.VSA) { v.VerificationResult = slsa.Failed },
	} {
		v := goodVSA()
		change(v)
		if err := v.Validate(); !errors.Is(err, attest.ErrPredicate) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if v.VerificationResult != slsa.Passed && v.BuildLevel() != slsa.Level0 {
			t.Errorf("%s: vouches for %v", want, v.BuildLevel())
		}
	}
	for want, p := range map[string]*slsa.ProvenanceV02{"builder.id": {BuildType: "t"}, "buildType": {Builder: slsa.BuilderV02{ID: "b"}}} {
		if err := p.Validate(); !errors.Is(err, attest.ErrPredicate) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestRealVSA reads a summary of Google's.
func TestRealVSA(t *testing.T) {
	seen := 0
	corpustest.Envelopes(t, corpustest.Dir(t, "../..", filepath.Join("attest", "real", "slsa-verifier", "vsa")), func(file string, envelope []byte) {
		st, ok := statementOf(envelope)
		if !ok {
			t.Fatalf("%s: no statement", file)
		}
		v, err := attest.DecodePredicate[slsa.VSA](signedBy(t, attest.Identity{}, st.PredicateType, string(st.Predicate)))
		if err != nil || v.Validate() != nil || v.BuildLevel() != slsa.Level2 {
			t.Errorf("%s: %+v, %v", file, v, err)
		}
		seen++
	})
	if seen == 0 {
		t.Error("no summary found")
	}
}
