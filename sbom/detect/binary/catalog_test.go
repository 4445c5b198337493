package binary_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"io"
	"maps"
	"os"
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
	"github.com/imagetrust/imagetrust/sbom/detect/cargo"
	"github.com/imagetrust/imagetrust/sbom/detect/golang"
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
	inv := cataloged(t, map[string]string{
		"opt/frozen": frozen(t), "opt/java/release": "JAVA_VERSION=\"21.0.4\"\nIMPLEMENTOR=\"Acme\"\n",
		"opt/java/bin/java": string((&elftest.File{Text: "java"}).Bytes()),
	})
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

// cataloged returns the inventory of an image with the files, by the detectors of programs.
func cataloged(t *testing.T, files map[string]string) *sbom.Inventory {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, files[name])
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
	inv, err := catalog.Image(context.Background(), img, &catalog.Options{Detectors: []detect.Detector{binary.Default(), golang.New(), cargo.New()}})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// TestSignsOfLists has programs with the text by which lists of modules are found, and no list:
// no detector reads them, and so they are gaps. One with a list is its detector's.
func TestSignsOfLists(t *testing.T) {
	at, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	self, err := os.ReadFile(at)
	if err != nil {
		t.Skip(err)
	}
	padding := strings.Repeat(" ", 32<<10)
	inv := cataloged(t, map[string]string{
		"opt/go": string(self), "opt/a": string((&elftest.File{Text: " \xff Go buildinf:\x00" + padding}).Bytes()),
		"opt/b": string((&elftest.File{Text: "\x00.dep-v0\x00" + padding}).Bytes()),
	})
	for _, path := range []string{"opt/a", "opt/b"} {
		if !slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return g.Path == path && g.Kind == sbom.GapIncomplete }) {
			t.Errorf("%s is no gap: %+v", path, inv.Gaps)
		}
	}
	for _, g := range inv.Gaps {
		if g.Path == "opt/go" && strings.Contains(g.Message, "no rule names") {
			t.Errorf("%+v", g)
		}
	}
}

// TestRuntimesOfOthers has files "release" that are not of a runtime in the directory that they are in:
// a program, and text in a directory that is everybody's. What lies there is not Java's.
func TestRuntimesOfOthers(t *testing.T) {
	const text = "JAVA_VERSION=\"21.0.4\"\nIMPLEMENTOR=\"Acme\"\n"
	program := (&elftest.File{Text: "\n" + text}).Bytes()
	copy(program[900:], "\n"+text)
	copy(program[48:], "\n") // Flags that no system looks at.
	other := string((&elftest.File{Text: "x"}).Bytes())
	inv := cataloged(t, map[string]string{
		"opt/tool/release": string(program), "opt/tool/other": other,
		"usr/lib/release": text, "usr/lib/other": other, "usr/local/bin/release": text, "usr/local/bin/other": other, "etc/release": text,
	})
	for _, f := range inv.Files {
		if f.Owner != "" && !strings.HasSuffix(f.Path, "/release") {
			t.Errorf("%s is owned by %s", f.Path, f.Owner)
		}
		if f.Owner != "" && f.Path == "opt/tool/release" {
			t.Errorf("a program is a runtime of Java: %+v", f)
		}
	}
}
