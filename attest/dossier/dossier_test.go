package dossier_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/dossier"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
)

const (
	image = attest.Digest("sha256:1111111111111111111111111111111111111111111111111111111111111111")
	other = attest.Digest("sha256:2222222222222222222222222222222222222222222222222222222222222222")
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func stamp(minutes int) string { return at(minutes).Format(time.RFC3339) }

// verified signs a predicate and verifies it; with a time that somebody trusted
// tells, if there is one.
func verified(t testing.TB, subject attest.Digest, p attest.Predicate, trusted time.Time) *attest.Verified {
	t.Helper()
	st, err := attest.NewStatement(p, attest.NewSubject("app", subject))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.NewKeySigner(attesttest.Key())
	if err != nil {
		t.Fatal(err)
	}
	b, err := signer.Sign(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	trust := attest.Trust{Keys: []attest.Key{{Public: attesttest.Key().Public(), Name: "me"}}}
	verifier, err := attest.NewVerifier(trust)
	if !trusted.IsZero() {
		trust.Root = []byte("{}")
		verifier, err = attest.NewVerifierWith(trust, attesttest.Credulous{At: trusted})
	}
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.Verify(t.Context(), b, subject)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Time().Equal(trusted) {
		t.Fatalf("trusted time %s, want %s", v.Time(), trusted)
	}
	return v
}

func cyclonedx(made string, name string) attest.Predicate {
	return attest.CycloneDX(fmt.Appendf(nil, `{"bomFormat": "CycloneDX", "metadata": {"timestamp": %q}, "components": [{"name": %q}]}`, made, name))
}

func describe(t testing.TB, p attest.Predicate) attest.ResourceDescriptor {
	t.Helper()
	d, err := attest.DescribePredicate("sbom.cdx.json", p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func scanned(made string, of ...attest.ResourceDescriptor) attest.Predicate {
	p := attest.VulnerabilityReport(&attest.VulnScan{
		Scanner:  attest.VulnScanner{URI: "pkg:github/example/scanner", Result: json.RawMessage(`{"matches":[]}`)},
		Metadata: attest.VulnMetadata{ScanFinishedOn: mustTime(made)},
	})
	if len(of) == 0 {
		return p
	}
	return attest.WithInputs(p, of...)
}

func recorded(subject attest.Digest, made string, of ...attest.ResourceDescriptor) attest.Predicate {
	return attest.WithInputs(attest.Custom(attest.TypeRBOM, json.RawMessage(fmt.Sprintf(`{"subject":{"digest":%q},"coverage":{"end":%q}}`, subject, made))), of...)
}

func reconciled(made string, of ...attest.ResourceDescriptor) attest.Predicate {
	return attest.NewPredicate(&attest.Reconciliation{
		Reconciler: attest.Reconciler{URI: "https://example.com/tool"}, TimeCreated: mustTime(made), Inputs: of, Result: json.RawMessage(`{"inputs":[]}`),
	})
}

func mustTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// reasons lists the reasons of a verdict as "kind code (kind)".
func reasons(a *dossier.Answer, v dossier.Verdict) []string {
	var found []string
	for _, r := range a.With(v) {
		text := fmt.Sprintf("%s %s", r.Statement.Kind, r.Code)
		if r.Of != nil {
			text += fmt.Sprintf(" (%s)", r.Of.Kind)
		}
		found = append(found, text)
	}
	return found
}

var allKinds = []dossier.Kind{dossier.SBOM, dossier.Scan, dossier.RBOM, dossier.Reconciliation}

// TestTogether is the whole dossier as it should be.
func TestTogether(t *testing.T) {
	sbom := cyclonedx(stamp(0), "a")
	d := describe(t, sbom)
	report := attest.ResourceDescriptor{Digest: sha256Digest(`{"matches":[]}`)}
	for name, trusted := range map[string]func(minutes int) time.Time{"claimed": func(int) time.Time { return time.Time{} }, "trusted": at} {
		t.Run(name, func(t *testing.T) {
			all := []*attest.Verified{
				verified(t, image, reconciled(stamp(30), d, report), trusted(31)),
				verified(t, image, recorded(image, stamp(20), d), trusted(21)),
				verified(t, image, scanned(stamp(10), d), trusted(11)),
				verified(t, image, sbom, trusted(1)),
				verified(t, image, attest.Custom("https://example.com/other", 1), trusted(1)),
			}
			a := dossier.Check(image, all, &dossier.Options{Need: allKinds})
			if !a.Together() || len(a.With(dossier.Together)) != len(a.Reasons) {
				t.Fatalf("%v", a.Reasons)
			}
			want := []string{
				"reconciliation subject", "RBOM subject", "RBOM own-subject", "scan subject", "SBOM subject", "other subject",
				"SBOM present", "scan present", "RBOM present", "reconciliation present",
				"reconciliation input (SBOM)", "reconciliation order (SBOM)", "reconciliation input (scan)", "reconciliation order (scan)",
				"RBOM input (SBOM)", "RBOM order (SBOM)", "scan input (SBOM)", "scan order (SBOM)", "SBOM same-sbom",
			}
			if name == "trusted" {
				want = slices.Insert(want, 10, "reconciliation signed", "RBOM signed", "scan signed", "SBOM signed")
			}
			if got := reasons(a, dossier.Together); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			for _, r := range a.Reasons {
				if r.Code == dossier.CodeOrder && (len(r.Proof) != 2 || r.Proof[0].Trusted != (name == "trusted") || r.Proof[1].Trusted != (name == "trusted")) {
					t.Errorf("%s rests on %+v", r, r.Proof)
				}
			}
		})
	}
}

func sha256Digest(text string) map[string]string {
	d, err := attest.DescribeDocument(strings.NewReader(text), "", "")
	if err != nil {
		panic(err)
	}
	return d.Digest
}

// TestWhatDoesNotFit changes one thing at a time. What is missing is told apart from
// what contradicts.
func TestWhatDoesNotFit(t *testing.T) {
	sbom := cyclonedx(stamp(0), "a")
	d, foreign := describe(t, sbom), describe(t, cyclonedx(stamp(0), "b"))
	none := time.Time{}
	good := func(t *testing.T) *attest.Verified { return verified(t, image, sbom, none) }
	for name, tt := range map[string]struct {
		statements   func(t *testing.T) []*attest.Verified
		need         []dossier.Kind
		unproven     []string
		contradicted []string
	}{
		"nothing":         {func(*testing.T) []*attest.Verified { return nil }, nil, []string{"SBOM present"}, nil},
		"an SBOM alone":   {func(t *testing.T) []*attest.Verified { return []*attest.Verified{good(t)} }, nil, nil, nil},
		"missing kinds":   {func(t *testing.T) []*attest.Verified { return []*attest.Verified{good(t)} }, allKinds, []string{"scan present", "RBOM present", "reconciliation present"}, nil},
		"zero statements": {func(*testing.T) []*attest.Verified { return []*attest.Verified{nil, {}} }, nil, []string{"SBOM present"}, []string{"other subject", "other subject"}},
		"about another image": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, other, scanned(stamp(1), d), none)}
		}, nil, nil, []string{"scan subject"}},
		"recorded of another image": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, recorded(other, stamp(1), d), none)}
		}, nil, nil, []string{"RBOM own-subject"}},
		"recorded of an image that it does not name": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, recorded("", stamp(1), d), none)}
		}, nil, []string{"RBOM own-subject"}, nil},
		"recorded of the index asked for": {func(t *testing.T) []*attest.Verified {
			p := attest.Custom(attest.TypeRBOM, map[string]any{"subject": map[string]any{"digest": other, "index": image}, "coverage": map[string]any{"end": stamp(1)}})
			return []*attest.Verified{good(t), verified(t, image, attest.WithInputs(p, d), none)}
		}, nil, nil, nil},
		"a time in another case": {func(t *testing.T) []*attest.Verified {
			p := attest.Custom(attest.TypeRBOM, map[string]any{"subject": map[string]any{"digest": image}, "coverage": map[string]any{"End": stamp(1)}})
			return []*attest.Verified{good(t), verified(t, image, attest.WithInputs(p, d), none)}
		}, nil, []string{"RBOM order (SBOM)"}, nil},
		"a scan that names nothing": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, scanned(stamp(1)), none)}
		}, nil, []string{"scan input"}, nil},
		"a scan of another SBOM": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, scanned(stamp(1), foreign), none)}
		}, nil, nil, []string{"scan input"}},
		"a scan of an SBOM that is not there": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{verified(t, image, scanned(stamp(1), d), none)}
		}, nil, []string{"SBOM present", "scan input"}, nil},
		"a reconciliation without the SBOM": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, reconciled(stamp(1), foreign), none)}
		}, nil, nil, []string{"reconciliation input"}},
		"a reconciliation with others, too": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, reconciled(stamp(1), foreign, d), none)}
		}, nil, nil, nil},
		"digests that disagree": {func(t *testing.T) []*attest.Verified {
			both := d
			both.Digest = map[string]string{"sha256": d.Digest["sha256"], "sha512": strings.Repeat("0", 128)}
			return []*attest.Verified{good(t), verified(t, image, scanned(stamp(1), both), none)}
		}, nil, nil, []string{"scan input"}},
		"inputs of another form": {func(t *testing.T) []*attest.Verified {
			p := attest.Custom(attest.TypeCosignVuln, map[string]any{attest.MemberInputs: "x"})
			return []*attest.Verified{good(t), verified(t, image, p, none)}
		}, nil, []string{"scan input"}, nil},
		"inputs by SHA-1": {func(t *testing.T) []*attest.Verified {
			p := attest.Custom(attest.TypeCosignVuln, map[string]any{attest.MemberInputs: []any{map[string]any{"digest": map[string]string{"sha1": strings.Repeat("0", 40)}}}})
			return []*attest.Verified{good(t), verified(t, image, p, none)}
		}, nil, []string{"scan input"}, nil},
		"inputs without end": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, scanned(stamp(1), slices.Repeat([]attest.ResourceDescriptor{d}, 2000)...), none)}
		}, nil, []string{"scan input"}, nil},
		"no SBOM that all name": {func(t *testing.T) []*attest.Verified {
			second := cyclonedx(stamp(0), "b")
			return []*attest.Verified{good(t), verified(t, image, second, none), verified(t, image, scanned(stamp(1), d), none),
				verified(t, image, recorded(image, stamp(1), foreign), none)}
		}, nil, []string{"SBOM same-sbom"}, nil},
		"claims to be older than its SBOM": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, scanned(stamp(-10), d), none)}
		}, nil, nil, []string{"scan order (SBOM)"}},
		"older by less than clocks are apart": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, scanned(noon.Add(-30*time.Second).Format(time.RFC3339), d), none)}
		}, nil, nil, nil},
		"signed before its SBOM was made": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{good(t), verified(t, image, scanned(stamp(-30), d), at(-20))}
		}, nil, nil, []string{"scan order (SBOM)"}},
		"signed before its SBOM was signed": {func(t *testing.T) []*attest.Verified { // as those do who sign all in the end
			return []*attest.Verified{verified(t, image, sbom, at(30)), verified(t, image, scanned(stamp(10), d), at(20))}
		}, nil, nil, nil},
		"signed before it was made": {func(t *testing.T) []*attest.Verified {
			return []*attest.Verified{verified(t, image, sbom, at(-10))}
		}, nil, nil, []string{"SBOM signed"}},
		"no times": {func(t *testing.T) []*attest.Verified {
			timeless := cyclonedx("", "a")
			return []*attest.Verified{verified(t, image, timeless, none), verified(t, image, scanned(stamp(1), describe(t, timeless)), none)}
		}, nil, []string{"scan order (SBOM)"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := dossier.Check(image, tt.statements(t), &dossier.Options{Need: tt.need})
			if got := reasons(a, dossier.Unproven); !slices.Equal(got, tt.unproven) {
				t.Errorf("unproven %q, want %q", got, tt.unproven)
			}
			if got := reasons(a, dossier.Contradicted); !slices.Equal(got, tt.contradicted) {
				t.Errorf("contradicted %q, want %q", got, tt.contradicted)
			}
			want := dossier.Together
			if len(tt.unproven) > 0 {
				want = dossier.Unproven
			}
			if len(tt.contradicted) > 0 {
				want = dossier.Contradicted
			}
			if a.Verdict != want {
				t.Errorf("verdict %s, want %s", a.Verdict, want)
			}
		})
	}
}

// TestNames: the ways in which a scan may name its SBOM.
func TestNames(t *testing.T) {
	none := time.Time{}
	indented := []byte("{\n  \"bomFormat\": \"CycloneDX\",\n  \"n\": 1.0, \"components\": []\n}\n")
	sorted := attest.CycloneDX([]byte(`{"components":[],"n":1,"bomFormat":"CycloneDX"}`)) // as cosign signs
	text := "SPDXVersion: SPDX-2.3\n"
	sbom := attest.CycloneDX(indented)
	large := attest.NewPredicate(&attest.Reference{Attester: attest.Attester{ID: "https://example.com"}, References: []attest.ResourceDescriptor{
		{MediaType: "application/vnd.cyclonedx+json", DownloadLocation: "https://example.com/sbom", Digest: sha256Digest(string(indented))},
	}})
	by := func(text string) attest.ResourceDescriptor {
		return attest.ResourceDescriptor{Digest: sha256Digest(text)}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, indented); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		sbom      attest.Predicate
		named     attest.ResourceDescriptor
		documents []string
		want      dossier.Verdict
		proof     string
	}{
		"as it was signed":             {sbom, by(compact.String()), nil, dossier.Together, ""},
		"as it lies on disk":           {sbom, by(string(indented)), []string{string(indented)}, dossier.Together, "document"},
		"as it lay before cosign":      {sorted, by(string(indented)), []string{"{}", string(indented)}, dossier.Together, "document"},
		"as nobody knows it":           {sbom, by(string(indented)), nil, dossier.Contradicted, ""},
		"as a document that is not it": {sbom, by(`{"bomFormat":"CycloneDX"}`), []string{`{"bomFormat":"CycloneDX"}`}, dossier.Contradicted, ""},
		"as a document that is no JSON": {sbom, by(`{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}`), []string{`{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}`},
			dossier.Contradicted, ""},
		"as a document of another number": {attest.CycloneDX([]byte(`{"bomFormat":"CycloneDX","n":9007199254740993}`)), by(`{"bomFormat":"CycloneDX","n":9007199254740992}`),
			[]string{`{"bomFormat":"CycloneDX","n":9007199254740992}`}, dossier.Contradicted, ""},
		"as text":                        {attest.Custom(attest.TypeSPDX, text), by(text), nil, dossier.Together, ""},
		"as a document that is attested": {large, by(string(indented)), nil, dossier.Together, "/references/0"},
		"as what such a document is not": {large, by(compact.String()), nil, dossier.Contradicted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var documents [][]byte
			for _, d := range tt.documents {
				documents = append(documents, []byte(d))
			}
			a := dossier.Check(image, []*attest.Verified{verified(t, image, tt.sbom, none), verified(t, image, scanned(stamp(0), tt.named), none)},
				&dossier.Options{Documents: documents})
			i := slices.IndexFunc(a.Reasons, func(r dossier.Reason) bool { return r.Code == dossier.CodeInput })
			if i < 0 || a.Reasons[i].Verdict != tt.want {
				t.Fatalf("%v, want %s", a.Reasons, tt.want)
			}
			if r := a.Reasons[i]; tt.want == dossier.Together && (len(r.Proof) != 2 || r.Proof[1].At != tt.proof || !strings.HasSuffix(r.Proof[0].Value, tt.named.Digest["sha256"])) {
				t.Errorf("proof %+v, want at %q", r.Proof, tt.proof)
			}
		})
	}
	t.Run("by its envelope", func(t *testing.T) {
		v := verified(t, image, sbom, none)
		named := attest.NewSubject("", v.EnvelopeDigest())
		if a := dossier.Check(image, []*attest.Verified{v, verified(t, image, scanned(stamp(0), named), none)}, nil); len(a.With(dossier.Contradicted)) != 0 {
			t.Errorf("%v", a.Reasons)
		}
	})
}

func TestTimes(t *testing.T) {
	for name, p := range map[string]attest.Predicate{
		"CycloneDX": cyclonedx(stamp(0), "a"),
		"SPDX 2":    attest.SPDX([]byte(`{"spdxVersion":"SPDX-2.3","creationInfo":{"created":"` + stamp(0) + `"}}`)),
		"SPDX 3":    attest.SPDX([]byte(`{"@graph":[{"type":"Tool"},{"type":"CreationInfo","created":"` + stamp(0) + `"}]}`)),
	} {
		d := describe(t, p)
		for minutes, want := range map[int]dossier.Verdict{5: dossier.Together, -5: dossier.Contradicted} {
			a := dossier.Check(image, []*attest.Verified{verified(t, image, p, time.Time{}), verified(t, image, scanned(stamp(minutes), d), time.Time{})}, nil)
			if a.Verdict != want {
				t.Errorf("%s, %d minutes: %v", name, minutes, a.Reasons)
			}
		}
	}
	sbom := cyclonedx(stamp(0), "a")
	trace := attest.WithInputs(attest.Custom(attest.TypeRuntimeTrace, json.RawMessage(`{"metadata":{"buildFinishedOn":"`+stamp(-5)+`"}}`)), describe(t, sbom))
	vulns := attest.WithInputs(attest.Custom(attest.TypeVulns02, json.RawMessage(`{"metadata":{"scanFinishedOn":"`+stamp(-5)+`"}}`)), describe(t, sbom))
	for _, p := range []attest.Predicate{trace, vulns} {
		if a := dossier.Check(image, []*attest.Verified{verified(t, image, sbom, time.Time{}), verified(t, image, p, time.Time{})}, nil); a.Verdict != dossier.Contradicted {
			t.Errorf("%s: %v", p.Type, a.Reasons)
		}
	}
}

func TestAnswerInJSON(t *testing.T) {
	a := dossier.Check(image, []*attest.Verified{verified(t, image, cyclonedx(stamp(0), "a"), time.Time{})}, nil)
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var again dossier.Answer
	if err := json.Unmarshal(raw, &again); err != nil || !again.Together() || len(again.Reasons) != len(a.Reasons) || again.Reasons[0].String() != a.Reasons[0].String() {
		t.Errorf("%s, %v", raw, err)
	}
	if err := json.Unmarshal([]byte(`{"verdict":"yes"}`), &again); err == nil {
		t.Error("an unknown verdict is read")
	}
	var zero dossier.Answer
	if zero.Together() || (*dossier.Answer)(nil).Together() || dossier.Verdict(9).String() != "Verdict(9)" {
		t.Error("the zero value is good")
	}
}
