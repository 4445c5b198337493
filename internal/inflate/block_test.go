package inflate_test

const (
	endOfBlock = 256
	windowSize = 32 << 10
	maxMatch   = 258
	bufferSize = 128 << 10 // of output in an inflate.Buffer

	numLengthSymbols = 29 // 257 to 285
	numDistances     = 30
)

// lengthBase and lengthExtra are the table of RFC 1951 section 3.2.5, from symbol 257 on.
var (
	lengthBase = [numLengthSymbols]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [numLengthSymbols]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
		3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// distanceBase is the smallest distance of a symbol, distanceExtra its number of extra bits.
func distanceBase(symbol int) int {
	if symbol < 2 {
		return symbol + 1
	}
	return (2+symbol&1)<<distanceExtra(symbol) + 1
}

func distanceExtra(symbol int) uint {
	if symbol < 2 {
		return 0
	}
	return uint(symbol/2 - 1)
}

// codeOrder is the order in which the lengths of the code length code are sent (section 3.2.7).
var codeOrder = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// A stream is a DEFLATE stream being written symbol by symbol, together with what it says.
// It checks nothing: what is wrong is written as it is asked for.
type stream struct {
	bitWriter
	out []byte
}

// A block is the open compressed block of a stream.
type block struct {
	*stream
	literals, distances prefixCode
}

func (s *stream) blockHeader(final bool, kind uint32) {
	var bit uint32
	if final {
		bit = 1
	}
	s.bits(bit|kind<<1, 3)
}

// stored writes a block of at most 65535 bytes as they are.
func (s *stream) stored(final bool, data []byte) {
	s.storedLengths(final, uint16(len(data)), ^uint16(len(data)))
	s.buf = append(s.buf, data...)
	s.out = append(s.out, data...)
}

func (s *stream) storedLengths(final bool, length, complement uint16) {
	s.blockHeader(final, 0)
	s.align()
	s.bits(uint32(length), 16)
	s.bits(uint32(complement), 16)
}

// fixed opens a block of the fixed codes (section 3.2.6).
func (s *stream) fixed(final bool) block {
	s.blockHeader(final, 1)
	return block{s, canonical(fixedLiteralLengths()), canonical(repeated(5, 32))}
}

func fixedLiteralLengths() []uint8 {
	lengths := repeated(8, 144)
	lengths = append(lengths, repeated(9, 112)...)
	lengths = append(lengths, repeated(7, 24)...)
	return append(lengths, repeated(8, 8)...)
}

func repeated(length uint8, n int) []uint8 {
	lengths := make([]uint8, n)
	for i := range lengths {
		lengths[i] = length
	}
	return lengths
}

// A description is the head of a dynamic block (section 3.2.7), in counts rather than in the
// fields that hold them less a constant.
type description struct {
	literals, distances int       // lengths sent: 257 to 288, 1 to 32
	meta                [19]uint8 // lengths of the code length code, by symbol
	metaSent            int       // of them sent, in codeOrder: 4 to 19
	runs                []run
}

// A run is a symbol of the code length code: a length, or a repetition and the extra bits that say
// how often.
type run struct {
	symbol int
	extra  uint32
}

// runExtra is the number of extra bits of a run's symbol.
func runExtra(symbol int) uint {
	switch symbol {
	case 16:
		return 2
	case 17:
		return 3
	case 18:
		return 7
	}
	return 0
}

// describe writes the head of a dynamic block and nothing of what its codes say.
func (s *stream) describe(final bool, d description) {
	s.blockHeader(final, 2)
	s.bits(uint32(d.literals-257), 5)
	s.bits(uint32(d.distances-1), 5)
	s.bits(uint32(d.metaSent-4), 4)
	for _, symbol := range codeOrder[:d.metaSent] {
		s.bits(uint32(d.meta[symbol]), 3)
	}
	code := canonical(d.meta[:])
	for _, r := range d.runs {
		s.symbol(code, r.symbol)
		s.bits(r.extra, runExtra(r.symbol))
	}
}

// dynamic opens a block with these code lengths, described without any repetition.
func (s *stream) dynamic(final bool, literals, distances []uint8) block {
	s.describe(final, plainDescription(literals, distances))
	return block{s, canonical(literals), canonical(distances)}
}

func plainDescription(literals, distances []uint8) description {
	d := description{literals: len(literals), distances: len(distances), metaSent: 19, meta: plainMeta()}
	for _, n := range append(append([]uint8(nil), literals...), distances...) {
		d.runs = append(d.runs, run{symbol: int(n)})
	}
	return d
}

// plainMeta is a complete code with a word for each of the 19 symbols: 13 of four bits, 6 of five.
func plainMeta() (lengths [19]uint8) {
	for i := range lengths {
		lengths[i] = 4
		if i >= 13 {
			lengths[i] = 5
		}
	}
	return lengths
}

// literal writes one byte.
func (b block) literal(c byte) {
	b.symbol(b.literals, int(c))
	b.out = append(b.out, c)
}

// match repeats length bytes from distance bytes back, with the highest symbol that can say so:
// 258 is symbol 285.
func (b block) match(length, distance int) {
	ls := numLengthSymbols - 1
	for lengthBase[ls] > length {
		ls--
	}
	ds := numDistances - 1
	for distanceBase(ds) > distance {
		ds--
	}
	b.matchSymbols(ls, uint32(length-lengthBase[ls]), ds, uint32(distance-distanceBase(ds)))
}

// matchSymbols writes a match as symbols (of the lengths, from 0) and extra bits. A distance
// before the start writes no output.
func (b block) matchSymbols(ls int, le uint32, ds int, de uint32) {
	b.symbol(b.literals, 257+ls)
	b.bits(le, lengthExtra[ls])
	b.symbol(b.distances, ds)
	b.bits(de, distanceExtra(ds))
	distance := distanceBase(ds) + int(de)
	if distance > len(b.out) || distance > windowSize {
		return
	}
	for range lengthBase[ls] + int(le) {
		b.out = append(b.out, b.out[len(b.out)-distance])
	}
}

// end closes the block.
func (b block) end() { b.symbol(b.literals, endOfBlock) }
