package image

import (
	"hash"
	"io"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// chunkSize is that of the pieces of streams that are not inflated.
const chunkSize = 128 << 10

// chunks is a stream in large pieces, which it hashes. A piece is valid until the
// next call. The last piece comes with the error that ended the stream, io.EOF if it
// is whole.
type chunks interface {
	next() ([]byte, error)
	// stop ends reading. Afterwards nobody reads from the source any more, and every
	// piece that next returned is in the hash. It may be called again.
	stop()
}

// newChunks reads r, and hashes with h if it is not nil. Reading ahead overlaps
// reading, hashing and what is done with the pieces.
func newChunks(r io.Reader, h hash.Hash, ahead bool) chunks {
	if ahead {
		return newReadAhead(newFiller(r), h)
	}
	return &serialChunks{fill: newFiller(r), h: h}
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

// serialChunks reads and hashes when it is asked.
type serialChunks struct {
	fill filler
	h    hash.Hash
	buf  inflate.Buffer
	err  error
}

func (s *serialChunks) next() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	data, err := s.fill(&s.buf)
	if s.h != nil {
		s.h.Write(data)
	}
	s.err = err
	return data, err
}

func (s *serialChunks) stop() {
	if s.err == nil {
		s.err = errClosed
	}
}
