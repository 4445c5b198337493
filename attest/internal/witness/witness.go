// Package witness is the bridge over which package attest/sigstore tells package
// attest what third parties say about a signature: certificate authorities, logs and
// timestamp authorities. Only packages below attest can import it, and a Proof has
// unexported fields and can only be built here: no other code can testify, not even
// through reflection, or through type parameters, on the exported function that takes
// a Witness.
package witness

import (
	"crypto"
	"crypto/x509"
	"time"
)

// Witness checks what a bundle brings along. It has the trusted root.
type Witness interface {
	// Testify checks certificate, log entries and timestamps against the trusted
	// root. What is wrong is an error; what the root knows nothing of is named in
	// Testimony.Unchecked.
	Testify(q *Question) (Proof, error)
}

// Question is about one signature, whose signer is either Certificate or Key, and which
// is over either an envelope or the digest of a file. The signature itself is checked
// already.
type Question struct {
	// MediaType and Material are the bundle's, Material in JSON.
	MediaType string
	Material  []byte

	Certificate *x509.Certificate
	Key         crypto.PublicKey

	Signature []byte
	// PayloadType and Payload are those of an envelope, and Envelope is its JSON as it was
	// stored; all are empty for a file.
	PayloadType string
	Payload     []byte
	Envelope    []byte
	// DigestAlgorithm ("sha256") and Digest are those of a file.
	DigestAlgorithm string
	Digest          []byte
}

// Testimony is what was found to be true.
type Testimony struct {
	Times []Time
	Log   []LogEntry
	// SCT says that a certificate transparency log of the root has the certificate, and
	// NoSCT why not.
	SCT   bool
	NoSCT error
	// Unchecked names what was there and could not be checked.
	Unchecked []string
}

// Time is a time at which the signature existed.
type Time struct {
	Time   time.Time
	Source string // a SourceLog or SourceTimestamp
	URI    string
}

// Sources of times.
const (
	SourceLog       = "transparency log"
	SourceTimestamp = "timestamp authority"
)

// LogEntry is an entry of a transparency log about the signature.
type LogEntry struct {
	LogID string // base64
	URL   string
	Index int64
	Kind  string // "dsse 0.0.1"
	Time  time.Time
}

// Proof is a testimony by a witness of this module.
type Proof struct {
	testimony Testimony
	sealed    bool
}

// New seals what was found to be true.
func New(t Testimony) Proof { return Proof{t, true} }

// Open returns the testimony, and false for a zero Proof.
func Open(p Proof) (Testimony, bool) { return p.testimony, p.sealed }
