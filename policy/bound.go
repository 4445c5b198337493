package policy

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
)

// DigestBound asks that all evidence is about the image that is decided on, by
// its digest. Names and tags prove nothing.
type DigestBound struct {
	// AllowUnbound accepts reports that state no digest. Their findings may then
	// be those of another image.
	AllowUnbound bool
}

// Evaluate denies evidence about another image, and is indeterminate about evidence that
// does not say which image it is about.
func (r DigestBound) Evaluate(_ context.Context, e *Evidence) Outcome {
	o := Outcome{Rule: "digest-bound"}
	if e.Subject.Algorithm() != "sha256" && e.Subject.Algorithm() != "sha512" {
		o.add(Reason{Verdict: Indeterminate, Code: "no-subject", Message: "It was not said by digest which image is decided on."})
		return o.settle()
	}
	if e.Inventory == nil {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-inventory", Message: "There is no inventory of the image."})
	} else {
		o.bound(e.Subject, "The inventory", e.Inventory.Subject, false)
	}
	for _, rep := range e.Reports {
		o.bound(e.Subject, "The report of "+rep.Tool.Name, rep.Subject, r.AllowUnbound)
	}
	if e.RBOM != nil {
		o.bound(e.Subject, "The runtime recording", e.RBOM.Subject, false)
	}
	for _, a := range e.Attestations {
		if !a.Valid() {
			o.add(Reason{Verdict: Deny, Code: "not-verified", Message: "An attestation was not made by a verifier."})
		} else if d := sbom.Digest(a.Subject()); d != e.Subject {
			o.add(Reason{Verdict: Deny, Code: "other-subject", Message: fmt.Sprintf("The attestation of %s is about %s.", a.PredicateType(), d)})
		}
	}
	return o.settle()
}

// bound checks one subject. The digest of the config, which some tools state
// alone, binds only the image's contents, and is not enough.
func (o *Outcome) bound(want sbom.Digest, what string, s sbom.Subject, allowUnbound bool) {
	switch {
	case s.Digest == want, s.Index == want && s.Digest != "":
	case s.Digest != "":
		o.add(Reason{Verdict: Deny, Code: "other-subject", Message: fmt.Sprintf("%s is about %s.", what, s.Digest)})
	case !allowUnbound:
		o.add(Reason{Verdict: Indeterminate, Code: "unbound", Message: what + " does not say by digest which image it is about."})
	}
}
