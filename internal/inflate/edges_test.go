package inflate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// TestLongestWords writes literals of every length of word in every number before matches whose
// words and extra bits are the most there are, 48 bits together: what a decoder has of bits at once
// must do for them, or it must look.
func TestLongestWords(t *testing.T) {
	for word := 1; word <= 14; word++ {
		for literals := range 6 {
			var s stream
			s.prefix("stored", windowSize)
			b := s.dynamic(true, longMatches(), comb30())
			for i := range uint32(600) {
				for range literals {
					b.literal(byte(word - 1))
				}
				b.matchSymbols(27, i*7%32, 29, i*2654435761>>19)
			}
			b.end()
			checkValid(t, &s, fmt.Sprintf("%d literals of %d bits", literals, word))
		}
	}
}

// longMatches is a complete code of literals with words of 1 to 14 bits, and 15 for the lengths with
// the most extra bits and for the end of the block.
func longMatches() []uint8 {
	lengths := make([]uint8, 286)
	for i := range 14 {
		lengths[i] = uint8(i + 1)
	}
	lengths[endOfBlock], lengths[284] = 15, 15
	return lengths
}

// comb30 is a complete code of distances, those farthest off with the longest words.
func comb30() []uint8 {
	lengths := make([]uint8, 30)
	for i := range 15 {
		lengths[14+i] = uint8(i + 1)
	}
	lengths[29] = 15
	return lengths
}

// checkValid compares what a stream without mistakes says with what it inflates to.
func checkValid(t *testing.T, s *stream, name string) {
	t.Helper()
	var got bytes.Buffer
	in := s.bytes()
	_, err := inflate.NewReader(bytes.NewReader(in)).WriteTo(&got)
	if err != nil || !bytes.Equal(got.Bytes(), s.out) {
		t.Fatalf("%s: %v, output differs from byte %d on\n%s", name, err, firstDifference(got.Bytes(), s.out), show(t, in))
	}
}

// TestBufferEnds has matches of the longest and the shortest length begin at each byte before the
// end of the output buffer.
func TestBufferEnds(t *testing.T) {
	distances := []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 257, 258, 32767, 32768}
	g := generator{Rand: rand.New(rand.NewPCG(11, 11))}
	g.leap(bufferSize - 700)
	taker, z := newTaker(), inflate.NewReader(nil)
	for n := range 720 {
		s := stream{g.bitWriter, g.out[:len(g.out):len(g.out)]}
		s.buf = s.buf[:len(s.buf):len(s.buf)]
		b := s.fixed(true)
		for range n {
			b.literal(byte(n))
		}
		for i := range 6 {
			b.match([...]int{maxMatch, 3}[i%2], distances[(n*3+i)%len(distances)])
		}
		b.end()
		in := append(s.bytes(), make([]byte, 64)...) // or the end of the input comes first
		z.Reset(bytes.NewReader(in))
		var got bytes.Buffer
		if err := taker.fillInTurn(z, g.Rand, &got); err != nil || !bytes.Equal(got.Bytes(), s.out) {
			t.Fatalf("%d bytes from the end: %v, output differs from byte %d on", 700-n, err, firstDifference(got.Bytes(), s.out))
		}
	}
}

// TestInputEnds has symbols of many bits begin at each bit before the end of 64 KiB of input, of
// which a source may give all or one byte less.
func TestInputEnds(t *testing.T) {
	for n := range 60 {
		for shift := range 8 {
			var s stream
			s.prefix("stored", windowSize)
			s.stored(false, make([]byte, 32<<10-200-n))
			for range shift {
				s.fixed(false).end() // ten bits
			}
			b := s.dynamic(true, longMatches(), comb30())
			for i := range uint32(40) {
				b.literal(10)
				b.matchSymbols(27, i%32, 29, i*2654435761>>19)
			}
			b.end()
			checkValid(t, &s, fmt.Sprintf("%d bytes and %d blocks less", n, shift))
		}
	}
}
