package attest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/seal"
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

// Identity is who signed.
type Identity struct {
	// KeyID is the base64 SHA-256 of the public key's DER SubjectPublicKeyInfo.
	KeyID string `json:"keyID,omitempty"`
	// Name is the verifying party's own name for the key, from [Key].
	Name string `json:"name,omitempty"`
	// Issuer and SAN are the identity provider and the subject alternative name
	// of a signing certificate. Empty for plain keys.
	Issuer string `json:"issuer,omitempty"`
	SAN    string `json:"san,omitempty"`
}

// Verified is a statement whose signature and subject were checked. Only the
// verifiers of this module can make a valid one. A Verified does not change and
// may be used by several goroutines; what its methods return belongs to the
// caller.
type Verified struct {
	statement *Statement // nil in the zero value, which is therefore not valid
	subject   Digest
	envelope  Digest
	facts     seal.Facts
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

// Signer returns who signed.
func (v *Verified) Signer() Identity {
	if !v.Valid() {
		return Identity{}
	}
	return Identity{KeyID: v.facts.KeyID, Name: v.facts.Name, Issuer: v.facts.Issuer, SAN: v.facts.SAN}
}

// Time returns the proven time of signing. It is zero when nothing proves one,
// as with a plain key: times that a statement claims are not proof.
func (v *Verified) Time() time.Time {
	if !v.Valid() {
		return time.Time{}
	}
	return v.facts.Time
}

// EnvelopeDigest returns the SHA-256 of the stored JSON of the DSSE envelope, by
// which a verification summary can name its input.
func (v *Verified) EnvelopeDigest() Digest {
	if !v.Valid() {
		return ""
	}
	return v.envelope
}

// Unchecked names the parts of the bundle's verification material that the
// verifier did not check, such as "tlogEntries". Empty if there were none.
func (v *Verified) Unchecked() []string {
	if !v.Valid() {
		return nil
	}
	return slices.Clone(v.facts.Unchecked)
}

// Admit makes a Verified from the proof that a signature was checked. It is for
// the verifiers of this module: a proof cannot be made outside of it. Admit itself
// checks the statement's form and that subject is one of its subjects, so that no
// verifier can leave that out. The error is a [*VerifyError] or an ErrDigest.
func Admit(proof seal.Proof, subject Digest) (*Verified, error) {
	facts, ok := seal.Open(proof)
	if !ok {
		return nil, &VerifyError{Stage: StageSignature, Err: ErrSignature}
	}
	if err := subject.Validate(); err != nil {
		return nil, err
	}
	st, err := parseStatement(facts.Payload)
	if err != nil {
		return nil, &VerifyError{Stage: StageStatement, Err: err}
	}
	if !st.About(subject) {
		return nil, &VerifyError{Stage: StageSubject, Err: fmt.Errorf("%w: not about %s", ErrSubject, subject)}
	}
	v := &Verified{statement: st, subject: subject, envelope: digestOf(facts.Envelope), facts: facts}
	v.facts.Payload, v.facts.Envelope = nil, nil // the statement has what is needed of them
	return v, nil
}

func digestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}
