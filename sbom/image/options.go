package image

import (
	"io"

	"github.com/imagetrust/imagetrust/sbom"
)

// Options say how to open an image. The zero value, and nil, are good defaults.
type Options struct {
	// Name becomes Subject.Name; the path if empty. It must hold no credentials.
	Name string
	// Platform is what to choose from several images. Variant and OSVersion may
	// be empty and then fit all. The zero value is linux on this program's
	// architecture if there is one, and else the only image.
	Platform sbom.Platform
	// Ref is the tag, image name or manifest digest to choose from a layout or
	// archive that holds several images.
	Ref string
	// MaxEntries is the most entries of a layer, and the most files of the
	// squashed view: 2,000,000 if 0.
	MaxEntries int
	// MaxLayerBytes is the most bytes of a layer's uncompressed tar stream, and
	// of the files in it, which differ when files are sparse; also of a compressed
	// archive. A layer as it is stored may have twice as many. 64 GiB if 0.
	MaxLayerBytes int64
	// OneFileSystem leaves out the contents of all mount points below a root file
	// system; without it, only those of proc and sys.
	OneFileSystem bool
	// Decompress, if not nil, is asked first for a reader that decompresses r. It
	// returns nil and no error for what it does not know. Closing the reader does
	// not close r. It is called concurrently. Digests are verified in any case.
	Decompress func(c Compression, r io.Reader) (io.ReadCloser, error)
}

const (
	defaultMaxEntries    = 2_000_000
	defaultMaxLayerBytes = 64 << 30
)

// withDefaults returns a copy without zero values where they mean a default.
func (o *Options) withDefaults() *Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.MaxEntries <= 0 {
		c.MaxEntries = defaultMaxEntries
	}
	if c.MaxLayerBytes <= 0 {
		c.MaxLayerBytes = defaultMaxLayerBytes
	}
	return &c
}
