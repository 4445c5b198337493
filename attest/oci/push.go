package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/attest"
)

const minSettle = 100 * time.Millisecond

// push uploads the blobs, then the manifest, and then, where the registry does not
// do it itself, lists the manifest at the referrers tag.
func (r *RepositoryTarget) push(ctx context.Context, a *artifact) error {
	if err := r.upload(ctx, a.config, emptyConfig); err != nil {
		return err
	}
	if err := r.upload(ctx, a.layer, a.bundle); err != nil {
		return err
	}
	resp, err := r.putManifest(ctx, string(a.descriptor.Digest), mediaTypeManifest, a.manifest)
	if err != nil {
		return err
	}
	if resp.header.Get("OCI-Subject") == string(a.subject.Digest) {
		return nil // the registry maintains the list
	}
	if _, err = r.referrersPage(ctx, r.url("referrers", string(a.subject.Digest))); errors.Is(err, errNoAPI) {
		return r.addToTag(ctx, a.subject.Digest, a.descriptor)
	}
	return err
}

func (r *RepositoryTarget) upload(ctx context.Context, d Descriptor, content []byte) error {
	client, err := r.client(ctx, transport.PushScope)
	if err != nil {
		return err
	}
	layer := static.NewLayer(content, types.MediaType(d.MediaType))
	if err := remote.WriteLayer(r.ref.Context(), layer, remote.WithContext(ctx), remote.WithTransport(client.Transport)); err != nil {
		return fmt.Errorf("upload %s: %w", d.Digest, err)
	}
	return nil
}

func (r *RepositoryTarget) putManifest(ctx context.Context, id, mediaType string, raw []byte) (*response, error) {
	req, err := http.NewRequest(http.MethodPut, r.url("manifests", id), bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaType)
	resp, err := r.do(ctx, transport.PushScope, req, maxManifestSize, http.StatusOK, http.StatusCreated, http.StatusAccepted)
	if err != nil {
		return nil, fmt.Errorf("put manifest %s: %w", id, err)
	}
	return resp, nil
}

// addToTag adds d to the index at the referrers tag. Registries offer no
// conditional writes, so two writers that read the same index overwrite each
// other. After each write we wait for as long as such a writer may need, read the
// index back, and begin again if our entry is gone.
func (r *RepositoryTarget) addToTag(ctx context.Context, subject attest.Digest, d Descriptor) error {
	r.tagUpdate.Lock()
	defer r.tagUpdate.Unlock()
	tag := referrersTag(subject)
	for range r.opts.Retries {
		start := time.Now()
		written, err := r.mergeTag(ctx, tag, subject, d)
		if err != nil || !written {
			return err
		}
		if err := r.settle(ctx, time.Since(start)); err != nil {
			return err
		}
	}
	raw, _, err := r.manifestByTag(ctx, tag, mediaTypeIndex)
	if err == nil && !indexLists(raw, d.Digest) {
		err = fmt.Errorf("%w: tag %s", ErrLostUpdate, tag)
	}
	return err
}

// mergeTag writes d into the index at tag, and reports false if it was there.
func (r *RepositoryTarget) mergeTag(ctx context.Context, tag string, subject attest.Digest, d Descriptor) (written bool, err error) {
	old, desc, err := r.manifestByTag(ctx, tag, mediaTypeIndex)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && desc.Digest == subject:
		old = nil
	case err != nil:
		return false, err
	}
	index, err := addToIndex(old, d)
	if err != nil || index == nil {
		return false, err
	}
	if len(index) > maxManifestSize {
		return false, fmt.Errorf("%w: index at tag %s would have %d bytes", ErrLimit, tag, len(index))
	}
	_, err = r.putManifest(ctx, tag, mediaTypeIndex, index)
	return err == nil, err
}

// settle waits, a little differently each time so that writers do not keep step.
func (r *RepositoryTarget) settle(ctx context.Context, took time.Duration) error {
	wait := r.opts.Settle
	if wait == 0 {
		wait = max(3*took, minSettle)
	}
	wait += rand.N(wait/2 + 1)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}
