package attest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// Signer signs statements.
type Signer interface {
	// Sign returns a bundle with one signature over st.
	Sign(ctx context.Context, st *Statement) (*Bundle, error)
}

// Verifier checks bundles.
type Verifier interface {
	// Verify checks that b was signed by someone whom the verifier trusts and that
	// it states something about subject. The error is a [*VerifyError], an
	// ErrDigest for a malformed subject, or the context's error.
	Verify(ctx context.Context, b *Bundle, subject Digest) (*Verified, error)
}

// facts are what a verifier established about the signatures of one bundle.
type facts struct {
	signers   []Identity // at least one
	times     []TrustedTime
	log       []LogEntry
	unchecked []string
}

// TrustedTime is a time at which a signature existed, by the word of a third party that
// the trusted root names.
type TrustedTime struct {
	Time time.Time `json:"time"`
	// Source is "transparency log" or "timestamp authority".
	Source string `json:"source"`
	// URI is the third party's address, as the trusted root has it. May be empty.
	URI string `json:"uri,omitempty"`
}

// LogEntry is an entry of a transparency log that was checked: it is about this
// signature, and the log signed that it has it.
type LogEntry struct {
	// LogID is the log's id in base64, URL its address, as the trusted root has them.
	LogID string `json:"logID"`
	URL   string `json:"url,omitempty"`
	// Index is the entry's number in the log.
	Index int64 `json:"index"`
	// Kind is the entry's kind and version, "dsse 0.0.1".
	Kind string `json:"kind"`
	// Time is when the log took it in, by a promise that the log signed. Zero for logs that
	// promise none (Rekor v2).
	Time time.Time `json:"time,omitzero"`
}

// Verified is a statement whose signature and subject were checked. Only the
// verifiers of this module can make a valid one. A Verified does not change and
// may be used by several goroutines; what its methods return belongs to the
// caller.
type Verified struct {
	statement *Statement // nil in the zero value, which is therefore not valid
	subject   Digest
	envelope  Digest
	facts     facts
}

// Valid reports whether v came out of a verifier. It is false for the zero value
// and for nil, and then every other method returns a zero value.
func (v *Verified) Valid() bool { return v != nil && v.statement != nil }

// Statement returns a copy of the statement, nil if v is not valid.
func (v *Verified) Statement() *Statement {
	if !v.Valid() {
		return nil
	}
	return v.statement.clone()
}

// PredicateType returns the type URI of the predicate.
func (v *Verified) PredicateType() string {
	if !v.Valid() {
		return ""
	}
	return v.statement.PredicateType
}

// Predicate returns a copy of the predicate's JSON as it was signed.
func (v *Verified) Predicate() []byte {
	if !v.Valid() {
		return nil
	}
	return slices.Clone([]byte(v.statement.Predicate))
}

// Subject returns the digest for which the statement was verified.
func (v *Verified) Subject() Digest {
	if !v.Valid() {
		return ""
	}
	return v.subject
}

// Signer returns who signed; the first of Signers if there are several.
func (v *Verified) Signer() Identity {
	if !v.Valid() {
		return Identity{}
	}
	return v.facts.signers[0]
}

// Signers returns all trusted signers of the envelope, in the order of their
// signatures. Signatures of others are not mentioned.
func (v *Verified) Signers() []Identity {
	if !v.Valid() {
		return nil
	}
	return slices.Clone(v.facts.signers)
}

// Time returns the proven time of signing, the earliest of Times. It is zero when
// nothing proves one, as with a plain key: times that a statement claims are not proof.
func (v *Verified) Time() time.Time {
	if !v.Valid() {
		return time.Time{}
	}
	return v.facts.earliest()
}

func (f *facts) earliest() (t time.Time) {
	for _, o := range f.times {
		if t.IsZero() || o.Time.Before(t) {
			t = o.Time
		}
	}
	return t
}

// Times returns all proven times at which the signature existed, and who proves each.
func (v *Verified) Times() []TrustedTime {
	if !v.Valid() {
		return nil
	}
	return slices.Clone(v.facts.times)
}

// Log returns the entries of transparency logs that were checked.
func (v *Verified) Log() []LogEntry {
	if !v.Valid() {
		return nil
	}
	return slices.Clone(v.facts.log)
}

// EnvelopeDigest returns the SHA-256 of the stored JSON of the DSSE envelope, by
// which a verification summary can name its input.
func (v *Verified) EnvelopeDigest() Digest {
	if !v.Valid() {
		return ""
	}
	return v.envelope
}

// Unchecked names what was not checked, although it might have been: parts of the
// bundle's verification material, such as "tlogEntries" when the trust has no root, and
// what the trust gives up, as "signedCertificateTimestamps" by InsecureSkipSCT. Empty if
// there is nothing like that.
func (v *Verified) Unchecked() []string {
	if !v.Valid() {
		return nil
	}
	return slices.Clone(v.facts.unchecked)
}

// admit makes a Verified once the signatures of b were checked. It looks at the
// statement's form and its subjects, the same for all verifiers.
func admit(b *Bundle, f facts, subject ...Digest) (*Verified, error) {
	st, err := parseStatement(b.envelope.Payload)
	if err != nil {
		return nil, &VerifyError{Stage: StageStatement, Err: err}
	}
	if !st.about(subject) {
		return nil, &VerifyError{Stage: StageSubject, Err: fmt.Errorf("%w: not about %s", ErrSubject, subject[0])}
	}
	return &Verified{statement: st, subject: subject[0], envelope: digestOf(b.envelopeJSON), facts: f}, nil
}

func digestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// add takes over what a witness says.
func (f *facts) add(t witness.Testimony) {
	for _, o := range t.Times {
		f.times = append(f.times, TrustedTime(o))
	}
	for _, e := range t.Log {
		f.log = append(f.log, LogEntry(e))
	}
	f.unchecked = append(f.unchecked, t.Unchecked...)
}
