package oci

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Annotations of the layers of cosign's .att image. The names are cosign's.
const (
	annotationLegacyType        = "predicateType"
	annotationLegacySignature   = "dev.cosignproject.cosign/signature"
	annotationLegacyCertificate = "dev.sigstore.cosign/certificate"
	annotationLegacyChain       = "dev.sigstore.cosign/chain"
	annotationLegacyBundle      = "dev.sigstore.cosign/bundle"
	annotationLegacyTimestamp   = "dev.sigstore.cosign/rfc3161timestamp"
)

// legacyBundleType is the form of bundle that may carry a log entry with nothing but
// the log's promise, which is all that the annotations hold.
const legacyBundleType = "application/vnd.dev.sigstore.bundle+json;version=0.1"

// maxCertificates bounds a chain.
const maxCertificates = 16

// attTag is the tag of cosign's .att image.
func attTag(subject attest.Digest) string { return referrersTag(subject) + ".att" }

// legacyLog is the annotation of a log entry.
type legacyLog struct {
	SignedEntryTimestamp []byte
	Payload              struct {
		Body           []byte `json:"body"`
		IntegratedTime int64  `json:"integratedTime"`
		LogIndex       int64  `json:"logIndex"`
		LogID          string `json:"logID"` // hexadecimal
	}
}

// legacyTimestamp is the annotation of a signed timestamp.
type legacyTimestamp struct{ SignedRFC3161Timestamp []byte }

// material is a bundle's verification material (Sigstore bundle v0.1 to v0.3), as far
// as the older form has a place for it.
type material struct {
	Certificate *rawBytes           `json:"certificate,omitempty"`
	Chain       *certificateChain   `json:"x509CertificateChain,omitempty"`
	PublicKey   *publicKey          `json:"publicKey,omitempty"`
	LogEntries  []logEntry          `json:"tlogEntries,omitempty"`
	Timestamps  *timestampsMaterial `json:"timestampVerificationData,omitempty"`
}

type publicKey struct {
	Hint string `json:"hint"`
}

type rawBytes struct {
	RawBytes []byte `json:"rawBytes"`
}

type certificateChain struct {
	Certificates []rawBytes `json:"certificates"`
}

type logEntry struct {
	LogIndex int64Text `json:"logIndex"`
	LogID    struct {
		KeyID []byte `json:"keyId"`
	} `json:"logId"`
	KindVersion      kindVersion `json:"kindVersion"`
	IntegratedTime   int64Text   `json:"integratedTime"`
	InclusionPromise *promise    `json:"inclusionPromise,omitempty"`
	CanonicalBody    []byte      `json:"canonicalizedBody"`
}

type kindVersion struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

type promise struct {
	SignedEntryTimestamp []byte `json:"signedEntryTimestamp"`
}

type timestampsMaterial struct {
	Timestamps []signedTimestamp `json:"rfc3161Timestamps"`
}

type signedTimestamp struct {
	SignedTimestamp []byte `json:"signedTimestamp"`
}

// int64Text is a number that is written as a string (protobuf JSON) and read as
// either.
type int64Text int64

func (n int64Text) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `"%d"`, n), nil }

func (n *int64Text) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(bytes.Trim(raw, `"`), (*int64)(n))
}

// legacyBundle makes a bundle of an entry of cosign's .att image: of its envelope and
// of what its annotations say about the signature. Without such annotations, as with
// a plain key, it is the envelope alone. The error is an ErrManifest for annotations
// and one of attest.ParseBundle for the envelope.
func legacyBundle(envelope []byte, annotations map[string]string) (*attest.Bundle, error) {
	m, err := legacyMaterial(annotations)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m == nil {
		return attest.ParseBundle(envelope)
	}
	if b, err := attest.ParseBundle(envelope); err != nil || b.MediaType() != "" {
		return b, err // no envelope, so that nothing may be put around it
	}
	raw, err := strictjson.Encode(m)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	fmt.Fprintf(&buf, `{"mediaType":%q,"verificationMaterial":%s,"dsseEnvelope":`, legacyBundleType, raw)
	buf.Write(envelope)
	buf.WriteByte('}')
	return attest.ParseBundle(buf.Bytes())
}

// legacyMaterial reads the annotations, nil if they have none of interest.
func legacyMaterial(annotations map[string]string) (*material, error) {
	certificate, log, timestamp := annotations[annotationLegacyCertificate], annotations[annotationLegacyBundle], annotations[annotationLegacyTimestamp]
	if certificate == "" && log == "" && timestamp == "" {
		return nil, nil
	}
	m := &material{PublicKey: &publicKey{}}
	if certificate != "" {
		chain, err := parseChain(certificate, annotations[annotationLegacyChain])
		if err != nil {
			return nil, err
		}
		m.PublicKey, m.Chain = nil, &certificateChain{chain}
	}
	if log != "" {
		entry, err := parseLegacyLog(log)
		if err != nil {
			return nil, fmt.Errorf("annotation %s: %w", annotationLegacyBundle, err)
		}
		m.LogEntries = []logEntry{*entry}
	}
	if timestamp != "" {
		var t legacyTimestamp
		if err := strictjson.Decode([]byte(timestamp), &t); err != nil {
			return nil, fmt.Errorf("annotation %s: %w", annotationLegacyTimestamp, err)
		}
		m.Timestamps = &timestampsMaterial{[]signedTimestamp{{t.SignedRFC3161Timestamp}}}
	}
	return m, nil
}

// parseChain reads the signer's certificate and those above it, without the root:
// roots are the verifier's.
func parseChain(certificate, above string) ([]rawBytes, error) {
	leaf, err := parseCertificates(certificate)
	if err != nil || len(leaf) != 1 {
		return nil, fmt.Errorf("annotation %s: not one certificate: %w", annotationLegacyCertificate, err)
	}
	rest, err := parseCertificates(above)
	if err != nil {
		return nil, fmt.Errorf("annotation %s: %w", annotationLegacyChain, err)
	}
	chain := []rawBytes{{leaf[0].Raw}}
	for _, c := range rest {
		if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			chain = append(chain, rawBytes{c.Raw})
		}
	}
	return chain, nil
}

func parseCertificates(text string) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for rest := []byte(text); len(bytes.TrimSpace(rest)) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("not PEM certificates")
		}
		if len(found) == maxCertificates {
			return nil, fmt.Errorf("%w: more than %d certificates", ErrLimit, maxCertificates)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

// parseLegacyLog reads the annotation of a log entry. The kind of the entry is in its
// own body.
func parseLegacyLog(text string) (*logEntry, error) {
	var log legacyLog
	if err := strictjson.Decode([]byte(text), &log); err != nil {
		return nil, err
	}
	var body struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := strictjson.Decode(log.Payload.Body, &body); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	keyID, err := hex.DecodeString(log.Payload.LogID)
	if err != nil {
		return nil, fmt.Errorf("logID: %w", err)
	}
	e := &logEntry{LogIndex: int64Text(log.Payload.LogIndex), IntegratedTime: int64Text(log.Payload.IntegratedTime),
		KindVersion: kindVersion{body.Kind, body.Version}, InclusionPromise: &promise{log.SignedEntryTimestamp}, CanonicalBody: log.Payload.Body}
	e.LogID.KeyID = keyID
	return e, nil
}

// legacyAnnotations says in cosign's annotations what a bundle says about its
// signature. The error says what there is no place for.
func legacyAnnotations(b *attest.Bundle, predicateType string) (map[string]string, error) {
	out := map[string]string{annotationLegacySignature: "", annotationLegacyType: predicateType}
	raw := b.VerificationMaterial()
	if raw == nil {
		return out, nil
	}
	var m material
	if err := strictjson.Decode(raw, &m); err != nil {
		return nil, err
	}
	if err := m.addCertificates(out); err != nil {
		return nil, err
	}
	if err := m.addLog(out); err != nil || m.Timestamps == nil || len(m.Timestamps.Timestamps) == 0 {
		return out, err
	}
	if n := len(m.Timestamps.Timestamps); n > 1 {
		return nil, fmt.Errorf("%d signed timestamps, there is place for one", n)
	}
	timestamp, err := strictjson.Encode(legacyTimestamp{m.Timestamps.Timestamps[0].SignedTimestamp})
	out[annotationLegacyTimestamp] = string(timestamp)
	return out, err
}

func (m *material) addCertificates(out map[string]string) error {
	var chain []rawBytes
	if m.Chain != nil {
		chain = m.Chain.Certificates
	}
	if m.Certificate != nil {
		chain = []rawBytes{*m.Certificate}
	}
	var texts []string
	for _, c := range chain {
		if _, err := x509.ParseCertificate(c.RawBytes); err != nil {
			return err
		}
		texts = append(texts, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.RawBytes})))
	}
	if len(texts) > 0 {
		out[annotationLegacyCertificate] = texts[0]
	}
	if len(texts) > 1 {
		out[annotationLegacyChain] = strings.Join(texts[1:], "")
	}
	return nil
}

func (m *material) addLog(out map[string]string) error {
	switch {
	case len(m.LogEntries) == 0:
		return nil
	case len(m.LogEntries) > 1:
		return fmt.Errorf("%d log entries, there is place for one", len(m.LogEntries))
	case m.LogEntries[0].InclusionPromise == nil:
		return errors.New("a log entry without the log's promise (as of Rekor v2), for which there is no place")
	}
	e := m.LogEntries[0]
	log, err := strictjson.Encode(map[string]any{
		"SignedEntryTimestamp": e.InclusionPromise.SignedEntryTimestamp,
		"Payload": map[string]any{"body": base64.StdEncoding.EncodeToString(e.CanonicalBody), "integratedTime": int64(e.IntegratedTime),
			"logIndex": int64(e.LogIndex), "logID": hex.EncodeToString(e.LogID.KeyID)},
	})
	out[annotationLegacyBundle] = string(log)
	return err
}
