package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/attest"
)

// maxPages bounds the pages of one referrers list.
const maxPages = 64

// errNoAPI says that a registry lacks the referrers API.
var errNoAPI = errors.New("oci: no referrers API")

// candidates reads all three stores of a registry at once. The API and the tag may
// both hold something: registries that gain the API do not always take the tag over.
func (r *RepositoryTarget) candidates(ctx context.Context, subject attest.Digest) ([]candidate, []Rejected, error) {
	stores := []struct {
		Store
		list func(context.Context, attest.Digest) ([]candidate, error)
	}{{StoreAPI, r.listAPI}, {StoreTag, r.listTag}, {StoreAtt, r.listAtt}}
	found, errs := make([][]candidate, len(stores)), make([]error, len(stores))
	var group sync.WaitGroup
	for i, store := range stores {
		group.Go(func() { found[i], errs[i] = store.list(ctx, subject) })
	}
	group.Wait()
	var rejected []Rejected
	for i, err := range errs {
		switch {
		case err == nil:
		case stores[i].Store == StoreAPI && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrManifest):
			return nil, nil, err // a list that cannot be had is no empty list
		default:
			rejected = append(rejected, Rejected{Store: stores[i].Store, Err: err})
		}
	}
	return slices.Concat(found...), rejected, ctx.Err()
}

// listAPI reads the referrers API with all its pages (distribution specification,
// "Listing Referrers"). What was read before an error is returned with it. It asks
// for no artifact type: registries that filter go by what others wrote.
func (r *RepositoryTarget) listAPI(ctx context.Context, subject attest.Digest) ([]candidate, error) {
	var found []candidate
	size, seen := 0, map[string]bool{}
	for next := r.url("referrers", string(subject)); next != ""; {
		if seen[next] || len(seen) == maxPages || len(found) > maxListed || size > maxIndexSize {
			return found, fmt.Errorf("%w: the list repeats itself, or has more than %d pages, %d referrers or %d bytes", ErrLimit, maxPages, maxListed, maxIndexSize)
		}
		seen[next] = true
		resp, err := r.referrersPage(ctx, next)
		switch {
		case errors.Is(err, errNoAPI) && len(seen) == 1:
			return nil, nil
		case errors.Is(err, errNoAPI):
			return found, fmt.Errorf("%w: page %d is no list of referrers", ErrManifest, len(seen))
		case err != nil:
			return found, err
		}
		size += len(resp.body)
		descriptors, err := parseReferrers(resp.body)
		found = append(found, asCandidates(descriptors, StoreAPI)...)
		if err != nil {
			return found, err
		}
		if next, err = nextPage(resp); err != nil {
			return found, err
		}
	}
	return found, nil
}

// listAtt finds cosign's .att image.
func (r *RepositoryTarget) listAtt(ctx context.Context, subject attest.Digest) ([]candidate, error) {
	raw, desc, err := r.manifestByTag(ctx, attTag(subject), manifestAccept)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && desc.Digest == subject:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []candidate{{Descriptor: desc, store: StoreAtt, raw: raw}}, nil
}

// referrersPage asks the referrers API. The error is errNoAPI where there is none.
func (r *RepositoryTarget) referrersPage(ctx context.Context, url string) (*response, error) {
	resp, err := r.get(ctx, url, maxIndexSize, mediaTypeIndex,
		http.StatusNotFound, http.StatusBadRequest, http.StatusNotAcceptable, http.StatusMethodNotAllowed, http.StatusNotImplemented)
	if err != nil {
		return nil, err
	}
	if resp.status != http.StatusOK || !strings.HasPrefix(resp.header.Get("Content-Type"), mediaTypeIndex) {
		return nil, errNoAPI
	}
	return resp, nil
}

// listTag reads the index at the referrers tag.
func (r *RepositoryTarget) listTag(ctx context.Context, subject attest.Digest) ([]candidate, error) {
	raw, desc, err := r.manifestByTag(ctx, referrersTag(subject), mediaTypeIndex)
	if errors.Is(err, ErrNotFound) || err == nil && desc.Digest == subject {
		return nil, nil // some registries resolve this tag to the image itself
	}
	if err != nil {
		return nil, err
	}
	descriptors, err := parseReferrers(raw)
	return asCandidates(descriptors, StoreTag), err
}

func asCandidates(descriptors []Descriptor, store Store) []candidate {
	found := make([]candidate, len(descriptors))
	for i, d := range descriptors {
		found[i] = candidate{Descriptor: d, store: store}
	}
	return found
}

// parseReferrers reads a list of referrers: an image index. An entry that is no
// descriptor spoils itself only: it comes out without a digest. The error is an
// ErrManifest, or an ErrLimit together with the first of too many.
func parseReferrers(raw []byte) ([]Descriptor, error) {
	m, err := parseManifest(raw)
	switch {
	case err != nil:
		return nil, err
	case m.MediaType != "" && !isIndexType(m.MediaType) || m.layers > 0:
		return nil, fmt.Errorf("%w: not an image index: mediaType %.80q", ErrManifest, m.MediaType)
	case m.manifests > maxListed:
		return m.Manifests, fmt.Errorf("%w: %d referrers in one index, of which %d are read", ErrLimit, m.manifests, maxListed)
	}
	return m.Manifests, nil
}

// nextPage returns the address of the next page from the Link header (RFC 8288),
// empty if there is none. It stays in the registry that answered.
func nextPage(resp *response) (string, error) {
	link := resp.header.Get("Link")
	target, params, ok := strings.Cut(link, ">")
	if !ok || !strings.HasPrefix(target, "<") || !strings.Contains(params, "next") {
		return "", nil
	}
	base, err := url.Parse(resp.url)
	if err != nil {
		return "", err
	}
	next, err := base.Parse(target[1:])
	if err != nil || next.Host != base.Host {
		return "", fmt.Errorf("%w: next page %.80q", ErrManifest, target[1:])
	}
	return next.String(), nil
}
