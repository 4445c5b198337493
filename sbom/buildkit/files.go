package buildkit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// maxFiles bounds the squashed view that Files makes.
const maxFiles = 2_000_000

// digestsOfText returns the digest of the content of a file.
func digestsOfText(data []byte) []sbom.Digest {
	return []sbom.Digest{sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(data)))}
}

// Files lists all regular files of the squashed view, by path, with their layer, mode,
// size and SHA-256. An inventory lists those that are executable. All layers are read
// once; the memory is about 200 bytes a file.
//
// The error is that of a layer that cannot be read to its end (*image.LayerError), or
// image.ErrLimit for more than 2,000,000 files, or fs.ErrInvalid when img is nil.
func Files(ctx context.Context, img *image.Image) ([]sbom.File, error) {
	if img == nil {
		return nil, errNoImage
	}
	v := view{hash: sha256.New(), buf: make([]byte, 64<<10)}
	v.Limit = maxFiles
	for n, l := range img.Layers() {
		v.Begin(n)
		for e, err := range l.Entries(ctx) {
			if errors.Is(err, image.ErrTrailing) {
				continue
			}
			if err == nil {
				err = v.fold(e)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	var files []sbom.File
	layers := img.Layers()
	for name, n := range v.All() {
		if n.Mode.IsRegular() {
			info := layers[n.Layer].Info()
			files = append(files, sbom.File{Path: name, Layer: info.Ref(), Mode: n.Mode, Size: n.Size,
				Digests: []sbom.Digest{sbom.Digest(fmt.Sprintf("sha256:%x", n.Value))}})
		}
	}
	return files, nil
}

// view is the squashed view with the digests of files.
type view struct {
	squash.Tree[[sha256.Size]byte]
	hash hash.Hash
	buf  []byte
}

// fold applies an entry. What cannot be applied, no container would see.
func (v *view) fold(e *image.Entry) error {
	switch {
	case e.Path == "":
		return nil
	case e.Whiteout != "":
		v.Hide(e.Whiteout)
		return nil
	case e.Opaque != "":
		v.Opaque(e.Opaque)
		return nil
	case e.Hardlink:
		return limit(v.Hardlink(e.Path, e.Link))
	}
	n := squash.Node[[sha256.Size]byte]{Mode: e.Mode, Size: e.Size}
	if e.Mode.Type() == fs.ModeSymlink {
		n.Link = e.Link
	}
	if e.Mode.IsRegular() {
		v.hash.Reset()
		if _, err := io.CopyBuffer(v.hash, e, v.buf); err != nil {
			return err
		}
		v.hash.Sum(n.Value[:0])
	}
	return limit(v.Add(e.Path, n))
}

// limit keeps only the error that ends it all.
func limit(err error) error {
	if errors.Is(err, squash.ErrLimit) {
		return fmt.Errorf("%w: %w", image.ErrLimit, err)
	}
	return nil
}
