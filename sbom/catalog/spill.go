package catalog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// spill is the one anonymous file that holds content beyond the memory budget.
// It has no name from the moment it is made, so that not even a crash leaves it
// behind. Any number of goroutines may use it.
type spill struct {
	dir string

	mu   sync.Mutex
	file *os.File
	// used are the regions in use, in order of offset: at most one for each
	// layer that is being read.
	used []*region
}

// region is a part of a spill.
type region struct {
	*io.SectionReader
	file      *os.File
	off, size int64
	// failed is the first error of reading back. A region is used by one
	// goroutine at a time.
	failed error
}

// ErrSpill is wrapped by the error of [Image] when content beyond
// Options.MemoryBudget could not be written to Options.SpillDir or read back.
var ErrSpill = errors.New("cannot spill content to disk")

// reserve returns a free region of the given size.
func (s *spill) reserve(size int64) (*region, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		f, err := openAnonymous(s.dir)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSpill, err)
		}
		s.file = f
	}
	off, at := int64(0), 0
	for ; at < len(s.used) && s.used[at].off-off < size; at++ {
		off = s.used[at].off + s.used[at].size
	}
	r := &region{file: s.file, off: off, size: size}
	r.SectionReader = io.NewSectionReader(s.file, off, size)
	s.used = slices.Insert(s.used, at, r)
	return r, nil
}

// release makes the space of r free again, and gives it back to the disk when
// nothing else is in use.
func (s *spill) release(r *region) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.used, r); i >= 0 {
		s.used = slices.Delete(s.used, i, i+1)
	}
	if len(s.used) == 0 {
		_ = s.file.Truncate(0) // Failing costs disk space until close, no more.
	}
}

func (s *spill) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return closeAnonymous(f)
}

// ReadAt implements io.ReaderAt and remembers errors of the disk, which must not
// pass for errors in the content.
func (r *region) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.SectionReader.ReadAt(p, off)
	if err != nil && err != io.EOF && r.failed == nil {
		r.failed = fmt.Errorf("%w: %w", ErrSpill, err)
	}
	if err == io.EOF && off+int64(n) < r.size && r.failed == nil {
		r.failed = fmt.Errorf("%w: %w", ErrSpill, io.ErrUnexpectedEOF)
	}
	return n, err
}

// writeAt writes p at off of the region.
func (r *region) writeAt(p []byte, off int64) error {
	if _, err := r.file.WriteAt(p, r.off+off); err != nil {
		return fmt.Errorf("%w: %w", ErrSpill, err)
	}
	return nil
}
