package attest_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// verified signs and verifies a predicate.
func verified(t testing.TB, p attest.Predicate) *attest.Verified {
	t.Helper()
	key := mustEd25519(t)
	st, err := attest.NewStatement(p, attest.NewSubject("app", digestA))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.NewKeySigner(key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := signer.Sign(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	v, err := mustVerifier(t, attest.Key{Public: key.Public()}).Verify(t.Context(), b, digestA)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSBOMPredicateTypes(t *testing.T) {
	for doc, want := range map[string]string{
		`{"spdxVersion":"SPDX-2.3"}`: attest.TypeSPDX,
		`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`: attest.TypeSPDX3,
	} {
		if v := verified(t, attest.SPDX([]byte(doc))); v.PredicateType() != want || string(v.Predicate()) != doc {
			t.Errorf("%s: %s %s", doc, v.PredicateType(), v.Predicate())
		}
	}
	if v := verified(t, attest.CycloneDX([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`))); v.PredicateType() != attest.TypeCycloneDX {
		t.Error(v.PredicateType())
	}
	const vex = `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}`
	if v := verified(t, attest.OpenVEX([]byte(vex))); v.PredicateType() != attest.TypeOpenVEX || string(v.Predicate()) != vex {
		t.Errorf("%s %s", v.PredicateType(), v.Predicate())
	}
}

func TestDocumentsAreReadStrictly(t *testing.T) {
	for name, p := range map[string]attest.Predicate{
		"SPDX in another case":      attest.SPDX([]byte(`{"SPDXVersion":"SPDX-2.3"}`)),
		"CycloneDX in another case": attest.CycloneDX([]byte(`{"BomFormat":"CycloneDX"}`)),
		"two formats":               attest.CycloneDX([]byte(`{"bomFormat":"CycloneDX","bomFormat":"SPDX"}`)),
		"duplicate deep down":       attest.SPDX([]byte(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","name":"b"}]}`)),
		"trailing document":         attest.SPDX([]byte(`{"spdxVersion":"SPDX-2.3"}{}`)),
		"OpenVEX without context":   attest.OpenVEX([]byte(`{"statements":[]}`)),
		"OpenVEX that is not":       attest.OpenVEX([]byte(`{"@context":"https://openvex.dev/nsx"}`)),
	} {
		if st, err := attest.NewStatement(p, attest.NewSubject("", digestA)); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
}

func TestIsOpenVEX(t *testing.T) {
	for in, want := range map[string]bool{
		attest.TypeOpenVEX: true, "https://openvex.dev/ns/v0.2.0": true, "https://openvex.dev/nsv0.2.0": false,
		"https://openvex.dev/ns/": false, "https://openvex.dev": false, "": false,
	} {
		if got := attest.IsOpenVEX(in); got != want {
			t.Errorf("%q: %t", in, got)
		}
	}
}

func TestProvenancePredicate(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	in := &attest.SLSAProvenance{
		BuildDefinition: attest.BuildDefinition{
			BuildType:          "https://example.com/build/v1",
			ExternalParameters: json.RawMessage(`{"ref":"main"}`),
			InternalParameters: json.RawMessage(`{"HTTP_PROXY":"","http_proxy":""}`),
			ResolvedDependencies: []attest.ResourceDescriptor{{
				URI: "git+https://example.com/app", Digest: map[string]string{"gitCommit": "c0ffee"}, Annotations: map[string]any{"a": true},
			}},
		},
		RunDetails: attest.RunDetails{
			Builder:    attest.Builder{ID: "https://example.com/builder", Version: map[string]string{"runner": "1"}},
			Metadata:   &attest.BuildMetadata{InvocationID: "7", StartedOn: when, FinishedOn: when.Add(time.Minute)},
			Byproducts: []attest.ResourceDescriptor{{Name: "log", Content: []byte("hi"), MediaType: "text/plain"}},
		},
	}
	v := verified(t, attest.Provenance(in))
	want := `{"buildDefinition":{"buildType":"https://example.com/build/v1","externalParameters":{"ref":"main"},"internalParameters":{"HTTP_PROXY":"","http_proxy":""},` +
		`"resolvedDependencies":[{"uri":"git+https://example.com/app","digest":{"gitCommit":"c0ffee"},"annotations":{"a":true}}]},` +
		`"runDetails":{"builder":{"id":"https://example.com/builder","version":{"runner":"1"}},` +
		`"metadata":{"invocationId":"7","startedOn":"2026-01-02T03:04:05Z","finishedOn":"2026-01-02T03:05:05Z"},` +
		`"byproducts":[{"name":"log","content":"aGk=","mediaType":"text/plain"}]}}`
	if v.PredicateType() != attest.TypeSLSAProvenance1 || string(v.Predicate()) != want {
		t.Errorf("got  %s\nwant %s", v.Predicate(), want)
	}
	out, err := attest.DecodePredicate[attest.SLSAProvenance](v)
	if err != nil || out.RunDetails.Builder.ID != in.RunDetails.Builder.ID || !sameJSON(t, in, out) {
		t.Errorf("decoded %+v, %v", out, err)
	}
}

func TestVulnerabilityPredicates(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	meta := attest.VulnMetadata{ScanStartedOn: when, ScanFinishedOn: when.Add(time.Second)}
	scan := verified(t, attest.VulnerabilityReport(&attest.VulnScan{
		Invocation: attest.VulnInvocation{URI: "https://example.com/run/1", EventID: "1", BuilderID: "ci"},
		Scanner: attest.VulnScanner{
			URI: "pkg:github/example/scanner", Version: "1.2",
			DB: attest.VulnDatabase{URI: "https://example.com/db", Version: "7"}, Result: json.RawMessage(`{"findings":[]}`),
		},
		Metadata: meta,
	}))
	want := `{"invocation":{"parameters":null,"uri":"https://example.com/run/1","event_id":"1","builder.id":"ci"},` +
		`"scanner":{"uri":"pkg:github/example/scanner","version":"1.2","db":{"uri":"https://example.com/db","version":"7"},"result":{"findings":[]}},` +
		`"metadata":{"scanStartedOn":"2026-01-02T03:04:05Z","scanFinishedOn":"2026-01-02T03:04:06Z"}}`
	if scan.PredicateType() != attest.TypeCosignVuln || string(scan.Predicate()) != want {
		t.Errorf("got  %s\nwant %s", scan.Predicate(), want)
	}
	list := verified(t, attest.Vulnerabilities(&attest.Vulns{
		Scanner: attest.VulnsScanner{
			URI: "pkg:github/example/scanner", DB: attest.VulnDatabase{LastUpdate: when},
			Result: []attest.Vulnerability{{ID: "CVE-2026-1", Severity: []attest.VulnSeverity{{Method: "nvd", Score: "medium"}}}},
		},
		Metadata: meta,
	}))
	want = `{"scanner":{"uri":"pkg:github/example/scanner","db":{"lastUpdate":"2026-01-02T03:04:05Z"},"result":[{"id":"CVE-2026-1","severity":[{"method":"nvd","score":"medium"}]}]},` +
		`"metadata":{"scanStartedOn":"2026-01-02T03:04:05Z","scanFinishedOn":"2026-01-02T03:04:06Z"}}`
	if list.PredicateType() != attest.TypeVulns02 || string(list.Predicate()) != want {
		t.Errorf("got  %s\nwant %s", list.Predicate(), want)
	}
}

func TestDecodePredicate(t *testing.T) {
	type doc struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	}
	good := verified(t, attest.Custom(customType, []byte(`{"builder":{"id":"x"},"more":1}`)))
	if d, err := attest.DecodePredicate[doc](good); err != nil || d.Builder.ID != "x" {
		t.Errorf("got %+v, %v", d, err)
	}
	if m, err := attest.DecodePredicate[map[string]any](good); err != nil || (*m)["more"] != 1.0 {
		t.Errorf("got %+v, %v", m, err)
	}
	folded := verified(t, attest.Custom(customType, []byte(`{"builder":{"id":"x"},"Builder":{"id":"y"}}`)))
	if d, err := attest.DecodePredicate[doc](folded); !errors.Is(err, attest.ErrPredicate) {
		t.Errorf("a member in another case gives %+v, %v", d, err)
	}
	if _, err := attest.DecodePredicate[[]string](good); !errors.Is(err, attest.ErrPredicate) {
		t.Errorf("another kind: %v", err)
	}
}
