// Package readlimit bounds what a parser may read. The standard library's
// parsers of executables and archives allocate in proportion to what they read,
// so a bound on reading bounds their memory too.
package readlimit

import (
	"io"
	"math"
	"sync/atomic"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// ReaderAt is an io.ReaderAt with a budget. Reads beyond it fail with an error
// that wraps detect.ErrLimit. It is safe for concurrent use.
type ReaderAt struct {
	r     io.ReaderAt
	path  string
	limit int64
	left  atomic.Int64
}

// New returns a reader of r, the content of path, that gives at most limit bytes.
func New(r io.ReaderAt, path string, limit int64) *ReaderAt {
	l := &ReaderAt{r: r, path: path, limit: limit}
	l.left.Store(limit)
	return l
}

// ReadAt implements io.ReaderAt.
func (l *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if l.left.Load() < 0 {
		return 0, l.err()
	}
	n, err := l.r.ReadAt(p, off)
	if l.left.Add(-int64(n)) < 0 {
		return 0, l.err()
	}
	return n, err
}

// Exceeded reports whether the budget was used up.
func (l *ReaderAt) Exceeded() bool { return l.left.Load() < 0 }

// Err returns the error of an exceeded budget, nil otherwise.
func (l *ReaderAt) Err() error {
	if l.Exceeded() {
		return l.err()
	}
	return nil
}

// Lift ends the limit: the parser has done the part that had to be bounded.
func (l *ReaderAt) Lift() { l.left.Store(math.MaxInt64) }

func (l *ReaderAt) err() error {
	return &detect.LimitError{Path: l.path, Limit: l.limit, What: "bytes of metadata"}
}
