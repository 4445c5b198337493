//go:build linux

package overlay

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Names of the image specification's deletion markers (OCI image-spec, layer.md,
// "Whiteouts").
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// Count is what a tar stream holds.
type Count struct{ Entries, Files, Links, Whiteouts, Opaque int }

// WriteTar writes the layer in dir to w as container builders do: parents first,
// deletions as whiteout entries, files of one inode as hard links to the first of them.
//
// Regular files in omit are left out although links to them are written: a link whose
// target is in a lower layer, as builders that compare directory trees make it.
func WriteTar(w io.Writer, dir string, omit map[string]bool) (Count, error) {
	t := &tarWriter{tar: tar.NewWriter(w), dir: dir, omit: omit, inodes: make(map[inode]string)}
	// The links must find the name that the lower layer knows.
	for path := range omit {
		info, err := os.Lstat(filepath.Join(dir, path))
		if err != nil {
			return t.Count, err
		}
		t.inodes[inodeOf(info)] = path
	}
	if err := filepath.WalkDir(dir, t.visit); err != nil {
		return t.Count, err
	}
	return t.Count, t.tar.Close()
}

type inode struct{ dev, ino uint64 }

func inodeOf(info fs.FileInfo) inode {
	st := info.Sys().(*syscall.Stat_t)
	return inode{st.Dev, st.Ino}
}

type tarWriter struct {
	Count
	tar    *tar.Writer
	dir    string
	omit   map[string]bool
	inodes map[inode]string
}

func (t *tarWriter) visit(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	name, err := filepath.Rel(t.dir, path)
	if err != nil || name == "." || t.omit[name] {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	switch {
	case isWhiteout(info):
		t.Whiteouts++
		return t.marker(filepath.Join(filepath.Dir(name), whiteout+filepath.Base(name)), info)
	case info.Mode()&fs.ModeSocket != 0: // tar knows none
		return nil
	}
	if err := t.entry(path, name, info); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if info.IsDir() && isOpaque(path) {
		t.Opaque++
		return t.marker(filepath.Join(name, opaque), info)
	}
	return nil
}

func (t *tarWriter) marker(name string, info fs.FileInfo) error {
	t.Entries++
	return t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, ModTime: info.ModTime()})
}

func (t *tarWriter) entry(path, name string, info fs.FileInfo) error {
	var target string
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	h.Name, h.Uname, h.Gname = name, "", "" // names of this machine's users
	if info.IsDir() {
		h.Name += "/"
	}
	if err := addXattrs(h, path); err != nil {
		return err
	}
	t.Entries++
	if !info.Mode().IsRegular() {
		return t.tar.WriteHeader(h)
	}
	if info.Sys().(*syscall.Stat_t).Nlink > 1 {
		if first, ok := t.inodes[inodeOf(info)]; ok {
			t.Links++
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
			return t.tar.WriteHeader(h)
		}
		t.inodes[inodeOf(info)] = name
	}
	t.Files++
	return t.file(path, h)
}

func (t *tarWriter) file(path string, h *tar.Header) error {
	if err := t.tar.WriteHeader(h); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t.tar, f)
	return err
}

// addXattrs carries over what container builders carry over: file capabilities.
func addXattrs(h *tar.Header, path string) error {
	value := make([]byte, 256)
	n, err := unix.Lgetxattr(path, "security.capability", value)
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.ENOTSUP):
		return nil
	case err != nil:
		return err
	}
	h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(value[:n])}
	return nil
}

// isWhiteout reports whether overlayfs hides a lower file by this one.
func isWhiteout(info fs.FileInfo) bool {
	return info.Mode()&fs.ModeCharDevice != 0 && info.Sys().(*syscall.Stat_t).Rdev == 0
}

// isOpaque reports whether overlayfs hides what lower layers have in this
// directory.
func isOpaque(path string) bool {
	value := make([]byte, 1)
	n, err := unix.Lgetxattr(path, "trusted.overlay.opaque", value)
	return err == nil && strings.EqualFold(string(value[:n]), "y")
}
