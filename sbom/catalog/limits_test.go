package catalog_test

import (
	"archive/tar"
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
