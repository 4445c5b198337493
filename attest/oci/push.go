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

// push uploads the blobs, then the manifests, and then, where the registry does not
// do it itself, lists the manifests at the referrers tag.
func (r *RepositoryTarget) push(ctx context.Context, subject attest.Digest, artifacts []*artifact) error {
	if err := r.upload(ctx, emptyDescriptor(), emptyConfig); err != nil {
		return err
	}
	var unlisted []Descriptor
	for _, a := range artifacts {
		if err := r.upload(ctx, a.layer, a.bundle); err != nil {
			return err
		}
		resp, err := r.putManifest(ctx, string(a.descriptor.Digest), mediaTypeManifest, a.manifest)
		if err != nil {
			return err
		}
		if resp.header.Get("OCI-Subject") != string(subject) {
			unlisted = append(unlisted, a.descriptor)
		}
	}
	if len(unlisted) == 0 {
		return nil // the registry maintains the list
	}
	_, err := r.referrersPage(ctx, r.url("referrers", string(subject)))
	if !errors.Is(err, errNoAPI) {
		return err
	}
	return r.updateTag(ctx, referrersTag(subject), func(old []byte, desc Descriptor) ([]byte, string, error) {
		if desc.Digest == subject { // some registries resolve this tag to the image itself
			old = nil
		}
		index, err := addAllToIndex(old, unlisted)
		return index, mediaTypeIndex, err
	})
}

// addAllToIndex is addToIndex for referrers.
func addAllToIndex(old []byte, added []Descriptor) (index []byte, err error) {
	for _, d := range added {
		next, err := addToIndex(old, d, func(e Descriptor) bool { return e.Digest == d.Digest })
		if err != nil {
			return nil, err
		}
		if next != nil {
			old, index = next, next
		}
	}
	return index, nil
}

// pushLegacy uploads the entries and lists them in the image at the .att tag.
func (r *RepositoryTarget) pushLegacy(ctx context.Context, subject attest.Digest, entries []*legacyEntry) error {
	for _, e := range entries {
		if err := r.upload(ctx, e.layer, e.envelope); err != nil {
			return err
		}
	}
	return r.updateTag(ctx, attTag(subject), func(old []byte, desc Descriptor) ([]byte, string, error) {
		if desc.Digest == subject {
			old = nil
		}
		image, err := addToLegacy(old, r.legacyConfig(ctx, old), entries)
		if err != nil || image == nil {
			return nil, "", err
		}
		return image.manifest, image.desc.MediaType, r.upload(ctx, image.configDesc, image.config)
	})
}

// legacyConfig fetches the config of a .att image, nil if it cannot be had: a config
// says nothing about attestations and is made anew.
func (r *RepositoryTarget) legacyConfig(ctx context.Context, manifest []byte) []byte {
	m, err := parseManifest(manifest)
	if err != nil || m.Config == nil || m.Config.Size > maxManifestSize || m.Config.Digest.Validate() != nil {
		return nil
	}
	raw, err := r.blob(ctx, *m.Config)
	if err != nil {
		return nil
	}
	return raw
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

// merge puts our entries into what a tag holds, nil if it holds nothing yet. It
// returns nil if they are in it.
type merge func(old []byte, desc Descriptor) (next []byte, mediaType string, err error)

// updateTag changes what a tag shared with others holds. Registries offer no
// conditional writes, so two writers that read the same content overwrite each
// other. After each write we wait for as long as such a writer may need, read the
// tag back, and begin again if our entries are gone.
func (r *RepositoryTarget) updateTag(ctx context.Context, tag string, merge merge) error {
	r.tagUpdate.Lock()
	defer r.tagUpdate.Unlock()
	for range r.opts.Retries {
		start := time.Now()
		next, mediaType, err := r.mergeTag(ctx, tag, merge)
		if err != nil || next == nil {
			return err
		}
		if len(next) > maxManifestSize {
			return fmt.Errorf("%w: tag %s would hold %d bytes", ErrLimit, tag, len(next))
		}
		if _, err = r.putManifest(ctx, tag, mediaType, next); err != nil {
			return err
		}
		if err := r.settle(ctx, time.Since(start)); err != nil {
			return err
		}
	}
	next, _, err := r.mergeTag(ctx, tag, merge)
	if err == nil && next != nil {
		err = fmt.Errorf("%w: tag %s", ErrLostUpdate, tag)
	}
	return err
}

// mergeTag reads what the tag holds and merges.
func (r *RepositoryTarget) mergeTag(ctx context.Context, tag string, merge merge) (next []byte, mediaType string, err error) {
	old, desc, err := r.manifestByTag(ctx, tag, manifestAccept)
	if errors.Is(err, ErrNotFound) {
		return merge(nil, Descriptor{})
	}
	if err != nil {
		return nil, "", err
	}
	return merge(old, desc)
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
