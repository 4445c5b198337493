package oci

import (
	"context"
	"fmt"
)

// Unsigned is a statement that nobody signed, such as BuildKit's. It is listed and
// not read: nothing can be concluded from it. [ReadUnsigned] reads it.
type Unsigned struct {
	// Manifest is where it was found, Layer its own descriptor there, with the
	// predicate type that BuildKit puts into its annotation "in-toto.io/predicate-type".
	Manifest, Layer Descriptor
	// Store is where the manifest was found.
	Store Store
}

// PredicateType returns the type that the statement is said to have, empty if
// nothing is said.
func (u Unsigned) PredicateType() string { return u.Layer.Annotations[annotationUnsignedType] }

// ReadUnsigned fetches a statement that nobody signed, at most Options.MaxBlobSize
// bytes of it. They are what the image's layer or the registry holds under that digest, and
// no more: whoever may push may have written them. [attest.ParseStatement] reads them. opts
// may be nil. The error is an ErrManifest, ErrLimit, ErrDigest, ErrNotFound or one of
// reaching the target.
func ReadUnsigned(ctx context.Context, t Target, u Unsigned, opts *Options) ([]byte, error) {
	opts = opts.withDefaults()
	raw, err := fetch(ctx, t, u.Layer, opts.MaxBlobSize)
	if err != nil {
		return nil, fmt.Errorf("unsigned statement %.80q: %w", string(u.Layer.Digest), err)
	}
	return raw, nil
}

// fetch reads a blob of at most limit bytes.
func fetch(ctx context.Context, t Target, d Descriptor, limit int64) ([]byte, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if d.Size < 0 || d.Size > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, d.Size, limit)
	}
	raw, err := t.blob(ctx, d)
	if err == nil && int64(len(raw)) != d.Size {
		err = fmt.Errorf("%w: %d bytes, want %d", ErrDigest, len(raw), d.Size)
	}
	return raw, err
}
