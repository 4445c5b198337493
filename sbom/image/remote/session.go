package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

const (
	maxManifestBytes = 4 << 20
	maxConfigBytes   = 8 << 20
)

// session asks one repository of a registry (OCI distribution specification,
// "Pull").
type session struct {
	repo   name.Repository
	client *http.Client
}

// get requests a resource of the repository. The caller closes the body.
func (s *session) get(ctx context.Context, kind, id string, accept ...types.MediaType) (*http.Response, error) {
	u := url.URL{
		// The transport puts in the scheme that the registry was found to speak.
		Scheme: "https", Host: s.repo.RegistryStr(),
		Path: "/v2/" + s.repo.RepositoryStr() + "/" + kind + "/" + id,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for _, mt := range accept {
		req.Header.Add("Accept", string(mt))
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// manifest is a manifest or an index, with the digest of its bytes.
type manifest struct {
	raw       []byte
	mediaType types.MediaType
	digest    v1.Hash
	isIndex   bool
}

func (s *session) manifest(ctx context.Context, id string) (*manifest, error) {
	resp, err := s.get(ctx, "manifests", id,
		types.OCIManifestSchema1, types.DockerManifestSchema2, types.OCIImageIndex, types.DockerManifestList)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := readAll(resp.Body, "manifest", maxManifestBytes)
	if err != nil {
		return nil, err
	}
	m := &manifest{raw: raw}
	if m.digest, _, err = v1.SHA256(bytes.NewReader(raw)); err != nil {
		return nil, err
	}
	return m, m.classify(resp.Header.Get("Content-Type"))
}

// classify tells manifests from indexes. Bytes that could be read as both have
// two meanings under one digest, and are refused.
func (m *manifest) classify(contentType string) error {
	var fields struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        json.RawMessage `json:"config"`
		Layers        json.RawMessage `json:"layers"`
	}
	if err := json.Unmarshal(m.raw, &fields); err != nil {
		return fmt.Errorf("manifest: %w: %w", image.ErrCorrupt, err)
	}
	if fields.SchemaVersion == 1 {
		return fmt.Errorf("manifest of schema 1 is %w", image.ErrUnsupported)
	}
	m.mediaType = fields.MediaType
	if m.mediaType == "" {
		if mt, _, err := mime.ParseMediaType(contentType); err == nil {
			m.mediaType = types.MediaType(mt)
		}
	}
	m.isIndex = fields.Manifests != nil
	switch {
	case m.isIndex && (fields.Config != nil || fields.Layers != nil):
		return fmt.Errorf("manifest: %w: it is also an index", image.ErrCorrupt)
	case m.isIndex && m.mediaType.IsImage(), !m.isIndex && m.mediaType.IsIndex():
		return fmt.Errorf("manifest: %w: media type %s contradicts the content", image.ErrCorrupt, m.mediaType)
	}
	return nil
}

func (m *manifest) verify(want string) error {
	if got := m.digest.String(); got != want {
		return &image.DigestError{What: "manifest", Want: sbom.Digest(want), Got: sbom.Digest(got)}
	}
	return nil
}

// byDigest reads a manifest that another refers to.
func (s *session) byDigest(ctx context.Context, h v1.Hash) (*manifest, error) {
	m, err := s.manifest(ctx, h.String())
	if err != nil {
		return nil, err
	}
	return m, m.verify(h.String())
}

func (s *session) blob(ctx context.Context, h v1.Hash) (io.ReadCloser, error) {
	resp, err := s.get(ctx, "blobs", h.String())
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func readAll(r io.Reader, what string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", what, image.ErrLimit, limit)
	}
	return data, nil
}

// remoteImage is the image that package image.FromV1 opens. Its context is that of
// Open, during which manifest and config are read; layers have their own.
type remoteImage struct {
	v1.Image
	s *session
}

func newImage(ctx context.Context, s *session, m *manifest) (*remoteImage, error) {
	img, err := partial.CompressedToImage(&core{ctx, s, m})
	if err != nil {
		return nil, err
	}
	return &remoteImage{img, s}, nil
}

// OpenBlob is what image.FromV1 asks for layers.
func (r *remoteImage) OpenBlob(ctx context.Context, h v1.Hash) (io.ReadCloser, error) {
	rc, err := r.s.blob(ctx, h)
	if err != nil {
		return nil, explain(r.s.repo.Name()+"@"+h.String(), err)
	}
	return rc, nil
}

// core implements partial.CompressedImageCore.
type core struct {
	ctx context.Context
	s   *session
	m   *manifest
}

func (c *core) RawManifest() ([]byte, error)        { return c.m.raw, nil }
func (c *core) MediaType() (types.MediaType, error) { return c.m.mediaType, nil }

func (c *core) RawConfigFile() ([]byte, error) {
	m, err := v1.ParseManifest(bytes.NewReader(c.m.raw))
	if err != nil {
		return nil, fmt.Errorf("manifest: %w: %w", image.ErrCorrupt, err)
	}
	rc, err := c.s.blob(c.ctx, m.Config.Digest)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer rc.Close()
	return readAll(rc, "config", maxConfigBytes)
}

var errNotAsked = errors.New("remote: layers are opened by OpenBlob")

func (c *core) LayerByDigest(v1.Hash) (partial.CompressedLayer, error) { return nil, errNotAsked }

// index implements v1.ImageIndex. Its context is that of Open.
type index struct {
	ctx context.Context
	s   *session
	m   *manifest
}

func (x *index) MediaType() (types.MediaType, error) { return x.m.mediaType, nil }
func (x *index) Digest() (v1.Hash, error)            { return x.m.digest, nil }
func (x *index) Size() (int64, error)                { return int64(len(x.m.raw)), nil }
func (x *index) RawManifest() ([]byte, error)        { return x.m.raw, nil }

func (x *index) IndexManifest() (*v1.IndexManifest, error) {
	return v1.ParseIndexManifest(bytes.NewReader(x.m.raw))
}

func (x *index) Image(h v1.Hash) (v1.Image, error) {
	m, err := x.s.byDigest(x.ctx, h)
	if err != nil {
		return nil, err
	}
	return newImage(x.ctx, x.s, m)
}

func (x *index) ImageIndex(h v1.Hash) (v1.ImageIndex, error) {
	m, err := x.s.byDigest(x.ctx, h)
	if err != nil {
		return nil, err
	}
	return &index{x.ctx, x.s, m}, nil
}

var _ partial.CompressedImageCore = (*core)(nil)
