package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
	"github.com/imagetrust/imagetrust/scan"
)

// MaxInputs is the most inputs that Run compares at once.
const MaxInputs = 64

// Errors of Run and Verify.
var (
	// ErrInput: the inputs cannot be compared: fewer than one or more than
	// MaxInputs, a name empty or used twice, or one without content.
	ErrInput = errors.New("reconcile: unusable input")
	// ErrSubject: Options.SameSubject is set and the inputs describe different
	// images.
	ErrSubject = errors.New("reconcile: inputs describe different images")
	// ErrProof: a proof could not be found again in the inputs.
	ErrProof = errors.New("reconcile: proof does not hold")
)

// Input is one source to compare. It has an Inventory, a Report, or both.
type Input struct {
	// Name is how the result refers to the input, such as the name of its file.
	// Names are unique.
	Name string
	// Inventory is what the source says is in the image.
	Inventory *sbom.Inventory
	// Report is what the source says about vulnerabilities. When Inventory is nil,
	// the components are those that the report names.
	Report *scan.Report
	// Digest is the digest of the document the input was read from. Proofs cite
	// it; it may be empty.
	Digest sbom.Digest
	// ReportDigest is the digest of the document that Report was read from, if
	// Inventory is from another. Proofs about findings cite it then.
	ReportDigest sbom.Digest
	// Witness says that Inventory was made from the image itself by the caller,
	// so that its files and layers prove what is in the image. Leave it false for
	// documents by others.
	Witness bool
}

// Options say how to compare. The zero value, as nil, is the default.
type Options struct {
	// SameSubject makes Run fail with ErrSubject when inputs describe different
	// images. By default they are compared, and the differences between them
	// have CauseOtherSubject.
	SameSubject bool
	// Files compares components of type file, too. By default they have rows,
	// but no differences: few tools list them.
	Files bool
}

// Reconciliation is the result of a comparison.
type Reconciliation struct {
	// Inputs in the order given.
	Inputs []Source `json:"inputs"`
	// Components are the distinct components, ordered by key. Every component of
	// every input is a sighting of exactly one of them.
	Components []Row `json:"components,omitempty"`
	// Findings are the distinct findings, ordered by component and id. Every
	// finding of every input is a sighting of exactly one of them.
	Findings []FindingRow `json:"findings,omitempty"`
	// Differences, ordered by kind, cause, component and finding.
	Differences []Difference `json:"differences,omitempty"`
	// Summary counts.
	Summary Summary `json:"summary"`
}

// Source describes an input.
type Source struct {
	Name string `json:"name"`
	// Digest and ReportDigest are those of Input: what was compared, bound so that an
	// attested reconciliation (attest.Reconciliation) can name its inputs.
	Digest       sbom.Digest        `json:"digest,omitempty"`
	ReportDigest sbom.Digest        `json:"reportDigest,omitempty"`
	Subject      sbom.Subject       `json:"subject,omitzero"`
	Distribution *sbom.Distribution `json:"distribution,omitempty"`
	Tools        []sbom.Tool        `json:"tools,omitempty"`
	// Components and Findings are how many the input has.
	Components int `json:"components"`
	Findings   int `json:"findings"`
	// Complete says that the input would list every component it knows, so that
	// the absence of one means something.
	Complete bool `json:"complete"`
	// Report says that the input has a vulnerability report.
	Report bool `json:"report"`
	// Witness is Input.Witness.
	Witness bool `json:"witness"`
	// OtherSubject are the inputs that are proven to describe another image.
	OtherSubject []string `json:"otherSubject,omitempty"`
}

// Row is a distinct component.
type Row struct {
	// ID is derived from content, and unique in the reconciliation.
	ID string `json:"id"`
	// Key is the canonical identity, empty when the component has none.
	Key identity.Key `json:"key,omitempty"`
	// Level is the highest level that any of the sightings needed to be joined;
	// LevelNone for a single one without a key.
	Level identity.Level `json:"level"`
	// Name and Version are those of the first sighting.
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Type is the purl type, empty without a purl.
	Type string `json:"type,omitempty"`
	// Sightings, by input.
	Sightings []Sighting `json:"sightings"`
}

// Sighting is a component as one input has it.
type Sighting struct {
	Input     string            `json:"input"`
	Component scan.ComponentRef `json:"component"`
	// Level is that at which it equals the row's first sighting.
	Level identity.Level `json:"level"`
	// Rewrites lead from its spelling to the row's key. They are listed when
	// Level is above LevelBytes.
	Rewrites []identity.Rewrite `json:"rewrites,omitempty"`
}

// FindingRow is a distinct finding: an alias group on a component.
type FindingRow struct {
	// ID is derived from content, and unique in the reconciliation.
	ID string `json:"id"`
	// Vulnerability is the id preferred for people: the CVE id if there is one.
	Vulnerability string `json:"vulnerability"`
	// IDs are all ids under which inputs report it, sorted.
	IDs []string `json:"ids"`
	// Row is the Row.ID of the component.
	Row string `json:"row"`
	// Sightings, by input.
	Sightings []FindingSighting `json:"sightings"`
}

// FindingSighting is a finding as one input has it.
type FindingSighting struct {
	Input    string            `json:"input"`
	ID       string            `json:"id"`
	Pointer  string            `json:"pointer,omitempty"`
	Severity scan.Severity     `json:"severity"`
	Status   scan.Status       `json:"status,omitempty"`
	Method   scan.Method       `json:"method,omitempty"`
	On       scan.ComponentRef `json:"component"`
}

// Difference is something in which inputs differ, and why.
type Difference struct {
	// ID is derived from content, and unique in the reconciliation.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Row is the component concerned, as its Row.ID; empty for KindSubject.
	Row string `json:"row,omitempty"`
	// Component is it, as the first input that has it spells it.
	Component scan.ComponentRef `json:"component,omitzero"`
	// FindingRow is the finding concerned, as its FindingRow.ID.
	FindingRow string `json:"findingRow,omitempty"`
	// Finding are the ids of the finding.
	Finding []string `json:"finding,omitempty"`
	// In are the inputs that have it, NotIn those that do not. NotIn is empty
	// when all have it and differ in how.
	In    []string `json:"in"`
	NotIn []string `json:"notIn,omitempty"`
	Cause Cause    `json:"cause"`
	// Certainty is how far Proof carries.
	Certainty Certainty `json:"certainty"`
	Proof     Proof     `json:"proof"`
}

// Summary counts a reconciliation.
type Summary struct {
	// Components and Findings are the numbers of rows. Components that are never compared
	// do not count: the operating system, the image itself and, without Options.Files, files.
	Components int `json:"components"`
	Findings   int `json:"findings"`
	// SharedComponents and SharedFindings are those in at least two inputs.
	SharedComponents int `json:"sharedComponents"`
	SharedFindings   int `json:"sharedFindings"`
	// Counts are the numbers of differences, in the order of Differences.
	Counts []Count `json:"counts,omitempty"`
}

// Count is a number of differences of one kind, cause and certainty.
type Count struct {
	Kind      Kind      `json:"kind"`
	Cause     Cause     `json:"cause"`
	Certainty Certainty `json:"certainty"`
	N         int       `json:"n"`
}

// Count returns how many differences have the kind and the cause. An empty kind
// or cause stands for any.
func (s *Summary) Count(k Kind, c Cause) int {
	n := 0
	for _, e := range s.Counts {
		if (k == "" || e.Kind == k) && (c == "" || e.Cause == c) {
			n += e.N
		}
	}
	return n
}

// Row returns the row with the given id, nil when there is none.
func (r *Reconciliation) Row(id string) *Row {
	for i := range r.Components {
		if r.Components[i].ID == id {
			return &r.Components[i]
		}
	}
	return nil
}

// Run compares the inputs. opts may be nil. It stops with the context's error
// when ctx is done. The other errors are ErrInput and, if asked for, ErrSubject.
//
// Proofs point into the inputs, which must not change while the result is used. Run is
// safe for concurrent use.
func Run(ctx context.Context, inputs []Input, opts *Options) (*Reconciliation, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := checkInputs(inputs); err != nil {
		return nil, err
	}
	r := newRun(inputs, opts)
	if err := r.subjects(); err != nil {
		return nil, err
	}
	for _, step := range []func(){r.join, r.joinFindings, r.components, r.findingDifferences} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		step()
	}
	return r.finish(), nil
}

func checkInputs(inputs []Input) error {
	if len(inputs) < 1 || len(inputs) > MaxInputs {
		return fmt.Errorf("%w: %d inputs, want 1 to %d", ErrInput, len(inputs), MaxInputs)
	}
	seen := make(map[string]bool)
	for i := range inputs {
		in := &inputs[i]
		switch {
		case in.Name == "":
			return fmt.Errorf("%w: input %d has no name", ErrInput, i)
		case seen[in.Name]:
			return fmt.Errorf("%w: two inputs are named %q", ErrInput, in.Name)
		case in.Inventory == nil && in.Report == nil:
			return fmt.Errorf("%w: %q has neither an inventory nor a report", ErrInput, in.Name)
		}
		seen[in.Name] = true
	}
	return nil
}
