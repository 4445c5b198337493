package osv

import (
	"crypto/sha256"
	"fmt"
	"io"
	"sync/atomic"
)

// pageSize is the unit in which an index is verified and read.
const pageSize = 64 << 10

// pages gives verified views of the body of an index. A page is read and
// compared with the hash that the header commits to when it is first needed,
// so no byte is used that Digest does not cover, and a file that is changed or cut
// off while it is open gives an error and not other data.
type pages struct {
	// memory is the body, for an index that is held in memory; else r and off.
	memory []byte
	r      io.ReaderAt
	off    int64
	size   int64
	hashes []byte
	loaded []atomic.Pointer[[]byte]
}

func newPages(memory []byte, r io.ReaderAt, off, size int64, hashes []byte) *pages {
	return &pages{memory: memory, r: r, off: off, size: size, hashes: hashes,
		loaded: make([]atomic.Pointer[[]byte], len(hashes)/sha256.Size)}
}

func countPages(size int64) int64 { return (size + pageSize - 1) / pageSize }

// page returns a verified page.
func (p *pages) page(i int64) ([]byte, error) {
	if b := p.loaded[i].Load(); b != nil {
		return *b, nil
	}
	n := min(pageSize, p.size-i*pageSize)
	var b []byte
	if p.memory != nil {
		b = p.memory[i*pageSize : i*pageSize+n : i*pageSize+n]
	} else {
		b = make([]byte, n)
		if _, err := p.r.ReadAt(b, p.off+i*pageSize); err != nil {
			return nil, fmt.Errorf("%w: page %d: %w", ErrCorrupt, i, err)
		}
	}
	if sha256.Sum256(b) != [sha256.Size]byte(p.hashes[i*sha256.Size:]) {
		return nil, fmt.Errorf("%w: page %d does not have its recorded hash", ErrCorrupt, i)
	}
	p.loaded[i].Store(&b)
	return b, nil
}

// view returns n bytes from off. They may be shared: callers do not write to them.
func (p *pages) view(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > p.size || n > p.size-off {
		return nil, fmt.Errorf("%w: %d bytes at %d of %d", ErrCorrupt, n, off, p.size)
	}
	if n == 0 {
		return nil, nil
	}
	first, last := off/pageSize, (off+n-1)/pageSize
	if first == last {
		b, err := p.page(first)
		if err != nil {
			return nil, err
		}
		return b[off-first*pageSize:][:n:n], nil
	}
	return p.join(off, n, first, last)
}

// join returns bytes that span pages.
func (p *pages) join(off, n, first, last int64) ([]byte, error) {
	var out []byte
	if p.memory == nil {
		out = make([]byte, 0, n)
	}
	for i := first; i <= last; i++ {
		b, err := p.page(i)
		if err != nil {
			return nil, err
		}
		if p.memory == nil {
			from := max(0, off-i*pageSize)
			to := min(int64(len(b)), off+n-i*pageSize)
			out = append(out, b[from:to]...)
		}
	}
	if p.memory != nil {
		return p.memory[off : off+n : off+n], nil
	}
	return out, nil
}
