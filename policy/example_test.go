package policy_test

import (
	"context"
	"fmt"

	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/sbom"
)

// onlyRelease is a rule of one's own: it allows images of one release of a distribution.
type onlyRelease struct{ id, version string }

// Evaluate denies other releases, and does not know without a distribution.
func (r onlyRelease) Evaluate(_ context.Context, e *policy.Evidence) policy.Outcome {
	o := policy.Outcome{Rule: "only-release", Verdict: policy.Allow}
	switch {
	case e.Inventory == nil || e.Inventory.Distribution == nil:
		o.Verdict = policy.Indeterminate
		o.Reasons = []policy.Reason{{Code: "missing-distribution", Message: "Nothing says which distribution it is."}}
	case e.Inventory.Distribution.ID != r.id || e.Inventory.Distribution.VersionID != r.version:
		o.Verdict = policy.Deny
		o.Reasons = []policy.Reason{{Code: "other-release", Message: "It is " + e.Inventory.Distribution.Name + "."}}
	}
	return o
}

func ExampleDecision_Allowed() {
	var none *policy.Decision
	fmt.Println(none.Allowed(), (&policy.Decision{}).Allowed(), (&policy.Decision{Verdict: policy.Allow}).Allowed())
	// Output: false false true
}

func ExampleRule() {
	rule := onlyRelease{id: "debian", version: "12"}
	for _, d := range []*sbom.Distribution{
		{ID: "debian", VersionID: "12", Name: "Debian GNU/Linux 12 (bookworm)"},
		{ID: "debian", VersionID: "10", Name: "Debian GNU/Linux 10 (buster)"},
		nil,
	} {
		decision, err := policy.Decide(context.Background(), &policy.Evidence{Inventory: &sbom.Inventory{Distribution: d}}, rule)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(decision.Verdict)
		for _, r := range decision.Reasons {
			fmt.Printf("  %s %s: %s\n", r.Rule, r.Code, r.Message)
		}
	}
	// Output:
	// allow
	// deny
	//   only-release other-release: It is Debian GNU/Linux 10 (buster).
	// indeterminate
	//   only-release missing-distribution: Nothing says which distribution it is.
}
