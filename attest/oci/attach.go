package oci

import (
	"context"
	"fmt"
	"time"

	"github.com/imagetrust/imagetrust/attest"
)

// Format is the form in which an attestation is stored.
type Format int

// The formats. With keys, FormatBoth is what every reader in use today finds.
const (
	// FormatBundle is a Sigstore bundle as an OCI referrer, which cosign 3 and
	// other Sigstore clients read by default.
	FormatBundle Format = iota
	// FormatLegacy is an entry of the image with the tag "sha256-<hex>.att", which
	// older cosign, policy-controller and Tekton Chains read. It has no place for
	// entries of a Rekor v2 log.
	FormatLegacy
	// FormatBoth stores both.
	FormatBoth
)

// AttachOptions adjust Attach. The zero value, and nil, are good defaults.
type AttachOptions struct {
	// Format is FormatBundle if zero.
	Format Format
	// Created is written as the time of creation of a referrer. Without it,
	// attaching a bundle twice stores it once.
	Created time.Time
}

// Attach stores b with the image subject, or with the image that t names if subject is
// empty, and returns the descriptor of the referrer, or, with FormatLegacy, that of
// the entry in the .att image. The bundle must hold a statement about that image; its
// signature is not checked. opts may be nil.
//
// Attach returns when the attestation can be found: where an index or the .att image
// is shared with other writers, it is read back and written again until the entry
// stays, or an ErrLostUpdate is the result.
//
// The error is an ErrBundle, also for a bare envelope as a referrer (make it a bundle
// with [attest.NewBundle]), attest.ErrSubject, ErrNotFound if t does not hold the
// image, or one of the target.
func Attach(ctx context.Context, t Target, subject attest.Digest, b *attest.Bundle, opts *AttachOptions) (Descriptor, error) {
	descriptors, err := AttachAll(ctx, t, subject, []*attest.Bundle{b}, opts)
	if err != nil {
		return Descriptor{}, err
	}
	return descriptors[0], nil
}

// AttachAll is Attach for several bundles about one image, with one update of what
// is shared with other writers. All bundles are checked before anything is written. The
// descriptors are in the order of the bundles.
//
// Registries have no transactions: after an error some of the bundles may be stored.
// Calling AttachAll again stores the others.
func AttachAll(ctx context.Context, t Target, subject attest.Digest, bundles []*attest.Bundle, opts *AttachOptions) ([]Descriptor, error) {
	if opts == nil {
		opts = &AttachOptions{}
	}
	subject, err := subjectOf(ctx, t, subject)
	if err != nil {
		return nil, err
	}
	w := &writing{opts: opts}
	statements := make([]*attest.Statement, len(bundles))
	for i, b := range bundles {
		if statements[i], err = w.check(b, subject); err != nil {
			return nil, err
		}
	}
	_, image, err := t.manifest(ctx, subject)
	if err != nil {
		return nil, err
	}
	for i, b := range bundles {
		if err := w.add(image, b, statements[i].PredicateType); err != nil {
			return nil, err
		}
	}
	if err := w.store(ctx, t, subject); err != nil {
		return nil, fmt.Errorf("attach to %s in %s: %w", subject, t, err)
	}
	return w.descriptors, nil
}

// writing is what one call stores.
type writing struct {
	opts        *AttachOptions
	artifacts   []*artifact
	legacy      []*legacyEntry
	descriptors []Descriptor
}

// check reads the statement of a bundle. The error is an ErrBundle or
// attest.ErrSubject.
func (w *writing) check(b *attest.Bundle, subject attest.Digest) (*attest.Statement, error) {
	switch {
	case w.opts.Format < FormatBundle || w.opts.Format > FormatBoth:
		return nil, fmt.Errorf("%w: unknown format %d", ErrBundle, w.opts.Format)
	case b == nil:
		return nil, fmt.Errorf("%w: nil", ErrBundle)
	case b.MediaType() == "" && w.opts.Format != FormatLegacy:
		return nil, fmt.Errorf("%w: a bare envelope", ErrBundle)
	}
	st, err := b.UnverifiedStatement()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if !st.About(subject) {
		return nil, fmt.Errorf("%w: not about %s", attest.ErrSubject, subject)
	}
	return st, nil
}

// add puts b into its forms.
func (w *writing) add(image Descriptor, b *attest.Bundle, predicateType string) error {
	if w.opts.Format != FormatBundle {
		e, err := newLegacyEntry(b, predicateType)
		if err != nil {
			return err
		}
		w.legacy = append(w.legacy, e)
		if w.opts.Format == FormatLegacy {
			w.descriptors = append(w.descriptors, e.layer)
			return nil
		}
	}
	a, err := newArtifact(image, b, predicateType, w.opts.Created)
	if err != nil {
		return err
	}
	w.artifacts = append(w.artifacts, a)
	w.descriptors = append(w.descriptors, a.descriptor)
	return nil
}

func (w *writing) store(ctx context.Context, t Target, subject attest.Digest) error {
	if len(w.artifacts) > 0 {
		if err := t.push(ctx, subject, w.artifacts); err != nil {
			return err
		}
	}
	if len(w.legacy) > 0 {
		return t.pushLegacy(ctx, subject, w.legacy)
	}
	return nil
}
