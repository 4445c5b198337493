package inflate_test

import (
	"github.com/imagetrust/imagetrust/internal/inflate"
)

// A fault is one way for a stream to be invalid.
type fault struct {
	name  string
	want  error
	write func(*stream) // up to the last bit that makes it invalid
}

// faults are all that RFC 1951 forbids, one by one.
var faults = []fault{
	{"reserved block type", inflate.ErrBlock, func(s *stream) { s.blockHeader(true, 3) }},
	{"stored length without its complement", inflate.ErrBlock, func(s *stream) { s.storedLengths(true, 5, 5) }},
	{"stored length 0 without its complement", inflate.ErrBlock, func(s *stream) { s.storedLengths(true, 0, 0) }},

	{"287 literal lengths", inflate.ErrCode, func(s *stream) { s.dynamic(true, withLengths(287, 0, 256), withLengths(1)).end() }},
	{"288 literal lengths", inflate.ErrCode, func(s *stream) { s.dynamic(true, withLengths(288, 0, 256), withLengths(1)).end() }},
	{"31 distance lengths", inflate.ErrCode, func(s *stream) { s.dynamic(true, withLengths(257, 0, 256), withLengths(31)).end() }},
	{"32 distance lengths", inflate.ErrCode, func(s *stream) { s.dynamic(true, withLengths(257, 0, 256), withLengths(32)).end() }},

	{"over-subscribed literal code", inflate.ErrCode, func(s *stream) { s.dynamic(true, withLengths(257, 0, 1, 256), withLengths(1)) }},
	{"literal code over-subscribed by one word of 15 bits", inflate.ErrCode, func(s *stream) {
		lengths := withLengths(257, 0, 256)
		lengths[1] = 15
		s.dynamic(true, lengths, withLengths(1))
	}},
	{"incomplete literal code", inflate.ErrCode, func(s *stream) {
		lengths := comb(257, 15)
		lengths[endOfBlock] = 0
		s.dynamic(true, lengths, withLengths(1))
	}},
	{"literal code of one word of two bits", inflate.ErrCode, func(s *stream) {
		lengths := withLengths(257)
		lengths[endOfBlock] = 2
		s.dynamic(true, lengths, withLengths(1))
	}},
	{"literal code of nothing", inflate.ErrSymbol, func(s *stream) { s.dynamic(true, withLengths(257), withLengths(1)).bits(0, 1) }},
	{"over-subscribed distance code", inflate.ErrCode, func(s *stream) { s.dynamic(true, withLengths(257, 0, 256), withLengths(3, 0, 1, 2)) }},
	{"incomplete distance code", inflate.ErrCode, func(s *stream) {
		s.dynamic(true, withLengths(257, 0, 256), []uint8{1, 2})
	}},
	{"distance code of one word of 15 bits", inflate.ErrCode, func(s *stream) {
		s.dynamic(true, withLengths(257, 0, 256), []uint8{15})
	}},

	{"over-subscribed code length code", inflate.ErrCode, func(s *stream) {
		s.describe(true, description{257, 1, [19]uint8{1, 1, 1}, 19, nil})
	}},
	{"incomplete code length code", inflate.ErrCode, func(s *stream) {
		s.describe(true, description{257, 1, [19]uint8{1, 2}, 19, nil})
	}},
	{"code length code of one word of seven bits", inflate.ErrCode, func(s *stream) {
		s.describe(true, description{257, 1, [19]uint8{18: 7}, 4, nil})
	}},
	{"code length code of nothing", inflate.ErrSymbol, func(s *stream) {
		s.describe(true, description{257, 1, [19]uint8{}, 4, nil})
		s.bits(0, 7)
	}},
	{"unused half of a code length code", inflate.ErrSymbol, func(s *stream) {
		s.describe(true, description{257, 1, [19]uint8{18: 1}, 4, nil})
		s.bits(1, 1)
	}},

	{"repetition of nothing", inflate.ErrCode, func(s *stream) { s.describeRuns(run{16, 0}) }},
	{"last length repeated once too often", inflate.ErrCode, func(s *stream) {
		s.describeRuns(run{18, 127}, run{18, 106}, run{1, 0}, run{16, 0})
	}},
	{"short run of zeros beyond the end", inflate.ErrCode, func(s *stream) { s.describeRuns(run{18, 127}, run{18, 107}, run{17, 0}) }},
	{"long run of zeros beyond the end", inflate.ErrCode, func(s *stream) { s.describeRuns(run{18, 127}, run{18, 110}) }},

	{"unused half of a literal code", inflate.ErrSymbol, func(s *stream) {
		s.dynamic(true, withLengths(257, 256), withLengths(1)).bits(1, 1)
	}},
	{"match without a distance code", inflate.ErrSymbol, func(s *stream) {
		b := s.dynamic(true, withLengths(258, 256, 257), withLengths(1))
		b.symbol(b.literals, 257)
	}},
	{"unused half of a distance code", inflate.ErrSymbol, func(s *stream) {
		b := s.dynamic(true, withLengths(258, 256, 257), withLengths(1, 0))
		b.symbol(b.literals, 257)
		b.bits(1, 1)
	}},
	{"fixed symbol 286", inflate.ErrSymbol, func(s *stream) { b := s.fixed(true); b.symbol(b.literals, 286) }},
	{"fixed symbol 287", inflate.ErrSymbol, func(s *stream) { b := s.fixed(true); b.symbol(b.literals, 287) }},
	{"fixed distance 30", inflate.ErrSymbol, func(s *stream) { s.fixedDistance(30) }},
	{"fixed distance 31", inflate.ErrSymbol, func(s *stream) { s.fixedDistance(31) }},
}

// startFaults are distances that go before the start; they are valid behind enough output.
var startFaults = []fault{
	{"distance one before the start, fixed", inflate.ErrDistance, func(s *stream) { s.fixed(true).match(3, len(s.out)+1) }},
	{"distance one before the start, dynamic", inflate.ErrDistance, func(s *stream) {
		s.dynamic(true, comb(286, 15), flat30()).match(maxMatch, len(s.out)+1)
	}},
	{"distance of the window before the start", inflate.ErrDistance, func(s *stream) { s.fixed(true).match(maxMatch, windowSize) }},
}

// describeRuns describes 257 literals and one distance, without what the lengths are.
func (s *stream) describeRuns(runs ...run) {
	s.describe(true, description{257, 1, plainMeta(), 19, runs})
}

// fixedDistance writes a match with a distance symbol of the fixed code that has no meaning.
func (s *stream) fixedDistance(symbol int) {
	b := s.fixed(true)
	b.symbol(b.literals, 257)
	b.symbol(b.distances, symbol)
}

// withLengths is n code lengths, 1 for each of these symbols and 0 for the others.
func withLengths(n int, symbols ...int) []uint8 {
	lengths := make([]uint8, n)
	for _, s := range symbols {
		lengths[s] = 1
	}
	return lengths
}

// comb is n code lengths of a complete code with words of 1, 2, … bits up to longest: for literals
// from 0 on, two times the longest, of which one ends the block. Of 286 symbols the longest match
// takes the place of the last literal.
func comb(n int, longest uint8) []uint8 {
	lengths := make([]uint8, n)
	for i := range longest {
		lengths[i] = i + 1
	}
	lengths[endOfBlock] = longest
	if n == 286 {
		lengths[285], lengths[longest-1] = longest, 0
	}
	return lengths
}

// flat30 is a complete code of all 30 distances.
func flat30() []uint8 {
	lengths := repeated(5, 30)
	lengths[0], lengths[1] = 4, 4
	return lengths
}
