// Package seal is the bridge over which the verifiers of this module hand a
// checked envelope to package attest.
//
// A Proof has unexported fields and can only be built here, and this package can
// only be imported below attest: no other code can make one, not even through
// reflection on the exported function that takes it.
package seal

import "time"

// Facts are what a verifier established about one envelope.
type Facts struct {
	// Payload is exactly the signed bytes.
	Payload []byte
	// Envelope is the stored JSON of the envelope.
	Envelope []byte
	// KeyID, Name, Issuer and SAN identify the signer.
	KeyID, Name, Issuer, SAN string
	// Time is the proven time of signing; zero if nothing proves it.
	Time time.Time
	// Unchecked names verification material that was present and not checked.
	Unchecked []string
}

// Proof says that a verifier of this module checked a signature.
type Proof struct {
	facts  Facts
	sealed bool
}

// New seals facts. Call it only after the signature over f.Payload was checked.
func New(f Facts) Proof { return Proof{facts: f, sealed: true} }

// Open returns the facts, and false for a zero Proof.
func Open(p Proof) (Facts, bool) { return p.facts, p.sealed }
