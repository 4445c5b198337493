package attest

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// DigestArtifact reads r to its end and returns its SHA-256, SHA-384 and SHA-512, which
// is all that a signature or a statement about it may use. The error is that of r.
func DigestArtifact(r io.Reader) ([]Digest, error) {
	h256, h384, h512 := sha256.New(), sha512.New384(), sha512.New()
	if _, err := io.Copy(io.MultiWriter(h256, h384, h512), r); err != nil {
		return nil, err
	}
	sum := func(algorithm string, b []byte) Digest { return Digest(algorithm + ":" + hex.EncodeToString(b)) }
	return []Digest{sum("sha256", h256.Sum(nil)), sum("sha384", h384.Sum(nil)), sum("sha512", h512.Sum(nil))}, nil
}

// VerifiedArtifact is an artifact about which a trusted signer said something, or
// which one signed as it is. Only the verifiers of this module can make a valid one. It
// does not change and may be used by several goroutines.
type VerifiedArtifact struct {
	digests   []Digest // nil in the zero value, which is therefore not valid
	statement *Verified
	facts     facts
}

// Valid reports whether a came out of a verifier. It is false for the zero value and for
// nil, and then every other method returns a zero value.
func (a *VerifiedArtifact) Valid() bool { return a != nil && a.digests != nil }

// Digests returns the digests for which the artifact was verified.
func (a *VerifiedArtifact) Digests() []Digest {
	if !a.Valid() {
		return nil
	}
	return slices.Clone(a.digests)
}

// Statement returns what the signer said about the artifact. It is nil if the signature
// is one over the artifact itself, which says nothing more than that.
func (a *VerifiedArtifact) Statement() *Verified {
	if !a.Valid() {
		return nil
	}
	return a.statement
}

// Signer returns who signed, as [Verified.Signer] does.
func (a *VerifiedArtifact) Signer() Identity {
	if !a.Valid() {
		return Identity{}
	}
	return a.facts.signers[0]
}

// Time returns the proven time of signing, as [Verified.Time] does.
func (a *VerifiedArtifact) Time() time.Time {
	if !a.Valid() {
		return time.Time{}
	}
	return a.facts.earliest()
}

// Log returns the entries of transparency logs that were checked.
func (a *VerifiedArtifact) Log() []LogEntry {
	if !a.Valid() {
		return nil
	}
	return slices.Clone(a.facts.log)
}

// Unchecked names what was not checked, as [Verified.Unchecked] does.
func (a *VerifiedArtifact) Unchecked() []string {
	if !a.Valid() {
		return nil
	}
	return slices.Clone(a.facts.unchecked)
}

// VerifyArtifact checks a bundle that belongs to a file or to anything else that
// has a digest: a statement about it, or a signature over its bytes. digests are those
// of one artifact, all that are known (see [DigestArtifact]): a subject that agrees with
// one and contradicts another is about something else. Signatures by Ed25519 keys over a
// file need the file itself and are not verified, those by Ed25519ph are. Errors are those
// of [Verifier].
func (v *TrustVerifier) VerifyArtifact(ctx context.Context, b *Bundle, digests ...Digest) (*VerifiedArtifact, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := v.usable(); err != nil {
		return nil, err
	}
	hashes, err := hashesOf(digests)
	if err != nil {
		return nil, err
	}
	a := &VerifiedArtifact{digests: slices.Clone(digests)}
	if b == nil || b.envelope != nil || b.mediaType == "" {
		if a.statement, err = v.verifyStatement(b, digests...); err != nil {
			return nil, err
		}
		a.facts = a.statement.facts
		return a, nil
	}
	if a.facts, err = v.verifyMessage(b, hashes); err != nil {
		return nil, err
	}
	return a, nil
}

// hashesOf returns digests by their algorithms. The error is an ErrDigest.
func hashesOf(digests []Digest) (map[crypto.Hash][]byte, error) {
	if len(digests) == 0 {
		return nil, fmt.Errorf("%w: none", ErrDigest)
	}
	hashes := map[crypto.Hash][]byte{}
	for _, d := range digests {
		if err := d.Validate(); err != nil {
			return nil, err
		}
		hash := hashNames[d.Algorithm()]
		if hashes[hash] != nil {
			return nil, fmt.Errorf("%w: two of %s", ErrDigest, d.Algorithm())
		}
		hashes[hash], _ = hex.DecodeString(d.Hex()) // valid
	}
	return hashes, nil
}

var hashNames = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// protobufNames are the algorithms by the names of Sigstore's protobufs (sigstore_common.proto).
var protobufNames = map[string]string{"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}

// verifyMessage verifies a signature over a file.
func (v *TrustVerifier) verifyMessage(b *Bundle, hashes map[crypto.Hash][]byte) (facts, error) {
	m, err := b.messageSignature()
	if err != nil {
		return facts{}, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: messageSignature: %w", ErrBundle, err)}
	}
	algorithm := protobufNames[m.digest.algorithm]
	switch want := hashes[hashNames[algorithm]]; {
	case algorithm == "":
		return facts{}, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: a digest by %.40q", ErrUnsupported, m.digest.algorithm)}
	case want == nil:
		return facts{}, &VerifyError{Stage: StageSubject, Err: fmt.Errorf("%w: it is about a digest by %s, which is not known of the artifact", ErrSubject, algorithm)}
	case string(want) != string(m.digest.value):
		return facts{}, &VerifyError{Stage: StageSubject, Err: fmt.Errorf("%w: not about %x", ErrSubject, want)}
	}
	return v.signers(&claim{
		bundle:     b,
		message:    digestMessage(hashes),
		signatures: []Signature{{Sig: m.signature}},
		question:   witness.Question{DigestAlgorithm: algorithm, Digest: m.digest.value},
	})
}

// messageSignature is a bundle's signature over a file.
type messageSignature struct {
	digest struct {
		algorithm string
		value     []byte
	}
	signature []byte
}

func (b *Bundle) messageSignature() (m messageSignature, err error) {
	if len(b.message) == 0 {
		return m, errors.New("absent")
	}
	err = strictjson.Object(b.message, func(name string, value []byte) (err error) {
		switch name {
		case "signature":
			m.signature, err = decodeBase64(value)
		case "messageDigest":
			err = strictjson.Object(value, m.setDigest)
		default:
			err = strictjson.ExactCase(name, "signature", "messageDigest")
		}
		return err
	})
	switch {
	case err != nil:
	case len(m.signature) == 0 || len(m.signature) > maxSignatureSize:
		err = fmt.Errorf("signature of %d bytes", len(m.signature))
	case len(m.digest.value) == 0:
		err = errors.New("no messageDigest")
	}
	return m, err
}

func (m *messageSignature) setDigest(name string, value []byte) (err error) {
	switch name {
	case "algorithm":
		err = json.Unmarshal(value, &m.digest.algorithm)
	case "digest":
		m.digest.value, err = decodeBase64(value)
	default:
		err = strictjson.ExactCase(name, "algorithm", "digest")
	}
	return err
}
