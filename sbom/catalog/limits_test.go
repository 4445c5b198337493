package catalog_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// TestLongNames: what entries keep in memory is limited by MaxEntries, and not only how
// many there are; also where a cache has the layer.
func TestLongNames(t *testing.T) {
	const n = 5000
	dirs := strings.Repeat(strings.Repeat("x", 250)+"/", 15)
	layer := newGenerated(t, true, entriesStream(n, func(i int) *tar.Header {
		return &tar.Header{Name: dirs + fmt.Sprint(i), Mode: 0o644}
	}))
	cache := catalog.NewMemoryCache(1 << 30)
	for _, tc := range []struct {
		entries int
		cache   catalog.Cache
		want    error
	}{{2 * n, nil, image.ErrLimit}, {0, cache, nil}, {0, cache, nil}, {2 * n, cache, image.ErrLimit}} {
		_, err := catalog.Image(t.Context(), imageOf(t, layer), &catalog.Options{MaxEntries: tc.entries, Cache: tc.cache})
		if !errors.Is(err, tc.want) {
			t.Errorf("MaxEntries %d: error = %v, want %v", tc.entries, err, tc.want)
		}
	}
}

// TestManyProblems: the gaps of entries that cannot be are limited in number and length,
// and what is left out is told.
func TestManyProblems(t *testing.T) {
	name := strings.Repeat("\xff", 5000)
	layer := newGenerated(t, true, entriesStream(1500, func(i int) *tar.Header {
		return &tar.Header{Name: fmt.Sprint(i) + name, Mode: 0o644, Format: tar.FormatGNU}
	}))
	inv := mustImage(t, imageOf(t, layer), &catalog.Options{Detectors: []detect.Detector{literal{}}})
	if len(inv.Gaps) != 1001 {
		t.Fatalf("%d gaps", len(inv.Gaps))
	}
	told := false
	for _, g := range inv.Gaps {
		told = told || g.Kind == sbom.GapLimit && strings.HasPrefix(g.Message, "500 more entries")
		if len(g.Message) > 600 {
			t.Fatalf("a message of %d bytes", len(g.Message))
		}
	}
	if !told {
		t.Error("what is left out is not told")
	}
}

// TestManyClaims: what packages record is limited by MaxEntries too, also where a cache
// has the layers. The lists of a hundred roots are a few MB in a layer.
func TestManyClaims(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a million claims")
	}
	long := strings.Repeat("x", 4000)
	for _, tc := range []struct {
		name   string
		claims int
		path   func(i int) string
		want   error
	}{
		{"some", 1000, func(i int) string { return fmt.Sprint(i) }, nil},
		{"many", 1<<20 + 1, func(i int) string { return fmt.Sprint(i) }, image.ErrLimit},
		{"long", 5000, func(i int) string { return fmt.Sprint(i) + long }, image.ErrLimit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := probe{name: "claims", wants: all, detect: func(context.Context, *detect.File) (*detect.Fragment, error) {
				f := &detect.Fragment{Components: []detect.Component{{Key: "p", Component: sbom.Component{Type: sbom.TypeApplication, Name: "p", Version: "1"}}}}
				for i := range tc.claims {
					f.Claims = append(f.Claims, detect.Claim{Key: "p", Path: tc.path(i), Digest: "md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
				}
				return f, nil
			}}
			cache := catalog.NewMemoryCache(1 << 30)
			img := imageOf(t, layerOf(t, member{path: "a"}))
			for _, entries := range []int{1 << 30, 1000} {
				_, err := catalog.Image(t.Context(), img, &catalog.Options{MaxEntries: entries, Detectors: []detect.Detector{d}, Cache: cache})
				if want := tc.want; entries == 1000 && !errors.Is(err, want) || entries > 1000 && err != nil {
					t.Errorf("MaxEntries %d: error = %v, want %v", entries, err, want)
				}
			}
			_, err := catalog.Image(t.Context(), img, &catalog.Options{MaxEntries: 1000, Detectors: []detect.Detector{d}})
			if !errors.Is(err, tc.want) {
				t.Errorf("without a cache: error = %v, want %v", err, tc.want)
			}
		})
	}
}
