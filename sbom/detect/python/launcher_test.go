package python_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
)

func inventory(t *testing.T, files map[string]string) *sbom.Inventory {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for path, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	v1, err := mutate.AppendLayers(empty.Image, static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.FromV1(v1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	inv, err := catalog.Image(context.Background(), img, nil)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// TestWindowsLaunchers catalogs the launchers that setuptools and pip's distlib
// ship: they belong to their distribution, by its RECORD or by its directory, and
// are no software of their own.
func TestWindowsLaunchers(t *testing.T) {
	const site = "usr/lib/python3.11/site-packages/"
	exe := "MZ\x90\x00" + string(make([]byte, 256))
	inv := inventory(t, map[string]string{
		site + "setuptools-70.0.dist-info/METADATA": "Name: setuptools\nVersion: 70.0\n",
		site + "setuptools-70.0.dist-info/RECORD":   "setuptools/cli-64.exe,,\nsetuptools/gui.exe,,\n",
		site + "setuptools/cli-64.exe":              exe,
		site + "setuptools/gui.exe":                 exe,
		site + "pip-23.0.egg-info/PKG-INFO":         "Name: pip\nVersion: 23.0\n",
		site + "pip-23.0.egg-info/top_level.txt":    "pip\n",
		site + "pip/_vendor/distlib/t64.exe":        exe,
		site + "pip/_vendor/vendor.txt":             "distlib==0.3.6\n",
	})
	names := make(map[string]*sbom.Component)
	for i := range inv.Components {
		names[inv.Components[i].Name] = &inv.Components[i]
	}
	pip, setuptools, distlib := names["pip"], names["setuptools"], names["distlib"]
	if len(inv.Components) != 3 || pip == nil || setuptools == nil || distlib == nil {
		t.Fatalf("components %+v", inv.Components)
	}
	owners := map[string]string{
		site + "setuptools/cli-64.exe":       setuptools.ID,
		site + "setuptools/gui.exe":          setuptools.ID,
		site + "pip/_vendor/distlib/t64.exe": pip.ID,
	}
	for _, f := range inv.Files {
		if want, ok := owners[f.Path]; ok && f.Owner != want {
			t.Errorf("%s belongs to %q", f.Path, f.Owner)
		}
		delete(owners, f.Path)
	}
	if len(owners) > 0 {
		t.Errorf("no files of the inventory: %v", owners)
	}
	if want := (sbom.Relationship{From: pip.ID, To: distlib.ID, Type: sbom.Contains}); len(inv.Relationships) != 1 || inv.Relationships[0] != want {
		t.Errorf("relationships %+v, want pip to contain distlib", inv.Relationships)
	}
	if distlib.Scope != sbom.ScopeBundled || distlib.Version != "0.3.6" {
		t.Errorf("distlib %+v", distlib)
	}
}
