package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/sbom"
)

// Signer matches the identity behind an attestation. Fields that are set must all match
// exactly; a Signer with none set matches nobody.
type Signer struct {
	KeyID  string // as attest.KeyID
	Name   string // the verifier's name for the key
	Issuer string // identity provider of a keyless signature
	SAN    string // subject of a keyless signature
}

func (s Signer) matches(id attest.Identity) bool {
	match := func(want, got string) bool { return want == "" || want == got }
	return s != Signer{} && match(s.KeyID, id.KeyID) && match(s.Name, id.Name) && match(s.Issuer, id.Issuer) && match(s.SAN, id.SAN)
}

// trusted reports whether one of the signers signed, whoever else did, and in whatever order
// the envelope has the signatures: nobody signs that order.
func trusted(signers []Signer, a *attest.Verified) bool {
	return slices.ContainsFunc(a.Signers(), func(id attest.Identity) bool {
		return slices.ContainsFunc(signers, func(s Signer) bool { return s.matches(id) })
	})
}

func signerName(id attest.Identity) string {
	for _, s := range []string{id.SAN, id.Name, id.KeyID} {
		if s != "" {
			return s
		}
	}
	return "an unknown key"
}

// pick returns the attestations of the image with one of the predicate types,
// of one of the signers if any are given. Refused signers are added as reasons.
func pick(o *Outcome, e *Evidence, types []string, signers []Signer) (found []*attest.Verified) {
	for _, a := range e.Attestations {
		if !a.Valid() || sbom.Digest(a.Subject()) != e.Subject || !slices.Contains(types, a.PredicateType()) {
			continue
		}
		if len(signers) > 0 && !trusted(signers, a) {
			o.add(Reason{Verdict: Deny, Code: "untrusted-signer",
				Message: fmt.Sprintf("The attestation of %s is signed by %s, who is not trusted for it.", a.PredicateType(), signerName(a.Signer()))})
			continue
		}
		found = append(found, a)
	}
	return found
}

// withoutRefusals drops the refusals of untrusted signers, for a rule that found
// what it needs elsewhere: whoever may push can add an attestation of his own,
// and must not be able to block an image by it.
func (o *Outcome) withoutRefusals() {
	o.Reasons = slices.DeleteFunc(o.Reasons, func(r Reason) bool { return r.Code == "untrusted-signer" })
}

// SignerTrusted asks for attestations of given types by trusted signers.
type SignerTrusted struct {
	// Signers who are trusted; at least one.
	Signers []Signer
	// Types are the predicate types of which each must be attested by one of
	// them. If empty, at least one attestation of any type must be.
	Types []string
}

// Evaluate denies a type that is attested only by others, and is indeterminate about one that is
// not attested.
func (r SignerTrusted) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "signer-trusted"}
	if len(r.Signers) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "no-signer", Message: "The rule names no trusted signer."})
		return o.settle()
	}
	groups := make([][]string, 0, len(r.Types))
	for _, t := range r.Types {
		groups = append(groups, []string{t})
	}
	if len(groups) == 0 {
		groups = append(groups, allTypes(e))
	}
	for _, types := range groups {
		one := Outcome{}
		if len(pick(&one, e, types, r.Signers)) > 0 {
			continue
		}
		if len(one.Reasons) == 0 {
			one.add(Reason{Verdict: Indeterminate, Code: "missing-attestation", Message: "There is no attestation" + of(types) + "."})
		}
		o.Reasons = append(o.Reasons, one.Reasons...)
	}
	return o.settle()
}

func allTypes(e *Evidence) (types []string) {
	for _, a := range e.Attestations {
		if a.Valid() {
			types = append(types, a.PredicateType())
		}
	}
	return types
}

func of(types []string) string {
	if len(types) == 0 {
		return ""
	}
	return " of " + strings.Join(types, " or ")
}

// SBOMAttested asks that somebody has signed a software bill of materials of the
// image, as SPDX or CycloneDX.
type SBOMAttested struct {
	// Signers who are trusted for it; any whose key the verifier knows, if empty.
	Signers []Signer
}

// Evaluate is indeterminate when there is no attested SBOM, and denies one by an untrusted signer only.
func (r SBOMAttested) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "sbom-attested"}
	types := []string{attest.TypeSPDX, attest.TypeSPDX23, attest.TypeSPDX3, attest.TypeCycloneDX}
	if len(pick(&o, e, types, r.Signers)) > 0 {
		o.withoutRefusals()
	} else if len(o.Reasons) == 0 {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-sbom", Message: "No bill of materials of the image is attested."})
	}
	return o.settle()
}
