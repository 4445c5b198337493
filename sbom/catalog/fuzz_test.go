package catalog_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// fuzzedImage limits what one input costs.
var fuzzedImage = &image.Options{MaxEntries: 500, MaxLayerBytes: 1 << 20}

// FuzzImage reads an image of two layers of any bytes with all detectors. However it is
// read, the inventory is the same to the byte, or the error is of the same kind; and
// every file that a container of it would see is accounted for.
func FuzzImage(f *testing.F) {
	scenarios, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scenarios) == 0 {
		f.Fatal("no scenarios", err)
	}
	for _, name := range scenarios {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		pair := [2][]byte{}
		for i, members := range parseScenario(f, archive) {
			pair[min(i, 1)] = streamOf(f, layerOf(f, members...))
		}
		f.Add(pair[0], pair[1])
	}
	f.Add(streamOf(f, layerOf(f, member{path: "bin/a", mode: 0o4755, data: "\x7fELF"}, member{path: "bin/b", hardlink: "bin/a"})),
		streamOf(f, layerOf(f, member{path: "bin/.wh.a"}, member{path: "l", symlink: "bin"}, member{path: "l/c", mode: 0o755, data: "#!"})))
	f.Add([]byte("no tar"), []byte{})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		img := imageOfStreams(t, fixChecksums(first), fixChecksums(second))
		want, wantErr := readImage(img, &catalog.Options{Parallel: 1})
		for name, inv := range readDifferently(img) {
			if errorKind(inv.err) != errorKind(wantErr) {
				t.Fatalf("%s: error %v, else %v", name, inv.err, wantErr)
			}
			if inv.err == nil && encode(t, inv.inv) != encode(t, want) {
				t.Fatalf("%s (-else +%[1]s):\n%s", name, gocmp.Diff(encode(t, want), encode(t, inv.inv)))
			}
		}
		if wantErr == nil {
			catalog.CheckInvariants(t, want)
			checkAccounted(t, img, want)
		}
	})
}

type readResult struct {
	inv *sbom.Inventory
	err error
}

func readImage(img *image.Image, opts *catalog.Options) (*sbom.Inventory, error) {
	opts.Detectors = append(catalog.Detectors(), literal{})
	return catalog.Image(context.Background(), img, opts)
}

// readDifferently reads an image in all the ways that must not make a difference: in
// parallel, without memory, and with a cache that has nothing, all, the layers or the
// first layer.
func readDifferently(img *image.Image) map[string]readResult {
	out := make(map[string]readResult)
	read := func(name string, opts *catalog.Options) {
		inv, err := readImage(img, opts)
		out[name] = readResult{inv, err}
	}
	read("parallel", &catalog.Options{Parallel: 2})
	read("spilling", &catalog.Options{MemoryBudget: 1})
	cache := newMapCache()
	read("cold", &catalog.Options{Cache: cache})
	read("warm", &catalog.Options{Cache: cache})
	read("layers", &catalog.Options{Cache: cache.without(func(i int) bool { return i == len(cache.values)-1 })})
	read("one layer", &catalog.Options{Cache: cache.without(func(i int) bool { return i > 0 }), Parallel: 2})
	return out
}

// errorKind is what a caller can tell an error by. Which of several limits was met first,
// or in which layer, depends on the order of reading.
func errorKind(err error) string {
	for _, kind := range []error{image.ErrLimit, image.ErrCorrupt, image.ErrDigest, image.ErrUnsupported} {
		if errors.Is(err, kind) {
			return "of the image"
		}
	}
	return fmt.Sprint(err)
}

// checkAccounted compares the inventory's files with the squashed view, which is made of
// the same entries by other code.
func checkAccounted(t *testing.T, img *image.Image, inv *sbom.Inventory) {
	t.Helper()
	fsys, err := img.FS(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]*sbom.File)
	for i := range inv.Files {
		listed[inv.Files[i].Path] = &inv.Files[i]
	}
	_ = fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			t.Fatalf("walking %q: %v", path, err)
		}
		file := listed[path]
		delete(listed, path)
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		checkListed(t, fsys, path, info, file)
		return nil
	})
	for path, file := range listed {
		if file.Integrity != sbom.Missing {
			t.Errorf("%q is listed as %+v, and is not there", path, file)
		}
	}
}

// checkListed checks what is listed, nil if nothing is, of what is there.
func checkListed(t *testing.T, fsys *image.FS, path string, info fs.FileInfo, file *sbom.File) {
	t.Helper()
	if !info.Mode().IsRegular() {
		return
	}
	if file != nil && file.Integrity == sbom.Missing {
		t.Errorf("%q is listed as missing, and is there", path)
	}
	data, err := fsys.ReadFile(path)
	if err != nil {
		t.Fatalf("%q: %v", path, err)
	}
	kind := catalog.KindOf(info.Mode(), info.Size(), data[:min(len(data), detect.HeadSize)])
	switch {
	case file == nil && kind != "":
		t.Errorf("%q is executable (%s, %v), and not listed", path, kind, info.Mode())
	case file == nil:
	case file.Size != info.Size() || file.Size != int64(len(data)):
		t.Errorf("%q has %d bytes, %d are listed", path, len(data), file.Size)
	case len(file.Digests) > 0 && file.Digests[0] != sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(data))):
		t.Errorf("%q: %s is not its digest", path, file.Digests[0])
	case file.Executable() && len(file.Digests) == 0:
		t.Errorf("executable %q was not hashed", path)
	}
}

func streamOf(tb testing.TB, l v1.Layer) []byte {
	tb.Helper()
	rc, err := l.Uncompressed()
	if err != nil {
		tb.Fatal(err)
	}
	defer rc.Close()
	data, err := io.ReadAll(rc)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func imageOfStreams(t *testing.T, streams ...[]byte) *image.Image {
	t.Helper()
	var layers []v1.Layer
	for _, s := range streams {
		layers = append(layers, static.NewLayer(s, types.OCIUncompressedLayer))
	}
	return imageOfLimits(t, fuzzedImage, layers...)
}

// fixChecksums returns a tar stream whose headers have right checksums, where headers
// are, so that what is changed in them is looked at.
func fixChecksums(stream []byte) []byte {
	out := append([]byte(nil), stream...)
	for b := out; len(b) >= 512 && strings.Trim(string(b[:512]), "\x00") != ""; {
		h := b[:512]
		sum := 8 * int(' ')
		for i, c := range h {
			if i < 148 || i >= 156 {
				sum += int(c)
			}
		}
		copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
		size, err := strconv.ParseInt(strings.Trim(string(h[124:136]), " \x00"), 8, 32)
		if err != nil || size < 0 || (size+511)/512*512 > int64(len(b)-512) {
			break
		}
		b = b[512+(size+511)/512*512:]
	}
	return out
}
