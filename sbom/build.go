package sbom

// ScopeBuild is software that took part in building the image: what a build stage
// has, and what the build was given, such as base images. It is known from
// statements about the build and not from the image's bytes, so that its
// Attribution is not Visible. It is not shipped, whatever else of the same name is.
const ScopeBuild Scope = "build"

// CopiedFrom means that the file which From was found in was copied from the build
// stage To.
const CopiedFrom RelationshipType = "copied-from"

// GapContradiction: two sources say different things about the image. What its bytes
// say stands; where neither is the bytes, the message says which one is believed.
const GapContradiction GapKind = "contradiction"

// LayerRole says whether a layer was there before the image was built.
type LayerRole string

const (
	// LayerBase is a layer of the image that the build began with.
	LayerBase LayerRole = "base"
	// LayerBuild is a layer that was added to it.
	LayerBuild LayerRole = "build"
)

// LayerOrigin says where a layer comes from. The zero value claims nothing: without
// evidence there is no role.
type LayerOrigin struct {
	// Role is empty when nothing says it.
	Role LayerRole `json:"role,omitempty"`
	// Image is the name of the base image of a LayerBase, as its evidence has it. It
	// may be empty, and proves nothing.
	Image string `json:"image,omitempty"`
	// Digest is the digest of the base image's manifest, where the evidence has it.
	Digest Digest `json:"digest,omitempty"`
	// Evidence is the best reason for Role. Its confidence is 1 only where the layers
	// were compared by their digests.
	Evidence Evidence `json:"evidence,omitzero"`
}
