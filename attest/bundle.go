package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// BundleMediaType is the media type of the Sigstore bundles that are written.
const BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

var bundleMediaTypes = []string{
	BundleMediaType,
	"application/vnd.dev.sigstore.bundle.v0.2+json",
	"application/vnd.dev.sigstore.bundle.v0.1+json",
	"application/vnd.dev.sigstore.bundle+json;version=0.3",
	"application/vnd.dev.sigstore.bundle+json;version=0.2",
	"application/vnd.dev.sigstore.bundle+json;version=0.1",
}

// Bundle is a Sigstore bundle or a bare DSSE envelope, with its exact bytes. It
// is a claim until a [Verifier] has checked it. A Bundle does not change and may
// be used by several goroutines. Its zero value holds nothing.
type Bundle struct {
	raw          []byte
	mediaType    string // empty for a bare envelope
	material     []byte // JSON of the verification material
	message      []byte // JSON of a signature over a file
	envelope     *Envelope
	envelopeJSON []byte
}

// NewBundle makes a bundle v0.3 of an envelope and its verification material, a
// JSON object such as {"publicKey":{"hint":"…"}}. The envelope must have exactly
// one signature (Sigstore bundle format). The error is an ErrBundle or ErrEnvelope.
func NewBundle(env *Envelope, material json.RawMessage) (*Bundle, error) {
	envelope, err := env.encode()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	if !strictjson.IsObject(material) {
		return nil, fmt.Errorf("%w: verification material is not an object", ErrBundle)
	}
	raw, err := strictjson.Encode(struct {
		MediaType string          `json:"mediaType"`
		Material  json.RawMessage `json:"verificationMaterial"`
		Envelope  json.RawMessage `json:"dsseEnvelope"`
	}{BundleMediaType, material, envelope})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return parseBundle(raw)
}

// ParseBundle reads a Sigstore bundle v0.1 to v0.3 or a bare DSSE envelope in
// JSON. Verification material is kept as it is; a bundle around a signature of a
// file is read, but has no envelope. The error is an ErrBundle, and within it an
// ErrEnvelope or ErrLimit where one of those is the reason.
func ParseBundle(b []byte) (*Bundle, error) {
	if len(b) > strictjson.MaxSize {
		return nil, fmt.Errorf("%w: %w: %d bytes, at most %d", ErrBundle, ErrLimit, len(b), strictjson.MaxSize)
	}
	return parseBundle(slices.Clone(b))
}

var bundleMembers = []string{"mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature", "payload", "payloadType", "signatures"}

func parseBundle(raw []byte) (*Bundle, error) {
	members := map[string][]byte{}
	err := strictjson.Object(raw, func(name string, value []byte) error {
		if !strictjson.IsNull(value) { // protobuf JSON: null is absent
			members[name] = value
		}
		return strictjson.ExactCase(name, bundleMembers...)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	b := &Bundle{raw: raw}
	if members["payload"] != nil && members["mediaType"] == nil {
		b.envelopeJSON = raw
	} else if err := b.setMembers(members); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if b.envelopeJSON == nil {
		return b, nil
	}
	if b.envelope, err = parseEnvelope(b.envelopeJSON); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if n := len(b.envelope.Signatures); n != 1 && b.mediaType != "" {
		return nil, fmt.Errorf("%w: %w: %d signatures, a bundle has exactly one", ErrBundle, ErrEnvelope, n)
	}
	return b, nil
}

func (b *Bundle) setMembers(members map[string][]byte) error {
	if err := json.Unmarshal(orNull(members["mediaType"]), &b.mediaType); err != nil {
		return err
	}
	if !slices.Contains(bundleMediaTypes, b.mediaType) {
		return fmt.Errorf("unknown mediaType %.80q", b.mediaType)
	}
	b.material, b.envelopeJSON, b.message = members["verificationMaterial"], members["dsseEnvelope"], members["messageSignature"]
	switch {
	case !strictjson.IsObject(b.material):
		return errors.New("no verificationMaterial")
	case (b.envelopeJSON == nil) == (b.message == nil):
		return errors.New("want one of dsseEnvelope and messageSignature")
	}
	return nil
}

func orNull(raw []byte) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}

// MediaType returns the bundle's media type, empty for a bare envelope.
func (b *Bundle) MediaType() string { return b.mediaType }

// Envelope returns a copy of the DSSE envelope, nil if the bundle holds none.
func (b *Bundle) Envelope() *Envelope {
	if b.envelope == nil {
		return nil
	}
	return b.envelope.clone()
}

// Bytes returns a copy of the exact bytes of the bundle.
func (b *Bundle) Bytes() []byte { return slices.Clone(b.raw) }

// Digest returns the SHA-256 of Bytes.
func (b *Bundle) Digest() Digest { return digestOf(b.raw) }

// VerificationMaterial returns a copy of the JSON of the verification material,
// nil for a bare envelope.
func (b *Bundle) VerificationMaterial() json.RawMessage { return slices.Clone(b.material) }

// KeyHint returns what the bundle says about the signing key. It proves nothing.
func (b *Bundle) KeyHint() string {
	var m struct {
		PublicKey struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
	}
	if b.material == nil || json.Unmarshal(b.material, &m) != nil {
		return ""
	}
	return m.PublicKey.Hint
}

// UnverifiedStatement reads what the bundle claims, without any check of who
// claims it. It is for choosing and showing, never for deciding. The error is an
// ErrUnsupported, ErrPayloadType, ErrStatement, ErrPredicate or ErrLimit.
func (b *Bundle) UnverifiedStatement() (*Statement, error) {
	if b.envelope == nil {
		return nil, fmt.Errorf("%w: no statement", ErrUnsupported)
	}
	if b.envelope.PayloadType != PayloadType {
		return nil, fmt.Errorf("%w: %.80q", ErrPayloadType, b.envelope.PayloadType)
	}
	return ParseStatement(b.envelope.Payload)
}

// MarshalJSON returns the exact bytes of the bundle. Note that json.Marshal
// removes white space from them; Bytes does not.
func (b *Bundle) MarshalJSON() ([]byte, error) {
	if len(b.raw) == 0 {
		return nil, fmt.Errorf("%w: empty", ErrBundle)
	}
	return b.Bytes(), nil
}

// UnmarshalJSON is ParseBundle.
func (b *Bundle) UnmarshalJSON(data []byte) error {
	parsed, err := ParseBundle(data)
	if err == nil {
		*b = *parsed
	}
	return err
}
