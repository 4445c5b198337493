package attest

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Annotations under which cosign, before Sigstore bundles, kept beside an envelope what
// proves who signed it (cosign, "specs/SIGNATURE_SPEC.md").
const (
	LegacyCertificate = "dev.sigstore.cosign/certificate"      // PEM
	LegacyChain       = "dev.sigstore.cosign/chain"            // PEM
	LegacyBundle      = "dev.sigstore.cosign/bundle"           // JSON: a Rekor v1 entry with its promise
	LegacyTimestamp   = "dev.sigstore.cosign/rfc3161timestamp" // JSON: an RFC 3161 timestamp
)

const bundleMediaType01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"

// NewLegacyBundle makes a bundle of an attestation in cosign's older form: a DSSE
// envelope in JSON, and the annotations of its layer. Without any of the annotations
// above it is the bare envelope; with them a bundle v0.1, around the same bytes of the
// envelope. The chain is left out: certificates are checked against a trusted root, never
// against what comes along. The error is an ErrBundle.
func NewLegacyBundle(envelope []byte, annotations map[string]string) (*Bundle, error) {
	material := map[string]any{}
	for _, add := range []func(map[string]any, map[string]string) error{legacyCertificate, legacyEntry, legacyTimestamp} {
		if err := add(material, annotations); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBundle, err)
		}
	}
	if len(material) == 0 {
		return ParseBundle(envelope)
	}
	if material["x509CertificateChain"] == nil {
		material["publicKey"] = map[string]any{}
	}
	raw, err := json.Marshal(material)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	// Put together by hand: an encoder would write the envelope anew.
	out := fmt.Appendf(nil, `{"mediaType":%q,"verificationMaterial":%s,"dsseEnvelope":`, bundleMediaType01, raw)
	out = append(append(out, envelope...), '}')
	if err := strictjson.Check(envelope); err != nil { // or it could close the bundle
		return nil, fmt.Errorf("%w: %w: %w", ErrBundle, ErrEnvelope, err)
	}
	return parseBundle(out)
}

func legacyCertificate(material map[string]any, annotations map[string]string) error {
	text := annotations[LegacyCertificate]
	if text == "" {
		return nil
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return errors.New(LegacyCertificate + " is not one certificate in PEM")
	}
	material["x509CertificateChain"] = map[string]any{"certificates": []any{map[string]any{"rawBytes": block.Bytes}}}
	return nil
}

// legacyEntry reads a Rekor v1 entry as its log promised to take it in.
func legacyEntry(material map[string]any, annotations map[string]string) error {
	text := annotations[LegacyBundle]
	if text == "" || text == "null" {
		return nil
	}
	var entry struct {
		Promise base64Bytes `json:"SignedEntryTimestamp"`
		Payload struct {
			Body           base64Bytes `json:"body"`
			IntegratedTime int64       `json:"integratedTime"`
			LogIndex       int64       `json:"logIndex"`
			LogID          hexBytes    `json:"logID"`
		} `json:"Payload"`
	}
	if err := strictjson.Decode([]byte(text), &entry); err != nil {
		return fmt.Errorf("%s: %w", LegacyBundle, err)
	}
	var kind struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := strictjson.Decode(entry.Payload.Body, &kind); err != nil {
		return fmt.Errorf("%s: body: %w", LegacyBundle, err)
	}
	p := &entry.Payload
	material["tlogEntries"] = []any{map[string]any{
		"logIndex": fmt.Sprint(p.LogIndex), "logId": map[string]any{"keyId": []byte(p.LogID)}, // protobuf JSON writes 64 bits as text
		"kindVersion":    map[string]any{"kind": kind.Kind, "version": kind.Version},
		"integratedTime": fmt.Sprint(p.IntegratedTime), "inclusionPromise": map[string]any{"signedEntryTimestamp": []byte(entry.Promise)},
		"canonicalizedBody": []byte(p.Body),
	}}
	return nil
}

func legacyTimestamp(material map[string]any, annotations map[string]string) error {
	text := annotations[LegacyTimestamp]
	if text == "" || text == "null" {
		return nil
	}
	var timestamp struct {
		Signed base64Bytes `json:"SignedRFC3161Timestamp"`
	}
	if err := strictjson.Decode([]byte(text), &timestamp); err != nil {
		return fmt.Errorf("%s: %w", LegacyTimestamp, err)
	}
	material["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": []byte(timestamp.Signed)}}}
	return nil
}
