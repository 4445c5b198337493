package oci

import (
	"encoding/json"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// Descriptor describes content by digest, size and type (OCI image specification,
// "descriptor").
type Descriptor struct {
	MediaType string        `json:"mediaType"`
	Digest    attest.Digest `json:"digest"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Annotations and ArtifactType are claims of whoever wrote the descriptor. Of
	// what is read, annotations are left out that are longer or more than those of
	// any attestation.
	Annotations  map[string]string `json:"annotations,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	// Platform is that of an image in an index, nil where none is said.
	Platform *Platform `json:"platform,omitempty"`
}

// How much of somebody's annotations is read, in bytes of their JSON. Anybody may write
// them, and a result holds many.
const (
	keepListed   = 1 << 10  // of a descriptor in a list of referrers
	keepManifest = 4 << 10  // of a manifest
	keepLegacy   = 64 << 10 // of cosign's .att entries: certificates, log entries
	maxMembers   = 64
)

// parseDescriptor reads a descriptor, and its annotations if they have at most keep
// bytes. Members that do not matter here are ignored. One that others could read as
// being of something else is an error.
func parseDescriptor(raw []byte, keep int) (d Descriptor, err error) {
	err = strictjson.Object(raw, func(name string, value []byte) (err error) {
		switch name {
		case "mediaType":
			err = json.Unmarshal(value, &d.MediaType)
		case "digest":
			err = json.Unmarshal(value, &d.Digest)
		case "size":
			err = json.Unmarshal(value, &d.Size)
		case "artifactType":
			err = json.Unmarshal(value, &d.ArtifactType)
		case "annotations":
			d.Annotations, err = parseAnnotations(value, keep)
		case "platform":
			d.Platform, err = parsePlatform(value)
		default: // what readers that ignore case take for one of these
			err = strictjson.ExactCase(name, "mediaType", "digest", "size", "artifactType", "annotations", "platform")
		}
		return err
	})
	return d, err
}

// parseAnnotations reads annotations, none if there are more than anybody needs.
func parseAnnotations(raw []byte, keep int) (kept map[string]string, err error) {
	if len(raw) > keep || strictjson.IsNull(raw) {
		return nil, nil
	}
	if err := strictjson.Decode(raw, &kept); err != nil {
		return nil, err
	}
	if len(kept) > maxMembers {
		return nil, nil
	}
	return kept, nil
}
