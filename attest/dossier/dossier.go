package dossier

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Kind is what a statement is in a dossier.
type Kind string

// The kinds. Statements of other predicate types, such as provenance, are checked for
// their subject and nothing else.
const (
	SBOM           Kind = "SBOM"
	Scan           Kind = "scan"
	RBOM           Kind = "RBOM"
	Reconciliation Kind = "reconciliation"
	Other          Kind = "other"
)

// Verdict is what follows from something that was looked at.
type Verdict int

// The verdicts, in the order in which they outweigh each other. The zero value is
// Unproven.
const (
	Unproven     Verdict = iota // Something that would prove it is missing.
	Together                    // It fits, and the proof says by what.
	Contradicted                // Something is said that does not fit.
)

var verdictNames = [...]string{"unproven", "together", "contradicted"}

// String returns "unproven", "together" or "contradicted".
func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictNames) {
		return fmt.Sprintf("Verdict(%d)", int(v))
	}
	return verdictNames[v]
}

// MarshalText returns what String does.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what String returns.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdictNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("dossier: unknown verdict %.20q", text)
	}
	*v = Verdict(i)
	return nil
}

// Code says what a Reason is about.
type Code string

// The codes.
const (
	// CodeSubject: the statement was verified, and about the image asked for.
	CodeSubject Code = "subject"
	// CodeOwnSubject: the image that the predicate itself names is that image.
	CodeOwnSubject Code = "own-subject"
	// CodePresent: a kind of statement that is needed is there.
	CodePresent Code = "present"
	// CodeInput: the statement names the SBOM or scan that it was made from, and that
	// is attested.
	CodeInput Code = "input"
	// CodeSameSBOM: there is an SBOM that all of them name.
	CodeSameSBOM Code = "same-sbom"
	// CodeSigned: the statement does not claim to be younger than its signature.
	CodeSigned Code = "signed"
	// CodeOrder: the statement is not older than what it was made from.
	CodeOrder Code = "order"
)

// Ref names a statement.
type Ref struct {
	Kind          Kind   `json:"kind"`
	PredicateType string `json:"predicateType,omitempty"`
	// Envelope is the digest of its envelope, as [attest.Verified.EnvelopeDigest].
	Envelope attest.Digest `json:"envelope,omitempty"`
}

// Fact is something that a statement says, or that follows from its bytes.
type Fact struct {
	// Envelope is the statement's.
	Envelope attest.Digest `json:"envelope,omitempty"`
	// At is where: a JSON pointer into the predicate, empty for the predicate itself;
	// "signature" for the trusted time of signing, "subject" for what was verified, "document"
	// for one of Options.Documents.
	At string `json:"at"`
	// Value is what is there: a digest, a time in RFC 3339, an error.
	Value string `json:"value"`
	// Trusted is false for the signer's own word.
	Trusted bool `json:"trusted,omitempty"`
}

// Reason is one thing that was looked at.
type Reason struct {
	Code    Code    `json:"code"`
	Verdict Verdict `json:"verdict"`
	// Statement is the one concerned; only its kind if there is none.
	Statement Ref `json:"statement"`
	// Of is the statement that it is compared with, nil if there is none.
	Of *Ref `json:"of,omitempty"`
	// Proof are the facts on which it rests; empty when something is missing.
	Proof []Fact `json:"proof,omitempty"`
}

// String returns the reason in one line.
func (r Reason) String() string {
	text := fmt.Sprintf("%s: %s %s", r.Verdict, r.Statement.Kind, r.Code)
	if r.Of != nil {
		text += fmt.Sprintf(" (%s)", r.Of.Kind)
	}
	for _, f := range r.Proof {
		by := "claimed"
		if f.Trusted {
			by = "proven"
		}
		text += fmt.Sprintf("; %s %q, %s", cmp.Or(f.At, "predicate"), f.Value, by)
	}
	return text
}

// Answer says whether the statements belong together.
type Answer struct {
	// Subject is the image.
	Subject attest.Digest `json:"subject"`
	// Verdict is Contradicted if one of the reasons is, else Unproven if one is, else
	// Together.
	Verdict Verdict `json:"verdict"`
	// Reasons are all that was looked at, in the order of the statements.
	Reasons []Reason `json:"reasons"`
}

// Together reports whether the verdict is Together. It is false for nil.
func (a *Answer) Together() bool { return a != nil && a.Verdict == Together }

// With returns the reasons of a verdict.
func (a *Answer) With(v Verdict) []Reason {
	var found []Reason
	for _, r := range a.Reasons {
		if r.Verdict == v {
			found = append(found, r)
		}
	}
	return found
}

// Options adjust Check. The zero value, and nil, ask for an SBOM and that whatever
// else is there belongs to it.
type Options struct {
	// Need are the kinds that must be there. An SBOM is needed in any case.
	Need []Kind
	// Documents are SBOMs and reports as they lie on disk. Who signs a document may
	// spell it anew, and a scanner names the file that it read: with the file here, its
	// digest counts for the statement whose predicate is the same JSON value.
	Documents [][]byte
	// Tolerance is how far clocks may be apart, a minute if zero.
	Tolerance time.Duration
}

// Check looks whether statements about the image subject belong together. They are
// what a verifier returned, such as Verified of an oci.Result; one that is not valid
// contradicts. opts may be nil. Several statements of one kind are all looked at: leave out
// those that others have replaced. Check changes nothing and may be used by several
// goroutines. It takes time in proportion to the statements' sizes, and the square of their
// number.
func Check(subject attest.Digest, statements []*attest.Verified, opts *Options) *Answer {
	c := &check{answer: &Answer{Subject: subject}}
	if opts != nil {
		c.opts = *opts
	}
	if c.opts.Tolerance <= 0 {
		c.opts.Tolerance = time.Minute
	}
	for _, doc := range c.opts.Documents {
		c.documents = append(c.documents, formOf("document", doc))
	}
	for _, v := range statements {
		s := newStatement(v)
		if c.subject(s) {
			c.all = append(c.all, s)
		}
	}
	c.present()
	c.signed()
	c.inputs()
	return c.settle()
}

// check is one run of Check.
type check struct {
	opts      Options
	documents []form
	answer    *Answer
	all       []*statement // those that are verified and about the subject
}

func (c *check) add(r Reason) { c.answer.Reasons = append(c.answer.Reasons, r) }

// settle derives the verdict from the reasons.
func (c *check) settle() *Answer {
	has := func(v Verdict) bool {
		return slices.ContainsFunc(c.answer.Reasons, func(r Reason) bool { return r.Verdict == v })
	}
	switch {
	case has(Contradicted):
		c.answer.Verdict = Contradicted
	case has(Unproven):
		c.answer.Verdict = Unproven
	default:
		c.answer.Verdict = Together
	}
	return c.answer
}

// subject checks what a statement is about.
func (c *check) subject(s *statement) bool {
	about := s.v.Subject()
	r := Reason{Code: CodeSubject, Verdict: Together, Statement: s.ref, Proof: []Fact{{s.ref.Envelope, "subject", string(about), true}}}
	if !s.v.Valid() || about != c.answer.Subject {
		r.Verdict = Contradicted
	}
	c.add(r)
	if r.Verdict == Together && s.ref.PredicateType == attest.TypeRBOM {
		c.ownSubject(s)
	}
	return r.Verdict == Together
}

// ownSubject checks which image an RBOM says that was recorded. It may have been
// chosen through an index.
func (c *check) ownSubject(s *statement) {
	r := Reason{Code: CodeOwnSubject, Statement: s.ref}
	var p struct {
		Subject struct {
			Digest string `json:"digest"`
			Index  string `json:"index"`
		} `json:"subject"`
	}
	digest, at := "", "/subject/digest"
	if err := strictjson.Decode(s.v.Predicate(), &p); err == nil {
		digest = p.Subject.Digest
	}
	if p.Subject.Index == string(c.answer.Subject) {
		digest, at = p.Subject.Index, "/subject/index"
	}
	if digest != "" {
		r.Verdict, r.Proof = Contradicted, []Fact{{s.ref.Envelope, at, digest, false}}
	}
	if digest == string(c.answer.Subject) {
		r.Verdict = Together
	}
	c.add(r)
}

// present checks that what is needed is there.
func (c *check) present() {
	asked := map[Kind]bool{}
	for _, kind := range append([]Kind{SBOM}, c.opts.Need...) {
		if asked[kind] {
			continue
		}
		asked[kind] = true
		r := Reason{Code: CodePresent, Statement: Ref{Kind: kind}}
		if i := slices.IndexFunc(c.all, func(s *statement) bool { return s.ref.Kind == kind }); i >= 0 {
			r.Verdict, r.Statement = Together, c.all[i].ref
		}
		c.add(r)
	}
}
