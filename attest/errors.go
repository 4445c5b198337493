package attest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Errors of reading bundles, envelopes, statements and keys.
var (
	// ErrBundle says that bytes are neither a Sigstore bundle nor a DSSE envelope.
	ErrBundle = errors.New("attest: malformed bundle")
	// ErrEnvelope says that a DSSE envelope is malformed.
	ErrEnvelope = errors.New("attest: malformed envelope")
	// ErrStatement says that a payload is not an acceptable in-toto statement.
	ErrStatement = errors.New("attest: malformed statement")
	// ErrPredicate says that a predicate is absent, null, not JSON, or of a type
	// other than asked for.
	ErrPredicate = errors.New("attest: unusable predicate")
	// ErrDocument says that a document is none of those that a reference attests.
	ErrDocument = errors.New("attest: document is not the one attested")
	// ErrDigest says that a digest is malformed or of an algorithm weaker than
	// SHA-256.
	ErrDigest = errors.New("attest: malformed or weak digest")
	// ErrLimit says that an input is larger or deeper than this package reads.
	ErrLimit = strictjson.ErrLimit
	// ErrKey says that a key is malformed, of an unsupported kind or too weak.
	ErrKey = errors.New("attest: unusable key")
	// ErrTrust says that a Trust trusts nobody, contradicts itself, or needs more than the
	// package that was asked has.
	ErrTrust = errors.New("attest: unusable trust")
	// ErrRoot says that a trusted root or a file of keys is malformed.
	ErrRoot = errors.New("attest: malformed trusted root")
	// ErrEncryptedKey says that a private key is encrypted. Cosign's own
	// encryption needs scrypt and NaCl, which the standard library lacks: decrypt
	// the key first, or pass any crypto.Signer to NewKeySigner. It is an ErrKey.
	ErrEncryptedKey = fmt.Errorf("%w: private key is encrypted", ErrKey)
)

// Errors of verification. They come inside a [*VerifyError].
var (
	// ErrUnsupported says that a bundle holds what this verifier cannot check,
	// such as a signature over a file instead of a statement.
	ErrUnsupported = errors.New("attest: unsupported bundle content")
	// ErrPayloadType says that an envelope does not hold an in-toto statement.
	ErrPayloadType = errors.New("attest: payload is not an in-toto statement")
	// ErrSignature says that no trusted key made any of the signatures.
	ErrSignature = errors.New("attest: no valid signature by a trusted key")
	// ErrKeyValidity says that the signature is good, but that the key's validity
	// period excludes the time of signing, or where no trusted time shows that, the time
	// of verification.
	ErrKeyValidity = errors.New("attest: key is outside its validity period")
	// ErrKeyRevoked says that the signature is good, but that the key is revoked and no
	// trusted time shows that the signature is older.
	ErrKeyRevoked = errors.New("attest: key is revoked")
	// ErrSigners says that fewer distinct signers signed than are required.
	ErrSigners = errors.New("attest: too few signers")
	// ErrEvidence says that a certificate, a log entry or a timestamp is missing, is about
	// something else, or is not by anybody whom the trusted root names.
	ErrEvidence = errors.New("attest: evidence of a third party is missing or wrong")
	// ErrIdentity says that somebody signed who is not trusted.
	ErrIdentity = errors.New("attest: signer is not a trusted identity")
	// ErrSubject says that a statement is about something else.
	ErrSubject = errors.New("attest: statement has another subject")
)

// Stage is the step at which a verification failed.
type Stage string

// The stages, in the order in which they are passed.
const (
	StageBundle    Stage = "bundle"
	StageSignature Stage = "signature"
	StageEvidence  Stage = "evidence" // certificate, log entries, timestamps, and what they say of a key
	StageIdentity  Stage = "identity"
	StageStatement Stage = "statement"
	StageSubject   Stage = "subject"
)

// VerifyError is the error of a failed verification.
type VerifyError struct {
	// Stage is the step that failed. Steps before it passed.
	Stage Stage
	// Keys are the keys that were tried, by name or, without one, by id. Empty
	// when the failure came before.
	Keys []string
	// Err is the reason; errors.Is finds the sentinels of this package in it.
	Err error
}

// Error names the stage, the reason and the keys that were tried.
func (e *VerifyError) Error() string {
	msg := fmt.Sprintf("verify %s: %v", e.Stage, e.Err)
	if len(e.Keys) > 0 {
		msg += " (tried " + strings.Join(e.Keys, ", ") + ")"
	}
	return msg
}

// Unwrap returns the reason.
func (e *VerifyError) Unwrap() error { return e.Err }
