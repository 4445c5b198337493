package inflate

import (
	"math/bits"
	"sync"
)

// A Huffman code is decoded by a table that the next bits of the input index. Codes
// longer than the index have an entry that leads to a second table, indexed by the
// bits after it. An entry has all there is to know of a symbol:
//
//	bits 0-5    how many bits the code and its extra bits have, after those that led to a second table
//	bits 8-11   how many of them are the code; of an entryTable, the width of the second table
//	bits 13-15  exceptions
//	bits 16-30  the literal, the base of a length or distance, or where the second table starts
//	bit 31      the symbol is a literal
const (
	entryTotal = 0x3f
	entryCode  = 8
	entryValue = 16

	entryTable     = 1 << 13
	entryEnd       = 1 << 14
	entryException = 1 << 15 // set with the two above; alone, no symbol has these bits
	entryLiteral   = 1 << 31

	entryOneBit   = 1<<entryCode + 1 // of a code
	entryPrevious = 1 << 24          // in the code length code: repeat the length before, not 0
)

// The widths of the indices, and the lengths of tables that hold all that complete
// codes of up to 15 bits can need: 2342 and 402 entries, rounded up to powers of 2 so
// that a mask shows that an index is inside.
const (
	maxCode        = 15
	litlenBits     = 11
	litlenSize     = 1 << 12
	distBits       = 8
	distSize       = 1 << 9
	codeLengthBits = 7
)

const (
	maxLitlen      = 286 // codes for literals and lengths that a block may have
	maxDist        = 30
	numCodeLengths = 19 // symbols of the code length code
	endOfBlock     = 256
	maxSymbols     = 512 // more than any code has
)

// codes are the tables of the two codes of a block.
type codes struct {
	litlen [litlenSize]uint32
	dist   [distSize]uint32
}

// subEntry is the entry of the second table to which e leads, for the bits after the
// index.
func subEntry(table []uint32, e uint32, after uint64) uint32 {
	width := e >> entryCode & 15
	return table[e>>entryValue+uint32(after)&(1<<width-1)]
}

// Entries of the symbols but for their codes: RFC 1951, section 3.2.5.
var litlenSymbols, distSymbols, codeLengthSymbols = func() (l [288]uint32, d [32]uint32, c [numCodeLengths]uint32) {
	for i := range endOfBlock {
		l[i] = entryLiteral | uint32(i)<<entryValue
	}
	l[endOfBlock] = entryException | entryEnd
	base := uint32(3)
	for i := endOfBlock + 1; i < maxLitlen; i++ {
		extra := uint32(max(0, (i-261)/4))
		l[i] = base<<entryValue | extra
		base += 1 << extra
	}
	l[285] = 258 << entryValue
	l[286], l[287] = entryException, entryException
	base = 1
	for i := range maxDist {
		extra := uint32(max(0, i/2-1))
		d[i] = base<<entryValue | extra
		base += 1 << extra
	}
	d[30], d[31] = entryException, entryException
	for i := range 16 {
		c[i] = entryLiteral | uint32(i)<<entryValue
	}
	c[16] = 3<<entryValue | entryPrevious | 2
	c[17] = 3<<entryValue | 3
	c[18] = 11<<entryValue | 7
	return l, d, c
}()

// fixed are the codes of RFC 1951, section 3.2.6.
var fixed = sync.OnceValue(func() *codes {
	var c codes
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var b builder
	b.build(c.litlen[:], litlenBits, lengths[:], litlenSymbols[:])
	for i := range 32 {
		lengths[i] = 5
	}
	b.build(c.dist[:], distBits, lengths[:32], distSymbols[:])
	return &c
})

// codeLengthOrder is the order of the lengths of the code for code lengths: RFC 1951,
// section 3.2.7.
var codeLengthOrder = [numCodeLengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block: RFC 1951, section 3.2.7.
func (z *Reader) readCodes() error {
	if err := z.need(14); err != nil {
		return err
	}
	hlit, hdist, hclen := int(z.take(5))+257, int(z.take(5))+1, int(z.take(4))+4
	if hlit > maxLitlen || hdist > maxDist {
		return z.invalid(ErrCode)
	}
	c := &z.dynamic
	var lengths [numCodeLengths]uint8
	for _, symbol := range codeLengthOrder[:hclen] {
		if err := z.need(3); err != nil {
			return err
		}
		lengths[symbol] = uint8(z.take(3))
	}
	if !z.builder.build(z.codeLengthTable[:], codeLengthBits, lengths[:], codeLengthSymbols[:]) {
		return z.invalid(ErrCode)
	}
	if err := z.readLengths(z.lengths[:hlit+hdist]); err != nil {
		return err
	}
	if !z.builder.build(c.litlen[:], litlenBits, z.lengths[:hlit], litlenSymbols[:]) ||
		!z.builder.build(c.dist[:], distBits, z.lengths[hlit:hlit+hdist], distSymbols[:]) {
		return z.invalid(ErrCode)
	}
	z.codes = c
	return nil
}

// readLengths reads run-length coded code lengths.
func (z *Reader) readLengths(lengths []uint8) error {
	i := z.fastLengths(lengths)
	for i < len(lengths) {
		e, extra, err := z.decodeEntry(z.codeLengthTable[:], codeLengthBits)
		if err != nil {
			return err
		}
		if i = expand(lengths, i, e, extra); i < 0 {
			return z.invalid(ErrCode)
		}
	}
	return nil
}

// fastLengths reads as many lengths as are surely in the input buffer and valid, and
// returns how many. It refills like fastSymbols.
func (z *Reader) fastLengths(lengths []uint8) int {
	var (
		pos   = uint(z.pos)
		bits  = z.bits
		n     = z.nbits
		table = &z.codeLengthTable
		i     = 0
	)
	for i < len(lengths) && pos <= lastIn {
		bits |= loadIn(&z.in, pos) << (n & 63)
		pos += (n&63 ^ 63) >> 3
		n |= 56
		e := table[bits&(1<<codeLengthBits-1)]
		if e&entryLiteral != 0 {
			lengths[i] = uint8(e >> entryValue)
			i++
		} else if next := expand(lengths, i, e, uint32(bits&(1<<(e&entryTotal)-1)>>(e>>entryCode&15))); next < 0 || e&entryException != 0 {
			break
		} else {
			i = next
		}
		bits >>= e & entryTotal
		n -= uint(e)
	}
	z.pos, z.nbits = int(pos), n&63
	z.bits = bits & (1<<z.nbits - 1)
	return i
}

// expand writes the lengths that an entry stands for, and returns where the next goes,
// or -1 if they are not possible.
func expand(lengths []uint8, i int, e, extra uint32) int {
	if e&entryLiteral != 0 {
		lengths[i] = uint8(e >> entryValue)
		return i + 1
	}
	var value uint8
	if e&entryPrevious != 0 {
		if i == 0 {
			return -1
		}
		value = lengths[i-1]
	}
	end := i + int(e>>entryValue&0xff+extra)
	if end > len(lengths) {
		return -1
	}
	for ; i < end; i++ {
		lengths[i] = value
	}
	return end
}

// builder is the memory of build, which need not be cleared for each code.
type builder struct {
	before [maxSymbols]uint16 // for each symbol, how many before it in its half have its length
	sorted [maxSymbols]uint32 // entries of the symbols, but for the code, by length
}

// build makes the table of the canonical code with these lengths: RFC 1951, section
// 3.2.2. It tells whether there is one. The code must be complete, or have one
// symbol, of one bit, or none.
func (b *builder) build(table []uint32, width int, lengths []uint8, symbols []uint32) bool {
	// How many symbols have each length, and how many of the same length are before each.
	// Both halves at a time, because one increment of a counter waits for the other.
	var count, second [maxCode + 1]uint16
	before, sorted := &b.before, &b.sorted
	half := len(lengths) / 2
	for i, n := range lengths[:half] {
		before[i] = count[n&maxCode]
		count[n&maxCode]++
		n = lengths[half+i]
		before[half+i] = second[n&maxCode]
		second[n&maxCode]++
	}
	if odd := 2 * half; odd < len(lengths) {
		before[odd] = second[lengths[odd]&maxCode]
		second[lengths[odd]&maxCode]++
	}
	// Symbols sorted by length: those of length n end before sorted[last[n]].
	var last [maxCode + 1]int
	var first, middle [maxCode + 1]uint16
	left := 1 // codes of n bits that no shorter code begins
	for n := 1; n <= maxCode; n++ {
		first[n] = uint16(last[n-1])
		middle[n] = first[n] + count[n]
		count[n] += second[n]
		last[n] = last[n-1] + int(count[n])
		if left = left<<1 - int(count[n]); left < 0 {
			return false
		}
	}
	if left > 0 {
		return buildDegenerate(table[:1<<width], lengths, symbols, last[maxCode])
	}
	for i, n := range lengths[:half] {
		if n != 0 {
			sorted[(first[n&maxCode]+before[i])%maxSymbols] = symbols[i]
		}
	}
	for i, n := range lengths[half:] {
		if n != 0 {
			sorted[(middle[n&maxCode]+before[half+i])%maxSymbols] = symbols[half+i]
		}
	}

	// A table for one bit more is the table twice, with the codes of that length written
	// over. The first bit of a code is the lowest of the index.
	code, i := 0, 0
	for n := 1; n <= width; n++ {
		copy(table[1<<n/2:1<<n], table[:1<<n/2])
		code <<= 1
		length := uint32(n) * entryOneBit
		for ; i < last[n]; i++ {
			table[bits.Reverse16(uint16(code))>>((16-n)&15)] = sorted[i%maxSymbols] + length
			code++
		}
	}
	// Second tables, one for all codes with the same first bits, as wide as the longest
	// of them needs.
	end := 1 << width
	prefix, start, sub := -1, 0, 0
	for n := width + 1; n <= maxCode; n++ {
		code <<= 1
		more := n - width // bits of the code that index the second table, at most 8
		length := uint32(more) * entryOneBit
		for ; i < last[n]; i++ {
			if code>>more != prefix {
				prefix, start, sub = code>>more, end, more
				for room := 1<<more - (last[n] - i); room > 0; {
					sub++
					room = room<<1 - int(count[width+sub])
				}
				end += 1 << sub
				table[bits.Reverse16(uint16(prefix))>>(16-width)] = uint32(start)<<entryValue | entryException | entryTable | uint32(sub)<<entryCode | uint32(width)
			}
			e := sorted[i%maxSymbols] + length
			k := start + int(bits.Reverse8(uint8(code))>>((8-more)&7))
			table[k] = e
			for k += 1 << more; k < end; k += 1 << more {
				table[k] = e
			}
			code++
		}
	}
	return true
}

// buildDegenerate is for codes with unused bits: that of one symbol, of one bit, and
// that of none.
func buildDegenerate(table []uint32, lengths []uint8, symbols []uint32, n int) bool {
	if n > 1 {
		return false
	}
	used, other := uint32(entryException), uint32(entryException)
	for symbol, length := range lengths {
		if length > 1 {
			return false
		}
		if length == 1 {
			used, other = symbols[symbol]+entryOneBit, entryException+1
		}
	}
	for i := range table {
		table[i] = other
		if i&1 == 0 {
			table[i] = used
		}
	}
	return true
}
