package inflate_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing/iotest"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// A decoder is what the package's readers have in common.
type decoder interface {
	io.ReadCloser
	io.WriterTo
	Reset(io.Reader)
	Fill(*inflate.Buffer) ([]byte, error)
}

// A way is how a stream is handed in, and how its output is taken.
type way struct {
	source     func([]byte) io.Reader
	sink       func(*taker, decoder, *rand.Rand, *bytes.Buffer) error
	sourceName string
	sinkName   string
}

func (w way) String() string { return w.sourceName + " to " + w.sinkName }

func randomWay(r *rand.Rand) way {
	w := ways[r.IntN(len(ways))]
	if r.IntN(3) > 0 {
		return w
	}
	n := 1 + r.IntN(40)
	w.source = func(in []byte) io.Reader { return &portions{in: in, most: n} }
	w.sourceName = fmt.Sprintf("%d bytes at a time", n)
	return w
}

// ways are all sources with all sinks.
var ways = allWays()

func allWays() []way {
	sources := []way{
		{sourceName: "all at once", source: func(in []byte) io.Reader { return bytes.NewReader(in) }},
		{sourceName: "OneByteReader", source: func(in []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(in)) }},
		{sourceName: "HalfReader", source: func(in []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(in)) }},
		{sourceName: "DataErrReader", source: func(in []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(in)) }},
		{sourceName: "empty reads between", source: func(in []byte) io.Reader { return &portions{in: in, most: 7, empty: 3} }},
		{sourceName: "failing source", source: func(in []byte) io.Reader {
			return io.MultiReader(bytes.NewReader(in), iotest.ErrReader(errSource))
		}},
		{sourceName: "failing with data", source: func(in []byte) io.Reader {
			return iotest.DataErrReader(io.MultiReader(bytes.NewReader(in), iotest.ErrReader(errSource)))
		}},
	}
	sinks := []way{
		{sinkName: "Read", sink: (*taker).read},
		{sinkName: "small Read", sink: (*taker).readSmall},
		{sinkName: "WriteTo", sink: (*taker).writeTo},
		{sinkName: "Read, then WriteTo", sink: (*taker).readThenWriteTo},
		{sinkName: "Fill of one buffer", sink: (*taker).fill},
		{sinkName: "Fill of buffers in turn", sink: (*taker).fillInTurn},
	}
	var all []way
	for _, source := range sources {
		for _, sink := range sinks {
			all = append(all, way{source.source, sink.sink, source.sourceName, sink.sinkName})
		}
	}
	return all
}

// portions hands out in by at most so many bytes, after so many reads of nothing.
type portions struct {
	in          []byte
	most, empty int
	emptied     int
}

func (p *portions) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	if p.emptied < p.empty {
		p.emptied++
		return 0, nil
	}
	p.emptied = 0
	n := copy(b[:min(p.most, len(b))], p.in)
	p.in = p.in[n:]
	return n, nil
}

// A taker takes output, in buffers that it has for that. What lies behind a buffer is watched:
// nobody may write there.
type taker struct {
	slice   []byte
	buffers [3]struct {
		inflate.Buffer
		watched [watched]byte
	}
}

const (
	largestRead = 200_000
	watched     = 64
	watchByte   = 0xa5
)

func newTaker() *taker {
	t := &taker{slice: make([]byte, largestRead+watched)}
	for i := range t.buffers {
		watch(t.buffers[i].watched[:])
	}
	return t
}

func watch(b []byte) {
	for i := range b {
		b[i] = watchByte
	}
}

// check panics where a watched place was written to.
func check(b []byte) {
	for _, c := range b {
		if c != watchByte {
			panic("written beyond the buffer")
		}
	}
}

// readOnce reads up to n bytes.
func (t *taker) readOnce(d decoder, n int, out *bytes.Buffer) error {
	watch(t.slice[n : n+watched])
	m, err := d.Read(t.slice[:n])
	check(t.slice[n : n+watched])
	out.Write(t.slice[:m])
	return err
}

func (t *taker) fillOnce(d decoder, i int) ([]byte, error) {
	piece, err := d.Fill(&t.buffers[i].Buffer)
	check(t.buffers[i].watched[:])
	return piece, err
}

func (t *taker) read(d decoder, r *rand.Rand, out *bytes.Buffer) error {
	return t.readBuffers(d, out, func() int { return 1 + r.IntN(largestRead) })
}

func (t *taker) readSmall(d decoder, r *rand.Rand, out *bytes.Buffer) error {
	most := 1 + r.IntN(600)
	return t.readBuffers(d, out, func() int { return r.IntN(most + 1) })
}

func (t *taker) readBuffers(d decoder, out *bytes.Buffer, size func() int) error {
	for {
		if err := t.readOnce(d, size(), out); err != nil {
			return notEnd(again(d, err))
		}
	}
}

// again reads once more: an error stays what it is.
func again(d decoder, err error) error {
	var b [1]byte
	if n, err2 := d.Read(b[:]); n != 0 || err2 != err {
		return fmt.Errorf("after %v, Read gives %d bytes and %v", err, n, err2)
	}
	return err
}

func (t *taker) writeTo(d decoder, _ *rand.Rand, out *bytes.Buffer) error {
	before := out.Len()
	n, err := d.WriteTo(out)
	if int(n) != out.Len()-before {
		panic(fmt.Sprintf("WriteTo says %d bytes, wrote %d", n, out.Len()-before))
	}
	return err
}

func (t *taker) readThenWriteTo(d decoder, r *rand.Rand, out *bytes.Buffer) error {
	for range r.IntN(8) {
		if err := t.readOnce(d, r.IntN(4096), out); err != nil {
			return notEnd(err)
		}
	}
	return t.writeTo(d, r, out)
}

func (t *taker) fill(d decoder, _ *rand.Rand, out *bytes.Buffer) error {
	for {
		piece, err := t.fillOnce(d, 0)
		out.Write(piece)
		if err != nil {
			return notEnd(err)
		}
	}
}

// fillInTurn takes each piece out of its buffer as late as it may: when the buffer is given again.
func (t *taker) fillInTurn(d decoder, r *rand.Rand, out *bytes.Buffer) error {
	n := 2 + r.IntN(2)
	var pieces [3][]byte
	for i := 0; ; i = (i + 1) % n {
		out.Write(pieces[i])
		var err error
		if pieces[i], err = t.fillOnce(d, i); err == nil {
			continue
		}
		for j := range n {
			out.Write(pieces[(i+1+j)%n])
		}
		return notEnd(err)
	}
}
