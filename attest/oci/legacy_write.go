package oci

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

const mediaTypeConfig = "application/vnd.oci.image.config.v1+json"

// legacyEntry is one attestation of cosign's .att image: a layer that is the bare
// envelope, with annotations about the signature.
type legacyEntry struct {
	layer    Descriptor
	envelope []byte
}

// newLegacyEntry takes the envelope out of a bundle, in its exact bytes. The error is
// an ErrBundle if the bundle says more than the older form can.
func newLegacyEntry(b *attest.Bundle, predicateType string) (*legacyEntry, error) {
	annotations, err := legacyAnnotations(b, predicateType)
	if err == nil {
		_, err = legacyMaterial(annotations) // what is written is readable
	}
	if err != nil {
		return nil, fmt.Errorf("%w: in cosign's older form: %w", ErrBundle, err)
	}
	if said, err := strictjson.Encode(annotations); err != nil || len(said) > keepLegacy {
		return nil, fmt.Errorf("%w: in cosign's older form: %d bytes of annotations, at most %d", ErrBundle, len(said), keepLegacy)
	}
	raw := b.Bytes()
	envelope := raw
	if b.MediaType() != "" {
		err = strictjson.Object(raw, func(name string, value []byte) error {
			if name == "dsseEnvelope" {
				envelope = value
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBundle, err)
		}
	}
	e := &legacyEntry{layer: describe(mediaTypeDSSE, envelope), envelope: envelope}
	e.layer.Annotations = annotations
	return e, nil
}

// isIn reports whether the image has the entry. Whoever lists the same envelope with
// other annotations makes another entry of it.
func (e *legacyEntry) isIn(layers []Descriptor) bool {
	return slices.ContainsFunc(layers, func(d Descriptor) bool {
		return d.Digest == e.layer.Digest && d.MediaType == e.layer.MediaType && maps.Equal(d.Annotations, e.layer.Annotations)
	})
}

// legacyImage is a new version of a .att image.
type legacyImage struct {
	config, manifest []byte
	configDesc, desc Descriptor
}

// addToLegacy adds entries to a .att image, given its manifest and config, and
// returns the new ones, or nil if the entries are there already. All else in the image is kept.
// A nil manifest is an image that does not exist yet. The error is an ErrManifest.
func addToLegacy(old, oldConfig []byte, entries []*legacyEntry) (*legacyImage, error) {
	if old == nil {
		old = []byte(`{"schemaVersion":2,"mediaType":"` + mediaTypeManifest + `","layers":[]}`)
	}
	m, err := parseManifest(old)
	switch {
	case err != nil:
		return nil, err
	case m.MediaType != "" && m.MediaType != mediaTypeManifest && m.MediaType != mediaTypeDockerManifest || m.manifests > 0:
		return nil, fmt.Errorf("%w: the .att image is of type %.80q", ErrManifest, m.MediaType)
	case m.layers > maxLayers:
		return nil, fmt.Errorf("%w: the .att image has %d entries", ErrLimit, m.layers)
	}
	layers := m.Layers
	for _, e := range entries {
		if !e.isIn(layers) {
			layers = append(layers, e.layer)
		}
	}
	added := layers[len(m.Layers):]
	if len(added) == 0 {
		return nil, nil
	}
	next := &legacyImage{}
	if next.config, err = legacyConfig(oldConfig, layers); err != nil {
		return nil, err
	}
	configType := mediaTypeConfig
	if m.Config != nil && m.Config.MediaType != "" {
		configType = m.Config.MediaType
	}
	next.configDesc = describe(configType, next.config)
	next.manifest, err = editMembers(old, func(members map[string]json.RawMessage) error {
		return appendLayers(members, next.configDesc, m.layers, added)
	})
	mediaType := m.mediaType()
	next.desc = describe(mediaType, next.manifest)
	return next, err
}

// appendLayers puts the new config and layers into a manifest that has n layers.
func appendLayers(members map[string]json.RawMessage, config Descriptor, n int, added []Descriptor) error {
	var entries []json.RawMessage
	if err := json.Unmarshal(orNull(members["layers"]), &entries); err != nil || len(entries) != n {
		return fmt.Errorf("%w: ambiguous layers", ErrManifest)
	}
	for _, d := range added {
		entry, err := strictjson.Encode(d)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	var err error
	if members["layers"], err = strictjson.Encode(entries); err != nil {
		return err
	}
	members["config"], err = strictjson.Encode(config)
	return err
}

// legacyConfig is the image's config. Its layers are not compressed, so that their
// diffIDs are their digests (OCI image configuration, "rootfs"). A config that cannot be read is
// made anew.
func legacyConfig(old []byte, layers []Descriptor) ([]byte, error) {
	ids := make([]attest.Digest, len(layers))
	for i, d := range layers {
		ids[i] = d.Digest
	}
	rootfs, err := strictjson.Encode(struct {
		Type    string          `json:"type"`
		DiffIDs []attest.Digest `json:"diff_ids"`
	}{"layers", ids})
	if err != nil {
		return nil, err
	}
	set := func(members map[string]json.RawMessage) error {
		members["rootfs"] = rootfs
		return nil
	}
	if raw, err := editMembers(old, set); err == nil {
		return raw, nil
	}
	return editMembers([]byte(`{"architecture":"","os":"","config":{}}`), set)
}
