package attest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

const (
	maxSignatures    = 64
	maxSignatureSize = 16 << 10 // post-quantum signatures reach 50 KB, but no key here makes one
)

// Envelope is a DSSE envelope (DSSE v1.0.0, "envelope.md").
type Envelope struct {
	// PayloadType is the media type of Payload, and signed with it.
	PayloadType string
	// Payload is exactly the signed bytes.
	Payload []byte
	// Signatures are over PAE of both; nothing says yet that one of them is good.
	Signatures []Signature
}

// Signature is one signature of an envelope.
type Signature struct {
	// KeyID is an unauthenticated hint, often empty.
	KeyID string
	// Sig is the signature in the form of its algorithm: ASN.1 for ECDSA.
	Sig []byte
}

// PAE returns the DSSE v1 pre-authentication encoding, which is what a signature
// covers: "DSSEv1", the lengths and the contents of type and payload.
func PAE(payloadType string, payload []byte) []byte {
	return append(paeHeader(payloadType, payload), payload...)
}

// paeHeader is what PAE puts before the payload.
func paeHeader(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))
}

func parseEnvelope(data []byte) (*Envelope, error) {
	env := &Envelope{}
	seen := map[string]bool{}
	err := strictjson.Object(data, func(name string, value []byte) (err error) {
		seen[name] = true
		switch name {
		case "payload":
			env.Payload, err = decodeBase64(value)
		case "payloadType":
			err = json.Unmarshal(value, &env.PayloadType)
		case "signatures":
			env.Signatures, err = parseSignatures(value)
		default:
			return strictjson.ExactCase(name, "payload", "payloadType", "signatures")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	switch {
	case err != nil:
	case !seen["payload"]:
		err = errors.New("no payload")
	case env.PayloadType == "":
		err = errors.New("no payloadType")
	case len(env.Signatures) == 0:
		err = errors.New("no signatures")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	return env, nil
}

func parseSignatures(data []byte) ([]Signature, error) {
	var sigs []Signature
	err := strictjson.Array(data, func(value []byte) error {
		if len(sigs) == maxSignatures {
			return fmt.Errorf("%w: more than %d", ErrLimit, maxSignatures)
		}
		sig, err := parseSignature(value)
		if err != nil {
			return errors.New("signature " + strconv.Itoa(len(sigs)) + ": " + err.Error())
		}
		sigs = append(sigs, sig)
		return nil
	})
	return sigs, err
}

func parseSignature(data []byte) (sig Signature, err error) {
	err = strictjson.Object(data, func(name string, value []byte) (err error) {
		switch name {
		case "sig":
			sig.Sig, err = decodeBase64(value)
		case "keyid":
			err = json.Unmarshal(value, &sig.KeyID)
		default:
			err = strictjson.ExactCase(name, "sig", "keyid")
		}
		return err
	})
	switch {
	case err != nil:
	case len(sig.Sig) == 0:
		err = errors.New("empty")
	case len(sig.Sig) > maxSignatureSize:
		err = fmt.Errorf("%d bytes, at most %d", len(sig.Sig), maxSignatureSize)
	}
	return sig, err
}

// decodeBase64 decodes a JSON string of standard or URL-safe base64, with or
// without padding. Line breaks, a mixed alphabet and stray bits are errors, so
// that every byte sequence has one spelling for each of these forms.
func decodeBase64(value []byte) ([]byte, error) {
	text, err := stringBytes(value)
	if err != nil {
		return nil, err
	}
	enc := base64.StdEncoding
	if bytes.ContainsAny(text, "-_") {
		enc = base64.URLEncoding
	}
	if !bytes.HasSuffix(text, []byte("=")) && len(text)%4 != 0 {
		enc = enc.WithPadding(base64.NoPadding)
	}
	if bytes.ContainsAny(text, "\r\n") {
		return nil, errors.New("line break in base64")
	}
	out := make([]byte, enc.DecodedLen(len(text)))
	n, err := enc.Strict().Decode(out, text)
	if err != nil {
		return nil, errors.New("malformed base64")
	}
	return out[:n], nil
}

// stringBytes returns the content of a scanned JSON string, without a copy if it
// has no escapes.
func stringBytes(value []byte) ([]byte, error) {
	value = bytes.TrimSpace(value)
	if len(value) < 2 || value[0] != '"' {
		return nil, errors.New("not a string")
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], nil
	}
	var s string
	err := json.Unmarshal(value, &s)
	return []byte(s), err
}

// encode returns the envelope's JSON, as cosign writes it.
func (e *Envelope) encode() ([]byte, error) {
	type signature struct {
		Sig   []byte `json:"sig"`
		KeyID string `json:"keyid,omitempty"`
	}
	sigs := make([]signature, len(e.Signatures))
	for i, s := range e.Signatures {
		sigs[i] = signature{s.Sig, s.KeyID}
	}
	payload := e.Payload
	if payload == nil {
		payload = []byte{} // encoding/json writes null for nil
	}
	return strictjson.Encode(struct {
		Payload     []byte      `json:"payload"`
		PayloadType string      `json:"payloadType"`
		Signatures  []signature `json:"signatures"`
	}{payload, e.PayloadType, sigs})
}

func (e *Envelope) clone() *Envelope {
	c := &Envelope{strings.Clone(e.PayloadType), slices.Clone(e.Payload), slices.Clone(e.Signatures)}
	for i, s := range c.Signatures {
		c.Signatures[i].Sig = slices.Clone(s.Sig)
	}
	return c
}
