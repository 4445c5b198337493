package sigstore

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
	"github.com/imagetrust/imagetrust/attest/internal/witness"
)

// intoto001 is the body of a log entry intoto 0.0.1 (Rekor,
// "pkg/types/intoto/v0.0.1"): the kind that cosign 1 and the SLSA generator before v1.10
// logged. It has no signature, but the hash of the whole envelope as it was
// stored, signature and all.
type intoto001 struct {
	Kind    string `json:"kind"`
	Version string `json:"apiVersion"`
	Spec    struct {
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

func isIntoto001(entry *protorekor.TransparencyLogEntry) bool {
	return entry.GetKindVersion().GetKind() == "intoto" && entry.GetKindVersion().GetVersion() == "0.0.1"
}

// splitIntoto001 takes the entries that sigstore-go cannot read out of entries. In
// bundles after v0.1 an entry needs a proof of inclusion, and those were never made of
// these.
func splitIntoto001(mediaType string, entries []*protorekor.TransparencyLogEntry) (old, others []*protorekor.TransparencyLogEntry, err error) {
	old = slices.DeleteFunc(slices.Clone(entries), func(e *protorekor.TransparencyLogEntry) bool { return !isIntoto001(e) })
	others = slices.DeleteFunc(slices.Clone(entries), isIntoto001)
	switch {
	case len(old) > 0 && mediaType != mediaType01:
		err = errors.New("a log entry intoto 0.0.1 in a bundle later than v0.1")
	case len(old) > maxIntoto001:
		err = fmt.Errorf("%d log entries", len(old))
	}
	return old, others, err
}

const (
	mediaType01  = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	maxIntoto001 = 32 // as sigstore-go has for the others
)

// checkIntoto001 does for these entries what sigstore-go does for later kinds.
func checkIntoto001(e *entity, material root.TrustedMaterial, t *witness.Testimony) error {
	seen := map[int64]bool{}
	for _, entry := range e.old {
		id := entry.GetLogId().GetKeyId()
		log, known := material.RekorLogs()[hex.EncodeToString(id)]
		if !known {
			t.Unchecked = append(t.Unchecked, fmt.Sprintf("tlogEntries (intoto 0.0.1, log %x)", id))
			continue
		}
		if seen[entry.GetLogIndex()] {
			return fmt.Errorf("entry %d of the log twice", entry.GetLogIndex())
		}
		seen[entry.GetLogIndex()] = true
		if err := verifyPromise(entry, log); err != nil {
			return err
		}
		if err := e.compareIntoto001(entry.GetCanonicalizedBody(), material); err != nil {
			return err
		}
		at := time.Unix(entry.GetIntegratedTime(), 0).UTC()
		t.Times = append(t.Times, witness.Time{Time: at, Source: witness.SourceLog, URI: log.BaseURL})
		t.Log = append(t.Log, witness.LogEntry{
			LogID: base64.StdEncoding.EncodeToString(id), URL: log.BaseURL, Index: entry.GetLogIndex(), Kind: "intoto 0.0.1", Time: at,
		})
	}
	return nil
}

// verifyPromise verifies a signed entry timestamp: a signature over the RFC 8785 form
// of body, time, log and number, none of which has a character to escape.
func verifyPromise(entry *protorekor.TransparencyLogEntry, log *root.TransparencyLog) error {
	at := time.Unix(entry.GetIntegratedTime(), 0)
	if log.ValidityPeriodStart.IsZero() || at.Before(log.ValidityPeriodStart) || !log.ValidityPeriodEnd.IsZero() && at.After(log.ValidityPeriodEnd) {
		return fmt.Errorf("the log's key is not valid at %s", at.UTC().Format(time.RFC3339))
	}
	key, ok := log.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("promises by %T are not known", log.PublicKey)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(entry.GetCanonicalizedBody()), entry.GetIntegratedTime(), entry.GetLogId().GetKeyId(), entry.GetLogIndex()))
	if !ecdsa.VerifyASN1(key, sum[:], entry.GetInclusionPromise().GetSignedEntryTimestamp()) {
		return errors.New("the log did not promise this entry")
	}
	return nil
}

// compareIntoto001 compares the body with envelope and signer.
func (e *entity) compareIntoto001(raw []byte, material root.TrustedMaterial) error {
	var body intoto001
	if err := strictjson.Decode(raw, &body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	key, err := publicKeyOf(body.Spec.PublicKey)
	switch c := &body.Spec.Content; {
	case err != nil:
		return fmt.Errorf("body: %w", err)
	case body.Kind != "intoto" || body.Version != "0.0.1":
		return fmt.Errorf("body is %.40q %.40q, want intoto 0.0.1", body.Kind, body.Version)
	case e.envelope == nil || !c.Hash.isOf(e.envelope) || !c.PayloadHash.isOf(e.payload):
		return errors.New("the entry is about another envelope")
	case !e.signer.CompareKey(key, material):
		return errors.New("the entry is about another signer")
	}
	return nil
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
