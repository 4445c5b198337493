package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// A format is what a stream is.
type format int

const (
	deflate format = iota
	gzipFile
)

func (f format) String() string { return [...]string{"DEFLATE", "gzip"}[f] }

// sentinels are what an *inflate.Error may wrap.
var sentinels = []error{inflate.ErrHeader, inflate.ErrBlock, inflate.ErrCode, inflate.ErrSymbol,
	inflate.ErrDistance, inflate.ErrChecksum, io.ErrUnexpectedEOF}

// errSource is the error of a source that fails.
var errSource = errors.New("source failed")

// mostOutput bounds what is compared of one stream: a few hundred bytes can inflate to megabytes.
const mostOutput = 4 << 20

// A comparer decodes streams with the package and with the standard library. It keeps its decoders
// and buffers from one stream to the next, so that what Reset forgets shows.
type comparer struct {
	decoders [2]decoder
	flate    io.ReadCloser
	gzip     *gzip.Reader

	want, got bytes.Buffer
	*taker
}

func newComparer() *comparer {
	c := &comparer{
		flate: flate.NewReader(nil),
		gzip:  new(gzip.Reader),
		taker: newTaker(),
	}
	c.renew()
	return c
}

// renew starts over with decoders that have seen nothing.
func (c *comparer) renew() {
	c.decoders = [2]decoder{newDecoder(deflate), newDecoder(gzipFile)}
}

// compare decodes in both ways and says in what they disagree. Ours is given the stream, and
// gives its output, in a way that r chooses. Output is compared up to mostOutput.
func (c *comparer) compare(f format, in []byte, r *rand.Rand) (accepted bool, err error) {
	if r.IntN(64) == 0 {
		c.renew()
	}
	return c.compareWay(f, in, randomWay(r), r)
}

func (c *comparer) compareWay(f format, in []byte, way way, r *rand.Rand) (accepted bool, err error) {
	want, wantErr := c.standard(f, way.source(in))
	dec := c.decoders[f]
	dec.Reset(way.source(in))
	c.got.Reset()
	if len(want) > mostOutput {
		_, err = c.got.ReadFrom(io.LimitReader(dec, mostOutput+1))
	} else {
		err = way.sink(c.taker, dec, r, &c.got)
	}
	if d := disagreement(c.got.Bytes(), err, want, wantErr, len(in)); d != "" {
		return false, fmt.Errorf("%v, %v: %s", f, way, d)
	}
	return err == nil, nil
}

// compareAllWays compares a stream in each of the ways.
func compareAllWays(t *testing.T, f format, in []byte) {
	t.Helper()
	c, r := newComparer(), rand.New(rand.NewPCG(6, 6))
	for _, way := range ways {
		if _, err := c.compareWay(f, in, way, r); err != nil {
			t.Errorf("%v\n%s", err, show(t, in))
		}
	}
}

// standard is what the standard library makes of a stream: up to a byte more than mostOutput.
func (c *comparer) standard(f format, src io.Reader) ([]byte, error) {
	var r io.Reader = c.flate
	c.want.Reset()
	if f == gzipFile {
		r = c.gzip
		if err := c.gzip.Reset(src); err != nil {
			return nil, notEnd(err)
		}
	} else if err := c.flate.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, err
	}
	_, err := c.want.ReadFrom(io.LimitReader(r, mostOutput+1))
	return c.want.Bytes(), err
}

// notEnd is err, and nil for io.EOF.
func notEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// disagreement says in what ours is not what the standard library's decoder makes of the same size
// bytes: an empty string where they agree.
func disagreement(got []byte, err error, want []byte, wantErr error, size int) string {
	n := min(len(got), len(want))
	switch {
	case (err == nil) != (wantErr == nil):
		return fmt.Sprintf("verdict %v, want %v", err, wantErr)
	case !bytes.Equal(got[:n], want[:n]):
		return fmt.Sprintf("output differs from byte %d on (of %d, want %d)", firstDifference(got, want), len(got), len(want))
	case err == nil && len(got) != len(want):
		return fmt.Sprintf("%d bytes of output, want %d", len(got), len(want))
	case err != nil:
		return badError(err, wantErr, size)
	}
	return ""
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// badError says what is wrong with the error of an invalid stream of size bytes. Where the stream
// is invalid and the source fails too, either may show first.
func badError(err, wantErr error, size int) string {
	if errors.Is(err, errSource) {
		if err != errSource {
			return fmt.Sprintf("the source's error comes as %T", err)
		}
		return ""
	}
	e, ok := err.(*inflate.Error)
	if !ok {
		return fmt.Sprintf("error %v (%T), want an *inflate.Error beside %v", err, err, wantErr)
	}
	if e.Offset < 0 || e.Offset > int64(size) {
		return fmt.Sprintf("%v: offset in a stream of %d bytes", e, size)
	}
	for _, s := range sentinels {
		if e.Err == s {
			return ""
		}
	}
	return fmt.Sprintf("%v wraps none of the package's errors", e)
}
