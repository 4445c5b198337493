package oci

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/imagetrust/imagetrust/attest"
)

// Listing is what List found.
type Listing struct {
	// Subject is the image, resolved.
	Subject attest.Digest
	// Bundles are claims, in the order of their manifests' digests. One that is
	// stored in two forms is listed twice.
	Bundles []Entry
	// Unsigned are statements without any signature.
	Unsigned []Unsigned
	// Other are referrers that hold no attestation, or one of another predicate
	// type than was asked for.
	Other []Descriptor
	// Rejected are entries that could not be read, with the reasons.
	Rejected []Rejected
}

// List finds the bundles attached to the image subject, or to the image that t
// names if subject is empty, and checks nothing about them: use [Verify] to decide. opts
// may be nil.
// The error is one of reaching the target; what is wrong with single entries is in
// Listing.Rejected. An image without attestations gives an empty Listing.
func List(ctx context.Context, t Target, subject attest.Digest, opts *Options) (*Listing, error) {
	opts = opts.withDefaults()
	subject, err := subjectOf(ctx, t, subject)
	if err != nil {
		return nil, err
	}
	budget := semaphore.NewWeighted(opts.MaxTotal)
	f, err := search(ctx, t, subject, opts, nil, func(_ context.Context, e *Entry) (bool, error) {
		if !budget.TryAcquire(e.Layer.Size) {
			return false, fmt.Errorf("%w: more than %d bytes of bundles", ErrLimit, opts.MaxTotal)
		}
		if opts.PredicateType == "" {
			return true, nil
		}
		st, err := e.Bundle.UnverifiedStatement()
		return err == nil && st.PredicateType == opts.PredicateType, err
	})
	if err != nil {
		return nil, err
	}
	return &Listing{subject, f.entries, f.unsigned, f.other, f.rejected}, nil
}
