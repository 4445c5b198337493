//go:build linux

// Package overlay makes the layers of an image as container builders do: each step
// runs on an overlay mount, and what it left in the upper directory is the layer. It
// needs root and a kernel with overlayfs.
package overlay

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Stack is a growing pile of layers below one directory.
type Stack struct {
	dir    string
	layers []string // upper directories, the oldest first
}

// New starts a stack in dir, which must exist. base is the directory of the oldest
// layer; it is not written to.
func New(dir, base string) *Stack {
	return &Stack{dir: dir, layers: []string{base}}
}

// Layers returns the directories of the layers, the oldest first. In all but the
// oldest, deletions are overlayfs's: character devices 0/0 and opaque attributes.
func (s *Stack) Layers() []string { return slices.Clone(s.layers) }

// Push adds a layer: what step changes below root.
func (s *Stack) Push(step func(root string) error) error {
	n := len(s.layers)
	upper := filepath.Join(s.dir, fmt.Sprint("u", n))
	work := filepath.Join(s.dir, fmt.Sprint("w", n))
	for _, dir := range []string{upper, work} {
		// The layer's own directory is the root of the image.
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	// Volatile: the upper directory is read once and thrown away, so nothing need
	// reach the disk. No redirects and no metadata-only copies: the layer must hold
	// whole files, and a directory that is renamed is written anew.
	options := "lowerdir=" + s.lower() + ",upperdir=" + upper + ",workdir=" + work + ",redirect_dir=off,metacopy=off,index=off,volatile"
	if err := s.mount(options, 0, step); err != nil {
		return err
	}
	s.layers = append(s.layers, upper)
	return os.RemoveAll(work)
}

// Merged runs look on the read-only union of all layers.
func (s *Stack) Merged(look func(root string) error) error {
	if len(s.layers) == 1 {
		return look(s.layers[0])
	}
	return s.mount("lowerdir="+s.lower(), unix.MS_RDONLY, look)
}

// lower is the value of overlayfs's lowerdir, the newest first.
func (s *Stack) lower() string {
	dirs := s.Layers()
	slices.Reverse(dirs)
	return strings.Join(dirs, ":")
}

func (s *Stack) mount(options string, flags uintptr, do func(root string) error) (err error) {
	root := filepath.Join(s.dir, "m")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("overlay", root, "overlay", flags, options); err != nil {
		return fmt.Errorf("mount overlay (%s): %w", options, err)
	}
	defer func() {
		if e := unix.Unmount(root, 0); e != nil && err == nil {
			err = fmt.Errorf("unmount %s: %w", root, e)
		}
	}()
	return do(root)
}

// Newest returns the index of the newest of layers that says something about
// path: that holds it, or that deletes it or a directory above it. It returns -1 if
// none does.
func Newest(layers []string, path string) int {
	for i := len(layers) - 1; i >= 0; i-- {
		if _, err := os.Lstat(filepath.Join(layers[i], path)); err == nil {
			return i
		}
		for dir := path; dir != "." && dir != "/"; {
			dir = filepath.Dir(dir)
			info, err := os.Lstat(filepath.Join(layers[i], dir))
			if err != nil {
				continue
			}
			if isWhiteout(info) || i > 0 && isOpaque(filepath.Join(layers[i], dir)) {
				return i
			}
			break
		}
	}
	return -1
}
