package image_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// Layers from 1 MiB on are read, hashed and parsed by goroutines of their own, if there
// is more than one processor.

const largeFiles = 100 // of 50,000 bytes: twice as much as is read ahead

// largeEntries are incompressible, so that they are large however they are stored.
func largeEntries() []tarEntry {
	content := noise(largeFiles * 50_000)
	entries := []tarEntry{dir("d/")}
	for i := range largeFiles {
		entries = append(entries, file(fmt.Sprintf("d/%d", i), content[i*50_000:(i+1)*50_000]))
	}
	return append(entries, symlink("l", "d/0"), hardlink("h", "d/1"))
}

var storages = []struct {
	name  string
	store func(stream []byte) layerSpec
}{
	{"plain", func(b []byte) layerSpec { return layer(types.OCIUncompressedLayer, b, b) }},
	{"gzip", func(b []byte) layerSpec { return layer(types.OCILayer, b, gzipped(b)) }},
	{"zstd", func(b []byte) layerSpec { return layer(types.OCILayerZStd, b, zstded(b)) }},
}

// onProcessors runs f as on a machine of n processors.
func onProcessors(n int, f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	f()
}

// TestLargeLayers: what a layer yields, and the error it ends with, is the same on one
// processor and on several, whether contents are read or skipped.
func TestLargeLayers(t *testing.T) {
	stream := makeTar(largeEntries()...)
	count := len(largeEntries())
	badHeader := bytes.Clone(stream) // of the tenth entry
	badHeader[512+8*(512+50_176)+512+50_176+148] ^= 1
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at%len(b)] ^= 1; return b }
	}
	tests := []struct {
		name    string
		stream  []byte
		diffID  []byte                // a stream that has it, if not stream
		corrupt func(b []byte) []byte // the blob, behind the back of its digest
		opts    image.Options
		want    error
		not     error
		entries int // before the error; -1 for any number
	}{
		{name: "whole", stream: stream, entries: count},
		{name: "last block changed", stream: stream, corrupt: func(b []byte) []byte { return flip(len(b) - 1)(b) }, want: image.ErrDigest, entries: -1},
		{name: "half", stream: stream, corrupt: func(b []byte) []byte { return b[:len(b)/2] }, want: image.ErrDigest, entries: -1},
		{name: "longer", stream: stream, corrupt: func(b []byte) []byte { return append(b, 0) }, want: image.ErrDigest, entries: -1},
		{name: "another diffID", stream: stream, diffID: stream[:512], want: image.ErrDigest, not: image.ErrCorrupt, entries: count},
		{name: "corrupt header", stream: badHeader, want: image.ErrCorrupt, not: image.ErrDigest, entries: 10},
		{name: "corrupt header of another layer", stream: badHeader, corrupt: func(b []byte) []byte { return flip(len(b) - 700)(b) }, want: image.ErrDigest, entries: -1},
		{name: "corrupt header, another diffID", stream: badHeader, diffID: stream, want: image.ErrCorrupt, not: image.ErrDigest, entries: 10},
		{name: "archive behind the archive", stream: slices.Concat(stream, stream), want: image.ErrTrailing, entries: count},
		{name: "too many bytes", stream: stream, opts: image.Options{MaxLayerBytes: 1 << 20}, want: image.ErrLimit, entries: -1},
		{name: "too many bytes behind the end", stream: slices.Concat(stream, make([]byte, 3<<20)), opts: image.Options{MaxLayerBytes: 6 << 20}, want: image.ErrLimit, entries: count},
		{name: "too many entries", stream: stream, opts: image.Options{MaxEntries: 7}, want: image.ErrLimit, entries: 7},
	}
	for _, st := range storages {
		for _, tc := range tests {
			t.Run(st.name+"/"+tc.name, func(t *testing.T) {
				l := st.store(tc.stream)
				if tc.corrupt != nil {
					l = corruptLayer(l, tc.corrupt)
				}
				if tc.diffID != nil {
					l.tar = tc.diffID
				}
				checkLarge(t, openLayer(t, l, &tc.opts), tc.want, tc.not, tc.entries)
			})
		}
	}
}

func checkLarge(t *testing.T, l *image.Layer, want, not error, entries int) {
	t.Helper()
	var serial, ahead []string
	var serialErr, aheadErr, skipErr error
	onProcessors(1, func() { serial, serialErr = list(l) })
	onProcessors(4, func() {
		ahead, aheadErr = list(l)
		for _, err := range l.Entries(context.Background()) {
			skipErr = err
		}
	})
	if !errors.Is(aheadErr, want) || not != nil && errors.Is(aheadErr, not) {
		t.Errorf("error = %v, want %v and not %v", aheadErr, want, not)
	}
	if fmt.Sprint(serialErr) != fmt.Sprint(aheadErr) {
		t.Errorf("error %q on one processor, %q on several", serialErr, aheadErr)
	}
	if !errors.Is(skipErr, want) {
		t.Errorf("skipping contents: error = %v, want %v", skipErr, want)
	}
	if !slices.Equal(serial, ahead) {
		t.Errorf("%d entries on one processor, %d others on several", len(serial), len(ahead))
	}
	if entries >= 0 && len(ahead) != entries {
		t.Errorf("%d entries before the error, want %d", len(ahead), entries)
	}
}

// TestBreakOffLeavesNothing: however an iteration ends, its goroutines have ended too;
// a bubble cannot be left while one is there.
func TestBreakOffLeavesNothing(t *testing.T) {
	stream := makeTar(largeEntries()...)
	for _, st := range storages {
		t.Run(st.name, func(t *testing.T) {
			l := openLayer(t, st.store(stream), nil)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
			for stop := 0; stop <= len(largeEntries()); stop += 6 {
				synctest.Test(t, func(t *testing.T) {
					n := 0
					for e, err := range l.Entries(t.Context()) {
						if err != nil {
							t.Fatal(err)
						}
						if _, err := io.CopyN(io.Discard, e, 100); err != nil && err != io.EOF {
							t.Fatal(err)
						}
						if n++; n > stop {
							break
						}
					}
				})
			}
		})
	}
}

// blockingImage has layers that hang in the middle, until the context is done.
type blockingImage struct {
	v1.Image
	blob []byte
}

func (i blockingImage) OpenBlob(ctx context.Context, _ v1.Hash) (io.ReadCloser, error) {
	hang := readerFunc(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
	return io.NopCloser(io.MultiReader(bytes.NewReader(i.blob[:len(i.blob)/2]), hang)), nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestCancelLargeLayer: cancelling ends an iteration whose source hangs. The error is
// the cause, and what was not read is not called corrupt.
func TestCancelLargeLayer(t *testing.T) {
	stream := makeTar(largeEntries()...)
	blob := static.NewLayer(stream, types.OCIUncompressedLayer)
	src, err := mutate.AppendLayers(empty.Image, blob)
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.FromV1(blockingImage{src, stream}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			synctest.Wait() // until all that can be read was read
			cancel()
		}()
		n := 0
		var last error
		for _, err := range img.Layers()[0].Entries(ctx) {
			n++
			last = err
		}
		if !errors.Is(last, context.Canceled) || errors.Is(last, image.ErrCorrupt) || n < 2 {
			t.Errorf("after %d entries: %v", n, last)
		}
	})
}

// TestLayerChangedWhileRead: what was parsed is what was hashed. A file that changes
// behind what was read is noticed; a change behind the reader's back is not seen at all.
func TestLayerChangedWhileRead(t *testing.T) {
	stream := makeTar(largeEntries()...)
	l := layer(types.OCIUncompressedLayer, stream, stream)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, tc := range []struct {
		name   string
		change func(f *os.File) error
		want   error
	}{
		{"overwritten before", func(f *os.File) error { _, err := f.WriteAt([]byte("evil"), 1024); return err }, nil},
		{"overwritten behind", func(f *os.File) error { _, err := f.WriteAt([]byte("evil"), int64(len(stream))-60_000); return err }, image.ErrDigest},
		{"truncated behind", func(f *os.File) error { return f.Truncate(int64(len(stream)) - 60_000) }, image.ErrDigest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := ociLayout(imageSpec{layers: []layerSpec{l}}).dir(t)
			f, err := os.OpenFile(filepath.Join(root, "blobs/sha256", l.desc.Digest.Hex), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			changed := false
			var got bytes.Buffer
			var last error
			for e, err := range mustOpen(t, root, nil).Layers()[0].Entries(t.Context()) {
				if last = err; err != nil {
					break
				}
				if !changed {
					changed = true
					if err := tc.change(f); err != nil {
						t.Fatal(err)
					}
				}
				_, last = got.ReadFrom(e)
			}
			if !errors.Is(last, tc.want) {
				t.Errorf("error = %v, want %v", last, tc.want)
			}
			if tc.want == nil && got.String() != noise(largeFiles*50_000) {
				t.Error("content that was not hashed was returned")
			}
		})
	}
}
