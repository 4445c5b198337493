package slsa

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/required"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// ProvenanceV1 is the predicate of SLSA provenance v1.
type ProvenanceV1 = attest.SLSAProvenance

// ProvenanceV02 is the predicate of SLSA provenance v0.2
// (https://slsa.dev/spec/v0.2/provenance).
type ProvenanceV02 struct {
	Builder BuilderV02 `json:"builder"`
	// BuildType is the URI of the template by which to read the rest.
	BuildType  string        `json:"buildType"`
	Invocation InvocationV02 `json:"invocation,omitzero"`
	// BuildConfig are the steps, in the form of the build type.
	BuildConfig json.RawMessage `json:"buildConfig,omitempty"`
	Metadata    *MetadataV02    `json:"metadata,omitempty"`
	// Materials are what the build fetched, the source among them. URI and Digest are
	// the members that v0.2 knows.
	Materials []attest.ResourceDescriptor `json:"materials,omitempty"`
}

// BuilderV02 is the platform that ran a build.
type BuilderV02 struct {
	// ID is the URI that determines the trust in the platform.
	ID string `json:"id"`
}

// InvocationV02 is what started a build.
type InvocationV02 struct {
	// ConfigSource is where the build's definition came from.
	ConfigSource ConfigSource `json:"configSource,omitzero"`
	// Parameters are under a user's control. Environment is what the platform set.
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`
}

// ConfigSource is where a build's definition came from.
type ConfigSource struct {
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
	// EntryPoint is the file or target in it.
	EntryPoint string `json:"entryPoint,omitempty"`
}

// MetadataV02 is about one execution of a build.
type MetadataV02 struct {
	BuildInvocationID string
	// BuildStartedOn and BuildFinishedOn are the platform's word; zero if unstated.
	BuildStartedOn, BuildFinishedOn time.Time
	// Completeness is nil if unstated.
	Completeness *Completeness
	// Reproducible claims that the same input gives the same bytes; nil if unstated.
	Reproducible *bool
	// Extra are members that this package does not know, such as BuildKit's.
	Extra map[string]json.RawMessage
}

// Completeness says which lists leave nothing out; nil if unstated.
type Completeness struct {
	Parameters  *bool `json:"parameters,omitempty"`
	Environment *bool `json:"environment,omitempty"`
	Materials   *bool `json:"materials,omitempty"`
	// Arguments is what v0.1 calls the parameters.
	Arguments *bool `json:"arguments,omitempty"`
}

// plainMetadataV02 are the members of a MetadataV02 as they are written, and the
// other spelling of the id that the SLSA GitHub generator and BuildKit use.
type plainMetadataV02 struct {
	ID           string        `json:"buildInvocationId,omitempty"`
	OtherID      string        `json:"buildInvocationID,omitempty"`
	Started      time.Time     `json:"buildStartedOn,omitzero"`
	Finished     time.Time     `json:"buildFinishedOn,omitzero"`
	Completeness *Completeness `json:"completeness,omitempty"`
	Reproducible *bool         `json:"reproducible,omitempty"`
}

var openMetadataV02 = strictjson.NewOpen[plainMetadataV02]()

// UnmarshalJSON reads the metadata and keeps unknown members in Extra. The id of
// the invocation may be spelled "buildInvocationID" as well, but not as both.
func (m *MetadataV02) UnmarshalJSON(data []byte) error {
	if strictjson.IsNull(data) {
		return nil
	}
	p, extra, err := openMetadataV02.Decode(data)
	if err != nil {
		return err
	}
	if p.ID != "" && p.OtherID != "" && p.ID != p.OtherID {
		return errors.New("buildInvocationId and buildInvocationID differ")
	}
	*m = MetadataV02{cmp.Or(p.ID, p.OtherID), p.Started, p.Finished, p.Completeness, p.Reproducible, extra}
	if c := m.Completeness; c != nil && c.Parameters == nil {
		c.Parameters = c.Arguments
	}
	return nil
}

// MarshalJSON writes the known members and then those of Extra.
func (m MetadataV02) MarshalJSON() ([]byte, error) {
	return openMetadataV02.Encode(plainMetadataV02{ID: m.BuildInvocationID, Started: m.BuildStartedOn,
		Finished: m.BuildFinishedOn, Completeness: m.Completeness, Reproducible: m.Reproducible}, m.Extra)
}

// PredicateTypes returns attest.TypeSLSAProvenance02.
func (*ProvenanceV02) PredicateTypes() []string { return []string{attest.TypeSLSAProvenance02} }

// Validate checks what v0.2 requires; see attest.Typed.
func (p *ProvenanceV02) Validate() error {
	return required.Check(attest.ErrPredicate,
		required.That("builder.id is empty", p.Builder.ID != ""),
		required.That("buildType is empty", p.BuildType != ""),
	)
}
