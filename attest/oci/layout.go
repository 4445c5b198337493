package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/imagetrust/imagetrust/attest"
)

// maxLayoutManifests bounds the manifests that are looked at in one layout.
const maxLayoutManifests = 1 << 14

// LayoutTarget is an OCI image layout directory. It may be used by several
// goroutines and, on systems with flock, by several processes.
type LayoutTarget struct {
	dir  string
	memo *layoutMemo // nil to read anew each time
}

// Layout returns the target for an OCI image layout directory. Nothing is read
// yet. Files are opened below dir only, whatever links it holds.
func Layout(dir string) *LayoutTarget { return &LayoutTarget{dir: dir} }

// String returns the directory.
func (l *LayoutTarget) String() string { return l.dir }

// open opens the directory and checks that it is a layout.
func (l *LayoutTarget) open() (*os.Root, error) {
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	raw, err := readFile(root, "oci-layout", 4096)
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("%w: %s: %w", ErrLayout, l.dir, err)
	}
	var marker struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(raw, &marker); err != nil || marker.Version != "1.0.0" {
		root.Close()
		return nil, fmt.Errorf("%w: %s: imageLayoutVersion %.20q", ErrLayout, l.dir, marker.Version)
	}
	return root, nil
}

// readFile reads a regular file of at most limit bytes. Opening anything else,
// such as a named pipe, might never return.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrLayout, name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, info.Size(), limit)
}

func blobPath(d attest.Digest) string { return path.Join("blobs", d.Algorithm(), d.Hex()) }

func readBlob(root *os.Root, d attest.Digest, limit int64) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	content, err := readFile(root, blobPath(d), limit)
	if err != nil {
		return nil, err
	}
	return content, checkContent(content, d)
}

// readIndex returns the descriptors of index.json.
func readIndex(root *os.Root) ([]Descriptor, error) {
	raw, err := readFile(root, "index.json", maxIndexSize)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	entries, err := parseReferrers(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: index.json: %w", ErrLayout, err)
	}
	return entries, nil
}

func (l *LayoutTarget) manifest(_ context.Context, d attest.Digest) ([]byte, Descriptor, error) {
	root, err := l.open()
	if err != nil {
		return nil, Descriptor{}, err
	}
	defer root.Close()
	return layoutManifest(root, d)
}

func layoutManifest(root *os.Root, d attest.Digest) ([]byte, Descriptor, error) {
	raw, err := readBlob(root, d, maxManifestSize)
	if err != nil {
		return nil, Descriptor{}, err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, Descriptor{}, fmt.Errorf("%s: %w", d, err)
	}
	return raw, Descriptor{MediaType: m.mediaType(), Digest: d, Size: int64(len(raw))}, nil
}

// mediaType returns the media type, which OCI documents may leave out.
func (m *manifest) mediaType() string {
	switch {
	case m.MediaType != "":
		return m.MediaType
	case m.manifests > 0:
		return mediaTypeIndex
	}
	return mediaTypeManifest
}

func (l *LayoutTarget) blob(_ context.Context, d Descriptor) ([]byte, error) {
	root, err := l.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readBlob(root, d.Digest, d.Size)
}

// resolve returns the only image of the layout: what index.json lists apart from
// referrers and cosign's signatures and attestations.
func (l *LayoutTarget) resolve(ctx context.Context) (Descriptor, error) {
	root, err := l.open()
	if err != nil {
		return Descriptor{}, err
	}
	defer root.Close()
	entries, err := readIndex(root)
	if err != nil {
		return Descriptor{}, err
	}
	images, seen := map[attest.Digest]Descriptor{}, map[listed]bool{}
	for _, e := range entries {
		as := listed{e.Digest, StoreLayout}
		if isCompanion(e) {
			as.as = StoreAtt
		}
		if seen[as] {
			continue
		}
		seen[as] = true
		raw, desc, err := layoutManifest(root, e.Digest)
		if err != nil {
			return Descriptor{}, err
		}
		if m, err := parseManifest(raw); err == nil && m.Subject == nil && !isCompanion(e) {
			images[e.Digest] = desc
		}
		if err := ctx.Err(); err != nil {
			return Descriptor{}, err
		}
	}
	switch len(images) {
	case 0:
		return Descriptor{}, fmt.Errorf("%w: no image in %s", ErrNotFound, l.dir)
	case 1:
		for _, d := range images {
			return d, nil
		}
	}
	return Descriptor{}, fmt.Errorf("%w: %d in %s; name one by digest", ErrAmbiguous, len(images), l.dir)
}
