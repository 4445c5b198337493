package oci

import (
	"context"
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/attest"
)

// Result is what Verify found.
type Result struct {
	// Subject is the image, resolved.
	Subject attest.Digest
	// Verified are the statements that passed, in the order of their manifests'
	// digests. One that is stored in two forms with one signature and the same proven
	// times is there once.
	Verified []*attest.Verified
	// Sources says for each of Verified where it was found; its Bundle is nil.
	Sources []Entry
	// Unsigned are statements without any signature.
	Unsigned []Unsigned
	// Other are referrers that hold no attestation, or one of another predicate
	// type than was asked for.
	Other []Descriptor
	// Rejected are entries that could not be read or did not pass, with the
	// reasons.
	Rejected []Rejected
}

// Verify finds the bundles attached to the image subject, or to the image that t
// names if subject is empty, and checks each with v, which is called
// from several goroutines. opts may be nil. A Result comes also with the error
// ErrNoneVerified, which says that nothing passed; other errors are of reaching the
// target, and attest.ErrTrust if v is nil.
//
// If subject is an index, the statements are those about the index itself; [VerifyIndex]
// also asks its images.
func Verify(ctx context.Context, t Target, subject attest.Digest, v attest.Verifier, opts *Options) (*Result, error) {
	if v == nil {
		return nil, errNoVerifier
	}
	subject, err := subjectOf(ctx, t, subject)
	if err != nil {
		return nil, err
	}
	r, err := verify(ctx, t, subject, v, opts.withDefaults(), nil)
	if none := (*NoneVerifiedError)(nil); errors.As(err, &none) {
		none.Images = imagesIn(ctx, t, subject)
	}
	return r, err
}

// errNoVerifier comes before anything is fetched: a panic in one of the goroutines, for
// images that somebody has attached something to, could not be recovered from.
var errNoVerifier = fmt.Errorf("%w: no verifier", attest.ErrTrust)

// imagesIn returns the number of images in an index, 0 if subject is something else
// or cannot be had: it is for a hint.
func imagesIn(ctx context.Context, t Target, subject attest.Digest) int {
	w := newIndexWalk(t)
	if err := w.root(ctx, subject); err != nil || !w.isIndex {
		return 0
	}
	return len(w.images)
}

func verify(ctx context.Context, t Target, subject attest.Digest, v attest.Verifier, opts *Options, more []candidate) (*Result, error) {
	f, err := search(ctx, t, subject, opts, more, func(ctx context.Context, e *Entry) (bool, error) {
		ok, err := v.Verify(ctx, e.Bundle, subject)
		e.Bundle = nil // what passed is in ok
		if err != nil {
			return false, err
		}
		if !ok.Valid() || ok.Subject() != subject {
			return false, errors.New("oci: the verifier returned no verified statement about the image")
		}
		if opts.PredicateType != "" && ok.PredicateType() != opts.PredicateType {
			return false, nil
		}
		e.verified = ok
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	r := &Result{Subject: subject, Unsigned: f.unsigned, Other: f.other, Rejected: f.rejected}
	r.add(f.entries)
	if len(r.Verified) == 0 {
		return r, &NoneVerifiedError{Subject: subject, Rejected: r.Rejected}
	}
	return r, nil
}

// add takes the entries over. An envelope in cosign's older form that is also there
// as a bundle by the same signer says nothing new, if it proves no other time: anybody may
// attach a bundle without what the other form has.
func (r *Result) add(entries []Entry) {
	type signed struct {
		envelope           attest.Digest
		keyID, issuer, san string
		evidence           string
	}
	key := func(e Entry) signed {
		by := e.verified.Signer()
		evidence := fmt.Sprint(e.verified.Times(), len(e.verified.Log()))
		return signed{e.verified.EnvelopeDigest(), by.KeyID, by.Issuer, by.SAN, evidence}
	}
	bundled := map[signed]bool{}
	for _, e := range entries {
		if e.Store != StoreAtt {
			bundled[key(e)] = true
		}
	}
	for _, e := range entries {
		if e.Store == StoreAtt && bundled[key(e)] {
			continue
		}
		r.Verified = append(r.Verified, e.verified)
		e.verified = nil
		r.Sources = append(r.Sources, e)
	}
}
