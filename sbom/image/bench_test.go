package image_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// benchLayers are the entries of an image of 10,000 files, 100 MB, of which half
// compresses, in one layer.
func benchEntries() []tarEntry {
	r := rand.New(rand.NewPCG(1, 2))
	random := noise(64 << 10)
	words := strings.Repeat("the quick brown fox jumps over the lazy dog 0123456789 ", 1200)
	var entries []tarEntry
	for i := range 10_000 {
		if i%50 == 0 {
			entries = append(entries, dir(fmt.Sprintf("usr/share/package-%d/", i/50)))
		}
		at := r.IntN(40_000)
		content := random[at : at+r.IntN(20_000)]
		if i%2 == 0 {
			content = words[at : at+r.IntN(20_000)]
		}
		entries = append(entries, file(fmt.Sprintf("usr/share/package-%d/file-%d", i/50, i), content))
	}
	return entries
}

// BenchmarkEntries reads a layer to its end: nothing but the headers, the first 64
// bytes of every file as detection does, or every file with a digest of its own; on one
// processor and on two, which shows what goroutines for reading and hashing are worth.
// (The flag -cpu has no effect on the first of its numbers where b.Loop is used.)
func BenchmarkEntries(b *testing.B) {
	entries := benchEntries()
	layers := map[string]layerSpec{"plain": plainLayer(entries...), "gzip": gzipLayer(entries...), "zstd": zstdLayer(entries...)}
	h, buf := sha256.New(), make([]byte, 32<<10)
	uses := []struct {
		name string
		use  func(io.Reader) error
	}{
		{"skip", func(io.Reader) error { return nil }},
		{"head", func(r io.Reader) error { return copyHead(io.Discard, r) }},
		{"digest", func(r io.Reader) error {
			h.Reset()
			_, err := io.CopyBuffer(h, struct{ io.Reader }{r}, buf)
			return err
		}},
	}
	for _, kind := range []string{"plain", "gzip", "zstd"} {
		img := mustOpen(b, ociLayout(imageSpec{layers: []layerSpec{layers[kind]}}).dir(b), nil)
		for _, u := range uses {
			for _, processors := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/%s/processors=%d", kind, u.name, processors), func(b *testing.B) {
					b.SetBytes(int64(len(layers[kind].tar)))
					b.ReportAllocs()
					onProcessors(processors, func() {
						for b.Loop() {
							if n := walk(b, img.Layers()[0], u.use); n != len(entries) {
								b.Fatalf("%d entries", n)
							}
						}
					})
				})
			}
		}
	}
}

func copyHead(w io.Writer, r io.Reader) error {
	if _, err := io.CopyN(w, r, 64); err != io.EOF {
		return err
	}
	return nil
}

// walk reads the layer to its end and returns how many entries it has.
func walk(b *testing.B, l *image.Layer, use func(io.Reader) error) (n int) {
	for e, err := range l.Entries(context.Background()) {
		if err == nil {
			err = use(e)
		}
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	return n
}

// BenchmarkFS reports the memory that a squashed view of 180,000 files holds.
func BenchmarkFS(b *testing.B) {
	var entries []tarEntry
	for i := range 180_000 {
		entries = append(entries, file(fmt.Sprintf("usr/share/package-%d/doc/file-%d", i/40, i), ""))
	}
	img := mustOpen(b, docker(imageSpec{layers: []layerSpec{plainLayer(entries...)}}).path(b), nil)
	entries = nil
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		fsys, err := img.FS(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(fsys)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/180_000, "heap-B/file")
}

func (f *files) path(t testing.TB) string { return writeFile(t, f.tar()) }
