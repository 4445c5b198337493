package image_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// TestLongLinks: a link that no run time can make is a problem and is not kept, and a
// whiteout hides whatever the type and the link of its entry.
func TestLongLinks(t *testing.T) {
	long := strings.Repeat("x", 1<<19)
	img := mustOpen(t, writeFile(t, docker(imageSpec{layers: []layerSpec{plainLayer(
		symlink("longest", strings.Repeat("x", 4095)), symlink("long", long), symlink("d/.wh.a", long), hardlink("d/.wh.b", long))}}).tar()), nil)
	var got []*image.Entry
	for e, err := range img.Layers()[0].Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 4 {
		t.Fatalf("%d entries", len(got))
	}
	if e := got[0]; e.Path != "longest" || len(e.Link) != 4095 || e.Problem != nil {
		t.Errorf("%s: %v", e.Path, e.Problem)
	}
	if e := got[1]; e.Path != "" || e.Link != "" || !errors.Is(e.Problem, image.ErrName) {
		t.Errorf("%q with a link of %d bytes: %v", e.Path, len(e.Link), e.Problem)
	}
	for i, hidden := range []string{"d/a", "d/b"} {
		if e := got[2+i]; e.Whiteout != hidden || e.Link != "" || e.Problem != nil {
			t.Errorf("whiteout of %q with a link of %d bytes: %v", e.Whiteout, len(e.Link), e.Problem)
		}
	}
}

// TestDeepDirectory: directories can be deeper than any path that Linux takes, and each
// step down costs the whole way.
func TestDeepDirectory(t *testing.T) {
	top := t.TempDir()
	at, err := os.OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		name := strings.Repeat("d", 200)
		if err := at.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := at.OpenRoot(name)
		if err != nil {
			t.Fatal(err)
		}
		_ = at.Close()
		at = next
	}
	_ = at.Close()
	img, err := image.OpenDir(top, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	n, problems := 0, 0
	for e, err := range img.Layers()[0].Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if e.Problem != nil {
			problems++
			if e.Path != "" || len(e.Name) > 4096 || !errors.Is(e.Problem, image.ErrName) {
				t.Errorf("%d bytes of path: %v", len(e.Path), e.Problem)
			}
		}
	}
	if n != 22 || problems != 1 { // the root, 20 of at most 4095 bytes, and one too many
		t.Errorf("%d entries, %d problems", n, problems)
	}
}
