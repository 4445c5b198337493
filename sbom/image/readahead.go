package image

import (
	"hash"
	"sync"
	"sync/atomic"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

const (
	aheadPieces = 4 // one is being filled, one hashed, one read, and one waits
	// aheadFrom is the stored size from which goroutines of their own pay.
	aheadFrom = 1 << 20
)

// readAhead reads in a goroutine of its own, and hashes in another one. Both, and
// whoever calls next, look at the same bytes: nothing is read or copied twice, and what
// is hashed is what is parsed, whatever happens to a file meanwhile.
type readAhead struct {
	full chan *piece // for next
	sums chan *piece // for the hash; nil without one
	free chan *piece
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup
	last *piece
	err  error
}

// piece is a part of the stream, which goes round: it is filled again when all who read
// it have released it. A channel has room for all pieces, so that sending never blocks.
type piece struct {
	buf     inflate.Buffer
	data    []byte
	err     error
	readers atomic.Int32
}

func newReadAhead(fill filler, h hash.Hash) *readAhead {
	a := &readAhead{
		full: make(chan *piece, aheadPieces), free: make(chan *piece, aheadPieces), quit: make(chan struct{}),
	}
	for range aheadPieces {
		a.free <- new(piece)
	}
	if h != nil {
		a.sums = make(chan *piece, aheadPieces)
		a.done.Go(func() { a.sum(h) })
	}
	a.done.Go(func() { a.run(fill) })
	return a
}

// run fills pieces until the stream ends or nobody wants it any more.
func (a *readAhead) run(fill filler) {
	if a.sums != nil {
		defer close(a.sums)
	}
	for {
		select {
		case <-a.quit:
			return
		case p := <-a.free:
			p.data, p.err = fill(&p.buf)
			last := p.err != nil
			a.hand(p)
			if last {
				return
			}
		}
	}
}

// hand hands p to all who read it.
func (a *readAhead) hand(p *piece) {
	if a.sums == nil {
		p.readers.Store(1)
		a.full <- p
		return
	}
	p.readers.Store(2)
	a.full <- p
	a.sums <- p
}

// sum hashes all that was read, also when nobody wants more.
func (a *readAhead) sum(h hash.Hash) {
	for p := range a.sums {
		h.Write(p.data)
		a.release(p)
	}
}

func (a *readAhead) release(p *piece) {
	if p.readers.Add(-1) == 0 {
		a.free <- p
	}
}

func (a *readAhead) next() ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.last != nil {
		a.release(a.last)
	}
	a.last = <-a.full
	a.err = a.last.err
	return a.last.data, a.err
}

func (a *readAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
	if a.err == nil {
		a.err = errClosed
	}
}
