package dossier_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/dossier"
)

// FuzzCheck checks a predicate of each kind beside an SBOM: the verdict follows from
// the reasons, each of which has its proof, and nobody is together with an SBOM whose
// digest he does not name.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"` + attest.MemberInputs + `":[{"digest":{"sha256":"x"}}],"metadata":{"scanFinishedOn":"2026-01-02T03:04:05Z"}}`))
	f.Add([]byte(`{"inputs":[{"digest":{"sha512":"00"}}],"timeCreated":"2026-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"subject":{"digest":"sha256:x"},"coverage":{"end":"9999-12-31T23:59:59Z"}}`))
	f.Add([]byte(`{"@graph":[{"type":"CreationInfo","created":"2026-01-02T03:04:05Z"}]}`))
	f.Add([]byte(`{"references":[{"mediaType":"application/spdx+json","digest":{"sha256":"00"}}]}`))
	f.Add([]byte(`"text"`))
	sbom := verified(f, image, cyclonedx(stamp(0), "a"), time.Time{})
	types := []string{attest.TypeSPDX, attest.TypeSPDX3, attest.TypeCosignVuln, attest.TypeVulns02, attest.TypeRBOM, attest.TypeRuntimeTrace, attest.TypeReconciliation, attest.TypeReference}
	f.Fuzz(func(t *testing.T, predicate []byte) {
		for _, uri := range types {
			st, err := attest.NewStatement(attest.Custom(uri, predicate), attest.NewSubject("", image))
			if err != nil {
				return // not JSON
			}
			v := verified(t, image, attest.Predicate{Type: uri, Content: st.Predicate}, time.Time{})
			a := dossier.Check(image, []*attest.Verified{sbom, v}, &dossier.Options{Documents: [][]byte{predicate}})
			checkAnswer(t, a)
			if kind := dossier.KindOf(v); a.Together() && kind != dossier.SBOM && kind != dossier.Other {
				t.Fatalf("%s does not name the SBOM: %s", uri, fmt.Sprint(a.Reasons))
			}
		}
	})
}

func checkAnswer(t *testing.T, a *dossier.Answer) {
	has := func(v dossier.Verdict) bool { return len(a.With(v)) > 0 }
	want := dossier.Together
	switch {
	case has(dossier.Contradicted):
		want = dossier.Contradicted
	case has(dossier.Unproven):
		want = dossier.Unproven
	}
	if a.Verdict != want {
		t.Fatalf("verdict %s of %v", a.Verdict, a.Reasons)
	}
	if slices.ContainsFunc(a.Reasons, func(r dossier.Reason) bool {
		proofless := len(r.Proof) == 0 && r.Code != dossier.CodePresent && r.Code != dossier.CodeSameSBOM
		return r.Verdict != dossier.Unproven && proofless || r.String() == ""
	}) {
		t.Fatalf("a reason without proof: %v", a.Reasons)
	}
	if _, err := json.Marshal(a); err != nil {
		t.Fatal(err)
	}
}
