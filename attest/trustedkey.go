package attest

import (
	"crypto"
	"fmt"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// Key is a trusted public key.
//
// To rotate a key, trust the old one and the new one at once, and end the old one's time
// with NotAfter: signatures of its time go on to verify wherever a timestamp or a log
// shows when they were made.
type Key struct {
	// Public is an *ecdsa.PublicKey, ed25519.PublicKey or *rsa.PublicKey.
	Public crypto.PublicKey
	// Name is what the key is called in results and errors. Its id if empty. Keys of the
	// same name are one signer.
	Name string
	// NotBefore and NotAfter bound the time at which the key may sign; zero is
	// unbounded. Every trusted time of a signature must be within. Where there is none, as
	// with a plain key, the time of verification counts.
	NotBefore, NotAfter time.Time
	// Revoked is the moment from which on somebody else may have the key; zero is never.
	// A signature counts only if all trusted times of it are earlier, and without any it
	// does not, whatever the time of verification.
	Revoked time.Time

	// AcceptP1363 accepts ECDSA signatures as r and s one behind the other (IEEE P1363),
	// too, as some cloud services make them, where DSSE signers write ASN.1.
	AcceptP1363 bool
	// InsecureAcceptBarePayload accepts signatures over the payload alone, too, as Google
	// Cloud Build made them. They do not cover the payload type: whatever else the key
	// signed, in any protocol, counts as a statement if it can be read as one.
	InsecureAcceptBarePayload bool
}

// trustedKey is a Key with its id, and what stands for its signer.
type trustedKey struct {
	Key
	id     string
	signer string
}

// ordered returns the keys, those to which the bundle hints first.
func (j *judge) ordered(c *claim) []*trustedKey {
	hints := []string{c.bundle.KeyHint()}
	for _, s := range c.signatures {
		hints = append(hints, s.KeyID)
	}
	var first, rest []*trustedKey
	for i := range j.keys {
		k := &j.keys[i]
		if slices.Contains(hints, k.id) {
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
	}
	return append(first, rest...)
}

func (k *trustedKey) label() string {
	if k.Name != "" {
		return k.Name
	}
	return k.id
}

// usable says why the key could not make a signature that existed at the given
// times, or nil. The error is an ErrKeyRevoked or ErrKeyValidity.
func (k *trustedKey) usable(times []witness.Time, now time.Time) error {
	if !k.Revoked.IsZero() && len(times) == 0 {
		return fmt.Errorf("%w: from %s on, and no trusted time shows that the signature is older", ErrKeyRevoked, text(k.Revoked))
	}
	for _, t := range times {
		if !k.Revoked.IsZero() && !t.Time.Before(k.Revoked) {
			return fmt.Errorf("%w: from %s on, and the signature is of %s by a %s", ErrKeyRevoked, text(k.Revoked), text(t.Time), t.Source)
		}
		if !k.validAt(t.Time) {
			return fmt.Errorf("%w (%s to %s): the signature is of %s by a %s", ErrKeyValidity, text(k.NotBefore), text(k.NotAfter), text(t.Time), t.Source)
		}
	}
	if len(times) == 0 && !k.validAt(now) {
		return fmt.Errorf("%w (%s to %s): it is %s, and no trusted time shows when the signature was made", ErrKeyValidity, text(k.NotBefore), text(k.NotAfter), text(now))
	}
	return nil
}

func (k *trustedKey) validAt(t time.Time) bool {
	return (k.NotBefore.IsZero() || !t.Before(k.NotBefore)) && (k.NotAfter.IsZero() || !t.After(k.NotAfter))
}

func text(t time.Time) string {
	if t.IsZero() {
		return "unbounded"
	}
	return t.UTC().Format(time.RFC3339)
}
