package catalog_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// The tests and benchmarks in this file need a real Debian root file system:
//
//	debootstrap --variant=minbase bookworm DIR
//	IMAGETRUST_DEBIAN_ROOTFS=DIR go test ./sbom/catalog
const rootfsEnv = "IMAGETRUST_DEBIAN_ROOTFS"

// debianArchive writes a docker-archive of one gzip layer and returns its path.
func debianArchive(tb testing.TB) string {
	tb.Helper()
	root := os.Getenv(rootfsEnv)
	if root == "" {
		tb.Skip(rootfsEnv + " does not name a root file system made by debootstrap")
	}
	dir := tb.TempDir()
	layerPath := filepath.Join(dir, "layer.tar.gz")
	if err := writeLayer(root, layerPath); err != nil {
		tb.Fatal(err)
	}
	layer, err := tarball.LayerFromFile(layerPath)
	if err != nil {
		tb.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		tb.Fatal(err)
	}
	archive := filepath.Join(dir, "image.tar")
	if err := tarball.WriteToFile(archive, name.MustParseReference("debian:12"), img); err != nil {
		tb.Fatal(err)
	}
	return archive
}

func writeLayer(root, to string) (err error) {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	zw, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
	w := tar.NewWriter(zw)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return writeMember(w, root, path, d)
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return zw.Close()
}

func writeMember(w *tar.Writer, root, path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&(fs.ModeSocket|fs.ModeDevice) != 0 {
		return nil
	}
	var link string
	if info.Mode().Type() == fs.ModeSymlink {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	if h.Name, err = filepath.Rel(root, path); err != nil {
		return err
	}
	if err := w.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// TestDebian reads a Debian image in a process of its own: every program is owned
// and intact, and memory stays within the bar.
func TestDebian(t *testing.T) {
	if path := os.Getenv("IMAGETRUST_TEST_CHILD"); path != "" {
		readDebian(path)
		return
	}
	archive := debianArchive(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestDebian$")
	cmd.Env = append(os.Environ(), "IMAGETRUST_TEST_CHILD="+archive)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	wall := time.Since(start)
	var inv sbom.Inventory
	if err := json.Unmarshal(out, &inv); err != nil {
		t.Fatal(err)
	}
	checkDebian(t, &inv)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	peak := usage.Maxrss >> 10
	t.Logf("%v wall, %v of processor time, %d MiB peak, %d components, %d files",
		wall.Round(time.Millisecond), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), peak, len(inv.Components), len(inv.Files))
	if peak >= 150 && !raceEnabled {
		t.Errorf("peak memory %d MiB, want less than 150", peak)
	}
}

// readDebian is the child: it writes the inventory to standard output.
func readDebian(path string) {
	img, err := image.Open(path, nil)
	if err != nil {
		panic(err)
	}
	defer img.Close()
	inv, err := catalog.Image(context.Background(), img, nil)
	if err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(inv); err != nil {
		panic(err)
	}
	os.Exit(0)
}

func checkDebian(t *testing.T, inv *sbom.Inventory) {
	t.Helper()
	catalog.CheckInvariants(t, inv)
	if inv.Distribution == nil || inv.Distribution.ID != "debian" {
		t.Errorf("distribution %+v", inv.Distribution)
	}
	debs := 0
	for i := range inv.Components {
		c := &inv.Components[i]
		if p, err := c.ParsePURL(); err == nil && p.Type == "deb" {
			debs++
			if c.Files.Modified > 0 || c.Files.Missing > 0 {
				t.Errorf("%s: %+v", c.PURL, c.Files)
			}
		}
	}
	if debs < 50 {
		t.Errorf("%d packages", debs)
	}
	for i := range inv.Files {
		if f := &inv.Files[i]; f.Kind == sbom.KindELF && f.State() != sbom.StateIntact {
			t.Errorf("%s is %s", f.Path, f.State())
		}
	}
}

// BenchmarkDebian reads a Debian image of one gzip layer.
func BenchmarkDebian(b *testing.B) {
	archive := debianArchive(b)
	for name, opts := range map[string]*catalog.Options{"default": nil, "HashAll": {HashAll: true}} {
		b.Run(name, func(b *testing.B) {
			var size int64
			for b.Loop() {
				img, err := image.Open(archive, nil)
				if err != nil {
					b.Fatal(err)
				}
				inv, err := catalog.Image(context.Background(), img, opts)
				if err != nil {
					b.Fatal(err)
				}
				size = inv.Layers[0].UncompressedSize
				_ = img.Close()
			}
			b.SetBytes(size)
		})
	}
}
