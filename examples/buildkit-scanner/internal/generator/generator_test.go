package generator_test

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"runtime"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/examples/buildkit-scanner/internal/generator"
)

// TestImage: the image is one static program and the same each time.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the generator twice")
	}
	img, err := generator.Image(t.Context(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	cf, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if cf.OS != "linux" || cf.Architecture != runtime.GOARCH || !slices.Equal(cf.Config.Entrypoint, []string{generator.Program}) {
		t.Errorf("config %+v", cf)
	}
	checkProgram(t, img)
	again, err := generator.Image(t.Context(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := img.Digest()
	two, err2 := again.Digest()
	if err1 != nil || err2 != nil || one != two {
		t.Errorf("%s and %s, %v, %v", one, two, err1, err2)
	}
}

func checkProgram(t *testing.T, img v1.Image) {
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	rc, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	tr := tar.NewReader(rc)
	h, err := tr.Next()
	if err != nil || "/"+h.Name != generator.Program || h.Mode != 0o755 || !h.ModTime.IsZero() && h.ModTime.Unix() != 0 {
		t.Fatalf("%+v, %v", h, err)
	}
	data, err := io.ReadAll(tr)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if libs, err := f.ImportedLibraries(); err != nil || len(libs) > 0 {
		t.Errorf("not static: %v, %v", libs, err)
	}
	if _, err := tr.Next(); err != io.EOF {
		t.Errorf("more than the program: %v", err)
	}
}
