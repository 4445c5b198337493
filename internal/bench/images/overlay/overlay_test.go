//go:build linux

package overlay

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// entries lists a layer: the name of each entry, and after it the target of a link
// or the content of a file.
func entries(t *testing.T, data []byte) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s belongs to %d (%s)", h.Name, h.Uid, h.Uname)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		if h.Linkname != "" {
			text = string(h.Typeflag) + " " + h.Linkname
		}
		got[h.Name] = text
	}
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeletions holds the tar stream of a layer against image-spec's layer.md.
func TestDeletions(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("overlay mounts need root")
	}
	dir, base := t.TempDir(), t.TempDir()
	write(t, base, map[string]string{"file": "1", "dir/a": "1", "dir/b": "1", "opaque/old": "1", "to-file/x": "1", "to-dir": "1", "deep/er/x": "1", "linked": "12", "kept": "1"})
	s := New(dir, base)
	err := s.Push(func(root string) error {
		in := func(name string) string { return filepath.Join(root, name) }
		return errors.Join(
			os.Remove(in("file")),
			os.Remove(in("dir/a")),
			os.RemoveAll(in("opaque")), os.Mkdir(in("opaque"), 0o755), os.WriteFile(in("opaque/new"), []byte("2"), 0o644),
			os.RemoveAll(in("to-file")), os.WriteFile(in("to-file"), []byte("2"), 0o644),
			os.Remove(in("to-dir")), os.Mkdir(in("to-dir"), 0o755),
			os.RemoveAll(in("deep")),
			os.Link(in("linked"), in("link")),
			os.WriteFile(in("one"), []byte("3"), 0o644), os.Link(in("one"), in("two")),
			os.Symlink("kept", in("symlink")),
		)
	})
	if errors.Is(err, os.ErrPermission) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	count, err := WriteTar(&buf, s.Layers()[1], map[string]bool{"linked": true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		".wh.file": "", "dir/": "", "dir/.wh.a": "", "opaque/": "", "opaque/.wh..wh..opq": "", "opaque/new": "2",
		"to-file": "2", "to-dir/": "", "to-dir/.wh..wh..opq": "", ".wh.deep": "", "link": "1 linked", "one": "3", "two": "1 one", "symlink": "2 kept",
	}
	if got := entries(t, buf.Bytes()); !maps.Equal(got, want) {
		t.Errorf("entries\n%q\nwant\n%q", got, want)
	}
	if want := (Count{Entries: 14, Files: 3, Links: 2, Whiteouts: 3, Opaque: 2}); count != want {
		t.Errorf("count %+v, want %+v", count, want)
	}
	for path, want := range map[string]int{"file": 1, "dir/a": 1, "dir/b": 0, "opaque/old": 1, "opaque/new": 1, "deep/er/x": 1, "kept": 0, "two": 1, "never": -1} {
		if got := Newest(s.Layers(), path); got != want {
			t.Errorf("%s: layer %d, want %d", path, got, want)
		}
	}
	err = s.Merged(func(root string) error {
		names, err := filepath.Glob(filepath.Join(root, "*"))
		for i := range names {
			names[i] = filepath.Base(names[i])
		}
		if want := []string{"dir", "kept", "link", "linked", "one", "opaque", "symlink", "to-dir", "to-file", "two"}; !slices.Equal(names, want) {
			t.Errorf("merged: %q, want %q", names, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
