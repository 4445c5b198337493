package image

import (
	"io"
	"sync"
)

const (
	chunkSize   = 128 << 10
	aheadChunks = 4
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

// serialChunks reads when it is asked.
type serialChunks struct {
	r   io.Reader
	buf []byte
	err error
}

func newSerialChunks(r io.Reader) *serialChunks {
	return &serialChunks{r: r, buf: make([]byte, chunkSize)}
}

func (s *serialChunks) next() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	n, err := fill(s.r, s.buf)
	s.err = err
	return s.buf[:n], err
}

func (s *serialChunks) stop() { s.err = errClosed }

// readAhead reads in a goroutine of its own, so that decompressing one piece
// overlaps with hashing and parsing another.
type readAhead struct {
	full chan chunk
	free chan []byte
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup
	last []byte
	err  error
}

type chunk struct {
	data []byte
	err  error
}

func newReadAhead(r io.Reader) *readAhead {
	a := &readAhead{
		full: make(chan chunk, aheadChunks), free: make(chan []byte, aheadChunks), quit: make(chan struct{}),
	}
	for range aheadChunks {
		a.free <- make([]byte, chunkSize)
	}
	a.done.Go(func() { a.run(r) })
	return a
}

func (a *readAhead) run(r io.Reader) {
	for {
		select {
		case <-a.quit:
			return
		case buf := <-a.free:
			n, err := fill(r, buf)
			// There is always room: there are no more chunks than places.
			a.full <- chunk{buf[:n], err}
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
		a.free <- a.last[:cap(a.last)]
	}
	c := <-a.full
	a.last, a.err = c.data, c.err
	return c.data, c.err
}

func (a *readAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
	if a.err == nil {
		a.err = errClosed
	}
}
