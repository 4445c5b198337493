// Package index makes inventories of an image for several platforms: one for each
// image of its index, and one of the index, in which what platforms share is told
// once.
//
//	x, err := index.Read(ctx, "app.tar", nil)
//	for _, img := range x.Images { ... img.Inventory ... }
//	whole := x.Inventory()
//
// # Layers that platforms share
//
// The images are read one after the other, each with its layers in parallel, through
// one layer cache: a layer that several images have is read once, by its diffID.
//
// # Documents
//
// [Index.CycloneDX] and [Index.SPDX] write a document for each platform, and one of the
// index that names them. The platform's document stands for itself: it is the one to
// attach to the image of that platform, as BuildKit attaches one to each manifest of an
// index. No format has a field for an index, so that its document describes it as a
// container whose components are the images:
//
//   - each image is a component of type container with its manifest's digest, its
//     platform in the property "image:platform", and a reference of type "bom" to its
//     document: a BOM-Link ("urn:cdx:SERIAL/1") or a document namespace, with the SHA-256
//     of the document's bytes;
//   - each but the first is a variant of the first (relationship type [VariantOf]).
//
// [Index.Inventory] is the other form, for whoever wants one document: the same
// components, and all of the platforms' components below them.
package index

import (
	"cmp"
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// Index is what is known about the images of an image index. It is not safe for
// concurrent writes.
type Index struct {
	// Subject is the index: Digest is the digest of the index itself, empty when the
	// images lie in an archive without one.
	Subject sbom.Subject
	// Images are its images, in the order of the index, without attestations and other
	// artifacts.
	Images []Image
}

// Image is one image of an index.
type Image struct {
	// Subject is the image. Of one that could not be read it has what the index says.
	Subject sbom.Subject
	// Inventory is nil when the image could not be read.
	Inventory *sbom.Inventory
	// Err is why: often image.ErrMissing, since an archive may hold the blobs of some
	// platforms only.
	Err error
}

// Options say how to read an index. The zero value, and nil, are good defaults.
type Options struct {
	// Image chooses and bounds: Ref is the tag or digest of one index among several,
	// Platform restricts the images to those that fit.
	Image *image.Options
	// Catalog says how each image is read. If its Cache is nil, one in memory of 64 MiB
	// is used as long as the call lasts.
	Catalog *catalog.Options
}

const cacheBytes = 64 << 20

// Read reads all images at path, which may be whatever image.Open opens. An image that
// is in no index is an Index of one.
//
// That one image could not be read is its Err; the others are read. Read itself fails
// when nothing could be read, with the first image's error; when path holds several
// indexes and the options do not say which is meant (a *image.PlatformError that lists
// their images); and when ctx is cancelled. opts may be nil.
func Read(ctx context.Context, path string, opts *Options) (*Index, error) {
	o := opts.withDefaults()
	list, err := image.List(path, o.Image)
	if err != nil {
		return nil, err
	}
	return read(ctx, list, o, cmp.Or(o.Image.Name, path), func(io *image.Options) (*image.Image, error) {
		return image.Open(path, io)
	})
}

// FromV1 reads all images of an index of go-containerregistry, such as one that its
// package remote got from a registry, like [Read].
func FromV1(ctx context.Context, idx v1.ImageIndex, opts *Options) (*Index, error) {
	o := opts.withDefaults()
	list, err := image.ListIndex(idx, o.Image)
	if err != nil {
		return nil, err
	}
	return read(ctx, list, o, o.Image.Name, func(io *image.Options) (*image.Image, error) {
		return image.FromIndex(idx, io)
	})
}

func (o *Options) withDefaults() *Options {
	var c Options
	if o != nil {
		c = *o
	}
	c.Image = copied(c.Image)
	c.Catalog = copied(c.Catalog)
	if c.Catalog.Cache == nil {
		c.Catalog.Cache = catalog.NewMemoryCache(cacheBytes)
	}
	return &c
}

// copied returns a copy of what p points to, or of the zero value.
func copied[T any](p *T) *T {
	var v T
	if p != nil {
		v = *p
	}
	return &v
}

func read(ctx context.Context, list []image.Candidate, o *Options, name string, open func(*image.Options) (*image.Image, error)) (*Index, error) {
	if !single(list) {
		return nil, fmt.Errorf("index: %w", &image.PlatformError{Platform: o.Image.Platform, Ref: o.Image.Ref, Matching: len(list), Available: list})
	}
	x := &Index{Subject: sbom.Subject{Name: name, Digest: list[0].Index}}
	var first error
	read := 0
	for _, c := range list {
		img := x.image(ctx, c, o, open)
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if img.Err == nil {
			read++
		} else if first == nil {
			first = img.Err
		}
		x.Images = append(x.Images, img)
	}
	if read == 0 {
		return nil, first
	}
	return x, nil
}

// single reports whether the images are those of one index, or one of its own.
func single(list []image.Candidate) bool {
	if len(list) == 0 {
		return false
	}
	for _, c := range list[1:] {
		if c.Index != list[0].Index || c.Index == "" && c.Ref != list[0].Ref {
			return false
		}
	}
	return true
}

// image reads one image.
func (x *Index) image(ctx context.Context, c image.Candidate, o *Options, open func(*image.Options) (*image.Image, error)) Image {
	out := Image{Subject: sbom.Subject{Name: x.Subject.Name, Digest: c.Digest, Index: c.Index, Platform: c.Platform}}
	io := *o.Image
	io.Name, io.Platform = x.Subject.Name, sbom.Platform{}
	if c.Digest != "" {
		io.Ref = string(c.Digest)
	}
	img, err := open(&io)
	if err != nil {
		out.Err = err
		return out
	}
	inv, err := catalog.Image(ctx, img, o.Catalog)
	if cerr := img.Close(); err == nil {
		err = cerr
	}
	if out.Err = err; err == nil {
		out.Subject, out.Inventory = inv.Subject, inv
	}
	return out
}
