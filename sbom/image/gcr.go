package image

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
)

// FromV1 makes an Image of an image of go-containerregistry. Its manifest and
// config are read and verified now, its layers when they are iterated over.
// opts may be nil; Ref is not used. An image that is not for a Platform asked for
// is a *PlatformError.
//
// An image that has a method
//
//	OpenBlob(ctx context.Context, h v1.Hash) (io.ReadCloser, error)
//
// gets its layers read by it, with the context of the iteration; others by
// LayerByDigest and Compressed. Images that compress their layers when asked for
// their manifest, such as those of go-containerregistry's package tarball, work
// but are slow; Open reads archives as they are.
//
// Closing the Image closes nothing of img.
func FromV1(img v1.Image, opts *Options) (*Image, error) {
	ctx := context.Background()
	o := opts.withDefaults()
	src, err := v1Source(img)
	if err != nil {
		return nil, err
	}
	return src.open(ctx, o)
}

// open assembles the only image there is, if it is for the platform asked for.
func (s *imageSource) open(ctx context.Context, o *Options) (*Image, error) {
	i, err := s.assemble(ctx, o)
	if err != nil {
		return nil, err
	}
	i.subject.Name = o.Name
	have := i.subject.Platform
	if o.Platform != (sbom.Platform{}) && !fits(o.Platform, have) {
		_ = i.Close()
		return nil, &PlatformError{Platform: o.Platform, Available: []Candidate{{Digest: i.subject.Digest, Platform: have}}}
	}
	return i, nil
}

// FromIndex chooses one image of an index of go-containerregistry by the
// options' Platform and Ref (a digest, or a name if idx is the index.json of a
// layout), and opens it like FromV1.
func FromIndex(idx v1.ImageIndex, opts *Options) (*Image, error) {
	d, err := idx.Digest()
	if err != nil {
		return nil, err
	}
	src, err := newV1Index(idx, v1.Descriptor{Digest: d})
	if err != nil {
		return nil, err
	}
	return openIndex(context.Background(), src, opts.withDefaults())
}

// openIndex chooses and opens an image of idx.
func openIndex(ctx context.Context, idx indexSource, o *Options) (*Image, error) {
	all, err := choices(ctx, idx)
	if err != nil {
		return nil, err
	}
	c, err := choose(ctx, all, o)
	if err != nil {
		return nil, err
	}
	src, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	i, err := src.assemble(ctx, o)
	if err != nil {
		return nil, err
	}
	i.subject.Name = o.Name
	i.subject.Index = c.index
	i.index = idx
	return i, nil
}

func v1Source(img v1.Image) (*imageSource, error) {
	raw, err := img.RawManifest()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	h, err := img.Digest()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	mt, err := img.MediaType()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	var src *imageSource
	src, err = parseManifest(raw, v1.Descriptor{Digest: h, MediaType: mt}, func(d v1.Descriptor) (*blob, error) {
		if d.Digest == src.manifest.Config.Digest {
			data, err := img.RawConfigFile()
			if err != nil {
				return nil, err
			}
			return bytesBlob(data), nil
		}
		return v1Blob(img, d), nil
	})
	return src, err
}

func v1Blob(img v1.Image, d v1.Descriptor) *blob {
	b := &blob{size: d.Size}
	if own, ok := img.(interface {
		OpenBlob(context.Context, v1.Hash) (io.ReadCloser, error)
	}); ok {
		b.open = func(ctx context.Context) (io.ReadCloser, error) { return own.OpenBlob(ctx, d.Digest) }
		return b
	}
	b.open = func(context.Context) (io.ReadCloser, error) {
		l, err := img.LayerByDigest(d.Digest)
		if err != nil {
			return nil, err
		}
		return l.Compressed()
	}
	return b
}

// v1Index is an index of go-containerregistry.
type v1Index struct {
	idx  v1.ImageIndex
	self sbom.Digest
	list []v1.Descriptor
}

func newV1Index(idx v1.ImageIndex, d v1.Descriptor) (*v1Index, error) {
	raw, err := idx.RawManifest()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	list, err := parseIndex(raw, d)
	if err != nil {
		return nil, err
	}
	return &v1Index{idx, digestOf(d.Digest), list}, nil
}

func (x *v1Index) digest() sbom.Digest        { return x.self }
func (x *v1Index) manifests() []v1.Descriptor { return x.list }

func (x *v1Index) index(_ context.Context, d v1.Descriptor) (indexSource, error) {
	sub, err := x.idx.ImageIndex(d.Digest)
	if err != nil {
		return nil, err
	}
	return newV1Index(sub, d)
}

func (x *v1Index) image(_ context.Context, d v1.Descriptor) (*imageSource, error) {
	img, err := x.idx.Image(d.Digest)
	if err != nil {
		return nil, err
	}
	src, err := v1Source(img)
	if err != nil {
		return nil, err
	}
	if got := src.subject.Digest; got != digestOf(d.Digest) {
		return nil, &DigestError{What: "manifest", Want: digestOf(d.Digest), Got: got}
	}
	return src, nil
}
