package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// fuzzLimits keep one input cheap.
var fuzzLimits = &image.Options{MaxEntries: 1000, MaxLayerBytes: 1 << 20}

// FuzzEntries reads any bytes as a layer, plain and compressed. Whatever they are,
// paths stay inside the root, no more is read than the limits allow, and what is
// accepted is what archive/tar makes of it.
func FuzzEntries(f *testing.F) {
	f.Add(makeTar(dir("./"), file("a", "A"), symlink("l", "../a"), hardlink("h", "a"), file("d/.wh.x", ""), file("d/.wh..wh..opq", "")))
	f.Add(makeTar(file("../../etc/passwd", "x"), file("/abs", "x"), file(".wh...", ""), file("a/../../b", "")))
	f.Add(gzipped(makeTar(file("a", strings.Repeat("A", 3000)))))
	f.Add(zstded(makeTar(file("a", strings.Repeat("A", 3000)))))
	f.Add(sparseTar())
	f.Add(makeTar(tarEntry{Header: tar.Header{Name: "dev", Typeflag: tar.TypeChar}}))
	f.Add([]byte("not a tar"))
	f.Fuzz(func(t *testing.T, data []byte) {
		stream := data
		l := layer("", stream, data)
		img := mustOpen(t, writeFile(t, docker(imageSpec{layers: []layerSpec{l}}).tar()), fuzzLimits)
		count, read := 0, int64(0)
		var failed error
		for e, err := range img.Layers()[0].Entries(context.Background()) {
			if err != nil {
				failed = err
				break
			}
			count++
			checkPath(t, e.Path, e.Problem != nil)
			for _, hidden := range []string{e.Whiteout, e.Opaque} {
				checkPath(t, hidden, true)
			}
			if e.Hardlink && e.Path != "" {
				checkPath(t, e.Link, e.Problem != nil)
			}
			n, err := io.Copy(io.Discard, e)
			if read += n; n > e.Size || err == nil && n != e.Size {
				t.Fatalf("%q: %d bytes of %d, %v", e.Path, n, e.Size, err)
			}
		}
		if count > fuzzLimits.MaxEntries || read > fuzzLimits.MaxLayerBytes {
			t.Fatalf("%d entries, %d bytes: more than allowed", count, read)
		}
		if failed == nil && bytes.Equal(stream, data) && !compressed(data) {
			if want := countTar(data); count != want {
				t.Fatalf("%d entries, archive/tar reads %d", count, want)
			}
		}
		fsys, err := img.FS(context.Background())
		if err != nil {
			return
		}
		_ = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				t.Fatalf("walking %q: %v", p, err)
			}
			_, _ = fs.ReadFile(fsys, p)
			return nil
		})
	})
}

func compressed(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0x1f, 0x8b}) || bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		len(data) > 3 && data[1] == 0x2a && data[2] == 0x4d
}

func countTar(data []byte) int {
	r := tar.NewReader(bytes.NewReader(data))
	n := 0
	for {
		h, err := r.Next()
		if err != nil {
			return n
		}
		if h.Typeflag != tar.TypeXGlobalHeader {
			n++
		}
	}
}

func checkPath(t *testing.T, p string, mayBeEmpty bool) {
	t.Helper()
	if p == "" && mayBeEmpty {
		return
	}
	if p == "" || path.IsAbs(p) || path.Clean(p) != p || p == ".." || strings.HasPrefix(p, "../") || len(p) >= 4096 {
		t.Fatalf("path %q", p)
	}
}

// FuzzOpen opens any bytes as an archive, and what it opens it reads.
func FuzzOpen(f *testing.F) {
	spec := imageSpec{layers: []layerSpec{plainLayer(file("a", "A")), gzipLayer(file("b", "B"))}}
	f.Add(docker(spec).tar())
	f.Add(ociLayout(spec).tar())
	f.Add(gzipped(docker(spec).tar()))
	f.Add(zstded(ociLayout(spec).tar()))
	f.Add(makeTar(symlink("index.json", "index.json")))
	f.Add(makeTar(file("manifest.json", `[{"Config":"manifest.json","Layers":["manifest.json"]}]`)))
	f.Add(makeTar(file("index.json", `{"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:00","size":-1}]}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "fuzz")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		img, err := image.Open(name, fuzzLimits)
		if err != nil {
			if img != nil {
				t.Fatal("an image beside an error")
			}
			return
		}
		if n := len(img.Config().RootFS.DiffIDs); n != len(img.Layers()) {
			t.Fatalf("%d layers, %d diffIDs", len(img.Layers()), n)
		}
		for _, l := range img.Layers() {
			for range l.Entries(context.Background()) {
			}
		}
		if err := img.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
