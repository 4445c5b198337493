package catalog

import (
	"slices"
	"sync"
)

// budget hands out buffers for content, which together never exceed its limit,
// and keeps those that came back for the next file. Whoever waits for a buffer holds
// none, so that all get theirs.
type budget struct {
	limit int64

	mu   sync.Mutex
	left int64
	// idle are free buffers, smallest first. They count against the limit.
	idle [][]byte
	// queue are those who wait, in order of arrival: a large file is not kept waiting
	// by small ones.
	queue []waiter
}

type waiter struct {
	n    int64
	turn chan []byte // with room for one
}

// page is the unit in which buffers are made.
const page = 64 << 10

func newBudget(limit int64) *budget { return &budget{limit: limit, left: limit} }

// get returns a buffer of length n. It waits until others give back theirs, and returns
// nil for what is more than the whole budget. The caller must not hold another.
func (b *budget) get(n int64) []byte {
	if n < 0 || n > b.limit || size(n) > b.limit {
		return nil
	}
	b.mu.Lock()
	if len(b.queue) == 0 {
		if buf := b.take(n); buf != nil {
			b.mu.Unlock()
			return buf
		}
	}
	w := waiter{n, make(chan []byte, 1)}
	b.queue = append(b.queue, w)
	b.mu.Unlock()
	return <-w.turn
}

// size is that of the buffer for n bytes.
func size(n int64) int64 { return max(page, (n+page-1)/page*page) }

// take returns a buffer of length n, or nil when nothing is left for it.
func (b *budget) take(n int64) []byte {
	want := size(n)
	for i, buf := range b.idle {
		// One four times too large would starve the others.
		if c := int64(cap(buf)); c >= want && c <= 4*want {
			b.idle = slices.Delete(b.idle, i, i+1)
			return buf[:n]
		}
	}
	for b.left < want && len(b.idle) > 0 {
		b.left += int64(cap(b.idle[0]))
		b.idle = slices.Delete(b.idle, 0, 1)
	}
	if b.left < want {
		return nil
	}
	b.left -= want
	return make([]byte, n, want)
}

// put gives back a buffer from get.
func (b *budget) put(buf []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, _ := slices.BinarySearchFunc(b.idle, cap(buf), func(e []byte, c int) int { return cap(e) - c })
	b.idle = slices.Insert(b.idle, at, buf)
	for len(b.queue) > 0 {
		next := b.take(b.queue[0].n)
		if next == nil {
			return
		}
		b.queue[0].turn <- next
		b.queue = b.queue[1:]
	}
}
