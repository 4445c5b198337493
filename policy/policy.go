// Package policy turns evidence about an image into a decision with its reasons.
//
// # Evidence and rules
//
// [Evidence] is what is known: the inventory, scan reports, a reconciliation, a
// runtime bill of materials, and attestations. For claims of others it takes
// only [attest.Verified] values, which nothing but a verifier can make. A [Rule]
// looks at the evidence and answers with an [Outcome]; [Decide] asks all rules
// and gives one [Decision].
//
// # Not knowing never allows
//
// A rule that lacks the evidence it needs answers [Indeterminate], and says what is
// missing. One denial makes the decision a denial; otherwise one indeterminate
// outcome makes it indeterminate; a decision without rules is indeterminate too. Only
// [Decision.Allowed] lets an image run.
//
// Rules are pure: the same evidence gives the same decision, with no clock, network or
// file system involved.
package policy

import (
	"context"
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// Evidence is what a decision is based on. All parts but Subject may be missing;
// rules that need one say so. Rules must not change it.
type Evidence struct {
	// Subject is the digest of the image manifest that is to be decided on. It
	// comes from whoever asks, never from the evidence itself.
	Subject sbom.Digest
	// Inventory is what is in the image.
	Inventory *sbom.Inventory
	// Reports are what scanners found.
	Reports []*scan.Report
	// Reconciliation compares inventories and reports.
	Reconciliation *reconcile.Reconciliation
	// RBOM is what was seen to run.
	RBOM *rbom.RBOM
	// Attestations are verified statements about the image.
	Attestations []*attest.Verified
}

// Verdict is the answer of a rule or a decision. The zero value is none of the three,
// and counts as Indeterminate.
type Verdict string

const (
	Allow         Verdict = "allow"         // Everything that was asked is proven.
	Deny          Verdict = "deny"          // Something that was asked is disproven.
	Indeterminate Verdict = "indeterminate" // Something that was asked is not known. It never allows.
)

// Rule answers one question about the evidence. Implementations are pure and safe
// for concurrent use.
type Rule interface {
	// Evaluate answers. An Outcome whose Verdict is none of the three counts
	// as Indeterminate, and so does a panic.
	Evaluate(ctx context.Context, e *Evidence) Outcome
}

// Outcome is the answer of one rule.
type Outcome struct {
	// Rule names the rule; Decide fills in its Go type when it is empty.
	Rule string `json:"rule"`
	// Verdict of the rule.
	Verdict Verdict `json:"verdict"`
	// Reasons for it. A denial and an indeterminate outcome have at least one: Decide
	// adds one that says so when the rule gave none.
	Reasons []Reason `json:"reasons,omitempty"`
}

// Reason is one fact that led to an outcome.
type Reason struct {
	// Rule names the rule that gave it; Decide fills it in.
	Rule string `json:"rule"`
	// Verdict is what this fact speaks for; Decide fills in that of the Outcome when it
	// is empty. A Decision lists the reasons for Deny and Indeterminate.
	Verdict Verdict `json:"verdict"`
	// Code is for programs: a fixed word such as "modified" or "missing-report".
	Code string `json:"code"`
	// Message is for people: one sentence.
	Message string `json:"message"`
	// Component is the id of the component concerned, if any.
	Component string `json:"component,omitempty"`
	// Path is the file concerned, if any.
	Path string `json:"path,omitempty"`
	// Finding is the vulnerability concerned, if any.
	Finding string `json:"finding,omitempty"`
	// Layer is the layer concerned, if any.
	Layer *sbom.LayerRef `json:"layer,omitempty"`
}

// Decision is the answer about one image.
type Decision struct {
	// Subject is the image decided on.
	Subject sbom.Digest `json:"subject"`
	// Verdict is that of all rules together.
	Verdict Verdict `json:"verdict"`
	// Reasons are all reasons of all rules that did not allow, denials first, in the
	// order of the rules.
	Reasons []Reason `json:"reasons,omitempty"`
	// Rules are the outcomes one by one, in the order asked.
	Rules []Outcome `json:"rules,omitempty"`
	// Inputs name the evidence by digest.
	Inputs []Input `json:"inputs,omitempty"`
}

// Allowed reports whether the image may run: only if every rule allowed it.
func (d *Decision) Allowed() bool { return d != nil && d.Verdict == Allow }

// Decide asks the rules about the evidence, which must not change meanwhile; nil is no
// evidence at all. It is safe for concurrent use. The error is that of ctx, or of evidence
// that cannot be encoded; the decision is indeterminate then.
func Decide(ctx context.Context, e *Evidence, rules ...Rule) (*Decision, error) {
	if e == nil {
		e = &Evidence{}
	}
	d := &Decision{Subject: e.Subject, Verdict: Indeterminate}
	for _, r := range rules {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		d.Rules = append(d.Rules, evaluate(ctx, r, e))
	}
	inputs, err := inputs(e)
	if err != nil {
		return d, err
	}
	d.Inputs = inputs
	d.Verdict = combine(d.Rules)
	d.Reasons = reasons(d.Rules)
	if len(rules) == 0 {
		d.Reasons = []Reason{{Verdict: Indeterminate, Code: "no-rule", Message: "No rule was asked."}}
	}
	return d, ctx.Err()
}

// evaluate asks one rule. A rule that panics has not allowed anything.
func evaluate(ctx context.Context, r Rule, e *Evidence) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Rule: ruleName(r), Verdict: Indeterminate}
			o.add(Reason{Verdict: Indeterminate, Code: "failed", Message: fmt.Sprintf("The rule failed: %v.", p)})
		}
		o.complete()
	}()
	o = r.Evaluate(ctx, e)
	if o.Rule == "" {
		o.Rule = ruleName(r)
	}
	if o.Verdict != Allow && o.Verdict != Deny && o.Verdict != Indeterminate {
		o.add(Reason{Verdict: Indeterminate, Code: "failed", Message: fmt.Sprintf("The rule answered %q, which is no verdict.", o.Verdict)})
		o.Verdict = Indeterminate
	}
	return o
}

// complete fills in what a rule may leave out, so that no refusal is without a reason
// and no reason is lost.
func (o *Outcome) complete() {
	explained := o.Verdict == Allow
	o.Reasons = slices.Clone(o.Reasons) // the rule may keep its own
	for i := range o.Reasons {
		r := &o.Reasons[i]
		r.Rule = o.Rule
		if r.Verdict == "" {
			r.Verdict = o.Verdict
		}
		explained = explained || r.Verdict == o.Verdict
	}
	if !explained {
		o.add(Reason{Rule: o.Rule, Verdict: o.Verdict, Code: "no-reason", Message: "The rule gave no reason."})
	}
}

func ruleName(r Rule) string { return fmt.Sprintf("%T", r) }

func (o *Outcome) add(r Reason) { o.Reasons = append(o.Reasons, r) }

func combine(outcomes []Outcome) Verdict {
	v := Allow
	for _, o := range outcomes {
		if o.Verdict == Deny {
			return Deny
		}
		if o.Verdict != Allow {
			v = Indeterminate
		}
	}
	if len(outcomes) == 0 {
		return Indeterminate
	}
	return v
}

func reasons(outcomes []Outcome) (all []Reason) {
	for _, v := range []Verdict{Deny, Indeterminate} {
		for _, o := range outcomes {
			for _, r := range o.Reasons {
				if r.Verdict == v {
					all = append(all, r)
				}
			}
		}
	}
	return all
}

// verdict of the reasons given so far: that of the worst.
func (o *Outcome) settle() Outcome {
	o.Verdict = Allow
	for _, r := range o.Reasons {
		if r.Verdict == Deny {
			o.Verdict = Deny
			break
		}
		if r.Verdict == Indeterminate {
			o.Verdict = Indeterminate
		}
	}
	return *o
}
