package main

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// tree is the content of one layer by path, without leading slashes.
type tree map[string]node

type node struct {
	hdr  tar.Header
	data []byte
}

// file adds a regular file.
func (t tree) file(name string, mode int64, data []byte) {
	t[name] = node{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data)), ModTime: built}, data}
}

// whiteout hides a path of a lower layer (OCI image layer specification, "whiteouts").
func (t tree) whiteout(name string) {
	t.file(path.Join(path.Dir(name), ".wh."+path.Base(name)), 0o644, nil)
}

// opaque hides what lower layers have in a directory.
func (t tree) opaque(dir string) { t.file(path.Join(dir, ".wh..wh..opq"), 0o644, nil) }

// addTar adds the entries of a tar stream, under the name that rename gives
// them; those for which it gives none are left out.
func (t tree) addTar(r io.Reader, rename func(string) string) error {
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := rename(strings.Trim(path.Clean(h.Name), "/"))
		if name == "" || name == "." {
			continue
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		t[name] = node{*h, data}
	}
}

// tar writes the tree in the order of its paths, owned by root, with all parent
// directories.
func (t tree) tar() ([]byte, error) {
	for name := range maps.Clone(t) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := t[dir]; !ok {
				t[dir] = node{hdr: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755, ModTime: built}}
			}
		}
	}
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		n := t[name]
		h := tar.Header{Typeflag: n.hdr.Typeflag, Name: name, Linkname: n.hdr.Linkname, Mode: n.hdr.Mode,
			Size: int64(len(n.data)), ModTime: n.hdr.ModTime.UTC().Truncate(time.Second), Format: tar.FormatUSTAR}
		if h.Typeflag == tar.TypeDir {
			h.Name += "/"
		}
		if err := tw.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := tw.Write(n.data); err != nil {
			return nil, err
		}
	}
	err := tw.Close()
	return buf.Bytes(), err
}

// layer returns the tree as a gzip layer.
func (t tree) layer() (v1.Layer, error) {
	b, err := t.tar()
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(9))
}

// symlink adds a symbolic link.
func (t tree) symlink(name, target string) {
	t[name] = node{hdr: tar.Header{Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777, ModTime: built}}
}
