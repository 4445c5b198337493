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
)

// The widths of the indices, and the lengths of tables that hold all that complete
// codes of up to 15 bits can need: 2342 and 402 entries, rounded up to powers of 2 so
// that a mask shows that an index is inside.
const (
	maxCode     = 15
	litlenBits  = 11
	litlenSize  = 1 << 12
	distBits    = 8
	distSize    = 1 << 9
	lengthsBits = 7
)

const (
	maxLitlen  = 286 // codes for literals and lengths that a block may have
	maxDist    = 30
	numLengths = 19 // symbols of the code for code lengths
	endOfBlock = 256
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
var litlenSymbols, distSymbols, lengthsSymbols = func() (l [288]uint32, d [32]uint32, c [numLengths]uint32) {
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
	for i := range c {
		c[i] = uint32(i) << entryValue
	}
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
	build(c.litlen[:], litlenBits, lengths[:], litlenSymbols[:])
	for i := range 32 {
		lengths[i] = 5
	}
	build(c.dist[:], distBits, lengths[:32], distSymbols[:])
	return &c
})

// lengthsOrder is the order of the lengths of the code for code lengths: RFC 1951,
// section 3.2.7.
var lengthsOrder = [numLengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block: RFC 1951, section 3.2.7.
func (z *Reader) readCodes() error {
	if err := z.need(14); err != nil {
		return err
	}
	nlit, ndist, nlen := int(z.take(5))+257, int(z.take(5))+1, int(z.take(4))+4
	if nlit > maxLitlen || ndist > maxDist {
		return z.invalid(ErrCode)
	}
	c := &z.dynamic
	var lengths [numLengths]uint8
	for _, symbol := range lengthsOrder[:nlen] {
		if err := z.need(3); err != nil {
			return err
		}
		lengths[symbol] = uint8(z.take(3))
	}
	if !build(z.preTable[:], lengthsBits, lengths[:], lengthsSymbols[:]) {
		return z.invalid(ErrCode)
	}
	if err := z.readLengths(z.lengths[:nlit+ndist]); err != nil {
		return err
	}
	if !build(c.litlen[:], litlenBits, z.lengths[:nlit], litlenSymbols[:]) ||
		!build(c.dist[:], distBits, z.lengths[nlit:nlit+ndist], distSymbols[:]) {
		return z.invalid(ErrCode)
	}
	z.codes = c
	return nil
}

// readLengths reads run-length coded code lengths.
func (z *Reader) readLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		e, _, err := z.decodeEntry(z.preTable[:], lengthsBits)
		if err != nil {
			return err
		}
		symbol := uint8(e >> entryValue)
		if symbol < 16 {
			lengths[i] = symbol
			i++
			continue
		}
		var value uint8
		var extra uint
		n := 3
		switch symbol {
		case 16:
			if i == 0 {
				return z.invalid(ErrCode)
			}
			value, extra = lengths[i-1], 2
		case 17:
			extra = 3
		case 18:
			n, extra = 11, 7
		}
		if err := z.need(extra); err != nil {
			return err
		}
		n += int(z.take(extra))
		if n > len(lengths)-i {
			return z.invalid(ErrCode)
		}
		for range n {
			lengths[i] = value
			i++
		}
	}
	return nil
}

// build makes the table of the canonical code with these lengths, RFC 1951, section
// 3.2.2. It tells whether there is one: the code must be complete, or have one
// symbol, of one bit, or none.
func build(table []uint32, width int, lengths []uint8, symbols []uint32) bool {
	var count [maxCode + 1]uint16
	for _, n := range lengths {
		count[n&maxCode]++
	}
	// Symbols sorted by length: those of length n are sorted[first[n]:first[n+1]].
	var first [maxCode + 2]uint16
	left := 1 // codes of n bits that no shorter code begins
	for n := 1; n <= maxCode; n++ {
		first[n+1] = first[n] + count[n]
		left = left<<1 - int(count[n])
		if left < 0 {
			return false
		}
	}
	if left > 0 {
		return buildDegenerate(table[:1<<width], lengths, symbols, int(first[maxCode+1]))
	}
	var sorted [288]uint16
	next := first
	for symbol, n := range lengths {
		if n != 0 {
			sorted[next[n&maxCode]] = uint16(symbol)
			next[n&maxCode]++
		}
	}

	// Codes are packed starting with their first bit, so that the code after a code is
	// one more as the bits are read backwards; and a table for one bit more is the table
	// twice, with the codes of that length written over.
	code := 0 // backwards
	i := 0
	for n := 1; n <= width; n++ {
		size := 1 << n
		copy(table[size/2:size], table[:size/2])
		for ; i < int(first[n+1]); i++ {
			table[code] = symbols[sorted[i]] + uint32(n)<<entryCode + uint32(n)
			code = successor(code, n)
		}
	}
	// second tables, each as wide as its longest code
	end := 1 << width
	prefix, start, sub := -1, 0, 0
	for n := width + 1; n <= maxCode; n++ {
		for ; i < int(first[n+1]); i++ {
			if p := code & (1<<width - 1); p != prefix {
				prefix, start = p, end
				sub = n - width
				for room := 1<<sub - int(first[n+1]) + i; room > 0; {
					sub++
					room = room<<1 - int(count[width+sub])
				}
				end += 1 << sub
				table[prefix] = uint32(start)<<entryValue | entryException | entryTable | uint32(sub)<<entryCode | uint32(width)
			}
			e := symbols[sorted[i]] + uint32(n-width)<<entryCode + uint32(n-width)
			for k := start + code>>width; k < end; k += 1 << (n - width) {
				table[k] = e
			}
			code = successor(code, n)
		}
	}
	return true
}

// successor is the code after code, n bits backwards. After the last it is 0.
func successor(code, n int) int {
	// Adding 1 from the first bit on: the ones up to the first zero become zeros, and it
	// becomes a one.
	zero := 1 << bits.Len(uint(code^(1<<n-1))) >> 1
	return code&(zero-1) | zero
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
			used, other = symbols[symbol]+1<<entryCode+1, entryException+1
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
