package inflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// before are how many bytes come before a fault: enough for any part of a decoder to meet it.
var before = []int{0, 1, 300, windowSize - 1, windowSize + 7, bufferSize - 1, bufferSize + 1}

// behind are how many bytes come behind it: with none, a decoder may have no more bits than it asked for.
var behind = []int{0, 1, 8, 40, 70_000}

// TestFaults meets every fault in every place with its own error, at the byte that shows it, behind all
// that comes before it.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) { testFault(t, f, before) })
	}
	for _, f := range startFaults {
		t.Run(f.name, func(t *testing.T) { testFault(t, f, before[:4]) })
	}
}

func testFault(t *testing.T, f fault, before []int) {
	t.Parallel()
	for _, n := range before {
		for _, kind := range []string{"literals", "matches", "stored"} {
			var s stream
			s.prefix(kind, n)
			from := s.bitLen() / 8
			f.write(&s)
			to := s.bitLen() / 8
			for _, m := range behind {
				in := append(s.bytes(), bytes.Repeat([]byte{0x55}, m)...)
				if err := checkFault(in, s.out, f.want, from, to); err != nil {
					t.Fatalf("%d bytes as %s before, %d behind: %v", n, kind, m, err)
				}
			}
		}
	}
}

// checkFault decodes a stream that is invalid between two of its bytes.
func checkFault(in, out []byte, want error, from, to int) error {
	if _, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(in))); err == nil {
		return errors.New("compress/flate takes the stream for valid")
	}
	var decoded bytes.Buffer
	_, err := inflate.NewReader(bytes.NewReader(in)).WriteTo(&decoded)
	got := decoded.Bytes()
	var e *inflate.Error
	switch {
	case !errors.As(err, &e) || e.Err != want:
		return fmt.Errorf("error %v, want %v", err, want)
	case !errors.Is(err, want):
		return fmt.Errorf("%v is not what it wraps", err)
	case e.Offset < int64(from) || e.Offset > int64(to):
		return fmt.Errorf("%v, want an offset of %d to %d", err, from, to)
	case !bytes.Equal(got, out):
		return fmt.Errorf("%d bytes before the fault, want %d", len(got), len(out))
	}
	return nil
}

// prefix writes n bytes in blocks of one kind.
func (s *stream) prefix(kind string, n int) {
	switch kind {
	case "stored":
		for n > 0 {
			m := min(n, 65535)
			s.stored(false, bytes.Repeat([]byte{'s'}, m))
			n -= m
		}
		return
	case "matches":
		b := s.fixed(false)
		for range min(n, 3) {
			b.literal('m')
		}
		for n -= min(n, 3); n >= 3; {
			m := min(n, maxMatch)
			b.match(m, 1+n%3)
			n -= m
		}
		for range n {
			b.literal('m')
		}
		b.end()
	case "literals":
		b := s.dynamic(false, comb(257, 15), withLengths(1))
		for i := range n {
			b.literal(byte(i % 15))
		}
		b.end()
	}
}

// TestTruncated cuts valid streams at every byte: what is left says that it ends too early, and is
// otherwise what it was.
func TestTruncated(t *testing.T) {
	for i := range uint64(60) {
		in, want := randomStream(rand.New(rand.NewPCG(3, i)), 40)
		if len(in) > 3000 {
			continue
		}
		z := inflate.NewReader(nil)
		for n := range in {
			z.Reset(bytes.NewReader(in[:n]))
			got, err := io.ReadAll(z)
			if e, ok := err.(*inflate.Error); !ok || e.Err != io.ErrUnexpectedEOF || e.Offset > int64(n) {
				t.Fatalf("stream %d cut to %d of %d bytes: %v", i, n, len(in), err)
			}
			if !bytes.HasPrefix(want, got) {
				t.Fatalf("stream %d cut to %d bytes: the output changed", i, n)
			}
		}
	}
}

// TestSourceFails has the source fail at every byte: its error comes as it is, except behind the stream.
func TestSourceFails(t *testing.T) {
	var s stream
	for _, kind := range []string{"stored", "matches", "literals"} {
		s.prefix(kind, 30)
	}
	s.fixed(true).end()
	in, want := s.bytes(), s.out
	taker, z := newTaker(), inflate.NewReader(nil)
	for n := range len(in) + 1 {
		for _, way := range ways {
			if way.sourceName != "failing source" && way.sourceName != "failing with data" {
				continue
			}
			var got bytes.Buffer
			z.Reset(way.source(in[:n]))
			err := way.sink(taker, z, rand.New(rand.NewPCG(5, 5)), &got)
			if n == len(in) && (err != nil || !bytes.Equal(got.Bytes(), want)) {
				t.Fatalf("%v: failing behind the stream: %v", way, err)
			}
			if n < len(in) && (err != errSource || !bytes.HasPrefix(want, got.Bytes())) {
				t.Fatalf("%v: failing at byte %d: %v", way, n, err)
			}
		}
	}
}

// TestSourceStandsStill reads from a source that gives nothing and no error.
func TestSourceStandsStill(t *testing.T) {
	src := &portions{in: []byte{3, 0}, empty: 1 << 30}
	for _, d := range []decoder{inflate.NewReader(src), inflate.NewGzipReader(src)} {
		if _, err := io.ReadAll(d); err != io.ErrNoProgress {
			t.Errorf("%v, want io.ErrNoProgress", err)
		}
	}
}
