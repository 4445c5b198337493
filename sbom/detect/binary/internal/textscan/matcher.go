package textscan

import (
	"encoding/binary"
	"fmt"
)

// MinLiteral is the length in bytes of the shortest literal of a Matcher: from that
// length on, every place in a file has four bytes of it at a multiple of four.
const MinLiteral = 7

// window is the number of bytes that are looked up at once.
const window = 4

// filterBits makes a filter of 32 KiB, which stays in the fastest cache.
const filterBits = 18

// Matcher finds any number of literals in one pass. It looks at every fourth byte
// alone: four bytes there are part of a literal, or the literal is not there. A
// filter of bits answers for nearly all, and a table for the rest. The zero value has
// no literals. A Matcher does not change once it is made.
type Matcher struct {
	filter  []uint64
	windows map[uint32][]place
	texts   []string
}

// place is where in a literal four bytes are.
type place struct{ literal, at int }

// NewMatcher returns a Matcher of the literals, which are known by their index. A
// literal of less than MinLiteral bytes is an error.
func NewMatcher(literals []string) (*Matcher, error) {
	m := &Matcher{filter: make([]uint64, 1<<filterBits/64), windows: make(map[uint32][]place), texts: literals}
	for i, text := range literals {
		if len(text) < MinLiteral {
			return nil, fmt.Errorf("literal %q has less than %d bytes", text, MinLiteral)
		}
		for at := range window {
			w := binary.LittleEndian.Uint32([]byte(text[at : at+window]))
			h := hash(w)
			m.filter[h/64] |= 1 << (h % 64)
			m.windows[w] = append(m.windows[w], place{i, at})
		}
	}
	return m, nil
}

func hash(w uint32) uint32 { return w * 0x9E3779B1 >> (32 - filterBits) }

// find calls found for each literal whose aligned window begins in b[from:to]; align is
// the offset in the file of b[0]. What lies outside of b is not there.
func (m *Matcher) find(b []byte, from, to int, align int64, found func(literal, at int)) {
	if m == nil || len(m.windows) == 0 {
		return
	}
	to = min(to, len(b)-window+1)
	filter := m.filter
	for i := from + int(-(align+int64(from))&(window-1)); i < to; i += window {
		w := binary.LittleEndian.Uint32(b[i:])
		if h := hash(w); filter[h/64]>>(h%64)&1 != 0 {
			m.verify(b, i, w, found)
		}
	}
}

func (m *Matcher) verify(b []byte, i int, w uint32, found func(literal, at int)) {
	for _, p := range m.windows[w] {
		start, text := i-p.at, m.texts[p.literal]
		if start >= 0 && len(b)-start >= len(text) && string(b[start:start+len(text)]) == text {
			found(p.literal, start)
		}
	}
}
