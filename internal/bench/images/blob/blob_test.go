package blob

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var compressors = []Compressor{Standard, Klauspost, GNU, Pigz}

// text is compressible and never the same twice.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var buf bytes.Buffer
	for buf.Len() < n {
		fmt.Fprintf(&buf, "%x ", r.IntN(1000))
	}
	return buf.Bytes()[:n]
}

func TestCompressors(t *testing.T) {
	for _, c := range compressors {
		if _, err := exec.LookPath("gzip"); c == GNU && err != nil {
			t.Log(err)
			continue
		}
		for _, n := range []int{0, 1, 128<<10 - 1, 128 << 10, 128<<10 + 1, 1 << 20} {
			var buf bytes.Buffer
			if err := c.Compress(&buf, bytes.NewReader(text(n))); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			if n == 1<<20 && buf.Len() > n/2 {
				t.Errorf("%s makes %d bytes of %d", c, buf.Len(), n)
			}
			z, err := gzip.NewReader(&buf)
			if err != nil {
				t.Fatalf("%s: %d bytes: %v", c, n, err)
			}
			z.Multistream(false) // one member
			got, err := io.ReadAll(z)
			if err != nil || !bytes.Equal(got, text(n)) || buf.Len() != 0 {
				t.Errorf("%s: %d bytes: got %d, %v, %d more", c, n, len(got), err, buf.Len())
			}
		}
	}
}

func TestUnknownCompressor(t *testing.T) {
	if Compressor("").Compress(io.Discard, bytes.NewReader(nil)) == nil {
		t.Error("no error")
	}
}

// TestImages reads what was written with go-containerregistry, digests checked.
func TestImages(t *testing.T) {
	dir := t.TempDir()
	var layers []*Layer
	for i, c := range []Compressor{Standard, Klauspost, Pigz} {
		l, err := NewLayer(filepath.Join(dir, fmt.Sprint(i)), "step", c, func(w io.Writer) error {
			a := &archive{w: tar.NewWriter(w)}
			a.bytes("file", text(1000*i))
			return a.close()
		})
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, l)
	}
	if err := WriteOCI(filepath.Join(dir, "oci"), "name", layers); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(filepath.Join(dir, "oci"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Errorf("OCI layout: %v", err)
	}
	if err := WriteDocker(filepath.Join(dir, "docker.tar"), "name", layers); err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(filepath.Join(dir, "docker.tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Errorf("docker archive: %v", err)
	}
	got, err := img.Layers()
	if err != nil || len(got) != len(layers) {
		t.Fatalf("%d layers, %v", len(got), err)
	}
	for i, l := range got {
		if id, err := l.DiffID(); err != nil || id != layers[i].DiffID {
			t.Errorf("layer %d is %v, %v; want %v", i, id, err, layers[i].DiffID)
		}
	}
}
