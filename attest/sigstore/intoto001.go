package sigstore

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	_ "github.com/sigstore/rekor/pkg/types/intoto/v0.0.1" // or entries of that kind cannot be read
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// intoto001 is the body of a log entry intoto 0.0.1 (Rekor,
// "pkg/types/intoto/v0.0.1"): the kind that cosign 1 and the SLSA generator before v1.10
// logged. It has no signature, but the hash of the whole envelope as it was
// stored, signature and all.
type intoto001 struct {
	Spec struct {
		Content struct {
			Hash        bodyHash `json:"hash"`
			PayloadHash bodyHash `json:"payloadHash"`
		} `json:"content"`
		PublicKey []byte `json:"publicKey"` // PEM
	} `json:"spec"`
}

type bodyHash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

func (h bodyHash) isOf(b []byte) bool {
	sum := sha256.Sum256(b)
	return h.Algorithm == "sha256" && h.Value == hex.EncodeToString(sum[:])
}

func isIntoto001(entry *tlog.Entry) bool {
	kind := entry.TransparencyLogEntry().GetKindVersion()
	return kind.GetKind() == "intoto" && kind.GetVersion() == "0.0.1"
}

// verifyIntoto001 does for these entries what sigstore-go does for later kinds and not
// for this one.
func verifyIntoto001(e *entity, entry *tlog.Entry, log *root.TransparencyLog, material root.TrustedMaterial) ([]root.Timestamp, error) {
	if !entry.HasInclusionPromise() {
		return nil, errors.New("an entry intoto 0.0.1 without the log's promise")
	}
	if err := tlog.VerifySET(entry, material.RekorLogs()); err != nil {
		return nil, err
	}
	if entry.HasInclusionProof() {
		v, err := signature.LoadVerifier(log.PublicKey, log.SignatureHashFunc)
		if err != nil {
			return nil, err
		}
		if err := tlog.VerifyInclusion(entry, v); err != nil {
			return nil, err
		}
	}
	var body intoto001
	if err := strictjson.Decode(entry.TransparencyLogEntry().GetCanonicalizedBody(), &body); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	key, err := publicKeyOf(body.Spec.PublicKey)
	switch c := &body.Spec.Content; {
	case err != nil:
		return nil, fmt.Errorf("body: %w", err)
	case e.envelope == nil:
		return nil, errors.New("the entry is about an envelope")
	case !c.Hash.isOf(e.envelope) || !c.PayloadHash.isOf(e.payload):
		return nil, errors.New("the entry is about another envelope")
	case !e.signer.CompareKey(key, material):
		return nil, errors.New("the entry is about another signer")
	}
	return []root.Timestamp{{Time: entry.IntegratedTime(), URI: log.BaseURL}}, nil
}

// publicKeyOf reads a certificate or a public key.
func publicKeyOf(text []byte) (any, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("no PEM")
	case block.Type == "CERTIFICATE":
		return x509.ParseCertificate(block.Bytes)
	default:
		return x509.ParsePKIXPublicKey(block.Bytes)
	}
}
