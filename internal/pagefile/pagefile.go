// Package pagefile reads database files that are made of pages, each only once: whoever
// follows the page numbers in a hostile file ends.
package pagefile

import (
	"errors"
	"fmt"
	"io"
)

// ErrPage: a page is not there, or was read before.
var ErrPage = errors.New("malformed database")

// File gives out the pages of a file.
type File struct {
	r    io.ReaderAt
	size int
	n    uint32
	seen []uint64
}

// New returns the pages of a file of fileSize bytes, pageSize bytes each; what is left over
// is none.
func New(r io.ReaderAt, fileSize int64, pageSize int) *File {
	n := uint32(min(fileSize/int64(pageSize), 1<<31))
	return &File{r: r, size: pageSize, n: n, seen: make([]uint64, n/64+1)}
}

// PageSize returns the size of a page in bytes.
func (f *File) PageSize() int { return f.size }

// Pages returns the number of pages.
func (f *File) Pages() uint32 { return f.n }

// Bytes returns the size of all pages.
func (f *File) Bytes() int64 { return int64(f.n) * int64(f.size) }

// Read reads page i, from 0, into buf, which it replaces when it is too small. The error
// wraps ErrPage.
func (f *File) Read(i uint32, buf []byte) ([]byte, error) {
	if i >= f.n {
		return nil, fmt.Errorf("%w: page %d of %d", ErrPage, i, f.n)
	}
	if f.seen[i/64]&(1<<(i%64)) != 0 {
		return nil, fmt.Errorf("%w: page %d is used twice", ErrPage, i)
	}
	f.seen[i/64] |= 1 << (i % 64)
	if cap(buf) < f.size {
		buf = make([]byte, f.size)
	}
	buf = buf[:f.size]
	if n, err := f.r.ReadAt(buf, int64(i)*int64(f.size)); n < len(buf) {
		return nil, fmt.Errorf("%w: page %d: %w", ErrPage, i, err)
	}
	return buf, nil
}
