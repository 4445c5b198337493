package oci

import (
	"context"

	"github.com/imagetrust/imagetrust/attest"
)

// Target is where an image and its attestations are kept: a [*LayoutTarget] or a
// [*RepositoryTarget]. Other packages cannot implement it.
type Target interface {
	// String names the target for people.
	String() string

	// resolve returns the image that the target itself names.
	resolve(ctx context.Context) (Descriptor, error)
	// manifest reads a manifest or index by digest and checks it. The media type
	// of the descriptor is that of the store.
	manifest(ctx context.Context, d attest.Digest) ([]byte, Descriptor, error)
	// blob reads a blob of at most d.Size bytes and checks it against d.
	blob(ctx context.Context, d Descriptor) ([]byte, error)
	// candidates lists what may be an attestation of subject, in all stores.
	candidates(ctx context.Context, subject attest.Digest) ([]candidate, []Rejected, error)
	// push stores artifacts and makes them discoverable as referrers of subject.
	push(ctx context.Context, subject attest.Digest, artifacts []*artifact) error
	// pushLegacy adds entries to cosign's .att image of subject.
	pushLegacy(ctx context.Context, subject attest.Digest, entries []*legacyEntry) error
}

// Store is the place in a target where an entry was found.
type Store string

// The stores.
const (
	// StoreAPI is the referrers API of a registry.
	StoreAPI Store = "referrers API"
	// StoreTag is the referrers tag, "sha256-<hex>".
	StoreTag Store = "referrers tag"
	// StoreAtt is cosign's older tag, "sha256-<hex>.att", or its image in a layout.
	StoreAtt Store = "cosign .att"
	// StoreLayout is the index of an OCI layout.
	StoreLayout Store = "layout index"
	// StoreBuildKit is an image index with BuildKit's unsigned attestations.
	StoreBuildKit Store = "BuildKit index entry"
)

// candidate is a descriptor that a store lists. Nothing in it is proven.
type candidate struct {
	Descriptor
	store Store
	raw   []byte // the manifest, if it was read already
}

// Resolve returns the digest of the image that t itself names: by the tag or
// digest of a repository reference, or as the only image of a layout. The error is
// an ErrNotFound or ErrAmbiguous, or one of reading the target.
func Resolve(ctx context.Context, t Target) (attest.Digest, error) {
	d, err := t.resolve(ctx)
	return d.Digest, err
}

// subjectOf returns subject, or what t names if it is empty.
func subjectOf(ctx context.Context, t Target, subject attest.Digest) (attest.Digest, error) {
	if subject == "" {
		return Resolve(ctx, t)
	}
	return subject, subject.Validate()
}
