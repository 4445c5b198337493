package slsa

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// formats are the readers by predicate type.
var formats = map[string]func([]byte) (*document, error){
	attest.TypeSLSAProvenance1:  readV1,
	attest.TypeSLSAProvenance02: readV02,
	attest.TypeSLSAProvenance01: readV01,
}

// document is the provenance of any version before its build type is looked at.
type document struct {
	builder, buildType string

	config         ConfigSource    // v0.2; in v0.1 the entry point alone
	external       json.RawMessage // as Build.Parameters
	internal       json.RawMessage // as Build.Internal
	recipe         bool            // it is v0.1
	definedIn      int             // v0.1: index of the material with the recipe, -1 if unstated
	materials      []attest.ResourceDescriptor
	materialsAt    string // the name of the list, for Source.From
	parametersAt   string // the name of external
	internalAt     string // the name of internal
	invocation     string
	started, ended time.Time

	reproducible, hermetic   *bool
	allParams, allMaterials  *bool
	extension                map[string]json.RawMessage // unknown members of the metadata
	parameters, internalVars members                    // of external and internal
}

// members are those of an object by their exact names: a field of a struct would
// take "Source" for "source", which may be another parameter.
type members map[string]json.RawMessage

// membersOf returns the members of an object, nil of anything else.
func membersOf(b json.RawMessage) (m members) {
	if strictjson.IsObject(b) {
		_ = json.Unmarshal(b, &m) // scanned before
	}
	return m
}

// object returns the members of a member.
func (m members) object(name string) members { return membersOf(m[name]) }

// each calls f with the elements of a member that is a list.
func (m members) each(name string, f func(members)) {
	_ = strictjson.Array(m[name], func(v []byte) error { // no list, no elements
		f(membersOf(v))
		return nil
	})
}

// text returns a member that is a string, empty if it is anything else.
func (m members) text(name string) (s string) {
	_ = json.Unmarshal(m[name], &s)
	return s
}

// flag returns a member that is true or false, nil if it is anything else.
func (m members) flag(name string) (b *bool) {
	if json.Unmarshal(m[name], &b) != nil {
		return nil
	}
	return b
}

// digest returns a member that is a digest set, nil if it is anything else.
func (m members) digest(name string) (d map[string]string) {
	if json.Unmarshal(m[name], &d) != nil {
		return nil
	}
	return d
}

func readV1(predicate []byte) (*document, error) {
	var p attest.SLSAProvenance
	if err := decode(predicate, &p); err != nil {
		return nil, err
	}
	d := &document{
		builder:      p.RunDetails.Builder.ID,
		buildType:    p.BuildDefinition.BuildType,
		external:     p.BuildDefinition.ExternalParameters,
		internal:     p.BuildDefinition.InternalParameters,
		materials:    p.BuildDefinition.ResolvedDependencies,
		materialsAt:  "resolvedDependencies",
		parametersAt: "externalParameters",
		internalAt:   "internalParameters",
		definedIn:    -1,
	}
	if m := p.RunDetails.Metadata; m != nil {
		d.invocation, d.started, d.ended, d.extension = m.InvocationID, m.StartedOn, m.FinishedOn, m.Extra
	}
	return d, nil
}

func readV02(predicate []byte) (*document, error) {
	var p ProvenanceV02
	if err := decode(predicate, &p); err != nil {
		return nil, err
	}
	d := &document{
		builder:      p.Builder.ID,
		buildType:    p.BuildType,
		config:       p.Invocation.ConfigSource,
		external:     p.Invocation.Parameters,
		internal:     p.Invocation.Environment,
		materials:    p.Materials,
		materialsAt:  "materials",
		parametersAt: "invocation.parameters",
		internalAt:   "invocation.environment",
		definedIn:    -1,
	}
	if p.Metadata != nil {
		d.setMetadata(p.Metadata)
	}
	return d, nil
}

func (d *document) setMetadata(m *MetadataV02) {
	d.invocation, d.started, d.ended = m.BuildInvocationID, m.BuildStartedOn, m.BuildFinishedOn
	d.reproducible, d.extension = m.Reproducible, m.Extra
	if c := m.Completeness; c != nil {
		d.allParams, d.allMaterials = c.Parameters, c.Materials
	}
}

// provenanceV01 is SLSA provenance v0.1, which Google Cloud Build writes.
type provenanceV01 struct {
	Builder BuilderV02 `json:"builder"`
	Recipe  struct {
		Type              string          `json:"type"`
		DefinedInMaterial json.RawMessage `json:"definedInMaterial"` // a number, or one in a string
		EntryPoint        string          `json:"entryPoint"`
		Arguments         json.RawMessage `json:"arguments"`
		Environment       json.RawMessage `json:"environment"`
	} `json:"recipe"`
	Metadata  *MetadataV02                `json:"metadata"`
	Materials []attest.ResourceDescriptor `json:"materials"`
}

func readV01(predicate []byte) (*document, error) {
	var p provenanceV01
	if err := decode(predicate, &p); err != nil {
		return nil, err
	}
	d := &document{
		builder:      p.Builder.ID,
		buildType:    p.Recipe.Type,
		config:       ConfigSource{EntryPoint: p.Recipe.EntryPoint},
		external:     p.Recipe.Arguments,
		internal:     p.Recipe.Environment,
		materials:    p.Materials,
		materialsAt:  "materials",
		parametersAt: "recipe.arguments",
		internalAt:   "recipe.environment",
		recipe:       true,
		definedIn:    -1,
	}
	var index json.Number // takes a number in a string as well
	if json.Unmarshal(p.Recipe.DefinedInMaterial, &index) == nil {
		if n, err := index.Int64(); err == nil && n >= 0 && n < int64(len(p.Materials)) {
			d.definedIn = int(n)
		}
	}
	if p.Metadata != nil {
		d.setMetadata(p.Metadata)
	}
	return d, nil
}

func decode(predicate []byte, out any) error {
	if !strictjson.IsObject(predicate) {
		return errors.New("not a JSON object")
	}
	return strictjson.Decode(predicate, out)
}

// build is the part that all platforms have in common, and then each one's own.
func (d *document) build() *Build {
	d.parameters, d.internalVars = membersOf(d.external), membersOf(d.internal)
	b := &Build{
		Builder: d.builder, BuildType: d.buildType, Platform: platformOf(d.buildType),
		Parameters: present(d.external), Internal: present(d.internal), Materials: d.materials,
		Invocation: d.invocation, Started: d.started, Finished: d.ended,
		Reproducible: d.reproducible, Hermetic: d.hermetic,
		ParametersComplete: d.allParams, MaterialsComplete: d.allMaterials,
	}
	switch b.Platform {
	case GitHubActions, GitHubGenerator:
		b.fromGitHub(d)
	case TektonChains:
		b.fromTekton(d)
	case BuildKit:
		b.fromBuildKit(d)
	case GoogleCloudBuild:
		b.fromCloudBuild(d)
	default:
		b.fromOther(d)
	}
	b.compare(d)
	return b
}

// present returns nil for null.
func present(b json.RawMessage) json.RawMessage {
	if strictjson.IsNull(b) {
		return nil
	}
	return b
}
