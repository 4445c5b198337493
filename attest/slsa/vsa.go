package slsa

import (
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/required"
)

// VSA is the predicate of a SLSA verification summary v1: that a verifier judged
// the subjects by a policy, and which levels they reached
// (https://slsa.dev/spec/v1.1/verification_summary).
type VSA struct {
	Verifier VSAVerifier `json:"verifier"`
	// TimeVerified is the verifier's word; zero if unstated.
	TimeVerified time.Time `json:"timeVerified,omitzero"`
	// ResourceURI is what was asked about, such as the image's reference. A reader
	// compares it to what it wants to use.
	ResourceURI string `json:"resourceUri"`
	// Policy needs a URI, and should have a digest.
	Policy attest.ResourceDescriptor `json:"policy"`
	// InputAttestations are all that the verifier used, each with a digest, or none.
	InputAttestations []attest.ResourceDescriptor `json:"inputAttestations,omitempty"`
	// VerificationResult is Passed or Failed.
	VerificationResult string `json:"verificationResult"`
	// VerifiedLevels has at most one level of each track, such as
	// "SLSA_BUILD_LEVEL_3", and other properties; of a failed verification "FAILED".
	VerifiedLevels []string `json:"verifiedLevels"`
	// DependencyLevels counts the transitive dependencies by level. Empty says that
	// there are none, nil says nothing.
	DependencyLevels map[string]uint64 `json:"dependencyLevels,omitzero"`
	// SLSAVersion is that of the specification, such as "1.0".
	SLSAVersion string `json:"slsaVersion,omitempty"`
}

// VSAVerifier is who verified.
type VSAVerifier struct {
	// ID is a URI. A reader trusts it only together with who signed.
	ID string `json:"id"`
	// Version maps the verifier's parts to their versions.
	Version map[string]string `json:"version,omitempty"`
}

// The results of a verification.
const (
	Passed = "PASSED"
	Failed = "FAILED"
)

// PredicateTypes returns attest.TypeVSA.
func (*VSA) PredicateTypes() []string { return []string{attest.TypeVSA} }

// Validate checks what v1 requires; see attest.Typed.
func (v *VSA) Validate() error {
	unbound := func(d attest.ResourceDescriptor) bool { return len(d.Digest) == 0 }
	levels := v.buildLevels()
	return required.Check(attest.ErrPredicate,
		required.That("verifier.id is empty", v.Verifier.ID != ""),
		required.That("resourceUri is empty", v.ResourceURI != ""),
		required.That("policy.uri is empty", v.Policy.URI != ""),
		required.That("inputAttestations has an entry without digest", !slices.ContainsFunc(v.InputAttestations, unbound)),
		required.That("verificationResult is neither PASSED nor FAILED", v.VerificationResult == Passed || v.VerificationResult == Failed),
		required.That("verifiedLevels is null", v.VerifiedLevels != nil),
		required.That("verifiedLevels has several build levels", len(levels) < 2),
		required.That("verifiedLevels has a level although the verification failed", v.VerificationResult == Passed || len(levels) == 0),
	)
}

func (v *VSA) buildLevels() (levels []Level) {
	for _, s := range v.VerifiedLevels {
		if l, ok := ParseLevel(s); ok {
			levels = append(levels, l)
		}
	}
	return levels
}

// BuildLevel returns the SLSA Build level that the summary vouches for: Level0 if
// the verification failed or no level of that track is listed, and the lowest if
// several are. The summary is worth what its signer is.
func (v *VSA) BuildLevel() Level {
	levels := v.buildLevels()
	if v.VerificationResult != Passed || len(levels) == 0 {
		return Level0
	}
	return slices.Min(levels)
}
