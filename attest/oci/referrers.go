package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
)

// maxPages bounds the pages of one referrers list.
const maxPages = 64

// errNoAPI says that a registry lacks the referrers API.
var errNoAPI = errors.New("oci: no referrers API")

// candidates reads all three stores of a registry. The API and the tag may both
// hold something: registries that gain the API do not always take the tag over.
func (r *RepositoryTarget) candidates(ctx context.Context, subject attest.Digest) ([]candidate, []Rejected, error) {
	var rejected []Rejected
	found, err := r.listAPI(ctx, subject)
	switch {
	case errors.Is(err, errNoAPI):
	case errors.Is(err, ErrLimit) || errors.Is(err, ErrManifest):
		rejected = append(rejected, Rejected{Store: StoreAPI, Err: err})
	case err != nil:
		return nil, nil, err
	}
	tagged, err := r.listTag(ctx, subject)
	if err != nil {
		rejected = append(rejected, Rejected{Store: StoreTag, Err: err})
	}
	found = append(found, tagged...)
	_, att, err := r.manifestByTag(ctx, referrersTag(subject)+".att", mediaTypeManifest)
	switch {
	case err == nil:
		found = append(found, candidate{att, StoreAtt})
	case !errors.Is(err, ErrNotFound):
		rejected = append(rejected, Rejected{Store: StoreAtt, Err: err})
	}
	return found, rejected, ctx.Err()
}

// listAPI reads the referrers API with all its pages (distribution specification,
// "Listing Referrers"). What was read before an error is returned with it.
func (r *RepositoryTarget) listAPI(ctx context.Context, subject attest.Digest) ([]candidate, error) {
	var found []candidate
	next := r.url("referrers", string(subject))
	for page := 0; next != ""; page++ {
		if page == maxPages || len(found) > listFactor*defaultMaxReferrers {
			return found, fmt.Errorf("%w: more than %d pages or %d referrers", ErrLimit, maxPages, listFactor*defaultMaxReferrers)
		}
		resp, err := r.referrersPage(ctx, next)
		if err != nil {
			return found, err
		}
		descriptors, err := parseReferrers(resp.body)
		if err != nil {
			return found, err
		}
		for _, d := range descriptors {
			found = append(found, candidate{d, StoreAPI})
		}
		if next, err = nextPage(resp); err != nil {
			return found, err
		}
	}
	return found, nil
}

// referrersPage asks the referrers API. The error is errNoAPI where there is none.
func (r *RepositoryTarget) referrersPage(ctx context.Context, url string) (*response, error) {
	resp, err := r.get(ctx, url, maxIndexSize, mediaTypeIndex,
		http.StatusNotFound, http.StatusBadRequest, http.StatusNotAcceptable, http.StatusMethodNotAllowed)
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
	if err != nil {
		return nil, err
	}
	found := make([]candidate, len(descriptors))
	for i, d := range descriptors {
		found[i] = candidate{d, StoreTag}
	}
	return found, nil
}

// parseReferrers reads a list of referrers: an image index. An entry that is no
// descriptor spoils itself only: it comes out without a digest. The error is an
// ErrManifest or ErrLimit.
func parseReferrers(raw []byte) ([]Descriptor, error) {
	var index struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     string            `json:"mediaType"`
		Manifests     []json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if index.SchemaVersion != 2 || index.MediaType != "" && !isIndexType(index.MediaType) {
		return nil, fmt.Errorf("%w: not an image index: schemaVersion %d, mediaType %.80q", ErrManifest, index.SchemaVersion, index.MediaType)
	}
	if len(index.Manifests) > listFactor*defaultMaxReferrers {
		return nil, fmt.Errorf("%w: %d referrers in one index", ErrLimit, len(index.Manifests))
	}
	descriptors := make([]Descriptor, len(index.Manifests))
	for i, entry := range index.Manifests {
		if err := json.Unmarshal(entry, &descriptors[i]); err != nil {
			descriptors[i] = Descriptor{}
		}
	}
	return descriptors, nil
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
