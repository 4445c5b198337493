package attest

import (
	"encoding/json"
	"errors"
	"time"
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
}

func (p *SLSAProvenance) validate() error {
	switch {
	case p == nil:
		return errors.New("no provenance")
	case p.BuildDefinition.BuildType == "":
		return errors.New("buildDefinition.buildType is empty")
	case !isObject(p.BuildDefinition.ExternalParameters):
		return errors.New("buildDefinition.externalParameters is not an object")
	case p.RunDetails.Builder.ID == "":
		return errors.New("runDetails.builder.id is empty")
	}
	return nil
}
