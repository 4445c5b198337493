package catalog_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// generated is a layer whose tar stream is made while it is read.
type generated struct {
	v1.Layer
	stream func() io.Reader
	digest v1.Hash
	size   int64
	read   *atomic.Int64
}

// newGenerated makes the layer. Its digest is right if verified is set, which takes one
// pass; else reading must not come to its end.
func newGenerated(tb testing.TB, verified bool, stream func() io.Reader) generated {
	tb.Helper()
	g := generated{stream: stream, size: 1 << 40, read: new(atomic.Int64)}
	h := sha256.New()
	if verified {
		n, err := io.Copy(struct{ hash.Hash }{h}, stream())
		if err != nil {
			tb.Fatal(err)
		}
		g.size = n
	}
	g.digest = v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", h.Sum(nil))}
	return g
}

func (g generated) Digest() (v1.Hash, error)             { return g.digest, nil }
func (g generated) DiffID() (v1.Hash, error)             { return g.digest, nil }
func (g generated) Size() (int64, error)                 { return g.size, nil }
func (g generated) MediaType() (types.MediaType, error)  { return types.OCIUncompressedLayer, nil }
func (g generated) Uncompressed() (io.ReadCloser, error) { return g.Compressed() }
func (g generated) Compressed() (io.ReadCloser, error) {
	r := g.stream()
	return io.NopCloser(readFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		g.read.Add(int64(n))
		return n, err
	})), nil
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// entriesStream is a tar stream of n entries, of which header makes the i-th.
func entriesStream(n int, header func(i int) *tar.Header) func() io.Reader {
	return func() io.Reader {
		var buf bytes.Buffer
		w, i := tar.NewWriter(&buf), 0
		return readFunc(func(p []byte) (int, error) {
			for ; buf.Len() < len(p) && i <= n; i++ {
				if i == n {
					_ = w.Close()
				} else if err := w.WriteHeader(header(i)); err != nil {
					return 0, err
				}
			}
			return buf.Read(p)
		})
	}
}

// TestTenMillionEntries: an image of more entries than the limit costs no more than the
// limit.
func TestTenMillionEntries(t *testing.T) {
	layer := newGenerated(t, false, entriesStream(10_000_000, func(i int) *tar.Header {
		return &tar.Header{Name: fmt.Sprintf("d%d/%d", i%1000, i), Mode: 0o644}
	}))
	const limit = 20_000
	_, err := catalog.Image(t.Context(), imageOf(t, layer), &catalog.Options{MaxEntries: limit})
	if !errors.Is(err, image.ErrLimit) {
		t.Errorf("error = %v, want ErrLimit", err)
	}
	if n := layer.read.Load(); n > limit*512+4<<20 {
		t.Errorf("%d bytes read for %d entries", n, limit)
	}
}

// TestHostileEntries: what no builder makes is read in linear time, and told.
func TestHostileEntries(t *testing.T) {
	const n = 20_000
	reg := func(name string) *tar.Header { return &tar.Header{Name: name, Mode: 0o755} }
	deep := strings.Repeat("d/", 100_000) + "f"
	for name, tc := range map[string]struct {
		entries int
		header  func(i int) *tar.Header
		files   int // in the inventory
		gaps    int
	}{
		"one path":      {n, func(int) *tar.Header { return reg("a") }, 1, 0},
		"one directory": {n, func(i int) *tar.Header { return reg(fmt.Sprint("d/", i)) }, n, 0},
		"too deep":      {1, func(int) *tar.Header { return reg(deep) }, 0, 1},
		"deep":          {100, func(i int) *tar.Header { return reg(strings.Repeat("d/", 2000) + fmt.Sprint(i)) }, 100, 0},
		"symlink loops": {n, func(i int) *tar.Header {
			return &tar.Header{Name: fmt.Sprint("l", i), Typeflag: tar.TypeSymlink, Linkname: fmt.Sprint("l", (i+1)%n)}
		}, 0, 0},
		"below symlink loops": {n, func(i int) *tar.Header {
			if i < 100 {
				return &tar.Header{Name: fmt.Sprint("l", i), Typeflag: tar.TypeSymlink, Linkname: fmt.Sprint("l", (i+1)%100)}
			}
			return reg(fmt.Sprintf("l%d/%d", i%100, i))
		}, 0, 1001},
		"hard link chain": {n, func(i int) *tar.Header {
			if i == 0 {
				return reg("l0")
			}
			return &tar.Header{Name: fmt.Sprint("l", i), Typeflag: tar.TypeLink, Linkname: fmt.Sprint("l", i-1), Mode: 0o755}
		}, n, 0},
		"hard links to nothing": {n, func(i int) *tar.Header {
			return &tar.Header{Name: fmt.Sprint("l", i), Typeflag: tar.TypeLink, Linkname: fmt.Sprint("l", i+1)}
		}, 0, 1001}, // a thousand, and one that counts the rest
		"whiteouts": {n, func(i int) *tar.Header { return reg(fmt.Sprint("d/.wh.", i)) }, 0, 0},
		"opaque":    {n, func(i int) *tar.Header { return reg(fmt.Sprintf("d%d/.wh..wh..opq", i%10)) }, 0, 0},
		"file and directory in turn": {n, func(i int) *tar.Header {
			if i%2 == 0 {
				return reg("d")
			}
			return reg("d/f")
		}, -1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			layer := newGenerated(t, true, entriesStream(tc.entries, tc.header))
			inv := mustImage(t, imageOf(t, layer), &catalog.Options{Detectors: []detect.Detector{literal{}}})
			catalog.CheckInvariants(t, inv)
			if tc.files >= 0 && len(inv.Files) != tc.files {
				t.Errorf("%d files, want %d", len(inv.Files), tc.files)
			}
			if tc.gaps >= 0 && len(inv.Gaps) != tc.gaps {
				t.Errorf("%d gaps, want %d: %.3v", len(inv.Gaps), tc.gaps, inv.Gaps)
			}
			if n := layer.read.Load(); n != layer.size {
				t.Errorf("%d bytes read of %d", n, layer.size)
			}
		})
	}
}

// TestWhiteoutsOfEverything: a layer that hides each file of another leaves nothing.
func TestWhiteoutsOfEverything(t *testing.T) {
	const n = 20_000
	lower := newGenerated(t, true, entriesStream(n, func(i int) *tar.Header {
		return &tar.Header{Name: fmt.Sprintf("d%d/%d", i%7, i), Mode: 0o755}
	}))
	upper := newGenerated(t, true, entriesStream(n, func(i int) *tar.Header {
		return &tar.Header{Name: fmt.Sprintf("d%d/.wh.%d", i%7, i)}
	}))
	inv := mustImage(t, imageOf(t, lower, upper), nil)
	if len(inv.Files) != 0 || len(inv.Gaps) != 0 {
		t.Errorf("%d files, %d gaps are left", len(inv.Files), len(inv.Gaps))
	}
}

// zeros is a tar stream of one file of zeros.
func zeros(tb testing.TB, header tar.Header) func() io.Reader {
	tb.Helper()
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(&header); err != nil {
		tb.Fatal(err)
	}
	return func() io.Reader {
		endless := readFunc(func(p []byte) (int, error) { clear(p); return len(p), nil })
		return io.MultiReader(bytes.NewReader(head.Bytes()), io.LimitReader(endless, (header.Size+511)/512*512+1024))
	}
}

// TestLargeFile: a large file that nobody wants is neither held nor spilled.
func TestLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes a gigabyte three times")
	}
	const size = 1 << 30
	layer := newGenerated(t, true, zeros(t, tar.Header{Name: "var/lib/zeros", Mode: 0o644, Size: size}))
	img := imageOf(t, layer)
	var inv *sbom.Inventory
	n := catalog.AllocatedBytes(func() {
		inv = mustImage(t, img, &catalog.Options{SpillDir: filepath.Join(t.TempDir(), "nothing may be spilled")})
	})
	if n > 32<<20 || len(inv.Gaps) > 0 {
		t.Errorf("%d MiB allocated, gaps %v", n>>20, inv.Gaps)
	}
}

// TestClaimedSize: a header that claims a terabyte, in whatever form, is an error before
// anything is made for it.
func TestClaimedSize(t *testing.T) {
	for name, header := range map[string]tar.Header{
		"PAX":      {Name: "a.jar", Size: 1 << 40, Format: tar.FormatPAX},
		"base-256": {Name: "a.jar", Size: 1 << 40, Format: tar.FormatGNU},
	} {
		layer := newGenerated(t, false, zeros(t, header))
		img := imageOf(t, layer)
		var err error
		n := catalog.AllocatedBytes(func() { _, err = catalog.Image(t.Context(), img, nil) })
		if !errors.Is(err, image.ErrLimit) || n > 16<<20 || layer.read.Load() > 4<<20 {
			t.Errorf("%s: %v, %d bytes read, %d MiB allocated", name, err, layer.read.Load(), n>>20)
		}
	}
}

// zipOf makes an archive of members that are compressed.
func zipOf(tb testing.TB, members map[string]io.Reader) string {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, r := range members {
		m, err := w.Create(name)
		if err == nil {
			_, err = io.Copy(m, r)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// TestArchiveBombs: archives that are larger inside, or that have each other inside, reach
// a limit of their detector, and the inventory says so.
func TestArchiveBombs(t *testing.T) {
	nested := zipOf(t, map[string]io.Reader{"META-INF/maven/g/a/pom.properties": strings.NewReader("groupId=g\nartifactId=a\nversion=1\n")})
	for range 100 {
		nested = zipOf(t, map[string]io.Reader{"nested.jar": strings.NewReader(nested)})
	}
	endless := readFunc(func(p []byte) (int, error) { clear(p); return len(p), nil })
	for name, jar := range map[string]string{
		"nested":   nested,
		"manifest": zipOf(t, map[string]io.Reader{"META-INF/MANIFEST.MF": io.LimitReader(endless, 16<<20)}),
		"pom":      zipOf(t, map[string]io.Reader{"META-INF/maven/g/a/pom.properties": io.LimitReader(endless, 16<<20)}),
		"jar":      zipOf(t, map[string]io.Reader{"nested.jar": io.LimitReader(endless, 16<<20)}),
	} {
		var inv *sbom.Inventory
		img := imageOf(t, layerOf(t, member{path: "opt/app.jar", data: jar}))
		n := catalog.AllocatedBytes(func() { inv = mustImage(t, img, nil) })
		if len(inv.Gaps) == 0 || n > 128<<20 {
			t.Errorf("%s: gaps %v, %d MiB allocated", name, inv.Gaps, n>>20)
		}
		if !slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return g.Kind == sbom.GapLimit || g.Kind == sbom.GapCorrupt }) {
			t.Errorf("%s: gaps %v", name, inv.Gaps)
		}
	}
}

// TestSixtyFourImages reads images at the same time, the same ones too, with detectors and
// caches that they share. Each inventory is that of reading it alone.
func TestSixtyFourImages(t *testing.T) {
	layers := numberedLayers(t, 8)
	dir, err := catalog.NewDirCache(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	detectors := append(catalog.Detectors(), literal{})
	const kinds = 5
	var images [kinds]*image.Image
	var want [kinds]string
	for i := range images {
		images[i] = imageOf(t, slices.Concat(layers[i:i+3], layers[:i])...)
		want[i] = encode(t, mustImage(t, images[i], &catalog.Options{Detectors: detectors, Parallel: 1}))
	}
	caches := []catalog.Cache{nil, catalog.NewMemoryCache(4000), dir}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			opts := &catalog.Options{Detectors: detectors, Cache: caches[i%len(caches)], Parallel: 1 + i%4, MemoryBudget: int64(i%2) << 20}
			inv, err := catalog.Image(context.Background(), images[i%kinds], opts)
			if err != nil || encode(t, inv) != want[i%kinds] {
				t.Errorf("image %d: %v, or another inventory", i, err)
			}
		})
	}
	all.Wait()
}

// BenchmarkMillionFiles is an image of a million files in one directory.
func BenchmarkMillionFiles(b *testing.B) {
	layer := newGenerated(b, true, entriesStream(1_000_000, func(i int) *tar.Header {
		return &tar.Header{Name: fmt.Sprint("d/", i), Mode: 0o644}
	}))
	img := imageOf(b, layer)
	for b.Loop() {
		mustImage(b, img, nil)
	}
}

// TestNoImage: an image that is not there is an error.
func TestNoImage(t *testing.T) {
	if inv, err := catalog.Image(t.Context(), nil, nil); inv != nil || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%v, error %v", inv, err)
	}
}
