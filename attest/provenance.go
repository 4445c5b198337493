package attest

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/required"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// SLSAProvenance is the predicate of SLSA provenance v1
// (https://slsa.dev/spec/v1.0/provenance).
type SLSAProvenance struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is the input of a build.
type BuildDefinition struct {
	// BuildType is the URI of the template by which to read the parameters.
	BuildType string `json:"buildType"`
	// ExternalParameters are under a user's control and must be verified. A JSON
	// object.
	ExternalParameters json.RawMessage `json:"externalParameters"`
	// InternalParameters are set by the build platform. A JSON object.
	InternalParameters json.RawMessage `json:"internalParameters,omitempty"`
	// ResolvedDependencies are the artifacts that the build fetched, the source
	// among them.
	ResolvedDependencies []ResourceDescriptor `json:"resolvedDependencies,omitempty"`
}

// RunDetails describe one execution of a build.
type RunDetails struct {
	Builder  Builder        `json:"builder"`
	Metadata *BuildMetadata `json:"metadata,omitempty"`
	// Byproducts are other artifacts of the build, such as its log.
	Byproducts []ResourceDescriptor `json:"byproducts,omitempty"`
}

// Builder is the platform that ran a build and answers for the provenance.
type Builder struct {
	// ID is the URI that determines the trust in the platform.
	ID string `json:"id"`
	// BuilderDependencies are what the platform itself used.
	BuilderDependencies []ResourceDescriptor `json:"builderDependencies,omitempty"`
	// Version maps the platform's parts to their versions.
	Version map[string]string `json:"version,omitempty"`
}

// BuildMetadata is about one execution of a build.
type BuildMetadata struct {
	InvocationID string `json:"invocationId,omitempty"`
	// StartedOn and FinishedOn are the platform's word; zero if unstated.
	StartedOn  time.Time `json:"startedOn,omitzero"`
	FinishedOn time.Time `json:"finishedOn,omitzero"`
	// Extra are members that this package does not know, such as BuildKit's.
	Extra map[string]json.RawMessage `json:"-"`
}

// plainBuildMetadata is a BuildMetadata without its methods. Several builders write
// the id of the invocation as in-toto's first Go library spelled it.
type plainBuildMetadata struct {
	InvocationID string    `json:"invocationId,omitempty"`
	OtherID      string    `json:"invocationID,omitempty"`
	StartedOn    time.Time `json:"startedOn,omitzero"`
	FinishedOn   time.Time `json:"finishedOn,omitzero"`
}

var openBuildMetadata = strictjson.NewOpen[plainBuildMetadata]()

// UnmarshalJSON reads the metadata and keeps unknown members in Extra. The id of
// the invocation may be spelled "invocationID" as well, but not as both.
func (m *BuildMetadata) UnmarshalJSON(data []byte) error {
	if strictjson.IsNull(data) {
		return nil
	}
	p, extra, err := openBuildMetadata.Decode(data)
	if err != nil {
		return err
	}
	if p.InvocationID != "" && p.OtherID != "" && p.InvocationID != p.OtherID {
		return errors.New("invocationId and invocationID differ")
	}
	*m = BuildMetadata{InvocationID: cmp.Or(p.InvocationID, p.OtherID), StartedOn: p.StartedOn, FinishedOn: p.FinishedOn, Extra: extra}
	return nil
}

// MarshalJSON writes the known members and then those of Extra.
func (m BuildMetadata) MarshalJSON() ([]byte, error) {
	return openBuildMetadata.Encode(plainBuildMetadata{InvocationID: m.InvocationID, StartedOn: m.StartedOn, FinishedOn: m.FinishedOn}, m.Extra)
}

// Provenance wraps SLSA provenance v1. It is NewPredicate(p).
func Provenance(p *SLSAProvenance) Predicate { return NewPredicate(p) }

// PredicateTypes returns TypeSLSAProvenance1.
func (*SLSAProvenance) PredicateTypes() []string { return []string{TypeSLSAProvenance1} }

// Validate checks what provenance v1 requires; see [Typed].
func (p *SLSAProvenance) Validate() error {
	return required.Check(ErrPredicate,
		required.That("buildDefinition.buildType is empty", p.BuildDefinition.BuildType != ""),
		required.That("buildDefinition.externalParameters is not an object", strictjson.IsObject(p.BuildDefinition.ExternalParameters)),
		required.That("runDetails.builder.id is empty", p.RunDetails.Builder.ID != ""),
	)
}
