package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
)

// ErrSkipped: the content of a directory was left out (Entry.Problem), because it
// is on another file system.
var ErrSkipped = errors.New("content of another file system left out")

// OpenDir opens the directory root as a root file system. Its one pseudo layer has
// no digests, and its files can change while it is open.
//
// Symlinks are reported and never followed, and nothing outside root is read,
// whatever is renamed meanwhile (os.Root). Whiteouts are files like all others
// here. A file that cannot be opened says so when it is read; one whose path is longer
// than Linux takes has no Path (ErrName). The contents of proc and sys are left out where they are mount points,
// those of all mount points with Options.OneFileSystem; their directories are
// reported with ErrSkipped.
func OpenDir(root string, opts *Options) (*Image, error) {
	o := opts.withDefaults()
	if o.Name == "" {
		o.Name = root
	}
	img, err := openDir(root, o)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	return img, nil
}

func openDir(root string, o *Options) (*Image, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	info, err := r.Lstat(".")
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	l := &Layer{opts: o, dir: &directory{root: r, device: ownerOf(info).device}}
	return &Image{
		subject: sbom.Subject{Name: o.Name}, opts: o, layers: []*Layer{l}, closers: []func() error{r.Close},
	}, nil
}

// directory is a root file system.
type directory struct {
	root   *os.Root
	device uint64 // of the root
}

// walk is one pass over a directory.
type walk struct {
	*directory
	ctx   context.Context
	layer *Layer
	yield func(*Entry, error) bool
	count int
}

func (d *directory) entries(ctx context.Context, l *Layer, yield func(*Entry, error) bool) {
	w := &walk{directory: d, ctx: ctx, layer: l, yield: yield}
	info, err := d.root.Lstat(".")
	if err != nil {
		yield(nil, l.fail(".", err))
		return
	}
	w.visit(".", info)
}

// visit reports one file and what is below it; false ends the walk.
func (w *walk) visit(name string, info fs.FileInfo) bool {
	if err := w.ctx.Err(); err != nil {
		w.yield(nil, w.layer.fail(name, context.Cause(w.ctx)))
		return false
	}
	if w.count >= w.layer.opts.MaxEntries {
		w.yield(nil, w.layer.fail(name, fmt.Errorf("%w: more than %d entries", ErrLimit, w.layer.opts.MaxEntries)))
		return false
	}
	e := w.entry(name, info)
	w.count++
	var below []fs.FileInfo
	if len(name) >= maxPath {
		// No program opens it by its path, and each step down costs the whole way.
		e.Path, e.Name, e.Problem = "", name[:maxPath], ErrName
	}
	if info.IsDir() && e.Problem == nil {
		below, e.Problem = w.read(name)
	}
	if !w.report(e) {
		return false
	}
	for _, info := range below {
		if !w.visit(path.Join(name, info.Name()), info) {
			return false
		}
	}
	return true
}

func (w *walk) entry(name string, info fs.FileInfo) *Entry {
	own := ownerOf(info)
	e := &Entry{
		Path: name, Name: name, Mode: info.Mode(), ModTime: info.ModTime(), UID: own.uid, GID: own.gid, ordinal: w.count,
	}
	switch {
	case info.Mode().IsRegular():
		e.Size = info.Size()
		f := &dirFile{dir: w.directory, name: name, left: e.Size}
		e.r, e.Capabilities = f, f.capabilities()
	case info.Mode().Type() == fs.ModeSymlink:
		e.Link, e.Problem = w.root.Readlink(name)
	case info.IsDir() && own.device != w.device && (w.layer.opts.OneFileSystem || name == "proc" || name == "sys"):
		e.Problem = ErrSkipped
	}
	return e
}

func (w *walk) report(e *Entry) bool {
	more := w.yield(e, nil)
	if f, ok := e.r.(*dirFile); ok {
		_ = f.Close()
		f.err = errStale
	}
	return more
}

// read returns what is in a directory, by name. A directory that cannot be read
// is a problem of its entry; a file that has gone meanwhile is none.
func (w *walk) read(name string) ([]fs.FileInfo, error) {
	// A root of its own makes each Lstat one step instead of one for each
	// element of the path.
	sub, err := w.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	f, err := sub.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(w.layer.opts.MaxEntries + 1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	infos := make([]fs.FileInfo, 0, len(names))
	for _, base := range names {
		info, err := sub.Lstat(base)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return infos, err
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return cmp.Compare(a.Name(), b.Name()) })
	return infos, nil
}

// dirFile is the content of a regular file. It is opened when its capabilities are
// asked for, where files have any, or by the first Read, which returns the error.
type dirFile struct {
	dir  *directory
	name string
	f    *os.File
	left int64
	err  error
}

func (d *dirFile) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if !d.open() {
		return 0, d.err
	}
	if d.left == 0 {
		return 0, io.EOF
	}
	n, err := d.f.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if err == io.EOF && d.left > 0 {
		err = io.ErrUnexpectedEOF // The file has become shorter.
	}
	return n, err
}

func (d *dirFile) open() bool {
	if d.f == nil && d.err == nil {
		d.f, d.err = d.dir.open(d.name)
	}
	return d.err == nil
}

// capabilities returns those of the file, "" of one that cannot be opened.
func (d *dirFile) capabilities() string {
	if !filesHaveCapabilities || !d.open() {
		return ""
	}
	return capabilitiesOf(d.f)
}

func (d *dirFile) Close() error {
	if d.f == nil {
		return nil
	}
	return d.f.Close()
}

// open opens a regular file. It does not wait for the other end of a pipe that
// has taken its place.
func (d *directory) open(name string) (*os.File, error) {
	f, err := d.root.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrType}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

type owner struct {
	uid, gid int
	device   uint64
}
