package catalog_test

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// TestCancelReading cancels in the middle of a large file that is skipped, hashed, held in
// memory or spilled. How far it goes on is told in bytes: 4 MiB are read, hashed and
// written in well under 50 ms.
func TestCancelReading(t *testing.T) {
	const size, at, most = 64 << 20, 20 << 20, 4 << 20
	wantAll := []detect.Detector{probe{name: "all", wants: all, detect: func(context.Context, *detect.File) (*detect.Fragment, error) {
		return nil, errors.New("cancelled files are not detected")
	}}}
	enough := errors.New("enough")
	for name, tc := range map[string]struct {
		mode int64
		opts catalog.Options
	}{
		"skipped":  {0o644, catalog.Options{Detectors: []detect.Detector{literal{}}}},
		"hashed":   {0o755, catalog.Options{Detectors: []detect.Detector{literal{}}}},
		"hash all": {0o644, catalog.Options{Detectors: []detect.Detector{literal{}}, HashAll: true}},
		"held":     {0o644, catalog.Options{Detectors: wantAll, MemoryBudget: 1 << 30}},
		"spilled":  {0o644, catalog.Options{Detectors: wantAll, MemoryBudget: 1}},
	} {
		for _, processors := range []int{1, 4} {
			ctx, cancel := context.WithCancelCause(t.Context())
			read := int64(0)
			layer := newGenerated(t, false, func() io.Reader {
				r := zeros(t, tar.Header{Name: "usr/bin/zeros", Mode: tc.mode, Size: size})()
				return readFunc(func(p []byte) (int, error) {
					n, err := r.Read(p)
					if read += int64(n); read >= at {
						cancel(enough)
					}
					return n, err
				})
			})
			img := imageOf(t, layer)
			read = 0
			inv, err := catalogOn(ctx, processors, img, &tc.opts)
			if inv != nil || err != enough {
				t.Errorf("%s: %v", name, err)
			}
			if read < at || read > at+most {
				t.Errorf("%s: %d bytes read, cancelled at %d", name, read, at)
			}
		}
	}
}

func catalogOn(ctx context.Context, processors int, img *image.Image, opts *catalog.Options) (inv any, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	got, err := catalog.Image(ctx, img, opts)
	if got == nil {
		return nil, err
	}
	return got, err
}

// TestCacheImageLimits: a layer that was read under other limits of image.Options is read
// again, so that a cache does not get it past them.
func TestCacheImageLimits(t *testing.T) {
	layers, opened := counted(numberedLayers(t, 2))
	cache := newMapCache()
	for _, step := range []struct {
		name   string
		limits image.Options
		opened int64
		want   error
	}{
		{"first", image.Options{}, 2, nil},
		{"again", image.Options{}, 0, nil},
		{"the defaults", image.Options{MaxEntries: 2_000_000, MaxLayerBytes: 64 << 30}, 0, nil},
		{"fewer entries than there are", image.Options{MaxEntries: 1}, -1, image.ErrLimit},
		{"fewer bytes than there are", image.Options{MaxLayerBytes: 1024}, -1, image.ErrLimit},
		{"other limits", image.Options{MaxEntries: 100}, 2, nil},
		{"other limits again", image.Options{MaxEntries: 100}, 0, nil},
	} {
		img := imageOfLimits(t, &step.limits, layers...)
		opened.Store(0)
		_, err := catalog.Image(t.Context(), img, &catalog.Options{Cache: cache})
		if !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
		if n := opened.Load(); step.opened >= 0 && n != step.opened {
			t.Errorf("%s: %d layers opened, want %d", step.name, n, step.opened)
		}
	}
}

// BenchmarkCancel reports how long Image goes on after it was cancelled, at any time.
func BenchmarkCancel(b *testing.B) {
	layers := benchLayers(b)
	img := imageOf(b, layers...)
	start := time.Now()
	mustImage(b, img, nil)
	whole := time.Since(start)
	var longest time.Duration
	for i := 0; b.Loop(); i++ {
		ctx, cancel := context.WithCancel(b.Context())
		cancelled := make(chan time.Time, 1)
		time.AfterFunc(whole*time.Duration(i%20)/20, func() { cancelled <- time.Now(); cancel() })
		if _, err := catalog.Image(ctx, img, nil); err != nil {
			longest = max(longest, time.Since(<-cancelled))
		}
	}
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms/latency")
}
