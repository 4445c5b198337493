package inflate_test

import (
	"math/rand/v2"
	"slices"
)

// mutate damages a copy of a stream at random, or leaves it as it is.
func mutate(r *rand.Rand, in []byte) []byte {
	b := slices.Clone(in)
	if len(b) == 0 {
		return b
	}
	switch r.IntN(9) {
	case 0:
		return b[:r.IntN(len(b)+1)]
	case 1, 2:
		for range 1 + r.IntN(3) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	case 3: // where the descriptions of the codes are
		b[r.IntN(min(len(b), 100))] ^= 1 << r.IntN(8)
	case 4:
		i := r.IntN(len(b))
		for range 1 + r.IntN(8) {
			b[i] = byte(r.Uint32())
			i = (i + 1) % len(b)
		}
	case 5:
		for range 1 + r.IntN(40) {
			b = append(b, byte(r.Uint32()))
		}
	case 6:
		b = append(b, make([]byte, 1+r.IntN(600))...)
	case 7: // a piece left out, or put in twice
		i, j := r.IntN(len(b)+1), r.IntN(len(b)+1)
		b = append(b[:i], in[j:]...)
	}
	return b
}
