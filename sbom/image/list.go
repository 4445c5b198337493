package image

import (
	"context"
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
)

// List lists the images at path, as [Open] reads it, in their order and each once:
// those of all platforms in an index and the indexes in it, without the attestations,
// signatures and artifacts beside them. Only those that the options' Ref and Platform
// mean are listed if they are set. Open opens one by its Digest as Options.Ref. opts may be nil.
//
// An image that is listed need not be there: an archive may hold a part of what its
// index names, and Open says ErrMissing then. A root file system is one candidate
// without a digest.
//
// Nothing but indexes is read, and the configs of images whose index does not state
// the platform. Errors are those of Open, without *PlatformError.
func List(path string, opts *Options) ([]Candidate, error) {
	list, err := listPath(context.Background(), path, opts.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("image: %s: %w", path, err)
	}
	return list, nil
}

// ListIndex lists the images of an index of go-containerregistry, like [List].
func ListIndex(idx v1.ImageIndex, opts *Options) ([]Candidate, error) {
	d, err := idx.Digest()
	if err != nil {
		return nil, err
	}
	src, err := newV1Index(idx, v1.Descriptor{Digest: d})
	if err != nil {
		return nil, err
	}
	return listIndex(context.Background(), src, opts.withDefaults())
}

func listPath(ctx context.Context, path string, o *Options) ([]Candidate, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode().IsRegular():
		return listFile(ctx, path, o)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: neither a file nor a directory", ErrFormat)
	case !isLayout(path):
		return []Candidate{{}}, nil
	}
	idx, err := readLayout(ctx, dirStore(path))
	if err != nil {
		return nil, err
	}
	return listIndex(ctx, idx, o)
}

func listFile(ctx context.Context, path string, o *Options) ([]Candidate, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a, closer, err := openArchive(f, o)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	defer func() { _ = closer() }() // Only read from.
	if !a.has("index.json") && a.has("manifest.json") {
		all, _, err := dockerChoices(ctx, a, o)
		if err != nil {
			return nil, err
		}
		return candidates(ctx, all, o)
	}
	if !a.has("index.json") {
		_, err := a.image(ctx, o) // Says what is wrong.
		return nil, err
	}
	idx, err := readLayout(ctx, a)
	if err != nil {
		return nil, err
	}
	return listIndex(ctx, idx, o)
}

func listIndex(ctx context.Context, idx indexSource, o *Options) ([]Candidate, error) {
	all, err := choices(ctx, idx)
	if err != nil {
		return nil, err
	}
	return candidates(ctx, all, o)
}

// candidates returns what the options mean. An image whose platform could not be read
// fits any.
func candidates(ctx context.Context, all []*choice, o *Options) ([]Candidate, error) {
	some, err := lookUp(ctx, unique(all, o.Ref))
	if err != nil {
		return nil, err
	}
	var out []Candidate
	for _, c := range some {
		if o.Platform != (sbom.Platform{}) && c.err == nil && !fits(o.Platform, c.Platform) {
			continue
		}
		if c.Ref == "" && len(c.refs) > 0 {
			c.Ref = c.refs[0]
		}
		c.Index = c.index
		out = append(out, c.Candidate)
	}
	return out, nil
}
