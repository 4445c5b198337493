package image_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// shared returns a path of the shared test data, which is not part of the
// repository.
func shared(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("shared test data is not there:", err)
	}
	return path
}

// A real archive of BuildKit: an index with an image and its attestation.
func TestBuildKitArchive(t *testing.T) {
	img := mustOpen(t, shared(t, "buildkit/multi-stage.oci.tar"), &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}})
	s := img.Subject()
	if s.Digest == "" || s.Index == "" || s.Config == "" || s.Digest == s.Index || s.Platform.String() != "linux/amd64" {
		t.Errorf("subject %+v", s)
	}
	for _, l := range img.Layers() {
		n := 0
		for e, err := range l.Entries(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Problem != nil {
				t.Errorf("%s: %v", e.Name, e.Problem)
			}
			n++
		}
		info := l.Info()
		if n == 0 || !strings.HasSuffix(info.CreatedBy, "# buildkit") || info.Created.IsZero() || info.UncompressedSize == 0 {
			t.Errorf("%d entries in layer %+v", n, info)
		}
	}
	fsys := mustFS(t, img)
	if info, err := fs.Stat(fsys, "usr/bin/tool"); err != nil || !info.Mode().IsRegular() {
		t.Errorf("tool: %v, %v", info, err)
	}
	if err := fs.WalkDir(fsys, ".", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
		t.Error(err)
	}
	if p := fsys.Problems(); len(p) > 0 {
		t.Errorf("problems: %v", p)
	}
}

// Real layouts of signing tools: images beside their signatures, each of which
// opens or says what it is.
func TestRealLayouts(t *testing.T) {
	root := shared(t, "attest/real")
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "oci-layout" {
			return err
		}
		found++
		layout := filepath.Dir(path)
		img, err := image.Open(layout, nil)
		if err != nil {
			if !errors.Is(err, image.ErrPlatform) && !errors.Is(err, image.ErrNotImage) && !errors.Is(err, image.ErrMissing) {
				t.Error(err)
			}
			t.Log(err)
			return nil
		}
		defer img.Close()
		for _, l := range img.Layers() {
			for _, err := range l.Entries(context.Background()) {
				if err != nil && !errors.Is(err, image.ErrMissing) {
					t.Errorf("%s: %v", layout, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Skip("no layouts in", root)
	}
}
