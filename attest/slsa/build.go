package slsa

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Platform is what a build type tells of the software that ran a build.
type Platform string

// The platforms whose provenance is understood beyond the specification.
const (
	GitHubActions    Platform = "github-actions"        // artifact attestations and npm
	GitHubGenerator  Platform = "slsa-github-generator" // and builders made with it
	TektonChains     Platform = "tekton-chains"
	BuildKit         Platform = "buildkit"
	GoogleCloudBuild Platform = "google-cloud-build"
	OtherPlatform    Platform = "other"
)

// Build is what provenance says of one build. All of it is the word of whoever
// signed it, and of nobody if it came from [Parse] or [ParseUnsigned].
type Build struct {
	// PredicateType is the version of the provenance.
	PredicateType string `json:"predicateType"`
	// Builder is the URI of the platform that ran the build. Empty if the provenance
	// names none, as BuildKit's does unless it is told.
	Builder string `json:"builder"`
	// BuildType is the URI of the template by which the parameters are read.
	BuildType string `json:"buildType"`
	// Platform follows from BuildType. It proves nothing.
	Platform Platform `json:"platform"`
	// Source is what was built; its zero value if the provenance does not say.
	Source Source `json:"source,omitzero"`
	// EntryPoint is the file or target that defines the build: a workflow's path, a
	// build configuration, a Dockerfile. Empty if unstated.
	EntryPoint string `json:"entryPoint,omitempty"`
	// Parameters are under a user's control, as signed: external parameters in v1,
	// the invocation's in v0.2, the recipe's arguments in v0.1. Nil if absent.
	Parameters json.RawMessage `json:"parameters,omitempty"`
	// Internal is what the platform set, as signed: internal parameters in v1, the
	// environment before. Nil if absent.
	Internal json.RawMessage `json:"internal,omitempty"`
	// Materials are what the build fetched, the source among them.
	Materials []attest.ResourceDescriptor `json:"materials,omitempty"`
	// Invocation identifies the run. Started and Finished are zero if unstated.
	Invocation string    `json:"invocation,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Finished   time.Time `json:"finished,omitzero"`
	// Reproducible and Hermetic are claims; nil if unstated.
	Reproducible *bool `json:"reproducible,omitempty"`
	Hermetic     *bool `json:"hermetic,omitempty"`
	// ParametersComplete and MaterialsComplete say whether all of them are listed;
	// nil if unstated.
	ParametersComplete *bool `json:"parametersComplete,omitempty"`
	MaterialsComplete  *bool `json:"materialsComplete,omitempty"`
	// Contradictions are statements in the provenance that exclude each other.
	Contradictions []string `json:"contradictions,omitempty"`

	signers []attest.Identity // empty if nobody signed
}

// Source is what a build was made from.
type Source struct {
	// URI is as the provenance spells it.
	URI string `json:"uri,omitempty"`
	// Repository is the URI of a repository without scheme prefix, user information,
	// revision and ".git": "https://github.com/acme/app". Empty if the source is no
	// repository, or if its URI may lead elsewhere than it seems to.
	Repository string `json:"repository,omitempty"`
	// Ref is the branch or tag that was asked for, such as "refs/heads/main".
	Ref string `json:"ref,omitempty"`
	// Commit is the object that was checked out, in hexadecimal.
	Commit string `json:"commit,omitempty"`
	// Digest has all digests of the source.
	Digest map[string]string `json:"digest,omitempty"`
	// From is the part of the provenance that said so.
	From string `json:"from,omitempty"`
	// Unverified says that the platform only repeats the word of the client who asked
	// for the build.
	Unverified bool `json:"unverified,omitempty"`
}

// ErrProvenance says that a predicate is no SLSA provenance that this package
// reads. It is an attest.ErrPredicate.
var ErrProvenance = fmt.Errorf("%w: no SLSA provenance", attest.ErrPredicate)

// Read reads the provenance of a verified statement. The Build remembers who
// signed it. The error is an ErrProvenance, also when v is not valid.
func Read(v *attest.Verified) (*Build, error) {
	if !v.Valid() {
		return nil, fmt.Errorf("%w: not verified", ErrProvenance)
	}
	b, err := Parse(v.PredicateType(), v.Predicate())
	if err != nil {
		return nil, err
	}
	b.signers = v.Signers()
	return b, nil
}

// Parse reads a predicate that nobody signed, or whose signature is checked
// elsewhere. It supports no level. The error is an ErrProvenance.
func Parse(predicateType string, predicate []byte) (*Build, error) {
	read, ok := formats[predicateType]
	if !ok {
		return nil, fmt.Errorf("%w: type %.120q", ErrProvenance, predicateType)
	}
	d, err := read(predicate)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrProvenance, predicateType, err)
	}
	b := d.build()
	b.PredicateType = predicateType
	return b, nil
}

// ParseUnsigned is [Parse] for a statement, such as those that BuildKit stores in
// an image index. Unlike attest.ParseStatement it takes one without a subject: the
// index says which image it is about, and nothing binds it. The error is an
// ErrProvenance.
func ParseUnsigned(statement []byte) (*Build, error) {
	var st struct {
		Type          string          `json:"_type"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	err := strictjson.Decode(statement, &st)
	if err == nil && st.Type != attest.StatementV1 && st.Type != attest.StatementV01 {
		err = errors.New("not an in-toto statement")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProvenance, err)
	}
	return Parse(st.PredicateType, st.Predicate)
}
