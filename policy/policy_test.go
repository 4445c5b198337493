package policy_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

var (
	subject = sbom.Digest("sha256:" + strings.Repeat("a", 64))
	spdxDoc = attest.SPDX([]byte(`{"spdxVersion":"SPDX-2.3"}`))
	other   = sbom.Digest("sha256:" + strings.Repeat("b", 64))
)

// signer signs as one of the parties that the verifier of the tests knows.
type signer struct {
	name string
	key  *ecdsa.PrivateKey
}

func newSigner(t *testing.T, name string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{name, key}
}

// attest returns a verified statement about the image.
func (s signer) attest(t *testing.T, about sbom.Digest, p attest.Predicate) *attest.Verified {
	t.Helper()
	st, err := attest.NewStatement(p, attest.NewSubject("app", attest.Digest(about)))
	if err != nil {
		t.Fatal(err)
	}
	ks, err := attest.NewKeySigner(s.key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ks.Sign(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	v, err := attest.NewKeyVerifier(attest.Key{Public: &s.key.PublicKey, Name: s.name})
	if err != nil {
		t.Fatal(err)
	}
	verified, err := v.Verify(t.Context(), b, attest.Digest(about))
	if err != nil {
		t.Fatal(err)
	}
	return verified
}

func provenance(builder, params string, deps ...string) attest.Predicate {
	p := &attest.SLSAProvenance{BuildDefinition: attest.BuildDefinition{BuildType: "https://builder.example/type", ExternalParameters: json.RawMessage(params)},
		RunDetails: attest.RunDetails{Builder: attest.Builder{ID: builder}}}
	for _, d := range deps {
		p.BuildDefinition.ResolvedDependencies = append(p.BuildDefinition.ResolvedDependencies, attest.ResourceDescriptor{URI: d, Digest: map[string]string{"sha1": strings.Repeat("1", 40)}})
	}
	return attest.Provenance(p)
}

// provenance02 is what most builders wrote before v1.
func provenance02(source string) attest.Predicate {
	return attest.Custom(attest.TypeSLSAProvenance02, map[string]any{
		"builder": map[string]any{"id": "https://builder.example/v1"}, "buildType": "https://builder.example/type",
		"invocation": map[string]any{"configSource": map[string]any{"uri": "git+" + source + "@refs/heads/main"}}})
}

// fromClient is BuildKit's of a local directory: the source is what its client says.
var fromClient = attest.Custom(attest.TypeSLSAProvenance1, map[string]any{
	"buildDefinition": map[string]any{"buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md", "externalParameters": map[string]any{}},
	"runDetails": map[string]any{"builder": map[string]any{"id": "https://builder.example/v1"},
		"metadata": map[string]any{"buildkit_metadata": map[string]any{"vcs": map[string]any{"source": "https://github.com/acme/app", "revision": "1111"}}}}})

func decide(t *testing.T, e *policy.Evidence, rules ...policy.Rule) *policy.Decision {
	t.Helper()
	d, err := policy.Decide(t.Context(), e, rules...)
	if err != nil {
		t.Fatal(err)
	}
	if d.Verdict != policy.Allow && len(d.Reasons) == 0 {
		t.Errorf("%s without a reason", d.Verdict)
	}
	return d
}

// want checks a decision's outcome and the codes of its reasons.
func want(t *testing.T, d *policy.Decision, outcome policy.Verdict, codes ...string) {
	t.Helper()
	var got []string
	for _, r := range d.Reasons {
		got = append(got, r.Code)
		if r.Rule == "" && r.Code != "no-rule" || !strings.HasSuffix(r.Message, ".") {
			t.Errorf("reason %+v names no rule, or is no sentence", r)
		}
	}
	if d.Verdict != outcome || !slices.Equal(got, codes) {
		t.Errorf("%s for %v, want %s for %v\n%+v", d.Verdict, got, outcome, codes, d.Reasons)
	}
	if d.Allowed() != (outcome == policy.Allow) {
		t.Errorf("Allowed() is %v for %s", d.Allowed(), outcome)
	}
}

type ruleFunc func() policy.Outcome

func (f ruleFunc) Evaluate(context.Context, *policy.Evidence) policy.Outcome { return f() }

func answer(v policy.Verdict) policy.Rule {
	return ruleFunc(func() policy.Outcome {
		return policy.Outcome{Rule: "test", Verdict: v, Reasons: []policy.Reason{{Verdict: v, Code: string(v), Message: "Because."}}}
	})
}

// says is a rule that keeps what it returns.
func says(v policy.Verdict, reasons ...policy.Reason) policy.Rule {
	return ruleFunc(func() policy.Outcome { return policy.Outcome{Rule: "says", Verdict: v, Reasons: reasons} })
}

func TestDecideLeavesReasonsOfRules(t *testing.T) {
	reasons := []policy.Reason{{Code: "old"}}
	decide(t, &policy.Evidence{}, says(policy.Deny, reasons...))
	if reasons[0] != (policy.Reason{Code: "old"}) {
		t.Errorf("the rule's own reason became %+v", reasons[0])
	}
}

func TestDecide(t *testing.T) {
	panics := ruleFunc(func() policy.Outcome { panic("broken") })
	for _, tc := range []struct {
		name    string
		rules   []policy.Rule
		outcome policy.Verdict
		codes   []string
	}{
		{"no rule", nil, policy.Indeterminate, []string{"no-rule"}},
		{"all allow", []policy.Rule{answer(policy.Allow), answer(policy.Allow)}, policy.Allow, nil},
		{"one does not know", []policy.Rule{answer(policy.Allow), answer(policy.Indeterminate)}, policy.Indeterminate, []string{"indeterminate"}},
		{"denials come first", []policy.Rule{answer(policy.Indeterminate), answer(policy.Deny)}, policy.Deny, []string{"deny", "indeterminate"}},
		{"a rule panics", []policy.Rule{answer(policy.Allow), panics}, policy.Indeterminate, []string{"failed"}},
		{"a rule gives no verdict", []policy.Rule{ruleFunc(func() policy.Outcome { return policy.Outcome{} })}, policy.Indeterminate, []string{"failed"}},
		{"a rule gives no reason", []policy.Rule{says(policy.Deny)}, policy.Deny, []string{"no-reason"}},
		{"a reason without a verdict", []policy.Rule{says(policy.Deny, policy.Reason{Code: "old", Message: "It is old."})}, policy.Deny, []string{"old"}},
		{"a reason for something else", []policy.Rule{says(policy.Deny, policy.Reason{Verdict: policy.Allow, Code: "new"})}, policy.Deny, []string{"no-reason"}},
	} {
		t.Run(tc.name, func(t *testing.T) { want(t, decide(t, &policy.Evidence{}, tc.rules...), tc.outcome, tc.codes...) })
	}
}

func TestDecideCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := policy.Decide(ctx, &policy.Evidence{}, answer(policy.Allow))
	if !errors.Is(err, context.Canceled) || d.Allowed() {
		t.Errorf("%+v, %v: a decision that was not finished must not allow", d, err)
	}
	var none *policy.Decision
	if none.Allowed() {
		t.Error("no decision allows")
	}
}

func TestDecideWithoutEvidence(t *testing.T) {
	want(t, decide(t, nil, policy.DigestBound{}), policy.Indeterminate, "no-subject")
}

func TestDecideInputs(t *testing.T) {
	s := newSigner(t, "release")
	e := &policy.Evidence{Subject: subject, Inventory: &sbom.Inventory{Tools: []sbom.Tool{{Name: "imagetrust"}}}, Reports: []*scan.Report{{Tool: sbom.Tool{Name: "grype"}}},
		RBOM: &rbom.RBOM{Recorder: sbom.Tool{Name: "procfs"}}, Attestations: []*attest.Verified{s.attest(t, subject, spdxDoc)}}
	d := decide(t, e, answer(policy.Allow))
	var got []string
	for _, in := range d.Inputs {
		if _, err := sbom.ParseDigest(string(in.Digest)); err != nil {
			t.Errorf("input %+v has no digest", in)
		}
		got = append(got, in.Kind+" "+in.Name)
	}
	if want := []string{"inventory imagetrust", "report grype", "rbom procfs", "attestation " + attest.TypeSPDX}; !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	a, _ := json.Marshal(d)
	b, _ := json.Marshal(decide(t, e, answer(policy.Allow)))
	if !bytes.Equal(a, b) {
		t.Error("the same evidence gave two decisions")
	}
}

func TestDigestBound(t *testing.T) {
	s := newSigner(t, "release")
	inv := func(d sbom.Digest) *sbom.Inventory { return &sbom.Inventory{Subject: sbom.Subject{Digest: d}} }
	report := func(sub sbom.Subject) []*scan.Report {
		return []*scan.Report{{Tool: sbom.Tool{Name: "grype"}, Subject: sub}}
	}
	for _, tc := range []struct {
		name    string
		rule    policy.DigestBound
		e       policy.Evidence
		outcome policy.Verdict
		codes   []string
	}{
		{name: "all about it", outcome: policy.Allow, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Reports: report(sbom.Subject{Digest: subject}),
			Attestations: []*attest.Verified{s.attest(t, subject, spdxDoc)}}},
		{name: "asked by its index", outcome: policy.Allow, e: policy.Evidence{Subject: other, Inventory: &sbom.Inventory{Subject: sbom.Subject{Digest: subject, Index: other}}}},
		{name: "no question", outcome: policy.Indeterminate, codes: []string{"no-subject"}, e: policy.Evidence{Inventory: inv(subject)}},
		{name: "md5 names nothing", outcome: policy.Indeterminate, codes: []string{"no-subject"}, e: policy.Evidence{Subject: "md5:00"}},
		{name: "no inventory", outcome: policy.Indeterminate, codes: []string{"missing-inventory"}, e: policy.Evidence{Subject: subject}},
		{name: "inventory of another", outcome: policy.Deny, codes: []string{"other-subject"}, e: policy.Evidence{Subject: subject, Inventory: inv(other)}},
		{name: "inventory of a directory", outcome: policy.Indeterminate, codes: []string{"unbound"}, e: policy.Evidence{Subject: subject, Inventory: inv("")}},
		{name: "report of another", outcome: policy.Deny, codes: []string{"other-subject"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Reports: report(sbom.Subject{Digest: other})}},
		{name: "report by the index", outcome: policy.Allow, e: policy.Evidence{Subject: subject, Inventory: &sbom.Inventory{Subject: sbom.Subject{Digest: subject, Index: other}}, Reports: report(sbom.Subject{Digest: other})}},
		{name: "report by the index alone", outcome: policy.Allow, e: policy.Evidence{Subject: subject, Inventory: &sbom.Inventory{Subject: sbom.Subject{Digest: subject, Index: other}}, Reports: report(sbom.Subject{Index: other})}},
		{name: "report by an index that the image was not chosen from", outcome: policy.Deny, codes: []string{"other-subject"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Reports: report(sbom.Subject{Index: other})}},
		{name: "report by config alone", outcome: policy.Indeterminate, codes: []string{"unbound"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Reports: report(sbom.Subject{Config: subject})}},
		{name: "unbound report let pass", rule: policy.DigestBound{AllowUnbound: true}, outcome: policy.Allow, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Reports: report(sbom.Subject{})}},
		{name: "recording of another", outcome: policy.Deny, codes: []string{"other-subject"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject), RBOM: &rbom.RBOM{Subject: sbom.Subject{Digest: other}}}},
		{name: "attestation of another", outcome: policy.Deny, codes: []string{"other-subject"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject),
			Attestations: []*attest.Verified{s.attest(t, other, spdxDoc)}}},
		{name: "attestation that nobody verified", outcome: policy.Deny, codes: []string{"not-verified"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Attestations: []*attest.Verified{{}}}},
		{name: "attestation that is nil", outcome: policy.Deny, codes: []string{"not-verified"}, e: policy.Evidence{Subject: subject, Inventory: inv(subject), Attestations: []*attest.Verified{nil}}},
	} {
		t.Run(tc.name, func(t *testing.T) { want(t, decide(t, &tc.e, tc.rule), tc.outcome, tc.codes...) })
	}
}

func finding(id string, s scan.Severity, change func(*scan.Finding)) scan.Finding {
	f := scan.Finding{ID: id, Severity: s, Status: scan.StatusAffected, Fix: scan.FixAvailable, FixedVersions: []string{"2.0"},
		Component: scan.ComponentRef{ID: "c-1", Name: "lib", Version: "1.0"}}
	if change != nil {
		change(&f)
	}
	return f
}

func TestNoFixableFinding(t *testing.T) {
	for _, tc := range []struct {
		name    string
		rule    policy.NoFixableFinding
		reports [][]scan.Finding
		outcome policy.Verdict
		codes   []string
	}{
		{name: "not scanned", outcome: policy.Indeterminate, codes: []string{"missing-report"}},
		{name: "nothing found", reports: [][]scan.Finding{{}}, outcome: policy.Allow},
		{name: "high", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, nil)}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "medium is below", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityMedium, nil)}}, outcome: policy.Allow},
		{name: "medium, when asked for", rule: policy.NoFixableFinding{AtLeast: scan.SeverityMedium}, reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityMedium, nil)}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "no fix", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Fix, f.FixedVersions = scan.FixNone, nil })}}, outcome: policy.Allow},
		{name: "unknown severity", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityUnknown, nil)}}, outcome: policy.Indeterminate, codes: []string{"unknown-severity"}},
		{name: "unknown severity let pass", rule: policy.NoFixableFinding{AllowUnknown: true}, reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityUnknown, nil)}}, outcome: policy.Allow},
		{name: "not affected", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Status = scan.StatusNotAffected })}}, outcome: policy.Allow},
		{name: "suppressed", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Status = scan.StatusSuppressed })}}, outcome: policy.Allow},
		{name: "under investigation", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Status = scan.StatusUnderInvestigation })}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "status not stated", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Status = "" })}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "one finding under two names in two reports", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, nil)},
			{finding("GHSA-1", scan.SeverityHigh, func(f *scan.Finding) { f.Aliases = []string{"CVE-1"} })}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "status that nobody knows", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Status = "Affected" })}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "a report that knows no severity does not hide one that does", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityUnknown, nil)},
			{finding("GHSA-1", scan.SeverityCritical, func(f *scan.Finding) { f.Aliases = []string{"CVE-1"} })}}, outcome: policy.Deny, codes: []string{"fixable"}},
		{name: "one vulnerability in two components", reports: [][]scan.Finding{{finding("CVE-1", scan.SeverityHigh, nil),
			finding("CVE-1", scan.SeverityHigh, func(f *scan.Finding) { f.Component.Name = "lib2" })}}, outcome: policy.Deny, codes: []string{"fixable", "fixable"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &policy.Evidence{}
			for _, fs := range tc.reports {
				e.Reports = append(e.Reports, &scan.Report{Tool: sbom.Tool{Name: "osv"}, Findings: fs})
			}
			want(t, decide(t, e, tc.rule), tc.outcome, tc.codes...)
		})
	}
}

func TestNoFixableFindingUnassessed(t *testing.T) {
	e := &policy.Evidence{Reports: []*scan.Report{{Tool: sbom.Tool{Name: "osv"}, Unassessed: []scan.Unassessed{{Reason: "no data for Maven"}}}}}
	want(t, decide(t, e, policy.NoFixableFinding{}), policy.Indeterminate, "unassessed")
	want(t, decide(t, e, policy.NoFixableFinding{AllowUnassessed: true}), policy.Allow)
}

func TestNoFixableFindingReportGaps(t *testing.T) {
	e := &policy.Evidence{Reports: []*scan.Report{{Tool: sbom.Tool{Name: "grype"}, Gaps: []sbom.Gap{{Kind: sbom.GapCorrupt, Message: "a row without an id"}}}}}
	want(t, decide(t, e, policy.NoFixableFinding{}), policy.Indeterminate, "report-gap")
}

func TestNoUnknownExecutable(t *testing.T) {
	layer := &sbom.LayerRef{Index: 3}
	file := func(change func(*sbom.File)) *sbom.Inventory {
		f := sbom.File{Path: "usr/bin/x", Kind: sbom.KindELF, Owner: "c-1", Claim: sbom.ClaimRecorded, Integrity: sbom.Intact, Layer: layer}
		if change != nil {
			change(&f)
		}
		return &sbom.Inventory{Files: []sbom.File{f}, Components: []sbom.Component{{ID: "c-1", Name: "x", Version: "1"}}}
	}
	gap := func(k sbom.GapKind) *sbom.Inventory {
		return &sbom.Inventory{Gaps: []sbom.Gap{{Kind: k, Message: "no"}}}
	}
	for _, tc := range []struct {
		name    string
		rule    policy.NoUnknownExecutable
		inv     *sbom.Inventory
		outcome policy.Verdict
		codes   []string
	}{
		{name: "no inventory", outcome: policy.Indeterminate, codes: []string{"missing-inventory"}},
		{name: "intact", inv: file(nil), outcome: policy.Allow},
		{name: "modified", inv: file(func(f *sbom.File) { f.Integrity = sbom.Modified }), outcome: policy.Deny, codes: []string{"modified"}},
		{name: "of nobody", inv: file(func(f *sbom.File) { f.Owner = "" }), outcome: policy.Deny, codes: []string{"unaccounted"}},
		{name: "of nobody, let pass", rule: policy.NoUnknownExecutable{Except: []string{"usr/bin/*"}}, inv: file(func(f *sbom.File) { f.Owner = "" }), outcome: policy.Allow},
		{name: "a malformed exception", rule: policy.NoUnknownExecutable{Except: []string{"[x"}}, inv: file(nil), outcome: policy.Indeterminate, codes: []string{"bad-pattern"}},
		{name: "missing is no executable", inv: file(func(f *sbom.File) { f.Integrity = sbom.Missing }), outcome: policy.Allow},
		{name: "unverified", inv: file(func(f *sbom.File) { f.Integrity = sbom.Unrecorded }), outcome: policy.Allow},
		{name: "unverified, when asked for", rule: policy.NoUnknownExecutable{RequireVerified: true}, inv: file(func(f *sbom.File) { f.Integrity = sbom.Unrecorded }), outcome: policy.Indeterminate, codes: []string{"unverified"}},
		{name: "identified", inv: file(func(f *sbom.File) { f.Claim, f.Integrity = sbom.ClaimContent, "" }), outcome: policy.Allow},
		{name: "identified, when more is asked for", rule: policy.NoUnknownExecutable{RequireVerified: true}, inv: file(func(f *sbom.File) { f.Claim, f.Integrity = sbom.ClaimContent, "" }), outcome: policy.Indeterminate, codes: []string{"unverified"}},
		{name: "corrupt", inv: gap(sbom.GapCorrupt), outcome: policy.Indeterminate, codes: []string{"gap"}},
		{name: "encrypted", inv: gap(sbom.GapEncrypted), outcome: policy.Indeterminate, codes: []string{"gap"}},
		{name: "unsupported", inv: gap(sbom.GapUnsupported), outcome: policy.Indeterminate, codes: []string{"gap"}},
		{name: "over a limit", inv: gap(sbom.GapLimit), outcome: policy.Indeterminate, codes: []string{"gap"}},
		{name: "a version is missing", inv: gap(sbom.GapIncomplete), outcome: policy.Allow},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want(t, decide(t, &policy.Evidence{Inventory: tc.inv}, tc.rule), tc.outcome, tc.codes...)
		})
	}
	for word, change := range map[string]func(*sbom.File){
		"The setuid program usr/bin/x":                                 func(f *sbom.File) { f.Mode |= fs.ModeSetuid },
		"The setgid program usr/bin/x":                                 func(f *sbom.File) { f.Mode |= fs.ModeSetgid },
		`The program with the capabilities "cap_net_raw=ep" usr/bin/x`: func(f *sbom.File) { f.Capabilities = "cap_net_raw=ep" },
	} {
		d := decide(t, &policy.Evidence{Inventory: file(func(f *sbom.File) { f.Owner = ""; change(f) })}, policy.NoUnknownExecutable{})
		if m := d.Reasons[0].Message; !strings.HasPrefix(m, word) {
			t.Errorf("%q does not begin with %q", m, word)
		}
	}
}

func TestSignerTrusted(t *testing.T) {
	ours, theirs := newSigner(t, "release"), newSigner(t, "stranger")

	trust := []policy.Signer{{Name: "release"}}
	for _, tc := range []struct {
		name         string
		rule         policy.SignerTrusted
		attestations []*attest.Verified
		outcome      policy.Verdict
		codes        []string
	}{
		{name: "trusts nobody", outcome: policy.Indeterminate, codes: []string{"no-signer"}},
		{name: "an empty signer matches nobody", rule: policy.SignerTrusted{Signers: []policy.Signer{{}}}, attestations: []*attest.Verified{ours.attest(t, subject, spdxDoc)}, outcome: policy.Deny, codes: []string{"untrusted-signer"}},
		{name: "no attestation", rule: policy.SignerTrusted{Signers: trust}, outcome: policy.Indeterminate, codes: []string{"missing-attestation"}},
		{name: "any type", rule: policy.SignerTrusted{Signers: trust}, attestations: []*attest.Verified{ours.attest(t, subject, spdxDoc)}, outcome: policy.Allow},
		{name: "by a stranger", rule: policy.SignerTrusted{Signers: trust}, attestations: []*attest.Verified{theirs.attest(t, subject, spdxDoc)}, outcome: policy.Deny, codes: []string{"untrusted-signer"}},
		{name: "a stranger beside ours blocks nothing", rule: policy.SignerTrusted{Signers: trust}, attestations: []*attest.Verified{theirs.attest(t, subject, spdxDoc), ours.attest(t, subject, spdxDoc)}, outcome: policy.Allow},
		{name: "another type is missing", rule: policy.SignerTrusted{Signers: trust, Types: []string{attest.TypeSPDX, attest.TypeSLSAProvenance1}}, attestations: []*attest.Verified{ours.attest(t, subject, spdxDoc)}, outcome: policy.Indeterminate, codes: []string{"missing-attestation"}},
		{name: "about another image", rule: policy.SignerTrusted{Signers: trust, Types: []string{attest.TypeSPDX}}, attestations: []*attest.Verified{ours.attest(t, other, spdxDoc)}, outcome: policy.Indeterminate, codes: []string{"missing-attestation"}},
		{name: "name and key must both match", rule: policy.SignerTrusted{Signers: []policy.Signer{{Name: "release", KeyID: "x"}}}, attestations: []*attest.Verified{ours.attest(t, subject, spdxDoc)}, outcome: policy.Deny, codes: []string{"untrusted-signer"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want(t, decide(t, &policy.Evidence{Subject: subject, Attestations: tc.attestations}, tc.rule), tc.outcome, tc.codes...)
		})
	}
}

func TestSBOMAttested(t *testing.T) {
	ours, theirs := newSigner(t, "release"), newSigner(t, "stranger")
	rule := policy.SBOMAttested{Signers: []policy.Signer{{Name: "release"}}}
	for _, tc := range []struct {
		name         string
		attestations []*attest.Verified
		outcome      policy.Verdict
		codes        []string
	}{
		{"SPDX", []*attest.Verified{ours.attest(t, subject, spdxDoc)}, policy.Allow, nil},
		{"CycloneDX", []*attest.Verified{ours.attest(t, subject, attest.CycloneDX([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`)))}, policy.Allow, nil},
		{"none", nil, policy.Indeterminate, []string{"missing-sbom"}},
		{"something else", []*attest.Verified{ours.attest(t, subject, attest.Custom("https://x.example/p", 1))}, policy.Indeterminate, []string{"missing-sbom"}},
		{"a stranger's", []*attest.Verified{theirs.attest(t, subject, spdxDoc)}, policy.Deny, []string{"untrusted-signer"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want(t, decide(t, &policy.Evidence{Subject: subject, Attestations: tc.attestations}, rule), tc.outcome, tc.codes...)
		})
	}
}

func TestProvenanceFrom(t *testing.T) {
	s := newSigner(t, "builder")
	rule := policy.ProvenanceFrom{Builders: []string{"https://builder.example/v1", "https://ci.example/wf@"}, Sources: []string{"https://github.com/acme/app", "https://git.example/acme/"}}
	const params, builder = `{"workflow":{"repository":"https://github.com/acme/app","ref":"refs/heads/main"}}`, "https://builder.example/v1"
	for _, tc := range []struct {
		name    string
		about   []attest.Predicate
		outcome policy.Verdict
		codes   []string
	}{
		{"none", nil, policy.Indeterminate, []string{"missing-provenance"}},
		{"as allowed", []attest.Predicate{provenance(builder, params)}, policy.Allow, nil},
		{"builder by prefix", []attest.Predicate{provenance("https://ci.example/wf@refs/tags/v1", params)}, policy.Allow, nil},
		{"builder that only begins alike", []attest.Predicate{provenance(builder+".evil", params)}, policy.Deny, []string{"builder"}},
		{"other source", []attest.Predicate{provenance(builder, `{"workflow":{"repository":"https://github.com/evil/app"}}`)}, policy.Deny, []string{"source"}},
		{"source that only begins alike", []attest.Predicate{provenance(builder, `{"workflow":{"repository":"https://github.com/acme/app2"}}`)}, policy.Deny, []string{"source"}},
		{"source parameter", []attest.Predicate{provenance(builder, `{"source":"git+https://git.example/acme/x.git@refs/heads/main"}`)}, policy.Allow, nil},
		{"source parameter with a digest", []attest.Predicate{provenance(builder, `{"source":{"uri":"git+https://git.example/acme/x@v1"}}`)}, policy.Allow, nil},
		{"user information in the source", []attest.Predicate{provenance(builder, `{"source":"https://github.com@evil.example/acme/app"}`)}, policy.Deny, []string{"source"}},
		{"source that climbs out of what is allowed", []attest.Predicate{provenance(builder, `{"source":"https://git.example/acme/../evil/app"}`)}, policy.Deny, []string{"source"}},
		{"source that climbs escaped", []attest.Predicate{provenance(builder, `{"source":"https://git.example/acme/%2E./evil/app"}`)}, policy.Deny, []string{"source"}},
		{"source that climbs behind a revision", []attest.Predicate{provenance(builder, `{"source":"https://github.com/acme/app@/../../evil/app"}`)}, policy.Deny, []string{"source"}},
		{"backslash in the source", []attest.Predicate{provenance(builder, `{"source":"https://evil.example\\@github.com/acme/app"}`)}, policy.Deny, []string{"source"}},
		{"parameters that differ in case", []attest.Predicate{provenance(builder, `{"workflow":{"repository":"https://github.com/evil/app"},"Workflow":{"repository":"https://github.com/acme/app"}}`)}, policy.Deny, []string{"source"}},
		{"another parameter's name in another case", []attest.Predicate{provenance(builder, `{"Source":"https://github.com/acme/app"}`)}, policy.Indeterminate, []string{"no-source"}},
		{"an odd parameter does not hide the source", []attest.Predicate{provenance(builder, `{"workflow":"x","source":"https://github.com/evil/app"}`, "git+https://github.com/acme/app")}, policy.Deny, []string{"source"}},
		{"source among the dependencies", []attest.Predicate{provenance(builder, `{}`, "git+https://github.com/acme/app@refs/heads/main", "pkg:deb/x")}, policy.Allow, nil},
		{"a dependency does not stand in for the source", []attest.Predicate{provenance(builder, `{"source":"https://github.com/evil/app"}`, "git+https://github.com/acme/app")}, policy.Deny, []string{"source"}},
		{"no source", []attest.Predicate{provenance(builder, `{}`)}, policy.Indeterminate, []string{"no-source"}},
		{"one of two fits", []attest.Predicate{provenance("https://evil.example", params), provenance(builder, params)}, policy.Allow, nil},
		{"two parameters that disagree", []attest.Predicate{provenance(builder, `{"source":"https://github.com/acme/app","workflow":{"repository":"https://github.com/evil/app"}}`)}, policy.Deny, []string{"contradiction"}},
		{"v0.2", []attest.Predicate{provenance02("https://github.com/acme/app")}, policy.Allow, nil},
		{"v0.2 of another source", []attest.Predicate{provenance02("https://github.com/evil/app")}, policy.Deny, []string{"source"}},
		{"a client's word for the source", []attest.Predicate{fromClient}, policy.Indeterminate, []string{"unverified-source"}},
		{"builder that climbs", []attest.Predicate{provenance("https://ci.example/wf@../../evil", params)}, policy.Deny, []string{"builder"}},
		{"unreadable", []attest.Predicate{attest.Custom(attest.TypeSLSAProvenance1, []int{1})}, policy.Indeterminate, []string{"bad-provenance"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &policy.Evidence{Subject: subject}
			for _, p := range tc.about {
				e.Attestations = append(e.Attestations, s.attest(t, subject, p))
			}
			want(t, decide(t, e, rule), tc.outcome, tc.codes...)
		})
	}
}

func TestNoDrift(t *testing.T) {
	used := []rbom.Usage{{Component: "c-1", Level: rbom.Executed}}
	for _, tc := range []struct {
		name    string
		rbom    *rbom.RBOM
		outcome policy.Verdict
		codes   []string
	}{
		{"not recorded", nil, policy.Indeterminate, []string{"missing-rbom"}},
		{"as in the image", &rbom.RBOM{Usage: used}, policy.Allow, nil},
		{"nothing ran", &rbom.RBOM{}, policy.Indeterminate, []string{"nothing-ran"}},
		{"modified", &rbom.RBOM{Drift: []rbom.Drift{{Path: "bin/x", Kind: "modified"}}}, policy.Deny, []string{"drift-modified"}},
		{"unknown", &rbom.RBOM{Unknown: []rbom.UnknownFile{{Path: "bin/x"}}}, policy.Deny, []string{"unknown-ran"}},
		{"not compared", &rbom.RBOM{Usage: used, Unchecked: []string{"bin/x"}}, policy.Indeterminate, []string{"unchecked-ran"}},
		{"lost", &rbom.RBOM{Usage: used, Coverage: rbom.Coverage{Lost: 1}}, policy.Indeterminate, []string{"lost"}},
		{"not all processes", &rbom.RBOM{Usage: used, Coverage: rbom.Coverage{Gaps: []sbom.Gap{{Path: "/proc/7/exe"}}}}, policy.Indeterminate, []string{"recorder-gap"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want(t, decide(t, &policy.Evidence{RBOM: tc.rbom}, policy.NoDrift{}), tc.outcome, tc.codes...)
		})
	}
}

// TestFirstReportIsCited: of two that know no severity, the second adds nothing.
func TestFirstReportIsCited(t *testing.T) {
	var reports []*scan.Report
	for _, tool := range []string{"first", "second"} {
		reports = append(reports, &scan.Report{Tool: sbom.Tool{Name: tool}, Findings: []scan.Finding{finding("CVE-1", scan.SeverityUnknown, nil)}})
	}
	d := decide(t, &policy.Evidence{Reports: reports}, policy.NoFixableFinding{})
	if len(d.Reasons) != 1 || !strings.HasSuffix(d.Reasons[0].Message, "says first.") {
		t.Errorf("reasons %+v, want that of the first report", d.Reasons)
	}
}

func ExampleDecide() {
	d := sbom.Digest("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	e := &policy.Evidence{
		Subject: d,
		Inventory: &sbom.Inventory{
			Subject:    sbom.Subject{Digest: d},
			Components: []sbom.Component{{ID: "c-1", Name: "zlib1g", Version: "1:1.2.13"}},
			Files: []sbom.File{
				{Path: "usr/lib/libz.so.1", Kind: sbom.KindELF, Owner: "c-1", Claim: sbom.ClaimRecorded, Integrity: sbom.Modified, Layer: &sbom.LayerRef{Index: 4}},
				{Path: "usr/local/bin/fetchq", Kind: sbom.KindELF},
			},
		},
	}
	decision, err := policy.Decide(context.Background(), e, policy.DigestBound{}, policy.NoUnknownExecutable{}, policy.NoFixableFinding{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(decision.Verdict)
	for _, r := range decision.Reasons {
		fmt.Printf("%s %s: %s\n", r.Verdict, r.Code, r.Message)
	}
	// Output:
	// deny
	// deny modified: usr/lib/libz.so.1 is not as zlib1g 1:1.2.13 packaged it; layer 4 wrote it.
	// deny unaccounted: usr/local/bin/fetchq belongs to nothing that is known.
	// indeterminate missing-report: The image was not scanned.
}
