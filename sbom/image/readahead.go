package image

import (
	"io"
	"sync"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

const (
	chunkSize   = 128 << 10
	aheadChunks = 3 // one is being filled, one waits, one is being read
	// aheadFrom is the stored size from which a second goroutine pays.
	aheadFrom = 1 << 20
)

// chunks is a stream in large pieces. A piece is valid until the next call. The
// last piece comes with the error that ended the stream, io.EOF if it is whole.
type chunks interface {
	next() ([]byte, error)
	// stop ends reading; afterwards nobody reads from the source any more. It may
	// be called again.
	stop()
}

// fill reads until p is full or the stream ends.
func fill(r io.Reader, p []byte) (int, error) {
	n := 0
	for empty := 0; n < len(p); {
		k, err := r.Read(p[n:])
		n += k
		if err != nil {
			return n, err
		}
		if k > 0 {
			empty = 0
		} else if empty++; empty > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// filler decodes the next piece of a stream into buf and returns it, or its last with
// an error. The bytes of the call before must not have changed.
type filler func(buf *inflate.Buffer) ([]byte, error)

// newFiller is the filler of r: its own, which spares a copy, if it has one.
func newFiller(r io.Reader) filler {
	if z, ok := r.(*inflate.Reader); ok {
		return z.Fill
	}
	return func(buf *inflate.Buffer) ([]byte, error) {
		n, err := fill(r, buf[:chunkSize])
		return buf[:n], err
	}
}

// serialChunks decodes when it is asked.
type serialChunks struct {
	fill filler
	buf  inflate.Buffer
	err  error
}

func newSerialChunks(r io.Reader) *serialChunks { return &serialChunks{fill: newFiller(r)} }

func (s *serialChunks) next() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	data, err := s.fill(&s.buf)
	s.err = err
	return data, err
}

func (s *serialChunks) stop() { s.err = errClosed }

// readAhead decodes in a goroutine of its own, so that decompressing one piece
// overlaps with hashing and parsing another.
type readAhead struct {
	full chan chunk
	free chan *inflate.Buffer
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup
	last *inflate.Buffer
	err  error
}

type chunk struct {
	buf  *inflate.Buffer
	data []byte
	err  error
}

func newReadAhead(r io.Reader) *readAhead {
	a := &readAhead{
		full: make(chan chunk, aheadChunks), free: make(chan *inflate.Buffer, aheadChunks), quit: make(chan struct{}),
	}
	for range aheadChunks {
		a.free <- new(inflate.Buffer)
	}
	a.done.Go(func() { a.run(newFiller(r)) })
	return a
}

func (a *readAhead) run(fill filler) {
	for {
		select {
		case <-a.quit:
			return
		case buf := <-a.free:
			data, err := fill(buf)
			// There is always room: there are no more chunks than places.
			a.full <- chunk{buf, data, err}
			if err != nil {
				return
			}
		}
	}
}

func (a *readAhead) next() ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.last != nil {
		a.free <- a.last
	}
	c := <-a.full
	a.last, a.err = c.buf, c.err
	return c.data, c.err
}

func (a *readAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
	if a.err == nil {
		a.err = errClosed
	}
}
