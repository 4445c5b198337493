package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Mount points are told by their device. Nothing can be mounted in a test, so the
// root is made to be on another device than everything in it.
func TestMountPointsAreLeftOut(t *testing.T) {
	for _, tc := range []struct {
		one  bool
		want string // directories with a trailing slash where the content is left out
	}{
		{false, ". data data/file data/proc data/proc/file proc/ sys/"},
		{true, "./"},
	} {
		root := t.TempDir()
		for _, d := range []string{"proc", "sys", "data", "data/proc"} {
			if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, d, "file"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		img, err := OpenDir(root, &Options{OneFileSystem: tc.one})
		if err != nil {
			t.Fatal(err)
		}
		if img.layers[0].dir.device == 0 {
			t.Skip("devices are not known on this system")
		}
		img.layers[0].dir.device++
		var got []string
		for e, err := range img.Layers()[0].Entries(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if errors.Is(e.Problem, ErrSkipped) {
				got = append(got, e.Path+"/")
			} else {
				got = append(got, e.Path)
			}
		}
		if want := strings.Fields(tc.want); !slices.Equal(got, want) {
			t.Errorf("OneFileSystem %v: %v, want %v", tc.one, got, want)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}
