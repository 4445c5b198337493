package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// What follows tells how far an iteration goes on after it was cancelled in bytes: 16 MiB
// are inflated, or hashed, in well under 50 ms.

var errEnough = errors.New("enough")

// bomb is the stream of a layer with a file of n zeros between two small ones.
func bomb(n int64) io.Reader {
	var head, tail bytes.Buffer
	w := tar.NewWriter(&head)
	_ = w.WriteHeader(&tar.Header{Name: "first", Typeflag: tar.TypeReg})
	_ = w.WriteHeader(&tar.Header{Name: "zeros", Typeflag: tar.TypeReg, Size: n, Mode: 0o755})
	w = tar.NewWriter(&tail)
	_ = w.WriteHeader(&tar.Header{Name: "last", Typeflag: tar.TypeReg})
	_ = w.Close()
	return io.MultiReader(&head, io.LimitReader(zeroReader{}, (n+511)/512*512), &tail)
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// compressedStream compresses r, by gzip or else by zstd.
func compressedStream(tb testing.TB, asGzip bool, r io.Reader) []byte {
	tb.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if !asGzip {
		z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			tb.Fatal(err)
		}
		w = z
	}
	if _, err := io.Copy(w, r); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// counter counts what decompressors make, and calls then when that comes to at bytes.
type counter struct {
	atomic.Int64
	at   int64
	then func()
}

func (c *counter) decompress(kind image.Compression, r io.Reader) (io.ReadCloser, error) {
	dec, err := plainDecompressor(kind, r)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(readerFunc(func(p []byte) (int, error) {
		n, err := dec.Read(p)
		if sum := c.Add(int64(n)); c.then != nil && sum >= c.at {
			c.then()
		}
		return n, err
	})), nil
}

func plainDecompressor(kind image.Compression, r io.Reader) (io.Reader, error) {
	if kind == image.Gzip {
		return gzip.NewReader(r)
	}
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
}

// TestCancelBomb: an iteration that was cancelled ends soon, also where next to nothing
// has to be read for very much to come out.
func TestCancelBomb(t *testing.T) {
	const size = 100 << 20
	sparse := sparseTar()
	copy(sparse[483:495], "10000000000\x00") // 1 GiB, of which two bytes are stored
	copy(sparse[386:398], "07777777776\x00")
	copy(sparse[398:410], "00000000002\x00")
	fixChecksum(sparse)
	for name, tc := range map[string]struct {
		blob []byte
		file string
	}{
		"gzip":   {compressedStream(t, true, bomb(size)), "zeros"},
		"zstd":   {compressedStream(t, false, bomb(size)), "zeros"},
		"sparse": {sparse, "sparse"},
	} {
		for _, processors := range []int{1, 4} {
			for _, read := range []bool{true, false} {
				var produced counter // what the decompressor makes
				l := openLayer(t, layer("", nil, tc.blob), &image.Options{Decompress: produced.decompress})
				ctx, cancel := context.WithCancelCause(t.Context())
				var n int64
				var atCancel int64
				var last error
				onProcessors(processors, func() {
					for e, err := range l.Entries(ctx) {
						if last = err; err != nil || e.Path != tc.file {
							continue
						}
						if _, err := io.CopyN(io.Discard, e, 1<<20); err != nil {
							t.Fatal(err)
						}
						atCancel = produced.Load()
						cancel(errEnough)
						if read {
							n, last = io.Copy(io.Discard, e)
						}
					}
				})
				if !errors.Is(last, errEnough) || errors.Is(last, image.ErrCorrupt) {
					t.Errorf("%s: error = %v", name, last)
				}
				if after := produced.Load() - atCancel; n > 0 || after > 4<<20 {
					t.Errorf("%s on %d processors: %d bytes read, %d inflated after the cancellation", name, processors, n, after)
				}
			}
		}
	}
}

// TestCancelCompressedArchive: a layer that lies far behind the beginning of a compressed
// archive is not waited for.
func TestCancelCompressedArchive(t *testing.T) {
	f := newFiles()
	f.add("zeros", make([]byte, 64<<20))
	spec := imageSpec{layers: []layerSpec{plainLayer(file("a", "A"))}}
	f.layout(f.image(spec))
	var produced counter
	img := mustOpen(t, writeFile(t, zstded(f.tar())), &image.Options{Decompress: produced.decompress})
	ctx, cancel := context.WithCancelCause(t.Context())
	produced.Store(0)
	produced.at, produced.then = 1<<20, func() { cancel(errEnough) }
	var last error
	for _, err := range img.Layers()[0].Entries(ctx) {
		last = err
	}
	if !errors.Is(last, errEnough) || produced.Load() > 4<<20 {
		t.Errorf("%v after %d bytes", last, produced.Load())
	}
}

// BenchmarkCancel reports how long an iteration goes on after it was cancelled.
func BenchmarkCancel(b *testing.B) {
	const size = 1 << 30
	for name, blob := range map[string][]byte{
		"gzip": compressedStream(b, true, bomb(size)), "zstd": compressedStream(b, false, bomb(size)),
	} {
		b.Run(name, func(b *testing.B) {
			l := openLayer(b, layer("", nil, blob), nil)
			var latency time.Duration
			for b.Loop() {
				ctx, cancel := context.WithCancel(b.Context())
				cancelled := make(chan time.Time, 1)
				time.AfterFunc(20*time.Millisecond, func() { cancelled <- time.Now(); cancel() })
				for e, err := range l.Entries(ctx) {
					if err == nil {
						_, _ = io.Copy(io.Discard, e)
					}
				}
				latency = max(latency, time.Since(<-cancelled))
				runtime.GC()
			}
			b.ReportMetric(float64(latency.Microseconds())/1000, "ms/latency")
		})
	}
}
