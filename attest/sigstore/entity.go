package sigstore

import (
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// entity is a question in the form that sigstore-go checks. Only the verification
// material is read anew from its JSON; signer, signature and payload are those that package
// attest has read and checked, so that no two readers can see different ones.
type entity struct {
	*bundle.Bundle
	signature  verify.SignatureContent
	signer     verify.VerificationContent
	entries    []*tlog.Entry
	old        []*protorekor.TransparencyLogEntry // intoto 0.0.1
	timestamps [][]byte
	envelope   []byte // as it was stored; nil for a file
	payload    []byte
}

// maxMaterial bounds verification material, which has 10 kB and, with as many entries
// as sigstore-go reads, a few hundred. Strangers write it, and protobuf makes a hundred
// bytes of three.
const maxMaterial = 1 << 20

// newEntity refuses what sigstore-go's rules for the bundle's version do.
func newEntity(q *witness.Question) (*entity, error) {
	if len(q.Material) > maxMaterial {
		return nil, fmt.Errorf("%w: verification material of %d bytes, at most %d", attest.ErrLimit, len(q.Material), maxMaterial)
	}
	material := &protobundle.VerificationMaterial{}
	if err := protojson.Unmarshal(q.Material, material); err != nil {
		return nil, fmt.Errorf("verification material: %w", err)
	}
	old, others, err := splitIntoto001(q.MediaType, material.TlogEntries)
	if err != nil {
		return nil, err
	}
	material.TlogEntries = others
	if q.Key != nil { // whatever the bundle calls it
		material.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{}}
	}
	pb := &protobundle.Bundle{MediaType: q.MediaType, VerificationMaterial: material}
	if err := setContent(pb, q); err != nil {
		return nil, err
	}
	b, err := bundle.NewBundle(pb)
	if err != nil {
		return nil, err
	}
	e := &entity{Bundle: b, old: old, envelope: q.Envelope, payload: q.Payload}
	if e.entries, err = b.TlogEntries(); err != nil {
		return nil, err
	}
	if e.timestamps, err = b.Timestamps(); err != nil {
		return nil, err
	}
	if e.signature, err = b.SignatureContent(); err != nil {
		return nil, err
	}
	if q.Certificate != nil {
		e.signer = bundle.NewCertificate(q.Certificate)
		return e, nil
	}
	e.signer, err = b.VerificationContent()
	return e, err
}

func setContent(pb *protobundle.Bundle, q *witness.Question) error {
	if q.PayloadType != "" {
		pb.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			PayloadType: q.PayloadType, Payload: q.Payload, Signatures: []*protodsse.Signature{{Sig: q.Signature}},
		}}
		return nil
	}
	algorithm, known := map[string]protocommon.HashAlgorithm{
		"sha256": protocommon.HashAlgorithm_SHA2_256, "sha384": protocommon.HashAlgorithm_SHA2_384, "sha512": protocommon.HashAlgorithm_SHA2_512,
	}[q.DigestAlgorithm]
	if !known {
		return fmt.Errorf("digest by %q", q.DigestAlgorithm)
	}
	pb.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: algorithm, Digest: q.Digest}, Signature: q.Signature,
	}}
	return nil
}

// withEntry and withTimestamp return the entity with nothing else of that kind.
func (e *entity) withEntry(entry *tlog.Entry) *entity {
	c := *e
	c.entries = []*tlog.Entry{entry}
	return &c
}

func (e *entity) withTimestamp(ts []byte) *entity {
	c := *e
	c.timestamps = [][]byte{ts}
	return &c
}

// These implement verify.SignedEntity where Bundle would read anew.

func (e *entity) SignatureContent() (verify.SignatureContent, error)       { return e.signature, nil }
func (e *entity) VerificationContent() (verify.VerificationContent, error) { return e.signer, nil }
func (e *entity) TlogEntries() ([]*tlog.Entry, error)                      { return e.entries, nil }
func (e *entity) Timestamps() ([][]byte, error)                            { return e.timestamps, nil }
