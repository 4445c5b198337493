package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// DirCache is a [Cache] in a directory, one file for each value. Any number of
// goroutines and processes may use the directory at a time, also while files in it
// are removed.
//
// It grows with every new layer until [DirCache.Prune] is called.
type DirCache struct{ dir string }

// ErrCacheDir is wrapped by the error of [NewDirCache] for a directory that others
// than its user could write to.
var ErrCacheDir = errors.New("catalog: the cache directory must be writable for its user alone")

// maxCacheFile is the size of the largest value of a DirCache, in bytes: more than a
// layer of a million files makes.
const maxCacheFile = 128 << 20

// NewDirCache returns the cache in dir, which it makes, with its parents, if it is
// not there. Whoever can write to dir can say what layers contain: a directory
// that belongs to another user, or that others may write to, is refused
// (ErrCacheDir; where the operating system has users and modes of files as Unix does). Other errors
// are those of the file system.
func NewDirCache(dir string) (*DirCache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: errNotDirectory}
	}
	if !ownedAlone(info) {
		return nil, fmt.Errorf("%w: %s (%v)", ErrCacheDir, dir, info.Mode())
	}
	return &DirCache{dir}, nil
}

var errNotDirectory = errors.New("not a directory")

// errCacheFile is the error of a file that is no value.
var errCacheFile = errors.New("not a regular file of a sensible size")

// Get implements [Cache]. A file that is not regular, or larger than 128 MiB, is not
// opened.
func (c *DirCache) Get(ctx context.Context, key string) ([]byte, error) {
	name, err := c.file(ctx, key)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(name) // Opening a pipe would wait.
	if err != nil {
		return nil, err
	}
	if !isValue(info) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errCacheFile}
	}
	value, err := readValue(ctx, name)
	if err != nil {
		return nil, err
	}
	if now := time.Now(); now.Sub(info.ModTime()) > usedStep {
		_ = os.Chtimes(name, now, now) // Failing, Prune takes it for older than it is, no more.
	}
	return value, nil
}

// usedStep is how exactly is noted when a file was last used.
const usedStep = time.Hour

func isValue(info fs.FileInfo) bool { return info.Mode().IsRegular() && info.Size() <= maxCacheFile }

func readValue(ctx context.Context, name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat() // Another process may have replaced the file.
	if err != nil {
		return nil, err
	}
	if !isValue(info) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errCacheFile}
	}
	value := make([]byte, info.Size())
	for piece := range slices.Chunk(value, filePiece) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if _, err := io.ReadFull(f, piece); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// filePiece is how much is read or written, in a millisecond or so, until it is asked
// whether it is still wanted.
const filePiece = 1 << 20

func writeValue(ctx context.Context, w io.Writer, value []byte) error {
	for piece := range slices.Chunk(value, filePiece) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// Put implements [Cache]. The value is there as a whole or not at all; after a crash
// a file that nobody reads may be left, until Prune removes it. A value of more than
// 128 MiB is not stored, which is an error.
func (c *DirCache) Put(ctx context.Context, key string, value []byte) (err error) {
	name, err := c.file(ctx, key)
	if err != nil {
		return err
	}
	if len(value) > maxCacheFile {
		return &fs.PathError{Op: "write", Path: name, Err: errCacheFile}
	}
	f, err := os.CreateTemp(c.dir, unfinished+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = writeValue(ctx, f, value)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// unfinished is what the names of files begin with that are being written.
const unfinished = "put-"

// file returns the name of a value's file.
func (c *DirCache) file(ctx context.Context, key string) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if !isKey(key) {
		return "", &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return filepath.Join(c.dir, key), nil
}

// isKey reports whether s can be a key; no other is the name of a file.
func isKey(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

// Prune removes values until at most maxBytes bytes are left, those first that were
// not used for the longest time, which is known to the hour. It also removes what
// crashed processes left behind, and touches no file that the cache did not make. Its error is the
// first of the file system; what another process removed meanwhile is no error.
func (c *DirCache) Prune(ctx context.Context, maxBytes int64) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	var values []fs.FileInfo
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		switch {
		case isKey(e.Name()):
			values = append(values, info)
			size += info.Size()
		case strings.HasPrefix(e.Name(), unfinished) && time.Since(info.ModTime()) > usedStep:
			_ = os.Remove(filepath.Join(c.dir, e.Name()))
		}
	}
	slices.SortFunc(values, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for _, v := range values {
		if size <= maxBytes {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := os.Remove(filepath.Join(c.dir, v.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size -= v.Size()
	}
	return nil
}
