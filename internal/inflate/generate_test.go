package inflate_test

import (
	"math/rand/v2"
	"slices"
)

// A generator writes valid streams that no compressor would: every code, block and match is
// chosen at random, the edges of each more often than chance would have it.
type generator struct {
	*rand.Rand
	stream
}

// randomStream is a valid stream of a random number of blocks and, within one block, of about
// size bytes.
func randomStream(r *rand.Rand, size int) ([]byte, []byte) {
	g := generator{Rand: r}
	if g.chance(16) {
		g.leap(bufferSize - 700 + g.IntN(1400))
	}
	g.blocks(len(g.out) + size)
	g.lastBlock()
	return g.bytes(), g.out
}

// leap writes n bytes in a few: to where something in a decoder comes to its end.
func (g *generator) leap(n int) {
	b := g.fixed(false)
	for range 1 + g.IntN(300) {
		b.literal(byte(g.Uint32()))
	}
	for len(g.out) < n {
		b.match(min(maxMatch, max(3, n-len(g.out))), 1+g.IntN(min(len(g.out), windowSize)))
	}
	b.end()
}

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// blocks writes blocks, none of them the last, until there are size bytes.
func (g *generator) blocks(size int) {
	most := 1 + g.IntN(2*size+1) // a block, in symbols
	if g.chance(3) {
		most = 1 + g.IntN(8)
	}
	for len(g.out) < size {
		before := len(g.out)
		g.block(false, g.IntN(most+1))
		if len(g.out) == before && g.chance(4) {
			g.stored(false, g.someBytes(1+g.IntN(64)))
		}
	}
}

func (g *generator) lastBlock() { g.block(true, g.IntN(8)) }

// block writes a block of any kind with about n symbols or bytes.
func (g *generator) block(final bool, n int) {
	switch g.IntN(8) {
	case 0:
		g.stored(final, g.someBytes(g.storedLength(n)))
	case 1, 2:
		b := g.fixed(final)
		b.literals.lengths = b.literals.lengths[:286]
		b.distances.lengths = b.distances.lengths[:30]
		g.fill(b, n)
	default:
		g.fill(g.randomDynamic(final), n)
	}
}

// storedLength is mostly n, and now and then the least or the most there is.
func (g *generator) storedLength(n int) int {
	switch g.IntN(24) {
	case 0:
		return 65535
	case 1, 2:
		return 0
	}
	return min(n, 65535)
}

func (g *generator) someBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

// fill writes n symbols of the block's codes, and its end.
func (g *generator) fill(b block, n int) {
	symbols := slices.DeleteFunc(b.literals.used(), func(s int) bool { return s == endOfBlock })
	distances := b.distances.used()
	if g.chance(4) {
		symbols, distances = longOnly(b.literals, symbols), longOnly(b.distances, distances)
	}
	for range n {
		if len(symbols) == 0 {
			break
		}
		s := symbols[g.IntN(len(symbols))]
		if s < endOfBlock {
			b.literal(byte(s))
		} else if ds, de, ok := g.distance(distances); ok {
			ls := s - 257
			b.matchSymbols(ls, g.extra(lengthExtra[ls]), ds, de)
		}
	}
	b.end()
}

// longOnly is those of the symbols whose words are the longest, or nearly.
func longOnly(c prefixCode, symbols []int) []int {
	longest := slices.Max(c.lengths)
	return slices.DeleteFunc(slices.Clone(symbols), func(s int) bool { return c.lengths[s]+2 < longest })
}

// extra is a value of n extra bits, more often than by chance the least or the most.
func (g *generator) extra(n uint) uint32 {
	switch g.IntN(8) {
	case 0:
		return 0
	case 1:
		return 1<<n - 1
	}
	return g.Uint32() & (1<<n - 1)
}

// distance chooses one of the symbols, and extra bits, that does not go before the start; often
// it goes right there.
func (g *generator) distance(symbols []int) (symbol int, extra uint32, ok bool) {
	farthest := min(len(g.out), windowSize)
	if len(symbols) == 0 {
		return 0, 0, false
	}
	symbol = symbols[g.IntN(len(symbols))]
	if g.chance(8) {
		i, _ := slices.BinarySearchFunc(symbols, farthest, func(s, d int) int { return distanceBase(s) - d - 1 })
		symbol = symbols[max(0, i-1)]
	}
	room := farthest - distanceBase(symbol)
	if room < 0 {
		return 0, 0, false
	}
	extra = g.extra(distanceExtra(symbol))
	if int(extra) > room || g.chance(8) {
		extra = uint32(min(room, 1<<distanceExtra(symbol)-1))
	}
	return symbol, extra, true
}

// randomDynamic opens a dynamic block with random complete codes, described in a random way.
func (g *generator) randomDynamic(final bool) block {
	literals := g.alphabet(286, 257, endOfBlock)
	distances := g.alphabet(30, 1, -1)
	g.describe(final, g.randomDescription(literals, distances))
	return block{&g.stream, canonical(literals), canonical(distances)}
}

// alphabet is the code lengths of a random code for at most size symbols and at least least
// lengths, must among them unless it is negative.
func (g *generator) alphabet(size, least, must int) []uint8 {
	sent := least + g.IntN(size-least+1)
	switch g.IntN(4) {
	case 0:
		sent = size
	case 1:
		sent = least
	}
	n := g.IntN(sent + 1)
	if g.chance(3) {
		n = min(n, 3)
	}
	if must >= 0 {
		n = max(n, 1)
	}
	symbols := g.Perm(sent)
	if must >= 0 {
		i := slices.Index(symbols, must)
		symbols[0], symbols[i] = symbols[i], symbols[0]
	}
	lengths := make([]uint8, sent)
	g.completeCode(lengths, symbols[:n], 15)
	return lengths
}

// completeCode gives the symbols lengths of at most longest that make a complete code, of any
// shape from flat to a comb. No symbol makes no code, one has one bit.
func (g *generator) completeCode(lengths []uint8, symbols []int, longest uint8) {
	if len(symbols) == 0 {
		return
	}
	if len(symbols) == 1 {
		lengths[symbols[0]] = 1
		return
	}
	leaves := []uint8{0}
	deep := g.IntN(4)
	for len(leaves) < len(symbols) {
		i := g.IntN(len(leaves))
		if g.IntN(3) < deep {
			i = len(leaves) - 1
		}
		for leaves[i] == longest {
			i = (i + 1) % len(leaves)
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	g.Shuffle(len(leaves), func(i, j int) { leaves[i], leaves[j] = leaves[j], leaves[i] })
	for i, s := range symbols {
		lengths[s] = leaves[i]
	}
}

// randomDescription describes the codes with repetitions taken at random, over the border between
// the two codes too, and a random code length code that may have more words than are needed.
func (g *generator) randomDescription(literals, distances []uint8) description {
	d := description{literals: len(literals), distances: len(distances)}
	d.runs = g.runs(slices.Concat(literals, distances))
	var needed []int
	for _, r := range d.runs {
		if !slices.Contains(needed, r.symbol) {
			needed = append(needed, r.symbol)
		}
	}
	for s := range d.meta {
		if g.chance(4) && !slices.Contains(needed, s) {
			needed = append(needed, s)
		}
	}
	g.completeCode(d.meta[:], needed, 7)
	for i, s := range codeOrder {
		if d.meta[s] > 0 || g.chance(8) {
			d.metaSent = i + 1
		}
	}
	d.metaSent = max(d.metaSent, 4)
	return d
}

// runs codes lengths with or without repetitions, of any size that fits.
func (g *generator) runs(lengths []uint8) []run {
	var runs []run
	rarely := 1 + g.IntN(4)
	for i := 0; i < len(lengths); {
		same := 1
		for i+same < len(lengths) && lengths[i+same] == lengths[i] {
			same++
		}
		repeats := i > 0 && lengths[i-1] == lengths[i]
		var r run
		n := 1
		switch {
		case lengths[i] == 0 && same >= 11 && g.chance(rarely):
			n = g.runLength(11, min(same, 138))
			r = run{18, uint32(n - 11)}
		case lengths[i] == 0 && same >= 3 && g.chance(rarely):
			n = g.runLength(3, min(same, 10))
			r = run{17, uint32(n - 3)}
		case repeats && same >= 3 && g.chance(rarely):
			n = g.runLength(3, min(same, 6))
			r = run{16, uint32(n - 3)}
		default:
			r = run{symbol: int(lengths[i])}
		}
		runs = append(runs, r)
		i += n
	}
	return runs
}

func (g *generator) runLength(least, most int) int {
	if g.chance(2) {
		return most
	}
	return least + g.IntN(most-least+1)
}

// faultyStream is a valid stream up to one of the faults, with noise behind it.
func faultyStream(r *rand.Rand, size int) []byte {
	g := generator{Rand: r}
	g.blocks(size)
	all := slices.Concat(faults, startFaults)
	all[g.IntN(len(all))].write(&g.stream)
	return append(g.bytes(), g.someBytes(g.IntN(100))...)
}
