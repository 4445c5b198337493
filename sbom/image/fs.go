package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
)

// ErrLoop is the error of a path with too many symlinks.
var ErrLoop = squash.ErrLoop

// FS is the squashed view of an image: what a container of it would see. It
// implements [fs.FS], [fs.ReadDirFS], [fs.StatFS], [fs.ReadFileFS] and
// [fs.ReadLinkFS], and may be used concurrently until the image is closed.
//
// Symlinks are followed inside the root: absolute targets begin there, and ".."
// stops there. Names are bytes; unlike fs.ValidPath asks, they need not be UTF-8.
// Devices and pipes have no content. [fs.FileInfo.Sys] is the [sbom.LayerRef] of
// the layer that last wrote the file.
//
// Files of uncompressed layers are read in place, and implement io.ReaderAt and
// io.Seeker. Those of compressed layers are read by decompressing the layer up to
// them; files that are read in the order of their layer cost one pass over it.
// Digests were verified when the view was made, and are not verified again.
type FS struct {
	tree     squash.Tree[place]
	layers   []*Layer
	problems []error
}

// place says where a file's bytes are.
type place struct {
	offset  int64 // in the layer's tar stream
	modTime int64 // seconds
	nanos   int32
	layer   int32
	ordinal int32 // of the entry, for a sparse file; -1 for others
}

// FS reads all layers once and returns the squashed view, made by the rules of the
// OCI image specification: see package documentation. The error is that of the
// first layer that cannot be read to its end or verified. ctx bounds making the
// view, not reading from it.
//
// Data behind the end of a layer's archive (ErrTrailing) belongs to no file and
// is not an error here; it and all problems of single entries are in
// [FS.Problems].
func (i *Image) FS(ctx context.Context) (*FS, error) {
	f := &FS{layers: i.layers}
	f.tree.Limit = i.opts.MaxEntries
	for n, l := range i.layers {
		f.tree.Begin(n)
		for e, err := range l.Entries(ctx) {
			switch {
			case errors.Is(err, ErrTrailing):
				f.problems = append(f.problems, err)
			case err != nil:
				return nil, err
			default:
				if err := f.add(l, e); err != nil {
					return nil, err
				}
			}
		}
	}
	return f, nil
}

// Problems returns what was wrong with single entries, each a *LayerError: names
// that lead out of the root, hard links to nothing, files below files. It returns
// at most 1000.
func (f *FS) Problems() []error { return f.problems }

const maxProblems = 1000

// add applies an entry; the error is fatal.
func (f *FS) add(l *Layer, e *Entry) error {
	err := e.Problem
	if e.Path != "" {
		if bad := f.apply(e); bad != nil {
			err = bad
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, squash.ErrLimit):
		return l.fail(e.Path, fmt.Errorf("%w: more than %d files", ErrLimit, f.tree.Limit))
	case len(f.problems) < maxProblems:
		f.problems = append(f.problems, l.fail(e.Path, err))
	}
	return nil
}

func (f *FS) apply(e *Entry) error {
	switch {
	case e.Whiteout != "":
		f.tree.Hide(e.Whiteout)
		return nil
	case e.Opaque != "":
		f.tree.Opaque(e.Opaque)
		return nil
	case e.Hardlink:
		return f.tree.Hardlink(e.Path, e.Link)
	}
	n := squash.Node[place]{Mode: e.Mode, Size: e.Size}
	if e.Mode.Type() == fs.ModeSymlink {
		n.Link = e.Link
	}
	n.Value = place{
		offset: e.offset, modTime: e.ModTime.Unix(), nanos: int32(e.ModTime.Nanosecond()),
		layer: int32(f.tree.Layer()), ordinal: -1,
	}
	if e.sparse {
		n.Value.ordinal = int32(e.ordinal)
	}
	return f.tree.Add(e.Path, n)
}

// Open opens the file name, following symlinks.
func (f *FS) Open(name string) (fs.File, error) {
	at, n, err := f.find("open", name, true)
	if err != nil {
		return nil, err
	}
	info := f.info(path.Base(name), n)
	if n.Mode.IsDir() {
		return &openDirectory{info: info, list: f.list(n)}, nil
	}
	base := openFileBase{name: name, info: info}
	if !n.Mode.IsRegular() || n.Size == 0 {
		base.r = io.NopCloser(strings.NewReader(""))
		return &base, nil
	}
	if base.r, err = f.content(at, n); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if r, ok := base.r.(*randomSection); ok {
		return &openRandom{base, r}, nil
	}
	return &base, nil
}

// content opens the content of the regular file at a path without symlinks.
func (f *FS) content(at string, n *node) (io.ReadCloser, error) {
	l := f.layers[n.Value.layer]
	switch {
	case l.dir != nil:
		return &dirFile{dir: l.dir, name: at, left: n.Size}, nil
	case n.Value.ordinal >= 0:
		return l.openNth(int(n.Value.ordinal))
	}
	return l.section(n.Value.offset, n.Size)
}

// ReadDir lists a directory by name, following symlinks to it.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	_, n, err := f.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if !n.Mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: squash.ErrNotDirectory}
	}
	return f.list(n), nil
}

// ReadFile reads the whole file name, following symlinks.
func (f *FS) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if d, ok := file.(*openDirectory); ok {
		return nil, d.fail("read", name, errors.New("is a directory"))
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Stat describes the file name, following symlinks.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	_, n, err := f.find("stat", name, true)
	if err != nil {
		return nil, err
	}
	return f.info(path.Base(name), n), nil
}

// Lstat describes the file name, following symlinks in all but its last element.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	_, n, err := f.find("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return f.info(path.Base(name), n), nil
}

// ReadLink returns the target of the symlink name as recorded.
func (f *FS) ReadLink(name string) (string, error) {
	_, n, err := f.find("readlink", name, false)
	if err != nil {
		return "", err
	}
	if n.Mode.Type() != fs.ModeSymlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return n.Link, nil
}

type node = squash.Node[place]

func (f *FS) find(op, name string, follow bool) (string, *node, error) {
	look := f.tree.ResolveParent
	if follow {
		look = f.tree.Resolve
	}
	at, n, err := look(name)
	if errors.Is(err, squash.ErrPath) {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return at, n, nil
}

func (f *FS) info(name string, n *node) *fileInfo {
	ref := sbom.LayerRef{}
	if n.Layer < len(f.layers) {
		ref = *f.layers[n.Layer].info.Ref()
	}
	return &fileInfo{name: name, n: *n, layer: ref}
}

func (f *FS) list(n *node) []fs.DirEntry {
	var list []fs.DirEntry
	for name, c := range f.tree.Children(n) {
		list = append(list, f.info(name, c))
	}
	return list
}

// fileInfo is the fs.FileInfo and fs.DirEntry of a node.
type fileInfo struct {
	name  string
	n     node
	layer sbom.LayerRef
}

func (i *fileInfo) Name() string      { return i.name }
func (i *fileInfo) Size() int64       { return i.n.Size }
func (i *fileInfo) Mode() fs.FileMode { return i.n.Mode }
func (i *fileInfo) Type() fs.FileMode { return i.n.Mode.Type() }
func (i *fileInfo) ModTime() time.Time {
	return time.Unix(i.n.Value.modTime, int64(i.n.Value.nanos)).UTC()
}
func (i *fileInfo) IsDir() bool                { return i.n.Mode.IsDir() }
func (i *fileInfo) Sys() any                   { return i.layer }
func (i *fileInfo) Info() (fs.FileInfo, error) { return i, nil }
func (i *fileInfo) String() string             { return fs.FormatFileInfo(i) }

// openFileBase is an open file that is no directory.
type openFileBase struct {
	name string
	info *fileInfo
	r    io.ReadCloser
}

func (f *openFileBase) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *openFileBase) Close() error {
	if f.r == nil {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	r := f.r
	f.r = nil
	return r.Close()
}

func (f *openFileBase) Read(p []byte) (int, error) {
	if f.r == nil {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrClosed}
	}
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: "read", Path: f.name, Err: err}
	}
	return n, err
}

// openRandom is an open file of an uncompressed layer.
type openRandom struct {
	openFileBase
	random *randomSection
}

func (f *openRandom) ReadAt(p []byte, off int64) (int, error) { return f.random.ReadAt(p, off) }

func (f *openRandom) Seek(off int64, whence int) (int64, error) { return f.random.Seek(off, whence) }

// openDirectory is an open directory.
type openDirectory struct {
	info *fileInfo
	list []fs.DirEntry
}

func (d *openDirectory) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDirectory) Close() error               { return nil }

func (d *openDirectory) Read([]byte) (int, error) {
	return 0, d.fail("read", d.info.name, errors.New("is a directory"))
}

func (d *openDirectory) fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (d *openDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.list)
	} else if len(d.list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.list))
	list := d.list[:n:n]
	d.list = d.list[n:]
	return list, nil
}
