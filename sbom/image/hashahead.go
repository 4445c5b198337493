package image

import (
	"hash"
	"io"
	"sync"
)

const (
	// aheadBlocks go round: one is read, one hashed, one decompressed, one waits.
	aheadBlocks = 4
	blockSize   = 64 << 10
)

// hashAhead reads in a goroutine of its own, which hashes what it has read while that is
// decompressed.
type hashAhead struct {
	full, free chan *block // with room for all blocks
	quit       chan struct{}
	once       sync.Once
	done       sync.WaitGroup

	last *block
	left []byte // of last
	err  error  // behind it
}

type block struct {
	buf  [blockSize]byte
	data []byte
	err  error
}

func newHashAhead(r io.Reader, h hash.Hash) *hashAhead {
	a := &hashAhead{full: make(chan *block, aheadBlocks), free: make(chan *block, aheadBlocks), quit: make(chan struct{})}
	for range aheadBlocks {
		a.free <- new(block)
	}
	a.done.Go(func() { a.run(r, h) })
	return a
}

// run reads to the end, or until nobody wants more. A block that comes back may still be
// hashed: it is not filled before that is done.
func (a *hashAhead) run(r io.Reader, h hash.Hash) {
	for {
		var b *block
		select {
		case <-a.quit:
			return
		case b = <-a.free:
		}
		n, err := fill(r, b.buf[:])
		b.data, b.err = b.buf[:n], err
		a.full <- b
		h.Write(b.buf[:n])
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (a *hashAhead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.last != nil {
			a.free <- a.last
		}
		a.last = <-a.full
		a.left, a.err = a.last.data, a.last.err
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// wait returns when all is hashed. Read must have returned an error.
func (a *hashAhead) wait() { a.done.Wait() }

// stop ends reading. Read must not be called afterwards.
func (a *hashAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
}

// hashing hashes what is read from it.
type hashing struct {
	io.Reader
	h hash.Hash
}

func (r hashing) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.h.Write(p[:n])
	return n, err
}
