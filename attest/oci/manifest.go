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
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
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
	buildKitStatements      = "attestation-manifest"      // the value of the latter
	annotationUnsignedType  = "in-toto.io/predicate-type" // of BuildKit's layers
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

	layers, manifests int // how many there are; those beyond the limits are not read
}

// parseManifest reads a manifest or index. Of layers and manifests it reads as many
// as anybody needs. The error is an ErrManifest.
func parseManifest(raw []byte) (*manifest, error) {
	m := &manifest{}
	err := strictjson.Object(raw, m.setMember)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	case m.SchemaVersion != 2:
		return nil, fmt.Errorf("%w: schemaVersion %d", ErrManifest, m.SchemaVersion)
	case m.manifests > 0 && (m.layers > 0 || m.Config != nil): // GHSA-77vh-xpmg-72qh
		return nil, fmt.Errorf("%w: both an index and an image", ErrManifest)
	}
	return m, nil
}

func (m *manifest) setMember(name string, value []byte) (err error) {
	switch name {
	case "schemaVersion":
		return json.Unmarshal(value, &m.SchemaVersion)
	case "mediaType":
		return json.Unmarshal(value, &m.MediaType)
	case "artifactType":
		return json.Unmarshal(value, &m.ArtifactType)
	case "annotations":
		m.Annotations, err = parseAnnotations(value, keepManifest)
		return err
	case "config", "subject":
		if strictjson.IsNull(value) {
			return nil
		}
		d, err := parseDescriptor(value, keepListed)
		if name == "config" {
			m.Config = &d
		} else {
			m.Subject = &d
		}
		return err
	case "layers":
		m.layers, err = parseList(value, func(i int, d Descriptor) {
			if i < maxLayers {
				m.Layers = append(m.Layers, d)
			}
		})
		return err
	case "manifests":
		m.manifests, err = parseList(value, func(i int, d Descriptor) {
			if i < maxListed {
				m.Manifests = append(m.Manifests, d)
			}
		})
		return err
	}
	return strictjson.ExactCase(name, "schemaVersion", "mediaType", "artifactType", "annotations", "config", "subject", "layers", "manifests")
}

// parseList reads descriptors one by one and returns how many there are. One that is
// no descriptor spoils itself only: it comes out without a digest.
func parseList(raw []byte, found func(i int, d Descriptor)) (n int, err error) {
	if strictjson.IsNull(raw) {
		return 0, nil
	}
	err = strictjson.Array(raw, func(entry []byte) error {
		if n < max(maxLayers, maxListed) {
			d, err := parseDescriptor(entry, keepListed)
			if d.MediaType == mediaTypeDSSE {
				d, err = parseDescriptor(entry, keepLegacy)
			}
			if err != nil {
				d = Descriptor{}
			}
			found(n, d)
		}
		n++
		return nil
	})
	return n, err
}

// artifact is a bundle in the form of an OCI artifact.
type artifact struct {
	layer      Descriptor
	bundle     []byte
	manifest   []byte
	descriptor Descriptor // of the manifest, as referrers lists want it
}

// emptyDescriptor is the config of artifacts.
func emptyDescriptor() Descriptor { return describe(mediaTypeEmpty, emptyConfig) }

// newArtifact builds the manifest by which Sigstore clients attach a bundle.
func newArtifact(subject Descriptor, b *attest.Bundle, predicateType string, created time.Time) (*artifact, error) {
	a := &artifact{bundle: b.Bytes()}
	config := emptyDescriptor()
	a.layer = describe(b.MediaType(), a.bundle)
	annotations := map[string]string{
		annotationContent:       "dsse-envelope",
		annotationPredicateType: predicateType,
	}
	if !created.IsZero() {
		annotations[annotationCreated] = created.UTC().Format(time.RFC3339)
	}
	raw, err := strictjson.Encode(manifest{
		SchemaVersion: 2,
		MediaType:     mediaTypeManifest,
		Config:        &config,
		Layers:        []Descriptor{a.layer},
		Annotations:   annotations,
		Subject:       &Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
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

// addToIndex puts d at the end of the manifests of an index, instead of those that
// are in its place, and returns the new index, or nil if d is in it already.
// Everything else in the index is kept as it is. A nil raw is an empty index.
func addToIndex(raw []byte, d Descriptor, inPlace func(Descriptor) bool) ([]byte, error) {
	if raw == nil {
		raw = []byte(`{"schemaVersion":2,"mediaType":"` + mediaTypeIndex + `","manifests":[]}`)
	}
	before, err := parseReferrers(raw)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(before, func(e Descriptor) bool { return e.Digest == d.Digest && inPlace(e) }) {
		return nil, nil
	}
	return editMembers(raw, func(members map[string]json.RawMessage) error {
		var entries []json.RawMessage
		if err := json.Unmarshal(orNull(members["manifests"]), &entries); err != nil || len(entries) != len(before) {
			return fmt.Errorf("%w: ambiguous index", ErrManifest)
		}
		var kept []json.RawMessage
		for i, e := range entries {
			if !inPlace(before[i]) {
				kept = append(kept, e)
			}
		}
		entry, err := strictjson.Encode(d)
		if err != nil {
			return err
		}
		members["manifests"], err = strictjson.Encode(append(kept, entry))
		return err
	})
}

// editMembers rewrites a document of which only some members change. The error is an
// ErrManifest or that of edit.
func editMembers(raw []byte, edit func(members map[string]json.RawMessage) error) ([]byte, error) {
	members := map[string]json.RawMessage{}
	err := strictjson.Object(raw, func(name string, value []byte) error {
		members[name] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if err := edit(members); err != nil {
		return nil, err
	}
	return encodeMembers(members)
}

// encodeMembers writes an object, the members that people look for first.
func encodeMembers(members map[string]json.RawMessage) ([]byte, error) {
	order := []string{"schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests"}
	first := len(order)
	for name := range members {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	slices.Sort(order[first:])
	var buf bytes.Buffer
	for _, name := range order {
		if members[name] == nil {
			continue
		}
		key, err := strictjson.Encode(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&buf, ",%s:%s", key, members[name])
	}
	out := append([]byte("{"), bytes.TrimPrefix(buf.Bytes(), []byte(","))...)
	return append(out, '}'), nil
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

// referrersTag is the tag of the referrers tag schema, which shortens long digests.
func referrersTag(subject attest.Digest) string {
	hex := subject.Hex()
	return subject.Algorithm() + "-" + hex[:min(len(hex), 64)]
}

func isBundleType(mediaType string) bool { return strings.HasPrefix(mediaType, bundleTypePrefix) }

// isUnsignedType reports whether a layer holds a statement that nobody signed, as
// BuildKit writes them.
func isUnsignedType(mediaType string) bool { return mediaType == attest.PayloadType }

func isIndexType(mediaType string) bool {
	return mediaType == mediaTypeIndex || mediaType == mediaTypeDockerList
}

// isBundleLayer reports whether a layer is a bundle, or an envelope as in cosign's
// older form.
func isBundleLayer(mediaType string) bool {
	return isBundleType(mediaType) || mediaType == mediaTypeDSSE
}
