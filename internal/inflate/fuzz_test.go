package inflate_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// seeds adds the published streams of a format and, for each fault, one that has it.
func seeds(f *testing.F, wrap func(deflated []byte) []byte, published []published) {
	for i, p := range published {
		f.Add(unhex(f, p.stream), uint64(i))
	}
	for i, fault := range append(faults, startFaults...) {
		var s stream
		s.prefix("literals", i)
		fault.write(&s)
		f.Add(wrap(s.bytes()), uint64(i))
	}
	for i := range uint64(16) {
		r := rand.New(rand.NewPCG(8, i))
		if in, _ := randomStream(r, 100); len(in) < 1000 {
			f.Add(wrap(in), i)
		}
	}
}

// FuzzReader compares raw streams with compress/flate.
func FuzzReader(f *testing.F) {
	seeds(f, func(b []byte) []byte { return b }, append(ofFlate, ofZlib...))
	fuzz(f, deflate)
}

// FuzzGzipReader compares files with compress/gzip.
func FuzzGzipReader(f *testing.F) {
	seeds(f, func(b []byte) []byte { return member{deflated: b}.bytes() }, append(ofGzip, ofZlibGzip...))
	fuzz(f, gzipFile)
}

func fuzz(f *testing.F, as format) {
	c := newComparer()
	f.Fuzz(func(t *testing.T, in []byte, way uint64) {
		if _, err := c.compare(as, in, rand.New(rand.NewPCG(way, 0))); err != nil {
			t.Error(err)
		}
	})
}

// FuzzGenerated has the fuzzer make the generator's choices, so that it gets behind the descriptions
// of codes, which hardly any bytes pass, and behind checksums.
func FuzzGenerated(f *testing.F) {
	f.Add([]byte{})
	for i := range uint64(16) {
		g := generator{Rand: rand.New(rand.NewPCG(9, i))}
		f.Add(g.someBytes(8 * (int(i) + 1)))
	}
	c := newComparer()
	f.Fuzz(func(t *testing.T, choices []byte) {
		r := rand.New(&choice{left: choices, rest: rand.NewPCG(10, 10)})
		size := r.IntN(2000)
		in, out := randomStream(r, size)
		accepted, err := c.compare(deflate, in, r)
		if err != nil || !accepted {
			t.Errorf("valid: %v, %v", accepted, err)
		}
		file := member{deflated: in, text: out}.bytes() // which a failing source makes invalid
		if _, err := c.compare(gzipFile, file, r); err != nil {
			t.Error(err)
		}
		if _, err := c.compare(deflate, faultyStream(r, size), r); err != nil {
			t.Error(err)
		}
	})
}

// A choice is a source of random numbers: of bytes given, two a number, and of others behind them.
type choice struct {
	left []byte
	rest rand.Source
}

func (c *choice) Uint64() uint64 {
	if len(c.left) < 2 {
		return c.rest.Uint64()
	}
	n := uint64(binary.BigEndian.Uint16(c.left))
	c.left = c.left[2:]
	return n << 48 // Small numbers are made of the highest bits.
}
