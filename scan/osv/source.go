package osv

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// Raw is one OSV record as published.
type Raw struct {
	// Name says where it is, for error messages: "PyPI/PYSEC-2023-1.json".
	Name string
	// JSON is the record. The bytes belong to the receiver.
	JSON []byte
	// Err is why this record could not be read; JSON is nil then. Build counts it
	// and goes on.
	Err error
}

// Source gives OSV records. An error of the sequence ends a build; one in Raw
// only concerns that record.
type Source interface {
	// Records iterates over the records, in any order, and ends soon after ctx does.
	Records(ctx context.Context) iter.Seq2[Raw, error]
}

// MaxRecordSize is the size in bytes over which a record is refused. The
// largest real ones have about 3 MB.
const MaxRecordSize = 32 << 20

// SourceFunc is a function that is a Source.
type SourceFunc func(ctx context.Context) iter.Seq2[Raw, error]

// Records calls f.
func (f SourceFunc) Records(ctx context.Context) iter.Seq2[Raw, error] { return f(ctx) }

// Zip is a zip of JSON records, such as an all.zip of osv.dev. name is its
// file.
func Zip(name string) Source {
	return SourceFunc(func(ctx context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) {
			zr, err := zip.OpenReader(name)
			if err != nil {
				yield(Raw{Name: name}, fmt.Errorf("osv: %s: %w", name, err))
				return
			}
			defer zr.Close()
			yieldZip(ctx, &zr.Reader, name, yield)
		}
	})
}

// FS is a tree of records: every file *.json in it is one, and every *.zip a zip
// of them. That covers osv.dev's layout (<Ecosystem>/all.zip), a directory of
// unpacked zips (<Ecosystem>/<ID>.json), and a single directory of records.
// Names that begin with "." or "_" are left out.
func FS(fsys fs.FS) Source {
	return SourceFunc(func(ctx context.Context) iter.Seq2[Raw, error] {
		return func(yield func(Raw, error) bool) {
			err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				return walk(ctx, fsys, name, d, yield)
			})
			if err != nil && !errors.Is(err, errStopped) {
				yield(Raw{}, fmt.Errorf("osv: %w", err))
			}
		}
	})
}

// Dir is FS of a directory.
func Dir(name string) Source { return FS(os.DirFS(name)) }

// errStopped ends a walk whose consumer wants no more.
var errStopped = errors.New("stopped")

func walk(ctx context.Context, fsys fs.FS, name string, d fs.DirEntry, yield func(Raw, error) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	base := path.Base(name)
	switch {
	case name != "." && (base[0] == '.' || base[0] == '_'):
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	case d.IsDir():
		return nil
	case path.Ext(base) == ".json":
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		raw := readRaw(name, f)
		if !yield(raw, nil) {
			return errStopped
		}
	case path.Ext(base) == ".zip":
		return walkZip(ctx, fsys, name, yield)
	}
	return nil
}

func walkZip(ctx context.Context, fsys fs.FS, name string, yield func(Raw, error) bool) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	r, ok := f.(io.ReaderAt)
	size := st.Size()
	if !ok {
		b, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		r, size = bytes.NewReader(b), int64(len(b))
	}
	zr, err := zip.NewReader(r, size)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !yieldZip(ctx, zr, name, yield) {
		return errStopped
	}
	return nil
}

// yieldZip reports whether more is wanted.
func yieldZip(ctx context.Context, zr *zip.Reader, name string, yield func(Raw, error) bool) bool {
	zr.RegisterDecompressor(zip.Deflate, inflate.Decompressor)
	for _, zf := range zr.File {
		if err := ctx.Err(); err != nil {
			yield(Raw{}, err)
			return false
		}
		if !strings.HasSuffix(zf.Name, ".json") {
			continue
		}
		full := name + "!/" + zf.Name
		rc, err := zf.Open()
		raw := Raw{Name: full, Err: err}
		if err == nil {
			raw = readRaw(full, rc)
		}
		if !yield(raw, nil) {
			return false
		}
	}
	return true
}

// readRaw reads and closes a record's file.
func readRaw(name string, rc io.ReadCloser) Raw {
	var buf bytes.Buffer
	if f, ok := rc.(fs.File); ok {
		if st, err := f.Stat(); err == nil && st.Size() <= MaxRecordSize {
			buf.Grow(int(st.Size()) + bytes.MinRead)
		}
	}
	_, err := buf.ReadFrom(io.LimitReader(rc, MaxRecordSize+1))
	if err = errors.Join(err, rc.Close()); err == nil && buf.Len() > MaxRecordSize {
		err = fmt.Errorf("%w: record of over %d bytes", ErrLimit, MaxRecordSize)
	}
	if err != nil {
		return Raw{Name: name, Err: err}
	}
	return Raw{Name: name, JSON: buf.Bytes()}
}
