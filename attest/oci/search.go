package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/imagetrust/imagetrust/attest"
)

// Entry is a bundle that was found.
type Entry struct {
	// Bundle is what was stored. It is a claim.
	Bundle *attest.Bundle
	// Manifest is the manifest in which it was found, Layer its own descriptor
	// there, with the annotations of cosign's older form.
	Manifest, Layer Descriptor
	// Store is where the manifest was found.
	Store Store

	verified *attest.Verified
}

// Unsigned is a statement that nobody signed, such as BuildKit's. It is listed and
// not read: nothing can be concluded from it.
type Unsigned struct {
	// Manifest is where it was found, Layer its own descriptor there.
	Manifest, Layer Descriptor
	// Store is where the manifest was found.
	Store Store
}

// findings are what a search comes upon, by the manifest it is in.
type findings struct {
	entries  []Entry
	unsigned []Unsigned
	other    []Descriptor
	rejected []Rejected
}

// inspect decides about a bundle: keep it, pass over it, or reject it.
type inspect func(ctx context.Context, e *Entry) (keep bool, err error)

// search looks into every candidate of subject and calls found for each bundle,
// from several goroutines. The findings that it returns are ordered by digest;
// found decides what becomes an entry, or why it is rejected.
func search(ctx context.Context, t Target, subject attest.Digest, opts *Options, found inspect) (*findings, error) {
	cands, rejected, err := t.candidates(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("list referrers of %s in %s: %w", subject, t, err)
	}
	cands, over := choose(cands, subject, opts.MaxReferrers)
	s := &searcher{target: t, subject: subject, opts: opts, found: found, bytes: semaphore.NewWeighted(opts.MaxInFlight)}
	results := make([]findings, len(cands))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(opts.Parallel)
	for i, c := range cands {
		group.Go(func() error {
			s.look(groupCtx, c, &results[i])
			return groupCtx.Err() // everything else is a rejection
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := &findings{rejected: append(rejected, over...)}
	for _, r := range results {
		all.entries = append(all.entries, r.entries...)
		all.unsigned = append(all.unsigned, r.unsigned...)
		all.other = append(all.other, r.other...)
		all.rejected = append(all.rejected, r.rejected...)
	}
	return all, nil
}

// choose removes duplicates and malformed descriptors, keeps the limit most
// promising candidates and orders them by digest.
func choose(cands []candidate, subject attest.Digest, limit int) ([]candidate, []Rejected) {
	var rejected []Rejected
	seen := map[listed]bool{{subject, StoreLayout}: true} // a tag that resolves to the image itself
	cands = slices.DeleteFunc(cands, func(c candidate) bool {
		if err := c.Digest.Validate(); err != nil {
			rejected = append(rejected, Rejected{c.Descriptor, c.store, fmt.Errorf("%w: %w", ErrManifest, err)})
			return true
		}
		as := listed{c.Digest, StoreLayout} // referrers are the same wherever they are listed
		if c.store == StoreAtt || c.store == StoreBuildKit {
			as.as = c.store
		}
		repeated := seen[as]
		seen[as] = true
		return repeated
	})
	slices.SortStableFunc(cands, func(a, b candidate) int { return cmp.Compare(b.promise(), a.promise()) })
	if len(cands) > limit {
		for _, c := range cands[limit:] {
			rejected = append(rejected, Rejected{c.Descriptor, c.store, fmt.Errorf("%w: more than %d referrers", ErrLimit, limit)})
		}
		cands = cands[:limit]
	}
	slices.SortFunc(cands, func(a, b candidate) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	return cands, rejected
}

// promise is how much a descriptor looks like a bundle.
func (c candidate) promise() int {
	switch {
	case c.store == StoreAtt:
		return 3
	case isBundleType(c.ArtifactType) || c.Annotations[annotationContent] != "":
		return 2
	case c.ArtifactType == "" || c.ArtifactType == mediaTypeEmpty:
		return 1
	}
	return 0
}

type searcher struct {
	target  Target
	subject attest.Digest
	opts    *Options
	found   inspect
	bytes   *semaphore.Weighted
}

// look reads one candidate and puts what it is into out.
func (s *searcher) look(ctx context.Context, c candidate, out *findings) {
	reject := func(err error) { out.rejected = append(out.rejected, Rejected{c.Descriptor, c.store, err}) }
	raw, desc, err := s.target.manifest(ctx, c.Digest)
	if err != nil {
		reject(err)
		return
	}
	m, err := parseManifest(raw)
	if err != nil {
		reject(err)
		return
	}
	if err := s.belongs(c, m); err != nil {
		reject(err)
		return
	}
	desc.ArtifactType, desc.Annotations = m.ArtifactType, m.Annotations
	before := len(out.rejected)
	for _, layer := range m.Layers {
		switch {
		case isUnsignedType(layer.MediaType):
			out.unsigned = append(out.unsigned, Unsigned{desc, layer, c.store})
		case c.store == StoreBuildKit: // never holds signed statements
		case isBundleType(layer.MediaType) || layer.MediaType == mediaTypeDSSE:
			if err := s.bundle(ctx, Entry{Manifest: desc, Layer: layer, Store: c.store}, out); err != nil {
				reject(err)
			}
		}
	}
	if len(out.entries)+len(out.unsigned) == 0 && len(out.rejected) == before {
		out.other = append(out.other, desc)
	}
}

// belongs checks that a manifest is where it was found for a reason. What binds a
// statement to the image is only the statement itself.
func (s *searcher) belongs(c candidate, m *manifest) error {
	if c.store == StoreAtt || c.store == StoreBuildKit {
		return nil // found by name; these forms have no subject
	}
	if m.Subject == nil {
		return fmt.Errorf("%w: none", ErrReferrer)
	}
	if m.Subject.Digest != s.subject {
		return fmt.Errorf("%w: %.80q", ErrReferrer, string(m.Subject.Digest))
	}
	return nil
}

// bundle fetches the bundle of e and asks s.found about it.
func (s *searcher) bundle(ctx context.Context, e Entry, out *findings) error {
	if err := e.Layer.Digest.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if e.Layer.Size < 0 || e.Layer.Size > s.opts.MaxBlobSize {
		return fmt.Errorf("%w: bundle of %d bytes, at most %d", ErrLimit, e.Layer.Size, s.opts.MaxBlobSize)
	}
	weight := min(e.Layer.Size, s.opts.MaxInFlight)
	if err := s.bytes.Acquire(ctx, weight); err != nil {
		return err
	}
	defer s.bytes.Release(weight)
	raw, err := s.target.blob(ctx, e.Layer)
	if err != nil {
		return err
	}
	if int64(len(raw)) != e.Layer.Size {
		return fmt.Errorf("%w: %d bytes, want %d", ErrDigest, len(raw), e.Layer.Size)
	}
	if e.Bundle, err = attest.ParseBundle(raw); err != nil {
		return err
	}
	keep, err := s.found(ctx, &e)
	if err == nil && keep {
		out.entries = append(out.entries, e)
	}
	return err
}

// Listing is what List found.
type Listing struct {
	// Subject is the image, resolved.
	Subject attest.Digest
	// Bundles are claims, in the order of their manifests' digests.
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
	f, err := search(ctx, t, subject, opts, func(_ context.Context, e *Entry) (bool, error) {
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

// Result is what Verify found.
type Result struct {
	// Subject is the image, resolved.
	Subject attest.Digest
	// Verified are the statements that passed, in the order of their manifests'
	// digests.
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
// target.
func Verify(ctx context.Context, t Target, subject attest.Digest, v attest.Verifier, opts *Options) (*Result, error) {
	opts = opts.withDefaults()
	subject, err := subjectOf(ctx, t, subject)
	if err != nil {
		return nil, err
	}
	f, err := search(ctx, t, subject, opts, func(ctx context.Context, e *Entry) (bool, error) {
		ok, err := v.Verify(ctx, e.Bundle, subject)
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
	for _, e := range f.entries {
		r.Verified = append(r.Verified, e.verified)
		e.Bundle, e.verified = nil, nil
		r.Sources = append(r.Sources, e)
	}
	if len(r.Verified) == 0 {
		return r, &NoneVerifiedError{subject, r.Rejected}
	}
	return r, nil
}
