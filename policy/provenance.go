package policy

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/slsa"
	"github.com/imagetrust/imagetrust/internal/misleading"
)

// ProvenanceFrom asks that a trusted builder made the image from allowed source
// (SLSA provenance v0.1, v0.2 and v1, as package attest/slsa reads it).
type ProvenanceFrom struct {
	// Builders are the allowed builder ids. One that ends in "/" or "@" allows all
	// ids that begin with it; any other must match whole.
	Builders []string
	// Sources are the allowed source repositories, such as
	// "https://github.com/acme/app". They match slsa.Source.Repository, whatever the
	// revision; one that ends in "/" allows all repositories below it.
	Sources []string
	// Signers who are trusted to speak for the builders; any whose key the verifier
	// knows, if empty.
	Signers []Signer
}

// Evaluate allows if at least one provenance fits in both. It denies when all that there
// is names another builder or source or contradicts itself, and is indeterminate when there is
// none, or when it names no source, or only repeats what the builder's client said of it.
func (r ProvenanceFrom) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "provenance-from"}
	found := pick(&o, e, provenanceTypes, r.Signers)
	for _, a := range found {
		one := Outcome{}
		r.check(&one, a)
		if len(one.Reasons) == 0 {
			return Outcome{Rule: o.Rule, Verdict: Allow}
		}
		o.Reasons = append(o.Reasons, one.Reasons...)
	}
	if len(o.Reasons) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-provenance", Message: "It is not attested how the image was built."})
	}
	return o.settle()
}

var provenanceTypes = []string{attest.TypeSLSAProvenance01, attest.TypeSLSAProvenance02, attest.TypeSLSAProvenance1}

func (r ProvenanceFrom) check(o *Outcome, a *attest.Verified) {
	build, err := slsa.Read(a)
	if err != nil {
		o.add(Reason{Verdict: Indeterminate, Code: "bad-provenance", Message: fmt.Sprintf("The provenance cannot be read: %v.", err)})
		return
	}
	if !allowed(r.Builders, build.Builder) {
		o.add(Reason{Verdict: Deny, Code: "builder", Message: fmt.Sprintf("The image was built by %q, which is not allowed.", build.Builder)})
	}
	for _, c := range build.Contradictions {
		o.add(Reason{Verdict: Deny, Code: "contradiction", Message: fmt.Sprintf("The provenance contradicts itself: %s.", c)})
	}
	switch source := build.Source; {
	case source.URI == "":
		o.add(Reason{Verdict: Indeterminate, Code: "no-source", Message: "The provenance names no source repository."})
	case !allowed(r.Sources, source.Repository):
		o.add(Reason{Verdict: Deny, Code: "source", Message: fmt.Sprintf("The image was built from %q, which is not allowed.", source.URI)})
	case source.Unverified:
		o.add(Reason{Verdict: Indeterminate, Code: "unverified-source", Message: fmt.Sprintf("The builder only repeats its client's word that the source is %q.", source.URI)})
	}
}

// allowed reports whether s is one of the patterns or begins with one that is a prefix.
// The empty string, which stands for what is unstated, never is, nor what leads elsewhere
// than it begins.
func allowed(patterns []string, s string) bool {
	if s == "" || misleading.URI(s) {
		return false
	}
	for _, p := range patterns {
		prefix := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "@")
		if s == p || prefix && strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
