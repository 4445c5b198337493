package textscan

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// MinLiteral is the length in bytes of the shortest literal of a Matcher: from that
// length on, every place in a file has four bytes of it at a multiple of four. MaxLiteral is
// that of the longest, of which both ends are in the buffer with any part.
const (
	MinLiteral = 7
	MaxLiteral = margin - 64
)

// window is the number of bytes that are looked up at once.
const window = 4

// filterBits makes a filter of 128 KiB, of which few bits are set for ten thousand literals,
// and bucketBits the table behind it, which stays near with 32 KiB.
const filterBits, bucketBits = 20, 13

// Matcher finds any number of literals in one pass. It looks at every fourth byte
// alone: four bytes there are part of a literal, or the literal is not there. A
// filter of bits answers for nearly all, and a table for the rest. The zero value has
// no literals. A Matcher does not change once it is made.
type Matcher struct {
	filter *filter
	// places are in order of the buckets of their windows; bucket h begins at starts[h].
	places []place
	starts []uint32
	texts  []string
}

// filter has a bit for each hash of a window.
type filter [1 << filterBits / 64]uint64

func (f *filter) add(w uint32) {
	h := hash(w) >> (32 - filterBits)
	f[h/64] |= 1 << (h % 64)
}

// has reports whether a window may have been added.
func (f *filter) has(w uint32) bool {
	h := hash(w) >> (32 - filterBits)
	return f[h/64]>>(h%64)&1 != 0
}

// place is where in a literal a window is.
type place struct {
	window  uint32
	literal uint32
	at      uint32
}

// NewMatcher returns a Matcher of the literals, which are known by their index. A
// literal of less than MinLiteral bytes, or of more than MaxLiteral, is an error.
func NewMatcher(literals []string) (*Matcher, error) {
	// How often a window is in the literals, but that those of one hash count as one.
	often := make([]uint16, 1<<16)
	for _, text := range literals {
		if len(text) < MinLiteral || len(text) > MaxLiteral {
			return nil, fmt.Errorf("literal %q has less than %d bytes or more than %d", text, MinLiteral, MaxLiteral)
		}
		for at := range len(text) - window + 1 {
			often[hash(windowAt(text, at))>>16]++
		}
	}
	m := &Matcher{filter: new(filter), texts: literals, starts: make([]uint32, 1<<bucketBits+1), places: make([]place, window*len(literals))}
	places := make([]place, 0, len(m.places))
	for i, text := range literals {
		begin := rarest(text, often)
		for at := begin; at < begin+window; at++ {
			w := windowAt(text, at)
			m.filter.add(w)
			m.starts[bucket(w)+1]++
			places = append(places, place{w, uint32(i), uint32(at)})
		}
	}
	for h := range m.starts[1:] {
		m.starts[h+1] += m.starts[h]
	}
	free := slices.Clone(m.starts)
	for _, p := range places {
		at := &free[bucket(p.window)]
		m.places[*at] = p
		*at++
	}
	return m, nil
}

func bucket(w uint32) uint32 { return hash(w) >> (32 - bucketBits) }

func windowAt(text string, at int) uint32 {
	return uint32(text[at]) | uint32(text[at+1])<<8 | uint32(text[at+2])<<16 | uint32(text[at+3])<<24
}

// rarest returns where the windows of a literal begin: four in a row are enough, and those that
// are rare among the literals are rare in programs.
func rarest(text string, often []uint16) (begin int) {
	least := uint32(math.MaxUint32)
	for at := range len(text) - MinLiteral + 1 {
		sum := uint32(0)
		for i := range window {
			sum += uint32(often[hash(windowAt(text, at+i))>>16])
		}
		if sum < least {
			begin, least = at, sum
		}
	}
	return begin
}

func hash(w uint32) uint32 { return w * 0x9E3779B1 }

// find calls found for each literal of which an aligned window is in b[from:to]; align is
// the offset in the file of b[0]. What lies outside of b is not there.
func (m *Matcher) find(b []byte, from, to int, align int64, found func(literal, at int)) {
	if m == nil || len(m.places) == 0 {
		return
	}
	to = min(to, len(b)-window+1)
	filter := m.filter
	i := from + int(-(align+int64(from))&(window-1))
	// Four at once are a fifth faster: this is where most of a scan's time goes.
	for ; i <= to-4*window; i += 4 * window {
		four := (*[4 * window]byte)(b[i:])
		if w := binary.LittleEndian.Uint32(four[:]); filter.has(w) {
			m.verify(b, i, w, found)
		}
		if w := binary.LittleEndian.Uint32(four[window:]); filter.has(w) {
			m.verify(b, i+window, w, found)
		}
		if w := binary.LittleEndian.Uint32(four[2*window:]); filter.has(w) {
			m.verify(b, i+2*window, w, found)
		}
		if w := binary.LittleEndian.Uint32(four[3*window:]); filter.has(w) {
			m.verify(b, i+3*window, w, found)
		}
	}
	for ; i < to; i += window {
		if w := binary.LittleEndian.Uint32(b[i:]); filter.has(w) {
			m.verify(b, i, w, found)
		}
	}
}

func (m *Matcher) verify(b []byte, i int, w uint32, found func(literal, at int)) {
	h := bucket(w)
	for _, p := range m.places[m.starts[h]:m.starts[h+1]] {
		if p.window != w {
			continue
		}
		start, text := i-int(p.at), m.texts[p.literal]
		if start >= 0 && len(b)-start >= len(text) && string(b[start:start+len(text)]) == text {
			found(int(p.literal), start)
		}
	}
}
