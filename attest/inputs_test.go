package attest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
)

// verifiedPredicate signs and verifies a predicate.
func verifiedPredicate(t testing.TB, p attest.Predicate) *attest.Verified {
	t.Helper()
	st, err := attest.NewStatement(p, attest.NewSubject("app", digestA))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := st.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	v, err := attesttest.Verified(attest.Identity{Name: "me"}, string(payload), digestA)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestInputs: what is named is read back, and the predicate is otherwise what it was.
func TestInputs(t *testing.T) {
	first, second := attest.NewSubject("sbom.json", digestA), attest.ResourceDescriptor{Digest: map[string]string{"sha512": strings.Repeat("a", 128)}, MediaType: "x"}
	for name, p := range map[string]attest.Predicate{
		"empty":         attest.Custom("https://example.com/x", json.RawMessage(" { } ")),
		"with members":  attest.Custom("https://example.com/x", map[string]any{"a": 1}),
		"vulnerability": attest.VulnerabilityReport(&attest.VulnScan{Scanner: attest.VulnScanner{URI: "x", Result: json.RawMessage(`{}`)}}),
	} {
		v := verifiedPredicate(t, attest.WithInputs(p, first, second))
		got, err := attest.Inputs(v)
		if err != nil || fmt.Sprint(got) != fmt.Sprint([]attest.ResourceDescriptor{first, second}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		var before, after map[string]any
		if json.Unmarshal(p.Content, &before) != nil || json.Unmarshal(v.Predicate(), &after) != nil {
			t.Fatalf("%s: %s", name, v.Predicate())
		}
		delete(after, attest.MemberInputs)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%s: %v became %v", name, before, after)
		}
		if none, err := attest.Inputs(verifiedPredicate(t, p)); err != nil || len(none) != 0 {
			t.Errorf("%s: %v, %v", name, none, err)
		}
	}
	if scan, err := attest.DecodePredicate[attest.VulnScan](verifiedPredicate(t, attest.WithInputs(
		attest.VulnerabilityReport(&attest.VulnScan{Scanner: attest.VulnScanner{URI: "x", Result: json.RawMessage(`{}`)}}), first))); err != nil || scan.Scanner.URI != "x" {
		t.Errorf("a scan with inputs is no scan: %v", err)
	}
}

func TestInputsThatAreRefused(t *testing.T) {
	bound, unbound := attest.NewSubject("x", digestA), attest.ResourceDescriptor{Name: "x", Digest: map[string]string{"sha1": strings.Repeat("a", 40)}}
	object := attest.Custom("https://example.com/x", map[string]any{})
	for name, p := range map[string]attest.Predicate{
		"no object":         attest.WithInputs(attest.Custom("https://example.com/x", []int{1}), bound),
		"no JSON":           attest.WithInputs(attest.Custom("https://example.com/x", json.RawMessage(`{`)), bound),
		"twice":             attest.WithInputs(attest.WithInputs(object, bound), bound),
		"unbound":           attest.WithInputs(object, bound, unbound),
		"of what is broken": attest.WithInputs(attest.CycloneDX([]byte("x")), bound),
	} {
		if _, err := attest.NewStatement(p, attest.NewSubject("app", digestA)); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, content := range map[string]string{
		"no list":          `"` + attest.MemberInputs + `":{}`,
		"no descriptor":    `"` + attest.MemberInputs + `":[1]`,
		"unbound":          `"` + attest.MemberInputs + `":[{"name":"x"}]`,
		"in another case":  `"` + strings.ToUpper(attest.MemberInputs) + `":[]`,
		"of another case":  `"` + attest.MemberInputs + `":[{"Digest":{}}]`,
		"malformed digest": `"` + attest.MemberInputs + `":[{"digest":{"sha256":"x"}}]`,
	} {
		v := verifiedPredicate(t, attest.Custom("https://example.com/x", json.RawMessage("{"+content+"}")))
		if got, err := attest.Inputs(v); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := attest.Inputs(nil); !errors.Is(err, attest.ErrPredicate) {
		t.Errorf("nil: %v", err)
	}
	if got, err := attest.Inputs(verifiedPredicate(t, attest.Custom("https://example.com/x", "text"))); err != nil || got != nil {
		t.Errorf("text: %v, %v", got, err)
	}
}

// TestDescribePredicate: the digest is that of what a reader of the statement has.
func TestDescribePredicate(t *testing.T) {
	for _, content := range []string{"{ \"a\" :\n 1 , \"b\":\"<&>\u2028\" }", `"text"`, `[ ]`} {
		p := attest.Custom("https://example.com/x", json.RawMessage(content))
		d, err := attest.DescribePredicate("name", p)
		if err != nil || d.Name != "name" {
			t.Fatal(err)
		}
		ref := attest.Reference{References: []attest.ResourceDescriptor{d}}
		if _, err := ref.Find(strings.NewReader(string(verifiedPredicate(t, p).Predicate()))); err != nil {
			t.Errorf("%s: %v", content, err)
		}
	}
	for _, p := range []attest.Predicate{attest.CycloneDX([]byte("x")), {Content: json.RawMessage("{")}} {
		if _, err := attest.DescribePredicate("", p); !errors.Is(err, attest.ErrPredicate) {
			t.Errorf("%v", err)
		}
	}
}

func ExampleWithInputs() {
	sbom := attest.CycloneDX([]byte(`{"bomFormat": "CycloneDX"}`))
	input, err := attest.DescribePredicate("app.cdx.json", sbom)
	if err != nil {
		fmt.Println(err)
		return
	}
	scan := attest.WithInputs(attest.Custom("https://example.com/scan", map[string]int{"findings": 0}), input)
	fmt.Println(string(scan.Content))
	// Output: {"findings":0,"https://github.com/imagetrust/imagetrust/inputs/v0.1":[{"name":"app.cdx.json","digest":{"sha256":"2e01b8740d2b1c7ff47487ab94ff0f7f4d2853f3d985cd6d7e381c4aa5ef9afa"}}]}
}
