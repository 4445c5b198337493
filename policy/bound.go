package policy

import (
	"context"
	"fmt"
	"slices"

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
	same := digests{e.Subject}
	if e.Inventory == nil {
		o.add(Reason{Verdict: Indeterminate, Code: "missing-inventory", Message: "There is no inventory of the image."})
	} else {
		same.bind(&o, "The inventory", e.Inventory.Subject, false)
		same = same.with(e.Inventory.Subject)
	}
	for _, rep := range e.Reports {
		same.bind(&o, "The report of "+rep.Tool.Name, rep.Subject, r.AllowUnbound)
	}
	if e.RBOM != nil {
		same.bind(&o, "The runtime recording", e.RBOM.Subject, false)
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

// digests all name the image: its manifest, and the index through which it was chosen.
type digests []sbom.Digest

// with adds what the inventory's own subject adds, if that is of the image: the inventory was
// made from the image, and knows the manifest behind an index. Some tools state
// the one, some the other.
func (ds digests) with(s sbom.Subject) digests {
	if s.Digest != "" && ds.name(s) {
		ds = append(ds, s.Digest)
		if s.Index != "" {
			ds = append(ds, s.Index)
		}
	}
	return ds
}

// name reports whether one of the digests is the subject's manifest or index.
func (ds digests) name(s sbom.Subject) bool {
	return slices.ContainsFunc(ds, func(d sbom.Digest) bool { return d == s.Digest || d == s.Index })
}

// bind checks one subject. The digest of the config, which some tools state
// alone, binds only the image's contents, and is not enough.
func (ds digests) bind(o *Outcome, what string, s sbom.Subject, allowUnbound bool) {
	stated := s.Digest
	if stated == "" {
		stated = s.Index
	}
	switch {
	case stated != "" && ds.name(s):
	case stated != "":
		o.add(Reason{Verdict: Deny, Code: "other-subject", Message: fmt.Sprintf("%s is about %s.", what, stated)})
	case !allowUnbound:
		o.add(Reason{Verdict: Indeterminate, Code: "unbound", Message: what + " does not say by digest which image it is about."})
	}
}
