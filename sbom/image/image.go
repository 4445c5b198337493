package image

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
)

// Image is an opened image. Its methods may be called concurrently; Close
// excludes all others, also readers and file systems got from the image.
type Image struct {
	subject sbom.Subject
	config  *v1.ConfigFile
	layers  []*Layer
	opts    *Options
	closers []func() error
}

// Open opens the image at path: an OCI layout directory, an OCI archive or
// docker-archive tar (plain, gzip or zstd), or a directory with a root file
// system. Nothing but the manifest and the config is read yet; see FromV1 for
// what is verified. opts may be nil.
//
// Errors are those of the file system, ErrFormat, *PlatformError, ErrNotImage,
// ErrMismatch, ErrDigest, ErrCorrupt, ErrMissing, ErrUnsupported and ErrLimit.
func Open(path string, opts *Options) (*Image, error) { return nil, errors.ErrUnsupported }

// OpenDir opens the directory root as a root file system.
func OpenDir(root string, opts *Options) (*Image, error) { return nil, errors.ErrUnsupported }

// FromV1 makes an Image of an image of go-containerregistry.
func FromV1(img v1.Image, opts *Options) (*Image, error) { return nil, errors.ErrUnsupported }

// FromIndex chooses one image of an index.
func FromIndex(idx v1.ImageIndex, opts *Options) (*Image, error) { return nil, errors.ErrUnsupported }

// Subject returns what the image is.
func (i *Image) Subject() sbom.Subject { return i.subject }

// Config returns the image's config, which the caller must not change. It is
// nil for a root file system.
func (i *Image) Config() *v1.ConfigFile { return i.config }

// Layers returns the layers, oldest first. The caller must not change the slice.
func (i *Image) Layers() []*Layer { return i.layers }

// FS returns the squashed view.
func (i *Image) FS(ctx context.Context) (fs.FS, error) { return nil, errors.ErrUnsupported }

// Close releases the files that the image holds open.
func (i *Image) Close() error { return nil }

// Layer is one layer of an image.
type Layer struct {
	info sbom.Layer
}

// Info returns the layer's facts.
func (l *Layer) Info() sbom.Layer { return l.info }

// Entries returns the layer's entries in the order of its tar stream.
func (l *Layer) Entries(ctx context.Context) iter.Seq2[*Entry, error] { return nil }
