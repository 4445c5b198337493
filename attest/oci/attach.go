package oci

import (
	"context"
	"fmt"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// AttachOptions adjust Attach. The zero value, and nil, are good defaults.
type AttachOptions struct {
	// Created is written as the time of creation. Without it, attaching a bundle
	// twice stores it once.
	Created time.Time
}

// Attach stores b as a referrer of the image subject, or of the image that t names
// if subject is empty, and returns the descriptor of the referrer. The bundle must
// hold a statement about that image; its signature is not checked. opts may be nil.
//
// Attach returns when the referrer can be found: where an index is shared with other
// writers, it is read back and written again until the entry stays, or an
// ErrLostUpdate is the result.
//
// The error is an ErrBundle, also for a bare envelope (make it a bundle with
// [attest.NewBundle]), attest.ErrSubject, ErrNotFound if t does not hold the image,
// or one of the target.
func Attach(ctx context.Context, t Target, subject attest.Digest, b *attest.Bundle, opts *AttachOptions) (Descriptor, error) {
	if opts == nil {
		opts = &AttachOptions{}
	}
	if b.MediaType() == "" {
		return Descriptor{}, fmt.Errorf("%w: a bare envelope", ErrBundle)
	}
	st, err := b.UnverifiedStatement()
	if err != nil {
		return Descriptor{}, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if subject, err = subjectOf(ctx, t, subject); err != nil {
		return Descriptor{}, err
	}
	if !st.About(subject) {
		return Descriptor{}, fmt.Errorf("%w: not about %s", attest.ErrSubject, subject)
	}
	_, image, err := t.manifest(ctx, subject)
	if err != nil {
		return Descriptor{}, err
	}
	a, err := newArtifact(image, b, st.PredicateType, opts.Created)
	if err != nil {
		return Descriptor{}, err
	}
	if err := t.push(ctx, a); err != nil {
		return Descriptor{}, fmt.Errorf("attach to %s in %s: %w", subject, t, err)
	}
	return a.descriptor, nil
}
