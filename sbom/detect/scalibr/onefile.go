package scalibr

import (
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	scalibrfs "github.com/google/osv-scalibr/fs"
)

// nowhere is the directory that extractors are told is the root of the image. A real
// one, or none, would let them open the machine's own files, or write temporary ones;
// below a device there is nothing, and nothing can be made.
var nowhere = filepath.Join(os.DevNull, "image")

// info is the fs.FileInfo of a file or directory at a path.
type info struct {
	path string
	size int64
	mode fs.FileMode
}

func (i info) Name() string               { return path.Base(i.path) }
func (i info) Size() int64                { return i.size }
func (i info) Mode() fs.FileMode          { return i.mode }
func (i info) ModTime() time.Time         { return time.Time{} }
func (i info) IsDir() bool                { return i.mode.IsDir() }
func (i info) Sys() any                   { return nil }
func (i info) Type() fs.FileMode          { return i.mode.Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

// fileAPI is what FileRequired sees.
type fileAPI struct{ info }

func (a fileAPI) Path() string               { return a.path }
func (a fileAPI) Stat() (fs.FileInfo, error) { return a.info, nil }

// oneFile is the file system that has one file, and notes what else it is asked for.
type oneFile struct {
	info
	content io.ReaderAt

	mu    sync.Mutex
	asked map[string]bool
}

var _ scalibrfs.FS = (*oneFile)(nil)

// maxAsked is how many other paths are noted.
const maxAsked = 16

func (o *oneFile) lacks(op, name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked == nil {
		o.asked = make(map[string]bool)
	}
	if len(o.asked) < maxAsked {
		o.asked[name] = true
	}
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// missed returns the paths that were asked for and are not there, in order.
func (o *oneFile) missed() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.asked))
}

// local brings the spellings of one path together.
func local(name string) string {
	return strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(name)), "/")
}

// above reports whether name is a directory that the file lies in.
func (o *oneFile) above(name string) bool {
	return name == "" || strings.HasPrefix(o.path, name+"/")
}

func (o *oneFile) open() *handle {
	return &handle{o.info, io.NewSectionReader(o.content, 0, o.size)}
}

// Open implements fs.FS.
func (o *oneFile) Open(name string) (fs.File, error) {
	if local(name) != o.path {
		return nil, o.lacks("open", name)
	}
	return o.open(), nil
}

// Stat implements fs.StatFS. The directories above the file are there.
func (o *oneFile) Stat(name string) (fs.FileInfo, error) {
	switch n := local(name); {
	case n == o.path:
		return o.info, nil
	case o.above(n):
		return info{n, 0, fs.ModeDir | 0o755}, nil
	}
	return nil, o.lacks("stat", name)
}

// ReadDir implements fs.ReadDirFS. The rest of the directory counts as missed.
func (o *oneFile) ReadDir(name string) ([]fs.DirEntry, error) {
	n := local(name)
	err := o.lacks("readdir", name)
	if !o.above(n) {
		return nil, err
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(o.path, n), "/")
	if dir, _, deeper := strings.Cut(rest, "/"); deeper {
		return []fs.DirEntry{info{path.Join(n, dir), 0, fs.ModeDir | 0o755}}, nil
	}
	return []fs.DirEntry{o.info}, nil
}

// handle is the open file. It is an io.ReaderAt too, as osv-scalibr demands.
type handle struct {
	info    info
	content *io.SectionReader
}

func (h *handle) Stat() (fs.FileInfo, error)                   { return h.info, nil }
func (h *handle) Read(p []byte) (int, error)                   { return h.content.Read(p) }
func (h *handle) ReadAt(p []byte, off int64) (int, error)      { return h.content.ReadAt(p, off) }
func (h *handle) Seek(offset int64, whence int) (int64, error) { return h.content.Seek(offset, whence) }
func (h *handle) Close() error                                 { return nil }
