package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

	index       indexSource       // that it was chosen from; nil if none
	annotations map[string]string // of the manifest
}

// Open opens the image at path: an OCI layout directory, an OCI archive or
// docker-archive tar (plain, gzip or zstd), or a directory with a root file
// system. What it is, its content says, not its name. Nothing but manifests and
// configs is read and verified yet. opts may be nil.
//
// An archive that is both (as docker save writes them) is read as OCI archive,
// since only that states the digest of the manifest. A compressed archive is
// decompressed once for its index, and once more for every pass over its layers
// in order; nothing is written to disk and none of it is held but small JSON.
//
// Errors are those of the file system, ErrFormat, *PlatformError, ErrNotImage,
// ErrMismatch, ErrDigest, ErrCorrupt, ErrMissing, ErrUnsupported and ErrLimit.
func Open(path string, opts *Options) (*Image, error) {
	o := opts.withDefaults()
	if o.Name == "" {
		o.Name = path
	}
	img, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("image: %s: %w", path, err)
	}
	return img, nil
}

func open(path string, o *Options) (*Image, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode().IsRegular():
		return openFile(path, o)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: neither a file nor a directory", ErrFormat)
	case isLayout(path):
		return openLayout(context.Background(), dirStore(path), o)
	}
	return openDir(path, o)
}

// isLayout tells a layout from a root file system.
func isLayout(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err == nil {
		return true
	}
	_, index := os.Stat(filepath.Join(dir, "index.json"))
	_, blobs := os.Stat(filepath.Join(dir, "blobs"))
	return index == nil && blobs == nil
}

func openFile(path string, o *Options) (*Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a, closer, err := openArchive(f, o)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	img, err := a.image(context.Background(), o)
	if err != nil {
		_ = closer()
		return nil, err
	}
	img.closers = append(img.closers, closer)
	return img, nil
}

// image opens what is in the archive.
func (a *archive) image(ctx context.Context, o *Options) (*Image, error) {
	switch {
	case a.has("index.json"):
		return openLayout(ctx, a, o)
	case a.has("manifest.json"):
		return openDocker(ctx, a, o)
	case a.has("repositories"):
		return nil, fmt.Errorf("docker-archive of before Docker 1.10, without manifest.json, is %w: load and save it with a newer Docker", ErrUnsupported)
	}
	return nil, fmt.Errorf("%w: the tar file has neither index.json nor manifest.json", ErrFormat)
}

// Subject returns what the image is. In a docker-archive nothing states the
// digest of the manifest; Subject.Config identifies the image then.
func (i *Image) Subject() sbom.Subject { return i.subject }

// Config returns the image's config, which the caller must not change. It is
// nil for a root file system.
func (i *Image) Config() *v1.ConfigFile { return i.config }

// Layers returns the layers, oldest first; for a root file system one pseudo
// layer. The caller must not change the slice.
func (i *Image) Layers() []*Layer { return i.layers }

// Close releases the files that the image holds open.
func (i *Image) Close() error {
	var errs []error
	for _, c := range i.closers {
		errs = append(errs, c())
	}
	i.closers = nil
	return errors.Join(errs...)
}
