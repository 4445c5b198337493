package inflate_test

import "math/bits"

// A bitWriter packs bits into bytes from the lowest bit up (RFC 1951 section 3.1.1).
type bitWriter struct {
	buf   []byte
	acc   uint64
	count uint // bits in acc, fewer than 8 between calls
}

// bits writes the low n bits of v, the lowest first; n is at most 32.
func (w *bitWriter) bits(v uint32, n uint) {
	w.acc |= (uint64(v) & (1<<n - 1)) << w.count
	w.count += n
	for w.count >= 8 {
		w.buf = append(w.buf, byte(w.acc))
		w.acc >>= 8
		w.count -= 8
	}
}

// align fills the byte begun with zero bits.
func (w *bitWriter) align() {
	if w.count > 0 {
		w.bits(0, 8-w.count)
	}
}

// bitLen is the number of bits written.
func (w *bitWriter) bitLen() int { return 8*len(w.buf) + int(w.count) }

// bytes is what was written, its last byte filled with zero bits. It shares no memory with w.
func (w *bitWriter) bytes() []byte {
	b := append([]byte(nil), w.buf...)
	if w.count > 0 {
		b = append(b, byte(w.acc))
	}
	return b
}

// A prefixCode has a code word for every symbol whose length is not 0.
type prefixCode struct {
	lengths []uint8
	words   []uint16 // in the order of writing: the first bit lowest
}

// canonical gives the symbols of these lengths their words (RFC 1951 section 3.2.2). Lengths
// that make no code get words all the same, cut to their length: streams may be wrong on purpose.
func canonical(lengths []uint8) prefixCode {
	var count, next [17]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	for n := 1; n <= 16; n++ {
		next[n] = (next[n-1] + count[n-1]) << 1
	}
	words := make([]uint16, len(lengths))
	for s, n := range lengths {
		if n > 0 {
			words[s] = bits.Reverse16(uint16(next[n])) >> (16 - n)
			next[n]++
		}
	}
	return prefixCode{lengths, words}
}

// symbol writes the word of s.
func (w *bitWriter) symbol(c prefixCode, s int) {
	w.bits(uint32(c.words[s]), uint(c.lengths[s]))
}

// used lists the symbols that have a word.
func (c prefixCode) used() []int {
	var symbols []int
	for s, n := range c.lengths {
		if n > 0 {
			symbols = append(symbols, s)
		}
	}
	return symbols
}
