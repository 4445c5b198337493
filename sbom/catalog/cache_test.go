package catalog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// mapCache is a cache whose values a test can look at and change.
type mapCache struct {
	mu     sync.Mutex
	values map[string][]byte
	puts   int
	last   string // key of the last Put
	fail   error  // of every call
}

func newMapCache() *mapCache { return &mapCache{values: make(map[string][]byte)} }

func (c *mapCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return nil, c.fail
	}
	value, ok := c.values[key]
	if !ok {
		return nil, fmt.Errorf("map: %w", fs.ErrNotExist)
	}
	return value, nil
}

func (c *mapCache) Put(_ context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	c.puts++
	c.last = key
	c.values[key] = value
	return nil
}

// without returns a cache that has all values but those that drop chooses, by their
// place in the order of keys.
func (c *mapCache) without(drop func(i int) bool) *mapCache {
	out := newMapCache()
	for i, key := range slices.Sorted(maps.Keys(c.values)) {
		if !drop(i) {
			out.values[key] = c.values[key]
		}
	}
	return out
}

// damaged returns a cache all of whose values were changed.
func (c *mapCache) damaged(change func([]byte) []byte) *mapCache {
	out := newMapCache()
	for key, value := range c.values {
		out.values[key] = change(bytes.Clone(value))
	}
	return out
}

// scenarioLayers returns the layers of every scenario by its name, and a layer with
// data behind its end in two places.
func scenarioLayers(t *testing.T) map[string][]v1.Layer {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no scenarios", err)
	}
	out := make(map[string][]v1.Layer)
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, members := range parseScenario(t, archive) {
			out[name] = append(out[name], layerOf(t, members...))
		}
	}
	rc, err := layerOf(t, member{path: "a/node_modules/a/package.json", data: `{"name":"a","version":"1"}`}).Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	data, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	trailing := static.NewLayer(append(data, "behind the end"...), types.OCIUncompressedLayer)
	out["trailing"] = []v1.Layer{trailing, layerOf(t, member{path: "b"}), trailing}
	return out
}

// TestCacheStates reads every scenario with a cache in every state. The inventory
// is always the one without a cache, to the byte.
func TestCacheStates(t *testing.T) {
	for name, layers := range scenarioLayers(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			run := func(state string, parallel int, cache catalog.Cache) {
				t.Helper()
				inv := mustImage(t, imageOf(t, layers...), &catalog.Options{
					Detectors: append(catalog.Detectors(), literal{}), Parallel: parallel, Cache: cache})
				if want := encode(t, mustImage(t, imageOf(t, layers...), &catalog.Options{
					Detectors: append(catalog.Detectors(), literal{}), Parallel: 1})); encode(t, inv) != want {
					t.Errorf("%s (-want +got):\n%s", state, gocmp.Diff(want, encode(t, inv)))
				}
			}
			full := newMapCache()
			run("cold", 2, full)
			run("warm", 2, full)
			dir, err := catalog.NewDirCache(filepath.Join(t.TempDir(), "cache"))
			if err != nil {
				t.Fatal(err)
			}
			for _, cache := range []catalog.Cache{catalog.NewMemoryCache(1 << 20), catalog.NewMemoryCache(1000), dir} {
				for n := range 3 {
					run(fmt.Sprintf("%T, run %d", cache, n), 1+n, cache)
				}
			}
			for i := range len(full.values) {
				run("one is missing", 2, full.without(func(j int) bool { return i == j }))
				run("one is there", 1, full.without(func(j int) bool { return i != j }))
			}
			for state, change := range map[string]func([]byte) []byte{
				"cut off": func(v []byte) []byte { return v[:len(v)/2] },
				"empty":   func([]byte) []byte { return nil },
				"changed": func(v []byte) []byte { v[len(v)-1] ^= 1; return v },
				"garbage": func([]byte) []byte { return []byte("no value") },
			} {
				damaged := full.damaged(change)
				run(state, 2, damaged)
				run(state+", and mended", 2, damaged)
			}
			run("mixed up", 2, mixedUp(full))
		})
	}
}

// mixedUp gives each value the key of another.
func mixedUp(c *mapCache) *mapCache {
	keys := slices.Sorted(maps.Keys(c.values))
	out := newMapCache()
	for i, key := range keys {
		out.values[key] = c.values[keys[(i+1)%len(keys)]]
	}
	return out
}

// counted returns layers that count how often they are opened.
func counted(layers []v1.Layer) ([]v1.Layer, *atomic.Int64) {
	var opened atomic.Int64
	out := make([]v1.Layer, len(layers))
	for i, l := range layers {
		out[i] = countingLayer{l, &opened}
	}
	return out, &opened
}

func numberedLayers(t testing.TB, n int) []v1.Layer {
	var layers []v1.Layer
	for i := range n {
		layers = append(layers, layerOf(t,
			member{path: fmt.Sprintf("app/node_modules/p%d/package.json", i), data: fmt.Sprintf(`{"name":"p%d","version":"1.%d.0"}`, i, i)},
			member{path: fmt.Sprintf("usr/bin/p%d", i), mode: 0o755, data: fmt.Sprint("#!", i)}))
	}
	return layers
}

// TestCacheOpens counts the layers that are opened.
func TestCacheOpens(t *testing.T) {
	layers, opened := counted(numberedLayers(t, 11))
	cache := newMapCache()
	for _, step := range []struct {
		name   string
		layers []v1.Layer
		want   int64
	}{
		{"first", layers[:10], 10},
		{"again", layers[:10], 0},
		{"the last is another", slices.Concat(layers[:9], layers[10:]), 1},
		{"in another order", slices.Concat(layers[10:], layers[:10]), 0},
		{"the base alone", layers[:3], 0},
	} {
		img := imageOf(t, step.layers...)
		opened.Store(0)
		inv := mustImage(t, img, &catalog.Options{Cache: cache})
		if got := opened.Load(); got != step.want {
			t.Errorf("%s: %d layers opened, want %d", step.name, got, step.want)
		}
		if len(inv.Components) != len(step.layers) {
			t.Errorf("%s: %d components", step.name, len(inv.Components))
		}
		for _, l := range inv.Layers {
			if l.UncompressedSize == 0 {
				t.Errorf("%s: the size of layer %d is not known", step.name, l.Index)
			}
		}
	}
}

// TestCacheSecondLook: what only the package manager of an image asks for is read once.
func TestCacheSecondLook(t *testing.T) {
	layers, opened := counted(scenarioLayers(t)[filepath.Join("testdata", "second-look.txtar")])
	opts := &catalog.Options{Detectors: []detect.Detector{literal{}}, Cache: newMapCache()}
	first := imageOf(t, layers...)
	opened.Store(0)
	mustImage(t, first, opts)
	if opened.Load() <= int64(len(layers)) {
		t.Fatal("no layer was read twice: the scenario proves nothing")
	}
	// Another image with these layers, whose result as a whole is not there.
	img := imageOf(t, append(slices.Clone(layers), layerOf(t, member{path: "new"}))...)
	opened.Store(0)
	mustImage(t, img, opts)
	if got := opened.Load(); got != 0 {
		t.Errorf("%d layers opened again", got)
	}
}

// TestCacheKey: what changes the result is part of the key, and what does not is not.
func TestCacheKey(t *testing.T) {
	layers, opened := counted(numberedLayers(t, 2))
	ds := catalog.Detectors()
	other := probe{name: "other", wants: func(*detect.Entry) bool { return false }}
	cache := newMapCache()
	for _, step := range []struct {
		name string
		opts catalog.Options
		want int64
	}{
		{"first", catalog.Options{}, 2},
		{"parallel", catalog.Options{Parallel: 1}, 0},
		{"memory", catalog.Options{MemoryBudget: 1}, 0},
		{"entries", catalog.Options{MaxEntries: 100}, 0},
		{"hash all", catalog.Options{HashAll: true}, 2},
		{"file size", catalog.Options{MaxFileSize: 100}, 2},
		{"one detector more", catalog.Options{Detectors: append(ds, other)}, 2},
		{"one detector fewer", catalog.Options{Detectors: ds[1:]}, 2},
		{"the same detectors", catalog.Options{Detectors: ds}, 0},
	} {
		step.opts.Cache = cache
		img := imageOf(t, layers...)
		opened.Store(0)
		mustImage(t, img, &step.opts)
		if got := opened.Load(); got != step.want {
			t.Errorf("%s: %d layers opened, want %d", step.name, got, step.want)
		}
	}
}

// TestCacheForgedDiffID: an image that claims a known diffID for a blob that was not
// read under it is not taken for the known one.
func TestCacheForgedDiffID(t *testing.T) {
	good, evil := layerOf(t, member{path: "a"}), layerOf(t, member{path: "bin/evil", mode: 0o4755, data: "#!"})
	cache := newMapCache()
	mustImage(t, imageOf(t, good), &catalog.Options{Cache: cache})
	diffID, err := good.DiffID()
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, evil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs = []v1.Hash{diffID}
	forged, err := mutate.ConfigFile(img, config)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := image.FromV1(forged, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if got := opened.Layers()[0].Info().DiffID; got != sbom.Digest(diffID.String()) {
		t.Fatalf("the forged config says %s", got)
	}
	if inv, err := catalog.Image(context.Background(), opened, &catalog.Options{Cache: cache}); !errors.Is(err, image.ErrDigest) {
		t.Errorf("%v, inventory %v", err, inv)
	}
}

// TestCacheFailures: a cache that does not work is no cache, and no error.
func TestCacheFailures(t *testing.T) {
	layers := numberedLayers(t, 3)
	want := encode(t, mustImage(t, imageOf(t, layers...), nil))
	cache := newMapCache()
	cache.fail = errors.New("out of order")
	if got := encode(t, mustImage(t, imageOf(t, layers...), &catalog.Options{Cache: cache})); got != want {
		t.Errorf("(-want +got):\n%s", gocmp.Diff(want, got))
	}
}

// TestCacheNothingIncomplete: what was not read to its end, or not verified, is not stored.
func TestCacheNothingIncomplete(t *testing.T) {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	rc, err := layerOf(t, member{path: "a", data: strings.Repeat("x", 5000)}).Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(zw, rc); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	cut := static.NewLayer(buf.Bytes()[:buf.Len()-6], types.OCILayer)
	cache := newMapCache()
	opts := &catalog.Options{Cache: cache}
	if _, err := catalog.Image(context.Background(), imageOf(t, cut), opts); err == nil {
		t.Error("no error")
	}
	stop := probe{name: "stop", wants: all}
	ctx, cancel := context.WithCancel(context.Background())
	stop.detect = func(context.Context, *detect.File) (*detect.Fragment, error) { cancel(); return nil, nil }
	opts = &catalog.Options{Cache: cache, Detectors: []detect.Detector{stop}}
	if _, err := catalog.Image(ctx, imageOf(t, layerOf(t, member{path: "a"}, member{path: "b"})), opts); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if cache.puts != 0 {
		t.Errorf("%d values stored", cache.puts)
	}
}

// TestCacheCancelled: a cache that has everything is no reason to go on.
func TestCacheCancelled(t *testing.T) {
	opts := &catalog.Options{Cache: newMapCache()}
	mustImage(t, imageOf(t, numberedLayers(t, 2)...), opts)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if _, err := catalog.Image(ctx, imageOf(t, numberedLayers(t, 2)...), opts); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// TestCacheLimit: layers from the cache count too.
func TestCacheLimit(t *testing.T) {
	layers := numberedLayers(t, 4) // of two entries each
	cache := newMapCache()
	mustImage(t, imageOf(t, layers...), &catalog.Options{Cache: cache})
	for _, drop := range []func(int) bool{func(int) bool { return false }, func(i int) bool { return i == 0 }, func(i int) bool { return i > 1 }} {
		_, err := catalog.Image(context.Background(), imageOf(t, layers...), &catalog.Options{Cache: cache.without(drop), MaxEntries: 7})
		if le := new(image.LayerError); !errors.Is(err, image.ErrLimit) || !errors.As(err, &le) {
			t.Errorf("got %v", err)
		}
	}
}

// TestCacheProgress: what is counted of an image that is read is counted of one that is not.
func TestCacheProgress(t *testing.T) {
	layers := numberedLayers(t, 4)
	cache := newMapCache()
	last := func(layers []v1.Layer) (first, last catalog.Progress) {
		mustImage(t, imageOf(t, layers...), &catalog.Options{Cache: cache, Progress: func(p catalog.Progress) {
			if first.Layers == 0 {
				first = p
			}
			last = p
		}})
		return first, last
	}
	_, cold := last(layers)
	if cold.LayersDone != 4 || cold.LayersCached != 0 || cold.Components != 4 || cold.BytesDone != cold.BytesTotal {
		t.Errorf("cold: %+v", cold)
	}
	want := cold
	want.LayersCached = 4
	if first, warm := last(layers); warm != want || first != want {
		t.Errorf("warm: %+v, then %+v, want %+v at once", first, warm, want)
	}
	slices.Reverse(layers) // The image is another, its layers are the same.
	if first, warm := last(layers); warm != want || first.LayersCached != 1 {
		t.Errorf("layers: %+v, then %+v, want %+v", first, warm, want)
	}
}

// TestCacheConcurrent reads many images with one cache at once.
func TestCacheConcurrent(t *testing.T) {
	layers := numberedLayers(t, 6)
	dir, err := catalog.NewDirCache(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	for _, cache := range []catalog.Cache{catalog.NewMemoryCache(2000), dir} {
		var wg sync.WaitGroup
		for i := range 16 {
			mine := slices.Concat(layers[:3], layers[3+i%3:4+i%3])
			img := imageOf(t, mine...)
			want := encode(t, mustImage(t, imageOf(t, mine...), nil))
			wg.Go(func() {
				inv, err := catalog.Image(context.Background(), img, &catalog.Options{Cache: cache})
				if err != nil || encode(t, inv) != want {
					t.Errorf("%T: image %d differs, %v", cache, i, err)
				}
			})
		}
		wg.Wait()
	}
}
