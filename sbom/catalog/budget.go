package catalog

import (
	"slices"
	"sync"
)

// budget hands out buffers for content, which together never exceed its limit,
// and keeps those that came back for the next file.
type budget struct {
	mu   sync.Mutex
	left int64
	// idle are free buffers, smallest first. They count against the limit.
	idle [][]byte
}

// page is the unit in which buffers are made.
const page = 64 << 10

func newBudget(limit int64) *budget { return &budget{left: limit} }

// get returns a buffer of length n, or nil when the budget does not allow it.
func (b *budget) get(n int64) []byte {
	if n < 0 || n > 1<<40 {
		return nil
	}
	want := max(page, (n+page-1)/page*page)
	b.mu.Lock()
	defer b.mu.Unlock()
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
}
