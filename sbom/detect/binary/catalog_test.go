package binary_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// frozen is a program that is too large to be held, with a zip file behind it.
func frozen(t *testing.T) string {
	b := bytes.NewBuffer((&elftest.File{Text: strings.Repeat(" ", 1<<20)}).Bytes())
	w := zip.NewWriter(b)
	w.SetOffset(int64(b.Len()))
	f, err := w.Create("lib/foo-1.0.dist-info/METADATA")
	if err == nil {
		_, err = io.WriteString(f, "Name: Foo\nVersion: 1.0\n")
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCatalog has the engine read a layer again for a payload, and gives a Java runtime what
// is in its directory.
func TestCatalog(t *testing.T) {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, file := range [][2]string{
		{"opt/frozen", frozen(t)}, {"opt/java/release", "JAVA_VERSION=\"21.0.4\"\nIMPLEMENTOR=\"Acme\"\n"},
		{"opt/java/bin/java", string((&elftest.File{Text: "java"}).Bytes())},
	} {
		if err := w.WriteHeader(&tar.Header{Name: file[0], Mode: 0o755, Size: int64(len(file[1]))}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, file[1])
	}
	_ = w.Close()
	v1, err := mutate.AppendLayers(empty.Image, static.NewLayer(layer.Bytes(), types.OCIUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.FromV1(v1, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := binary.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := catalog.Image(context.Background(), img, &catalog.Options{Detectors: []detect.Detector{d}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range inv.Components {
		got = append(got, c.PURL)
	}
	if want := []string{"pkg:generic/openjdk@21.0.4", "pkg:pypi/foo@1.0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	java := slices.IndexFunc(inv.Files, func(f sbom.File) bool { return f.Path == "opt/java/bin/java" })
	if java < 0 || inv.Files[java].Owner == "" || inv.Files[java].Owner != inv.Components[0].ID {
		t.Errorf("%+v", inv.Files)
	}
	if slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return g.Kind == sbom.GapCorrupt || g.Path == "opt/java/release" }) {
		t.Errorf("%+v", inv.Gaps)
	}
}
