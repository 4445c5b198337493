package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// Compression is how a blob is compressed, told from its first bytes, not from
// its media type.
type Compression string

const (
	Uncompressed Compression = ""     // A tar stream as it is.
	Gzip         Compression = "gzip" // RFC 1952, any number of members.
	Zstd         Compression = "zstd" // RFC 8878, any number of frames.
)

// maxZstdWindow is the largest window that zstd --long=27 asks for, and the most
// memory that a frame may claim.
const maxZstdWindow = 128 << 20

// sniff tells the compression from the first bytes. Compressions that are known
// and not read are an ErrUnsupported.
func sniff(r *bufio.Reader) (Compression, error) {
	head, err := r.Peek(headBytes)
	if err != nil && err != io.EOF {
		return "", err
	}
	return sniffBytes(head)
}

func sniffBytes(head []byte) (Compression, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return Gzip, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}), isSkippableFrame(head):
		return Zstd, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return "", fmt.Errorf("bzip2 compression is %w", ErrUnsupported)
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return "", fmt.Errorf("xz compression is %w", ErrUnsupported)
	}
	return Uncompressed, nil
}

func isSkippableFrame(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}

// decompress returns a reader of the decompressed r.
func (o *Options) decompress(c Compression, r io.Reader) (io.ReadCloser, error) {
	if c == Uncompressed {
		return io.NopCloser(r), nil
	}
	if o.Decompress != nil {
		rc, err := o.Decompress(c, r)
		if err != nil {
			return nil, err // and not rc, which may hold a nil pointer
		}
		if rc != nil {
			return rc, nil
		}
	}
	switch c {
	case Gzip:
		return inflate.NewGzipReader(r), nil
	case Zstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%s compression is %w", c, ErrUnsupported)
}

// decompressAny decompresses raw by its first bytes; closing the reader closes
// raw.
func (o *Options) decompressAny(raw io.ReadCloser) (io.ReadCloser, error) {
	buf := bufio.NewReaderSize(raw, 64<<10)
	kind, err := sniff(buf)
	if err != nil {
		return nil, err
	}
	dec, err := o.decompress(kind, buf)
	if err != nil {
		return nil, err
	}
	return &both{dec, raw}, nil
}

type both struct {
	io.ReadCloser
	under io.Closer
}

func (b *both) Close() error {
	err := b.ReadCloser.Close()
	if e := b.under.Close(); err == nil {
		err = e
	}
	return err
}
