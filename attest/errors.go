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
	// period excludes the time of verification.
	ErrKeyValidity = errors.New("attest: key is outside its validity period")
	// ErrSubject says that a statement is about something else.
	ErrSubject = errors.New("attest: statement has another subject")
)

// Stage is the step at which a verification failed.
type Stage string

// The stages, in the order in which they are passed.
const (
	StageBundle    Stage = "bundle"
	StageSignature Stage = "signature"
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
