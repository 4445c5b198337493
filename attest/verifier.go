package attest

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// TrustVerifier verifies by a [Trust]. It does not change and may be used by several
// goroutines. Its zero value, and nil, trust nobody: every verification is an ErrTrust.
type TrustVerifier struct {
	judge   *judge
	witness witness.Witness // nil if there is no trusted root
	now     func() time.Time
}

// NewVerifier returns a verifier that trusts t.Keys and links the standard library
// alone. A trust with a trusted root needs NewVerifier of package attest/sigstore. The
// error is an ErrTrust or ErrKey.
func NewVerifier(t Trust) (*TrustVerifier, error) {
	if len(t.Root) > 0 || len(t.Identities) > 0 {
		return nil, fmt.Errorf("%w: for a trusted root and identities use package attest/sigstore", ErrTrust)
	}
	return NewVerifierWith(t, nil)
}

// NewKeyVerifier is NewVerifier of a trust in nothing but keys: any of them may
// have signed.
func NewKeyVerifier(keys ...Key) (*TrustVerifier, error) { return NewVerifier(Trust{Keys: keys}) }

// NewVerifierWith is for package attest/sigstore, whose w knows t.Root. No other
// package can make a witness whom the verifier believes.
func NewVerifierWith(t Trust, w witness.Witness) (*TrustVerifier, error) {
	t.Keys, t.Identities, t.Root = slices.Clone(t.Keys), slices.Clone(t.Identities), slices.Clone(t.Root)
	j, err := t.check()
	if err != nil {
		return nil, err
	}
	if w == nil && len(t.Root) > 0 {
		return nil, fmt.Errorf("%w: nobody reads the trusted root", ErrTrust)
	}
	return &TrustVerifier{judge: j, witness: w, now: time.Now}, nil
}

// At returns a verifier with the same trust that takes t for the time of
// verification, to repeat an earlier decision.
func (v *TrustVerifier) At(t time.Time) *TrustVerifier {
	if v == nil {
		return nil
	}
	return &TrustVerifier{judge: v.judge, witness: v.witness, now: func() time.Time { return t }}
}

// Verify checks b against the trust and subject; see [Verifier]. An envelope with
// several signatures needs as many by trusted signers as the trust says, and more by
// anybody do no harm.
func (v *TrustVerifier) Verify(ctx context.Context, b *Bundle, subject Digest) (*Verified, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := v.usable(); err != nil {
		return nil, err
	}
	if err := subject.Validate(); err != nil {
		return nil, err
	}
	return v.verifyStatement(b, subject)
}

// usable refuses a verifier that no constructor made.
func (v *TrustVerifier) usable() error {
	if v == nil || v.judge == nil {
		return fmt.Errorf("%w: a verifier that was not made by NewVerifier", ErrTrust)
	}
	return nil
}

// verifyStatement verifies a statement about an artifact that has all of the digests.
func (v *TrustVerifier) verifyStatement(b *Bundle, digests ...Digest) (*Verified, error) {
	if b == nil || b.envelope == nil {
		return nil, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: no envelope", ErrUnsupported)}
	}
	if b.envelope.PayloadType != PayloadType {
		return nil, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: %.80q", ErrPayloadType, b.envelope.PayloadType)}
	}
	f, err := v.signers(&claim{
		bundle:     b,
		message:    newMessage(b.envelope.PayloadType, b.envelope.Payload),
		signatures: b.envelope.Signatures,
		question:   witness.Question{PayloadType: b.envelope.PayloadType, Payload: b.envelope.Payload, Envelope: b.envelopeJSON},
	})
	if err != nil {
		return nil, err
	}
	return admit(b, f, digests...)
}

// claim is what a bundle claims: that somebody signed a message.
type claim struct {
	bundle     *Bundle
	message    *message
	signatures []Signature
	question   witness.Question // without the signer and the signature
}

// signers finds out which trusted signers made the signatures. Keys come first: who
// trusts a key need not care what certificate its holder has as well. The error is a
// *VerifyError.
func (v *TrustVerifier) signers(c *claim) (facts, error) {
	cert, err := c.bundle.leaf()
	if err != nil {
		return facts{}, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: certificate: %w", ErrBundle, err)}
	}
	keys, tried := v.keysOf(c)
	switch {
	case len(keys) > 0:
		return v.byKeys(c, keys, cert != nil)
	case cert != nil && len(v.judge.identities) > 0:
		return v.byCertificate(c, cert)
	case len(v.judge.keys) == 0:
		return facts{}, &VerifyError{Stage: StageEvidence, Err: fmt.Errorf("%w: no certificate, and no keys are trusted", ErrEvidence)}
	}
	return facts{}, &VerifyError{Stage: StageSignature, Keys: tried, Err: ErrSignature}
}

// keysOf returns the trusted keys that made signatures, in the order of the
// signatures, and the names of all that were tried.
func (v *TrustVerifier) keysOf(c *claim) (made []*trustedKey, tried []string) {
	keys := v.judge.ordered(c)
	for _, k := range keys {
		tried = append(tried, k.label())
	}
	for _, s := range c.signatures {
		for _, k := range keys {
			if c.message.verifyAs(&k.Key, s.Sig) && !slices.Contains(made, k) {
				made = append(made, k)
			}
		}
	}
	return made, tried
}

// byKeys judges signatures by keys that are good.
func (v *TrustVerifier) byKeys(c *claim, keys []*trustedKey, hasCertificate bool) (f facts, err error) {
	if hasCertificate {
		f.unchecked = append(f.unchecked, "certificate")
	}
	c.question.Key = keys[0].Public
	t, err := v.testimony(c, v.judge.RequireLog)
	if err != nil {
		return f, err
	}
	f.add(t)
	var counted []string
	var outside error
	for _, k := range keys {
		if err := k.usable(t.Times, v.now()); err != nil {
			outside = &VerifyError{Stage: StageEvidence, Keys: []string{k.label()}, Err: err}
			continue
		}
		if !slices.Contains(counted, k.signer) {
			counted = append(counted, k.signer)
			f.signers = append(f.signers, Identity{KeyID: k.id, Name: k.Name})
		}
	}
	if len(counted) == 0 {
		return f, outside
	}
	return f, v.judge.enough(len(counted))
}

// byCertificate judges a signature by the holder of a certificate.
func (v *TrustVerifier) byCertificate(c *claim, cert *x509.Certificate) (f facts, err error) {
	if len(c.signatures) != 1 {
		return f, &VerifyError{Stage: StageBundle, Err: fmt.Errorf("%w: %d signatures for one certificate", ErrBundle, len(c.signatures))}
	}
	if checkKey(cert.PublicKey) != nil || !c.message.verify(cert.PublicKey, c.signatures[0].Sig) {
		return f, &VerifyError{Stage: StageSignature, Keys: []string{"the certificate's"}, Err: ErrSignature}
	}
	c.question.Certificate = cert
	t, err := v.testimony(c, !v.judge.InsecureSkipLog)
	if err != nil {
		return f, err
	}
	f.add(t)
	switch {
	case len(t.Times) == 0:
		return f, lacking("no trusted time shows that the certificate was valid")
	case !t.SCT && !v.judge.InsecureSkipSCT:
		return f, lacking(fmt.Sprintf("no certificate transparency log of the trusted root is known to have the certificate: %v", t.NoSCT))
	case !t.SCT:
		f.unchecked = append(f.unchecked, "signedCertificateTimestamps")
	}
	id, err := identityOf(cert)
	if err != nil {
		return f, &VerifyError{Stage: StageIdentity, Err: fmt.Errorf("%w: %w", ErrIdentity, err)}
	}
	if id, err = v.judge.identify(id); err != nil {
		return f, &VerifyError{Stage: StageIdentity, Err: err}
	}
	f.signers = []Identity{id}
	return f, v.judge.enough(1)
}

// testimony asks the witness, and wants what the trust requires.
func (v *TrustVerifier) testimony(c *claim, needLog bool) (t witness.Testimony, err error) {
	material := c.bundle.material
	switch {
	case v.witness == nil:
		return witness.Testimony{Unchecked: c.bundle.uncheckedByKeys()}, nil
	case material == nil && needLog:
		return t, lacking("a bare envelope has no log entries")
	case material == nil && v.judge.RequireTimestamp:
		return t, lacking("a bare envelope has no timestamps")
	case material == nil:
		return t, nil
	}
	q := &c.question
	q.MediaType, q.Material, q.Signature = c.bundle.mediaType, material, c.signatures[0].Sig
	proof, err := v.witness.Testify(q)
	if err != nil {
		return t, &VerifyError{Stage: StageEvidence, Err: fmt.Errorf("%w: %w", ErrEvidence, err)}
	}
	t, ok := witness.Open(proof)
	byAuthority := func(o witness.Time) bool { return o.Source == witness.SourceTimestamp }
	switch {
	case !ok:
		return t, lacking("the witness is not of this module")
	case needLog && len(t.Log) == 0:
		return t, lacking("no entry in a transparency log that the trusted root names")
	case v.judge.RequireTimestamp && !slices.ContainsFunc(t.Times, byAuthority):
		return t, lacking("no timestamp by an authority that the trusted root names")
	case len(t.Log) == 0 && q.Certificate != nil:
		t.Unchecked = append(t.Unchecked, "transparencyLog")
	}
	return t, nil
}

func lacking(what string) error {
	return &VerifyError{Stage: StageEvidence, Err: fmt.Errorf("%w: %s", ErrEvidence, what)}
}

// enough wants as many signers as the trust does.
func (j *judge) enough(n int) error {
	if n < j.Signers {
		return &VerifyError{Stage: StageSignature, Err: fmt.Errorf("%w: %d of %d", ErrSigners, n, j.Signers)}
	}
	return nil
}

// uncheckedByKeys names the verification material that nobody looks at without a
// trusted root.
func (b *Bundle) uncheckedByKeys() []string {
	if b.material == nil {
		return nil
	}
	signer := []string{"publicKey", "certificate", "x509CertificateChain"} // of which byKeys tells
	var names []string
	_ = strictjson.Object(b.material, func(name string, value []byte) error { // scanned before
		if !slices.Contains(signer, name) && !strictjson.IsNull(value) && !isEmpty(value) {
			names = append(names, name)
		}
		return nil
	})
	return names
}

// isEmpty reports whether value, which was scanned, is an empty object or array. It
// decodes nothing: anybody may put a million elements there.
func isEmpty(value []byte) bool {
	value = bytes.TrimSpace(value)
	if len(value) < 2 || value[0] != '{' && value[0] != '[' {
		return false
	}
	return len(bytes.TrimSpace(value[1:len(value)-1])) == 0
}
