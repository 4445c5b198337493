package attest

import (
	"encoding/json"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/required"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Reconciliation is the predicate of imagetrust's reconciliation v0.1: where
// several SBOMs and reports about the subjects differ, and why. It names what was
// compared by digest, so that a reader can tell whether it belongs to the SBOM and
// the report at hand.
type Reconciliation struct {
	Reconciler Reconciler `json:"reconciler"`
	// TimeCreated is when the documents were compared, the reconciler's word.
	TimeCreated time.Time `json:"timeCreated"`
	// Inputs are the documents that were compared, each with its digest, and with the
	// name that the result calls it.
	Inputs []ResourceDescriptor `json:"inputs"`
	// Result is a JSON object: the result of package reconcile.
	Result json.RawMessage `json:"result"`
}

// Reconciler is the tool that compared.
type Reconciler struct {
	// URI identifies the tool, Version is empty if unknown.
	URI     string `json:"uri"`
	Version string `json:"version,omitempty"`
}

// PredicateTypes returns TypeReconciliation.
func (*Reconciliation) PredicateTypes() []string { return []string{TypeReconciliation} }

// Validate checks that nothing is missing and that each input is bound by a digest;
// see [Typed].
func (r *Reconciliation) Validate() error {
	err := required.Check(ErrPredicate,
		required.That("reconciler.uri is empty", r.Reconciler.URI != ""),
		required.That("timeCreated is zero", !r.TimeCreated.IsZero()),
		required.That("inputs is empty", len(r.Inputs) > 0),
		required.That("result is not an object", strictjson.IsObject(r.Result)),
	)
	if err != nil {
		return err
	}
	return checkAll("inputs", r.Inputs)
}
