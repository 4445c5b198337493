package oci

import (
	"encoding/json"
	"slices"

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
	// what is read, very many or very long annotations are left out, except those
	// that attestations need.
	Annotations  map[string]string `json:"annotations,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	// Platform is that of an image in an index, nil where none is said.
	Platform *Platform `json:"platform,omitempty"`
}

// How much of somebody's annotations is kept, in bytes of their JSON. Anybody may
// write them, and a result holds many.
const (
	keepListed   = 1 << 10  // of a descriptor in a list of referrers
	keepManifest = 8 << 10  // of a manifest
	keepLegacy   = 64 << 10 // of cosign's .att entries: certificates, log entries
	maxMembers   = 64
)

// knownAnnotations are kept however many others there are.
var knownAnnotations = []string{
	annotationContent, annotationPredicateType, annotationCreated, annotationRefName, annotationKind, annotationReference, annotationReferenceType,
	annotationUnsignedType, annotationLegacyType, annotationLegacySignature, annotationLegacyCertificate, annotationLegacyChain, annotationLegacyBundle,
	annotationLegacyTimestamp,
}

// parseDescriptor reads a descriptor, and of its annotations about keep bytes.
// Members that do not matter here are ignored.
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
			if len(value) <= keepListed && !strictjson.IsNull(value) {
				err = json.Unmarshal(value, &d.Platform)
			}
		}
		return err
	})
	return d, err
}

// parseAnnotations reads annotations. Of those that have more members or bytes than
// are kept, only the known ones come out.
func parseAnnotations(raw []byte, keep int) (map[string]string, error) {
	if strictjson.IsNull(raw) {
		return nil, nil
	}
	members := 0
	if err := strictjson.Object(raw, func(string, []byte) error { members++; return nil }); err != nil {
		return nil, err
	}
	all := members <= maxMembers && len(raw) <= keep
	var kept map[string]string
	err := strictjson.Object(raw, func(name string, value []byte) error {
		if !all && (len(value) > keep || !slices.Contains(knownAnnotations, name)) {
			return nil
		}
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
		if kept == nil {
			kept = make(map[string]string, min(members, maxMembers))
		}
		kept[name] = text
		return nil
	})
	return kept, err
}
