package oci

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	// maxReferrerSize bounds the manifest of a referrer. Those of bundles have
	// about a thousand bytes.
	maxReferrerSize = 1 << 20
	// maxBundles is how many bundles of one referrer are read; writers put one
	// into each. maxUnsigned is the same for unsigned statements.
	maxBundles  = 4
	maxUnsigned = 64
)

// Entry is a bundle that was found.
type Entry struct {
	// Bundle is what was stored. It is a claim. An entry in cosign's older form whose
	// annotations hold a certificate, a log entry or a timestamp comes as a bundle
	// v0.1 of them and of the stored envelope; without them, as with a plain key,
	// as the bare envelope.
	Bundle *attest.Bundle
	// Manifest is the manifest in which it was found, Layer its own descriptor
	// there, with the annotations of cosign's older form.
	Manifest, Layer Descriptor
	// Store is where the manifest was found.
	Store Store

	verified *attest.Verified
}

// findings are what a search comes upon.
type findings struct {
	entries  []Entry
	unsigned []Unsigned
	other    []Descriptor
	rejected []Rejected
}

// inspect decides about a bundle: keep it, pass over it, or reject it.
type inspect func(ctx context.Context, e *Entry) (keep bool, err error)

type searcher struct {
	target  Target
	subject attest.Digest
	opts    *Options
	found   inspect
}

// search looks into every candidate of subject and calls found for each bundle,
// from several goroutines. The findings that it returns are ordered by the digests of
// their manifests; found decides what becomes an entry, or why it is rejected. More
// are candidates that the caller knows of.
func search(ctx context.Context, t Target, subject attest.Digest, opts *Options, more []candidate, found inspect) (*findings, error) {
	cands, rejected, err := t.candidates(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("list referrers of %s in %s: %w", subject, t, err)
	}
	cands, over := choose(append(cands, more...), subject, opts.MaxReferrers)
	s := &searcher{target: t, subject: subject, opts: opts, found: found}
	parts := make([]part, len(cands))
	err = s.each(ctx, len(cands), func(ctx context.Context, i int) { parts[i] = s.look(ctx, cands[i]) })
	if err != nil {
		return nil, err
	}
	var bundles []*bundlePart
	for i := range parts {
		for k := range parts[i].bundles {
			bundles = append(bundles, &parts[i].bundles[k])
		}
	}
	err = s.each(ctx, len(bundles), func(ctx context.Context, i int) { bundles[i].keep, bundles[i].err = s.bundle(ctx, &bundles[i].Entry) })
	if err != nil {
		return nil, err
	}
	all := &findings{rejected: append(rejected, over...)}
	for i := range parts {
		parts[i].addTo(all)
	}
	all.unsigned = withoutRepetition(all.unsigned)
	return all, nil
}

// withoutRepetition drops statements of one manifest that was found in two ways:
// BuildKit's are listed in the index, and may be referrers as well.
func withoutRepetition(all []Unsigned) []Unsigned {
	seen := map[[2]attest.Digest]bool{}
	return slices.DeleteFunc(all, func(u Unsigned) bool {
		id := [2]attest.Digest{u.Manifest.Digest, u.Layer.Digest}
		repeated := seen[id]
		seen[id] = true
		return repeated
	})
}

// each calls do for 0 to n-1, some at a time. The error is that of ctx.
func (s *searcher) each(ctx context.Context, n int, do func(ctx context.Context, i int)) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(s.opts.Parallel)
	for i := range n {
		group.Go(func() error {
			if groupCtx.Err() == nil {
				do(groupCtx, i)
			}
			return groupCtx.Err() // everything else is a rejection
		})
	}
	return group.Wait()
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

// part is what one candidate comes to.
type part struct {
	candidate
	manifest Descriptor
	bundles  []bundlePart
	unsigned []Unsigned
	errs     []error
}

// bundlePart is a bundle of a candidate, and what became of it.
type bundlePart struct {
	Entry
	keep bool
	err  error
}

// look reads the manifest of a candidate.
func (s *searcher) look(ctx context.Context, c candidate) (p part) {
	p.candidate = c
	m, desc, err := s.read(ctx, c)
	if err != nil {
		p.errs = append(p.errs, err)
		return p
	}
	p.manifest = desc
	p.manifest.ArtifactType, p.manifest.Annotations = m.ArtifactType, m.Annotations
	bundles, left := maxBundles, m.layers-len(m.Layers)
	if c.store == StoreAtt {
		bundles = s.opts.MaxReferrers
	}
	for _, layer := range m.Layers {
		switch {
		case isUnsignedType(layer.MediaType) && len(p.unsigned) < maxUnsigned:
			p.unsigned = append(p.unsigned, Unsigned{p.manifest, layer, c.store})
		case isUnsignedType(layer.MediaType):
			left++
		case c.store == StoreBuildKit: // never holds signed statements
		case isBundleLayer(layer.MediaType) && len(p.bundles) < bundles:
			p.bundles = append(p.bundles, bundlePart{Entry: Entry{Manifest: p.manifest, Layer: layer, Store: c.store}})
		case isBundleLayer(layer.MediaType):
			left++
		}
	}
	if left > 0 {
		p.errs = append(p.errs, fmt.Errorf("%w: %d more layers", ErrLimit, left))
	}
	return p
}

// read fetches the manifest of a candidate and checks that it belongs to the subject.
func (s *searcher) read(ctx context.Context, c candidate) (*manifest, Descriptor, error) {
	raw, desc := c.raw, c.Descriptor
	if raw == nil {
		var err error
		if raw, desc, err = s.target.manifest(ctx, c.Digest); err != nil {
			return nil, desc, err
		}
	}
	if c.store != StoreAtt && len(raw) > maxReferrerSize {
		return nil, desc, fmt.Errorf("%w: manifest of %d bytes, at most %d", ErrLimit, len(raw), maxReferrerSize)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, desc, err
	}
	return m, desc, s.belongs(c, m)
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
func (s *searcher) bundle(ctx context.Context, e *Entry) (keep bool, err error) {
	weight := max(0, min(e.Layer.Size, s.opts.MaxInFlight))
	if e.Layer.Size <= s.opts.MaxBlobSize {
		if err := s.opts.bytes.Acquire(ctx, weight); err != nil {
			return false, err
		}
		defer s.opts.bytes.Release(weight)
	}
	raw, err := fetch(ctx, s.target, e.Layer, s.opts.MaxBlobSize)
	if err != nil {
		return false, err
	}
	if e.Layer.MediaType == mediaTypeDSSE {
		e.Bundle, err = legacyBundle(raw, e.Layer.Annotations)
	} else {
		e.Bundle, err = attest.ParseBundle(raw)
	}
	if err != nil {
		return false, err
	}
	return s.found(ctx, e)
}

// addTo sorts what was found in a candidate. Nothing is left out: what is neither kept
// nor rejected is among the others.
func (p *part) addTo(all *findings) {
	entries := len(all.entries)
	for _, b := range p.bundles {
		switch {
		case b.err != nil:
			p.errs = append(p.errs, b.err)
		case b.keep:
			all.entries = append(all.entries, b.Entry)
		}
	}
	all.unsigned = append(all.unsigned, p.unsigned...)
	for _, err := range p.errs {
		all.rejected = append(all.rejected, Rejected{p.candidate.Descriptor, p.store, err})
	}
	if len(all.entries) == entries && len(p.unsigned)+len(p.errs) == 0 {
		all.other = append(all.other, p.manifest)
	}
}
