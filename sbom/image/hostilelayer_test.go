package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// streamed is an image of one layer that is made while it is read. Its digest is that of
// nothing, so that reading must not come to the layer's end.
type streamed struct {
	rawImage
	stream func() io.Reader
	read   *atomic.Int64
}

func (s streamed) LayerByDigest(v1.Hash) (v1.Layer, error) { return s.layer(), nil }

func (s streamed) layer() v1.Layer {
	return streamedLayer{open: func() io.Reader {
		r := s.stream()
		return readerFunc(func(p []byte) (int, error) {
			n, err := r.Read(p)
			s.read.Add(int64(n))
			return n, err
		})
	}}
}

type streamedLayer struct {
	v1.Layer
	open func() io.Reader
}

func (l streamedLayer) Compressed() (io.ReadCloser, error) { return io.NopCloser(l.open()), nil }

func streamLayer(tb testing.TB, opts *image.Options, stream func() io.Reader) (*image.Layer, *atomic.Int64) {
	tb.Helper()
	f := newFiles()
	spec := imageSpec{layers: []layerSpec{{desc: v1.Descriptor{MediaType: types.OCIUncompressedLayer, Size: 1 << 45, Digest: hashOf(nil)}}}}
	s := streamed{rawImage{f.image(spec), f}, stream, new(atomic.Int64)}
	img, err := image.FromV1(s, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return img.Layers()[0], s.read
}

// special is a header that is about the next, and as much of its content as is asked for.
func special(tb testing.TB, typeflag byte, size int64) func() io.Reader {
	tb.Helper()
	h := makeTar(file("h", ""))[:512]
	h[156] = typeflag
	copy(h[124:136], fmt.Sprintf("%011o\x00", size))
	fixChecksum(h)
	return func() io.Reader { return io.MultiReader(bytes.NewReader(h), io.LimitReader(zeroReader{}, size)) }
}

// TestHugeSpecialHeaders: what a header says about the next one is at most a megabyte,
// whatever its size.
func TestHugeSpecialHeaders(t *testing.T) {
	for name, typeflag := range map[string]byte{
		"PAX": tar.TypeXHeader, "global PAX": tar.TypeXGlobalHeader, "long name": tar.TypeGNULongName, "long link": tar.TypeGNULongLink,
	} {
		l, read := streamLayer(t, &image.Options{MaxLayerBytes: 32 << 20}, special(t, typeflag, 1<<30))
		var last error
		n := allocated(func() {
			for _, err := range l.Entries(t.Context()) {
				last = err
			}
		})
		// More of a layer that is corrupt is read, to tell whether its digest is right.
		if !errors.Is(last, image.ErrCorrupt) || n > 16<<20 || read.Load() > 66<<20 {
			t.Errorf("%s: %v, %d MiB allocated, %d read", name, last, n>>20, read.Load())
		}
	}
}

// endless is a tar stream that does not end, of small files.
func endless() io.Reader {
	var buf bytes.Buffer
	w, i := tar.NewWriter(&buf), 0
	return readerFunc(func(p []byte) (int, error) {
		for ; buf.Len() < len(p); i++ {
			if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("d%d/%d", i%100, i), Mode: 0o644}); err != nil {
				return 0, err
			}
		}
		return buf.Read(p)
	})
}

// TestEndlessLayer: a layer that does not end reaches a limit, of its entries or bytes,
// where the limit is.
func TestEndlessLayer(t *testing.T) {
	for name, opts := range map[string]image.Options{
		"entries": {MaxEntries: 10_000}, "bytes": {MaxLayerBytes: 10_000 * 512},
	} {
		l, read := streamLayer(t, &opts, endless)
		entries := 0
		var last error
		for e, err := range l.Entries(t.Context()) {
			if last = err; e != nil {
				entries++
			}
		}
		if !errors.Is(last, image.ErrLimit) || entries > 10_000 || entries < 8_000 || read.Load() > 10_000*512+4<<20 {
			t.Errorf("%s: %v after %d entries, %d bytes", name, last, entries, read.Load())
		}
	}
}

// TestEndlessSkippedFrames: what a decompressor skips is not unlimited because nothing
// comes out.
func TestEndlessSkippedFrames(t *testing.T) {
	frame := append([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0x10, 0, 0}, make([]byte, 0x1000)...)
	l, read := streamLayer(t, &image.Options{MaxLayerBytes: 1 << 20}, func() io.Reader {
		left := frame
		return readerFunc(func(p []byte) (int, error) {
			if len(left) == 0 {
				left = frame
			}
			n := copy(p, left)
			left = left[n:]
			return n, nil
		})
	})
	var last error
	for _, err := range l.Entries(t.Context()) {
		last = err
	}
	if !errors.Is(last, image.ErrLimit) || read.Load() > 4<<20 {
		t.Errorf("%v after %d bytes", last, read.Load())
	}
}

// TestBombsPass: a gigabyte of zeros in a file that nobody reads is hashed and skipped, and
// not held.
func TestBombsPass(t *testing.T) {
	if testing.Short() {
		t.Skip("inflates and hashes three gigabytes")
	}
	const size = 1 << 30
	for name, asGzip := range map[string]bool{"gzip": true, "zstd": false} {
		blob := compressedStream(t, asGzip, bomb(size))
		l := openLayer(t, layer("", nil, blob), nil)
		var wrong error
		entries := 0
		n := allocated(func() {
			for e, err := range l.Entries(t.Context()) {
				if wrong = err; e != nil {
					entries++
				}
			}
		})
		// The diffID is that of nothing: it is noticed at the end, when all was hashed.
		var digest *image.DigestError
		if !errors.As(wrong, &digest) || digest.What != "diffID" || entries != 3 || n > 16<<20 {
			t.Errorf("%s: %v, %d entries, %d MiB allocated", name, wrong, entries, n>>20)
		}
	}
}

// BenchmarkTenMillionEntries is what ten million entries of a layer cost where the options
// allow them.
func BenchmarkTenMillionEntries(b *testing.B) {
	const entries = 10_000_000
	for b.Loop() {
		l, _ := streamLayer(b, &image.Options{MaxEntries: entries}, endless)
		n := 0
		for e := range l.Entries(b.Context()) {
			if e != nil {
				n++
			}
		}
		if n != entries {
			b.Fatal(n)
		}
	}
}
