package inflate

import (
	"bytes"
	"compress/flate"
	"io"
	"math/bits"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// bitWriter packs bits as RFC 1951, section 3.1.1 has it: the least significant first.
type bitWriter struct {
	out []byte
	acc uint64
	n   uint
}

func (w *bitWriter) bits(v uint32, n uint) {
	w.acc |= uint64(v) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

func (w *bitWriter) bytes() []byte {
	if w.n > 0 {
		return append(w.out, byte(w.acc))
	}
	return w.out
}

// code is a Huffman code: a length for each symbol, 0 for those that have none.
type code []uint8

// canonical returns the bits of each symbol, first bit lowest: section 3.2.2.
func (c code) canonical() []uint32 {
	codes := make([]uint32, len(c))
	next := uint32(0)
	for length := uint8(1); length <= 15; length++ {
		for symbol, l := range c {
			if l == length {
				codes[symbol] = bits.Reverse32(next) >> (32 - length)
				next++
			}
		}
		next <<= 1
	}
	return codes
}

// deepest returns a complete code of n symbols with as many codes of limit bits as
// there can be: what needs the largest tables. The last symbols have the longest.
func deepest(n int, limit uint8) code {
	c := code{0}
	for len(c) < n {
		// Split the last leaf that is not yet as deep as may be.
		for i := len(c) - 1; ; i-- {
			if c[i] < limit {
				c[i]++
				c = append(c[:i+1], append(code{c[i]}, c[i+1:]...)...)
				break
			}
		}
	}
	return c
}

// order is that of the code lengths of the code length code: section 3.2.7.
var order = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamicHeader writes the start of a dynamic block that spells out every length
// of both codes.
func (w *bitWriter) dynamicHeader(litlen, dist code) {
	w.bits(2<<1, 3) // not the last, dynamic
	w.bits(uint32(len(litlen)-257), 5)
	w.bits(uint32(len(dist)-1), 5)
	w.bits(19-4, 4)
	// Sixteen lengths of four bits.
	lengths := code{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0}
	for _, symbol := range order {
		w.bits(uint32(lengths[symbol]), 3)
	}
	codes := lengths.canonical()
	for _, c := range [][]uint8{litlen, dist} {
		for _, l := range c {
			w.bits(codes[l], 4)
		}
	}
}

const endOfBlock = 256

// hostile are streams that make a decoder work much for little.
var hostile = []struct {
	name   string
	blocks int
	size   int64 // of the output
	block  func(w *bitWriter)
}{
	{"emptyDynamic15", 50_000, 0, func(w *bitWriter) {
		litlen := deepest(286, 15)
		w.dynamicHeader(litlen, deepest(30, 15))
		w.bits(litlen.canonical()[endOfBlock], uint(litlen[endOfBlock]))
	}},
	{"oneLiteralDynamic15", 50_000, 50_000, func(w *bitWriter) {
		litlen := deepest(286, 15)
		w.dynamicHeader(litlen, deepest(30, 15))
		codes := litlen.canonical()
		w.bits(codes[255], uint(litlen[255]))
		w.bits(codes[endOfBlock], uint(litlen[endOfBlock]))
	}},
	// The same depth with few symbols: 31 bytes a block ask for the same tables.
	{"emptyDynamic15Sparse", 50_000, 0, func(w *bitWriter) {
		w.bits(2<<1, 3)
		w.bits(0, 5)
		w.bits(16-1, 5)
		w.bits(19-4, 4)
		lengths := make(code, 19)
		for l := range lengths {
			lengths[l] = 5
		}
		for _, l := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 15} {
			lengths[l] = 4
		}
		for _, symbol := range order {
			w.bits(uint32(lengths[symbol]), 3)
		}
		codes := lengths.canonical()
		put := func(symbol uint8) { w.bits(codes[symbol], uint(lengths[symbol])) }
		put(18)
		w.bits(138-11, 7)
		put(18)
		w.bits(103-11, 7) // literals 0 to 240
		litlen := append(make(code, 241), deepest(16, 15)...)
		for _, l := range litlen[241:] {
			put(l)
		}
		for _, l := range deepest(16, 15) {
			put(l)
		}
		w.bits(litlen.canonical()[endOfBlock], uint(litlen[endOfBlock]))
	}},
	// The shortest header there is: two codes of one bit, zeros by repetition.
	{"oneLiteralShortHeader", 200_000, 200_000, func(w *bitWriter) {
		w.bits(2<<1, 3)
		w.bits(0, 5)
		w.bits(0, 5)
		w.bits(18-4, 4)
		lengths := code{1: 1, 18: 2, 0: 2}
		lengths = append(lengths, make(code, 19-len(lengths))...)
		for _, symbol := range order[:18] {
			w.bits(uint32(lengths[symbol]), 3)
		}
		codes := lengths.canonical()
		put := func(symbol int) { w.bits(codes[symbol], uint(lengths[symbol])) }
		put(1) // literal 0
		put(18)
		w.bits(138-11, 7)
		put(18)
		w.bits(117-11, 7) // literals 1 to 255
		put(1)            // end of block
		put(1)            // one distance
		w.bits(0b10, 2)   // literal 0, end of block
	}},
	{"emptyFixed", 1_000_000, 0, func(w *bitWriter) {
		w.bits(1<<1, 3)
		w.bits(0, 7)
	}},
	{"emptyStored", 1_000_000, 0, func(w *bitWriter) {
		w.bits(0, 3)
		if w.n > 0 {
			w.bits(0, 8-w.n)
		}
		w.bits(0, 16)
		w.bits(0xffff, 16)
	}},
}

// repeated is a stream of n blocks and an empty last one.
func repeated(n int, block func(w *bitWriter)) []byte {
	var w bitWriter
	for range n {
		block(&w)
	}
	w.bits(1|1<<1, 3) // last, fixed
	w.bits(0, 7)
	return w.bytes()
}

func TestHostileStreamsAreValid(t *testing.T) {
	for _, h := range hostile {
		stream := repeated(100, h.block)
		want, err := io.ReadAll(flate.NewReader(bytes.NewReader(stream)))
		if err != nil || int64(len(want)) != h.size*100/int64(h.blocks) {
			t.Errorf("%s: compress/flate: %d bytes, %v", h.name, len(want), err)
		}
		got, err := io.ReadAll(inflate.NewReader(bytes.NewReader(stream)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", h.name, len(got), err, len(want))
		}
	}
}

// BenchmarkHostile is what a stream costs that is made to cost.
func BenchmarkHostile(b *testing.B) {
	for _, h := range hostile {
		b.Run(h.name, func(b *testing.B) {
			stream := repeated(h.blocks, h.block)
			perUnit(b, "µs/block", h.blocks, flateDecoders(), one(stream))
			b.ReportMetric(float64(len(stream))/float64(h.blocks), "B/block")
		})
	}
}

// perUnit runs races over streams of n units and reports the time for one.
func perUnit(b *testing.B, unit string, n int, decoders []decoder, groups func(yield func([][]byte) bool)) {
	oneCore(b)
	all := make(times)
	for turn := 0; b.Loop(); turn++ {
		_, took := race(b, turn, decoders, groups)
		all.add(took)
	}
	all.report(b, unit, func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(n) })
}
