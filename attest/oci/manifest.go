package oci

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	mediaTypeManifest       = "application/vnd.oci.image.manifest.v1+json"
	mediaTypeIndex          = "application/vnd.oci.image.index.v1+json"
	mediaTypeDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaTypeDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	mediaTypeEmpty          = "application/vnd.oci.empty.v1+json"
	mediaTypeDSSE           = "application/vnd.dsse.envelope.v1+json"

	bundleTypePrefix = "application/vnd.dev.sigstore.bundle"

	annotationContent       = "dev.sigstore.bundle.content"
	annotationPredicateType = "dev.sigstore.bundle.predicateType"
	annotationCreated       = "org.opencontainers.image.created"
	annotationRefName       = "org.opencontainers.image.ref.name"
	annotationKind          = "kind" // of cosign's saved layouts
	annotationReference     = "vnd.docker.reference.digest"
	annotationReferenceType = "vnd.docker.reference.type"
)

var emptyConfig = []byte("{}")

// manifest is an image manifest or index, as far as it matters here.
type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType,omitempty"`
	Config        *Descriptor       `json:"config,omitempty"`
	Layers        []Descriptor      `json:"layers,omitempty"`
	Manifests     []Descriptor      `json:"manifests,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Subject       *Descriptor       `json:"subject,omitempty"`
	ArtifactType  string            `json:"artifactType,omitempty"`
}

// parseManifest reads a manifest or index. The error is an ErrManifest.
func parseManifest(raw []byte) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m.SchemaVersion != 2 {
		return nil, fmt.Errorf("%w: schemaVersion %d", ErrManifest, m.SchemaVersion)
	}
	return m, nil
}

// artifact is a bundle in the form of an OCI artifact.
type artifact struct {
	subject    Descriptor
	config     Descriptor
	layer      Descriptor
	bundle     []byte
	manifest   []byte
	descriptor Descriptor // of the manifest, as referrers lists want it
}

// newArtifact builds the manifest by which Sigstore clients attach a bundle.
func newArtifact(subject Descriptor, b *attest.Bundle, predicateType string, created time.Time) (*artifact, error) {
	a := &artifact{
		subject: Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		bundle:  b.Bytes(),
	}
	a.config = describe(mediaTypeEmpty, emptyConfig)
	a.layer = describe(b.MediaType(), a.bundle)
	annotations := map[string]string{
		annotationContent:       "dsse-envelope",
		annotationPredicateType: predicateType,
	}
	if !created.IsZero() {
		annotations[annotationCreated] = created.UTC().Format(time.RFC3339)
	}
	raw, err := encodeJSON(manifest{
		SchemaVersion: 2,
		MediaType:     mediaTypeManifest,
		Config:        &a.config,
		Layers:        []Descriptor{a.layer},
		Annotations:   annotations,
		Subject:       &a.subject,
		ArtifactType:  b.MediaType(),
	})
	if err != nil {
		return nil, err
	}
	a.manifest = raw
	a.descriptor = describe(mediaTypeManifest, raw)
	a.descriptor.ArtifactType, a.descriptor.Annotations = b.MediaType(), annotations
	return a, nil
}

func describe(mediaType string, content []byte) Descriptor {
	sum := sha256.Sum256(content)
	return Descriptor{MediaType: mediaType, Digest: attest.Digest("sha256:" + hex.EncodeToString(sum[:])), Size: int64(len(content))}
}

// checkContent checks content against its digest.
func checkContent(content []byte, want attest.Digest) error {
	var h hash.Hash
	switch want.Algorithm() {
	case "sha256":
		h = sha256.New()
	case "sha384":
		h = sha512.New384()
	case "sha512":
		h = sha512.New()
	default:
		return want.Validate()
	}
	h.Write(content)
	if got := hex.EncodeToString(h.Sum(nil)); got != want.Hex() {
		return fmt.Errorf("%w: want %s, got %s", ErrDigest, want, got)
	}
	return nil
}

// addToIndex adds d to the manifests of an index and returns the new index, or
// nil if d is in it already. Everything else in the index is kept as it is. A nil
// raw is an empty index.
func addToIndex(raw []byte, d Descriptor) ([]byte, error) {
	members := map[string]json.RawMessage{}
	if raw == nil {
		raw = []byte(`{"schemaVersion":2,"mediaType":"` + mediaTypeIndex + `","manifests":[]}`)
	}
	before, err := parseReferrers(raw)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(orNull(members["manifests"]), &entries); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if len(entries) != len(before) { // encoding/json takes "Manifests" for it, too
		return nil, fmt.Errorf("%w: ambiguous index", ErrManifest)
	}
	if indexLists(raw, d.Digest) {
		return nil, nil
	}
	entry, err := encodeJSON(d)
	if err != nil {
		return nil, err
	}
	if members["manifests"], err = encodeJSON(append(entries, entry)); err != nil {
		return nil, err
	}
	out, err := encodeMembers(members)
	if err != nil {
		return nil, err
	}
	if !indexLists(out, d.Digest) {
		return nil, fmt.Errorf("%w: ambiguous index", ErrManifest)
	}
	return out, nil
}

// indexLists reports whether an index lists d.
func indexLists(raw []byte, d attest.Digest) bool {
	entries, err := parseReferrers(raw)
	return err == nil && slices.ContainsFunc(entries, func(e Descriptor) bool { return e.Digest == d })
}

// encodeMembers writes an object, the members that people look for first.
func encodeMembers(members map[string]json.RawMessage) ([]byte, error) {
	order := []string{"schemaVersion", "mediaType", "artifactType", "manifests"}
	for name := range members {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	slices.Sort(order[4:])
	var buf bytes.Buffer
	for _, name := range order {
		if members[name] == nil {
			continue
		}
		key, err := encodeJSON(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&buf, ",%s:%s", key, members[name])
	}
	out := append([]byte("{"), bytes.TrimPrefix(buf.Bytes(), []byte(","))...)
	return append(out, '}'), nil
}

func encodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // media types have a plus, annotations may have anything
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

// referrersTag is the tag of the referrers tag schema.
func referrersTag(subject attest.Digest) string {
	return subject.Algorithm() + "-" + subject.Hex()
}

func isBundleType(mediaType string) bool { return strings.HasPrefix(mediaType, bundleTypePrefix) }

// isUnsignedType reports whether a layer holds a statement that nobody signed, as
// BuildKit writes them.
func isUnsignedType(mediaType string) bool { return mediaType == attest.PayloadType }

func isIndexType(mediaType string) bool {
	return mediaType == mediaTypeIndex || mediaType == mediaTypeDockerList
}
