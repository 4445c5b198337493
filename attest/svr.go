package attest

import (
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/required"
)

// SVR is the predicate of in-toto's simple verification result: which properties
// a verifier found that the subjects have. It is read as v0.1 and v0.2 and written
// as v0.2.
type SVR struct {
	Verifier SVRVerifier `json:"verifier"`
	// TimeCreated is when the properties were verified, the verifier's word.
	TimeCreated time.Time `json:"timeCreated"`
	// Properties are those that hold, such as "SLSA_BUILD_LEVEL_3". What is not
	// listed was not verified, or does not hold.
	Properties []string `json:"properties"`
}

// SVRVerifier is who verified, and by what.
type SVRVerifier struct {
	// ID is a URI, with a version that changes with what is verified.
	ID string `json:"id"`
	// Policies are those that were used. Empty, not null, says that none can be
	// named; v0.1 has none.
	Policies []ResourceDescriptor `json:"policies"`
}

// PredicateTypes returns TypeSVR02 and TypeSVR01.
func (*SVR) PredicateTypes() []string { return []string{TypeSVR02, TypeSVR01} }

// Validate checks what v0.2 requires; see [Typed].
func (s *SVR) Validate() error {
	return required.Check(ErrPredicate,
		required.That("verifier.id is empty", s.Verifier.ID != ""),
		required.That("verifier.policies is null; an empty list says that none can be named", s.Verifier.Policies != nil),
		required.That("timeCreated is zero", !s.TimeCreated.IsZero()),
		required.That("properties is null; an empty list says that none holds", s.Properties != nil),
	)
}
