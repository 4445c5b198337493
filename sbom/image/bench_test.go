package image_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
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

func BenchmarkEntries(b *testing.B) {
	entries := benchEntries()
	layers := map[string]layerSpec{"plain": plainLayer(entries...), "gzip": gzipLayer(entries...), "zstd": zstdLayer(entries...)}
	for _, kind := range []string{"plain", "gzip", "zstd"} {
		b.Run(kind, func(b *testing.B) {
			img := mustOpen(b, ociLayout(imageSpec{layers: []layerSpec{layers[kind]}}).dir(b), nil)
			b.SetBytes(int64(len(layers[kind].tar)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range img.Layers()[0].Entries(context.Background()) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != len(entries) {
					b.Fatalf("%d entries", n)
				}
			}
		})
	}
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
