package image

import (
	"hash"
	"sync"
	"sync/atomic"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

const (
	// aheadPieces go round at most: one is filled, one hashed, one read, and some wait, so
	// that nobody has to while a large program is hashed twice or a database parsed.
	aheadPieces = 8
	// pieceChunks are handed over at once: waking a goroutine costs as much as hashing
	// some 20 KiB.
	pieceChunks = 4
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
	made int // pieces
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup
	last *piece
	left [][]byte // of last
	err  error
}

// piece is a part of the stream. It is filled again when all who read it have released
// it. Each channel has room for all pieces, so that sending never blocks.
type piece struct {
	bufs    [pieceChunks]inflate.Buffer
	data    [][]byte // parts of bufs, as many as were filled
	err     error    // behind the last
	readers atomic.Int32
}

func newReadAhead(fill filler, h hash.Hash) *readAhead {
	a := &readAhead{
		full: make(chan *piece, aheadPieces), free: make(chan *piece, aheadPieces), quit: make(chan struct{}),
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
		p := a.take()
		if p == nil {
			return
		}
		last := p.fill(fill) != nil
		a.hand(p)
		if last {
			return
		}
	}
}

// take returns a piece to fill, and nil when nobody wants it. One that was used is
// taken before one is made: it is still in the processor's cache.
func (a *readAhead) take() *piece {
	select {
	case <-a.quit:
		return nil
	case p := <-a.free:
		return p
	default:
	}
	if a.made < aheadPieces {
		a.made++
		return new(piece)
	}
	select {
	case <-a.quit:
		return nil
	case p := <-a.free:
		return p
	}
}

func (p *piece) fill(fill filler) error {
	p.data = p.data[:0]
	for i := range p.bufs {
		var data []byte
		data, p.err = fill(&p.bufs[i])
		p.data = append(p.data, data)
		if p.err != nil {
			break
		}
	}
	return p.err
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
		for _, data := range p.data {
			h.Write(data)
		}
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
	if len(a.left) == 0 {
		if a.last != nil {
			a.release(a.last)
		}
		a.last = <-a.full
		a.left = a.last.data
	}
	data := a.left[0]
	if a.left = a.left[1:]; len(a.left) == 0 {
		a.err = a.last.err
	}
	return data, a.err
}

func (a *readAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
	if a.err == nil {
		a.err = errClosed
	}
}
