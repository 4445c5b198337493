package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
)

// layout is an OCI image layout (OCI image specification, image-layout.md) in a
// directory or an archive.
type layout struct {
	store
	list []v1.Descriptor
	self sbom.Digest // of an index; empty for index.json
}

// openLayout opens the image of a layout that the options mean.
func openLayout(ctx context.Context, s store, o *Options) (*Image, error) {
	idx, err := readLayout(ctx, s)
	if err != nil {
		return nil, err
	}
	return openIndex(ctx, idx, o)
}

// readLayout reads the index.json of a layout.
func readLayout(ctx context.Context, s store) (*layout, error) {
	if err := checkLayoutVersion(ctx, s); err != nil {
		return nil, err
	}
	raw, err := readNamed(ctx, s, "index.json", maxManifestBytes)
	if err != nil {
		return nil, err
	}
	list, err := parseIndex(raw, v1.Descriptor{})
	if err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	return &layout{store: s, list: list}, nil
}

// checkLayoutVersion reads the file oci-layout. Some tools leave it out.
func checkLayoutVersion(ctx context.Context, s store) error {
	raw, err := readNamed(ctx, s, "oci-layout", maxManifestBytes)
	if errors.Is(err, ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	var marker struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(raw, &marker); err != nil {
		return fmt.Errorf("oci-layout: %w: %w", ErrCorrupt, err)
	}
	if !strings.HasPrefix(marker.Version, "1.") {
		return fmt.Errorf("oci-layout: version %q is %w", marker.Version, ErrUnsupported)
	}
	return nil
}

// parseIndex verifies and parses an index that d refers to; the zero Descriptor
// verifies nothing.
func parseIndex(raw []byte, d v1.Descriptor) ([]v1.Descriptor, error) {
	size := d.Size
	if size == 0 {
		size = -1
	}
	if err := verify("index", raw, digestOf(d.Digest), size); err != nil {
		return nil, err
	}
	if err := checkJSON("index", raw, maxManifestBytes); err != nil {
		return nil, err
	}
	m, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("index: %w: %w", ErrCorrupt, err)
	}
	if m.MediaType.IsImage() {
		return nil, fmt.Errorf("index: %w: it says that it is a manifest", ErrCorrupt)
	}
	if hasMember(raw, "config", "layers") {
		return nil, fmt.Errorf("index: %w: it is also a manifest", ErrCorrupt)
	}
	return m.Manifests, nil
}

func (x *layout) digest() sbom.Digest        { return x.self }
func (x *layout) manifests() []v1.Descriptor { return x.list }

func (x *layout) index(ctx context.Context, d v1.Descriptor) (indexSource, error) {
	raw, err := x.bytes(ctx, d)
	if err != nil {
		return nil, err
	}
	list, err := parseIndex(raw, d)
	if err != nil {
		return nil, err
	}
	return &layout{x.store, list, digestOf(d.Digest)}, nil
}

func (x *layout) image(ctx context.Context, d v1.Descriptor) (*imageSource, error) {
	raw, err := x.bytes(ctx, d)
	if err != nil {
		return nil, err
	}
	return parseManifest(raw, d, func(d v1.Descriptor) (*blob, error) {
		b, err := x.blob(blobPath(d.Digest))
		if errors.Is(err, ErrMissing) && len(d.Data) > 0 {
			return bytesBlob(d.Data), nil
		}
		return b, err
	})
}

func (x *layout) bytes(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	return readNamed(ctx, x.store, blobPath(d.Digest), maxManifestBytes)
}

// blobPath is where a layout keeps a blob. A v1.Hash that was parsed holds
// nothing but a known algorithm and hexadecimal digits.
func blobPath(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// dirStore is a layout in a directory. Symlinks are followed, also out of the
// directory, since build systems share blobs by them: what a blob is, its digest
// decides.
type dirStore string

func (d dirStore) blob(name string) (*blob, error) {
	full := filepath.Join(string(d), filepath.FromSlash(name))
	info, err := os.Stat(full)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrMissing, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: not a regular file", name, ErrCorrupt)
	}
	return &blob{
		size: info.Size(),
		open: func(context.Context) (io.ReadCloser, error) { return os.Open(full) },
		section: func(off, n int64) (io.ReadCloser, error) {
			f, err := os.Open(full)
			if err != nil {
				return nil, err
			}
			return &randomSection{io.NewSectionReader(f, off, n), f}, nil
		},
	}, nil
}

// randomSection is a part of a file; it can be read anywhere.
type randomSection struct {
	*io.SectionReader
	under io.Closer
}

func (s *randomSection) Close() error {
	if s.under == nil {
		return nil
	}
	return s.under.Close()
}
