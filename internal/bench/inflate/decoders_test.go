package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	kflate "github.com/klauspost/compress/flate"
	kgzip "github.com/klauspost/compress/gzip"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// The decoders, by the unit of what is reported of each. Ratios are to klauspost.
const (
	ours      = "ours"
	standard  = "std"
	klauspost = "klauspost"
)

// decoder decodes a whole stream in memory, and counts the bytes. It may keep state
// from one stream to the next, as those who decode many do.
type decoder struct {
	name   string
	decode func(compressed []byte) (int64, error)
}

// gzipDecoders are decoders of gzip files, each by the way that is fastest for it.
func gzipDecoders() []decoder {
	src := new(bytes.Reader)
	own := inflate.NewGzipReader(src)
	var std gzip.Reader
	var kp kgzip.Reader
	buf := make([]byte, 128<<10)
	return []decoder{
		{ours, func(p []byte) (int64, error) {
			src.Reset(p)
			own.Reset(src)
			return own.WriteTo(io.Discard)
		}},
		{klauspost, func(p []byte) (int64, error) {
			src.Reset(p)
			if err := kp.Reset(src); err != nil {
				return 0, err
			}
			return kp.WriteTo(io.Discard)
		}},
		{standard, func(p []byte) (int64, error) {
			src.Reset(p)
			if err := std.Reset(src); err != nil {
				return 0, err
			}
			return drain(&std, buf)
		}},
	}
}

// flateDecoders are decoders of raw DEFLATE streams.
func flateDecoders() []decoder {
	src := new(bytes.Reader)
	own := inflate.NewReader(src)
	std, kp := flate.NewReader(src), kflate.NewReader(src)
	buf := make([]byte, 128<<10)
	return []decoder{
		{ours, func(p []byte) (int64, error) {
			src.Reset(p)
			own.Reset(src)
			return own.WriteTo(io.Discard)
		}},
		{klauspost, func(p []byte) (int64, error) {
			src.Reset(p)
			if err := kp.(kflate.Resetter).Reset(src, nil); err != nil {
				return 0, err
			}
			return kp.(io.WriterTo).WriteTo(io.Discard)
		}},
		{standard, func(p []byte) (int64, error) {
			src.Reset(p)
			if err := std.(flate.Resetter).Reset(src, nil); err != nil {
				return 0, err
			}
			return drain(std, buf)
		}},
	}
}

// drain reads to the end without the detour that io.Copy takes through the
// writer's own buffer.
func drain(r io.Reader, buf []byte) (n int64, err error) {
	for {
		m, err := r.Read(buf)
		n += int64(m)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// times are how long each decoder took in each iteration.
type times map[string][]time.Duration

// race has each decoder decode all streams of a group before the next one does, group
// after group, and returns the size of what came out and what each decoder took. The
// order changes from call to call: nobody always goes first.
func race(tb testing.TB, turn int, decoders []decoder, groups func(yield func([][]byte) bool)) (size int64, took map[string]time.Duration) {
	took = make(map[string]time.Duration)
	for streams := range groups {
		var sizes []int64
		for i := range decoders {
			d := decoders[(i+turn)%len(decoders)]
			var total int64
			start := time.Now()
			for _, s := range streams {
				n, err := d.decode(s)
				if err != nil {
					tb.Fatalf("%s: %v", d.name, err)
				}
				total += n
			}
			took[d.name] += time.Since(start)
			sizes = append(sizes, total)
		}
		if slices.Max(sizes) != slices.Min(sizes) {
			tb.Fatalf("the decoders differ: %d bytes", sizes)
		}
		size += sizes[0]
	}
	return size, took
}

// compare runs races and reports each decoder's median speed in MB/s of output.
func compare(b *testing.B, decoders []decoder, groups func(yield func([][]byte) bool)) {
	oneCore(b)
	all := make(times)
	var size int64
	for turn := 0; b.Loop(); turn++ {
		var took map[string]time.Duration
		size, took = race(b, turn, decoders, groups)
		all.add(took)
	}
	b.ReportMetric(float64(size)/1e6, "MB")
	all.report(b, "MB/s", func(d time.Duration) float64 { return float64(size) / 1e6 / d.Seconds() })
}

// oneCore makes what b measures a figure per core.
func oneCore(b *testing.B) {
	before := runtime.GOMAXPROCS(1)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

func (t times) add(took map[string]time.Duration) {
	for name, d := range took {
		t[name] = append(t[name], d)
	}
}

// report reports a figure of the median time of each decoder, and how many times
// faster than klauspost ours is: the median of the ratios of the iterations.
func (t times) report(b *testing.B, unit string, figure func(time.Duration) float64) {
	b.ReportMetric(0, "ns/op") // the sum of all decoders says nothing
	for name, all := range t {
		b.ReportMetric(figure(median(all)), name+"-"+unit)
	}
	var ratios []float64
	for i, d := range t[ours] {
		if i < len(t[klauspost]) {
			ratios = append(ratios, float64(t[klauspost][i])/float64(d))
		}
	}
	if len(ratios) > 0 {
		b.ReportMetric(median(ratios), "x-klauspost")
	}
}

func median[T int64 | float64 | time.Duration](values []T) T {
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// one is a single group of streams.
func one(streams ...[]byte) func(yield func([][]byte) bool) {
	return func(yield func([][]byte) bool) { yield(streams) }
}

func sizeName(n int64) string { return fmt.Sprintf("%dMB", (n+500_000)/1_000_000) }
