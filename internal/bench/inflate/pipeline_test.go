package inflate

import (
	"bytes"
	"crypto/sha256"
	"io"
	"runtime"
	"testing"
	"time"

	kgzip "github.com/klauspost/compress/gzip"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// BenchmarkDiffID is one large layer inflated and hashed on two cores: ours hands its
// buffers over to a second goroutine, klauspost's does both in one, as everybody has it.
func BenchmarkDiffID(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two cores")
	}
	l := chosen(layers(b))["largest"]
	data := l.read(b)
	runs := []struct {
		name string
		sum  func([]byte) ([]byte, error)
	}{{ours, sumHandedOver}, {klauspost, sumInTurn}, {"ours-1-goroutine", ownSumInTurn}}
	before := runtime.GOMAXPROCS(2)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
	all := make(times)
	for turn := 0; b.Loop(); turn++ {
		var sums [][]byte
		for i := range runs {
			r := runs[(i+turn)%len(runs)]
			start := time.Now()
			sum, err := r.sum(data)
			if err != nil {
				b.Fatalf("%s: %v", r.name, err)
			}
			all[r.name] = append(all[r.name], time.Since(start))
			sums = append(sums, sum)
		}
		for _, sum := range sums {
			if !bytes.Equal(sum, sums[0]) {
				b.Fatal("the sums differ")
			}
		}
	}
	b.ReportMetric(float64(l.Size)/1e6, "MB")
	all.report(b, "MB/s", func(d time.Duration) float64 { return float64(l.Size) / 1e6 / d.Seconds() })
}

// sumHandedOver inflates in this goroutine and hashes in another. Nothing is
// copied: three buffers go round.
func sumHandedOver(gz []byte) ([]byte, error) {
	type filled struct {
		buf   *inflate.Buffer
		bytes []byte
	}
	const buffers = 3
	free, full := make(chan *inflate.Buffer, buffers), make(chan filled, buffers)
	for range buffers {
		free <- new(inflate.Buffer)
	}
	sum := make(chan []byte)
	go func() {
		h := sha256.New()
		for f := range full {
			h.Write(f.bytes)
			free <- f.buf
		}
		sum <- h.Sum(nil)
	}()
	z := inflate.NewGzipReader(bytes.NewReader(gz))
	for {
		buf := <-free
		out, err := z.Fill(buf)
		full <- filled{buf, out}
		if err == nil {
			continue
		}
		close(full)
		if result := <-sum; err == io.EOF {
			return result, nil
		}
		return nil, err
	}
}

func sumInTurn(gz []byte) ([]byte, error) {
	z, err := kgzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	_, err = z.WriteTo(h)
	return h.Sum(nil), err
}

func ownSumInTurn(gz []byte) ([]byte, error) {
	h := sha256.New()
	_, err := inflate.NewGzipReader(bytes.NewReader(gz)).WriteTo(h)
	return h.Sum(nil), err
}

// BenchmarkMemory is what a decoder holds after the base layer, and what it
// allocates for each layer after the first.
func BenchmarkMemory(b *testing.B) {
	data := chosen(layers(b))["base"].read(b)
	made := map[string]func() decoder{
		ours:      func() decoder { return gzipDecoders()[0] },
		klauspost: func() decoder { return gzipDecoders()[1] },
		standard:  func() decoder { return gzipDecoders()[2] },
	}
	oneCore(b)
	for b.Loop() {
		for name, newDecoder := range made {
			d := newDecoder()
			if _, err := d.decode(data); err != nil {
				b.Fatal(err)
			}
			allocs, allocated := allocations(func() { _, _ = d.decode(data) })
			b.ReportMetric(allocs, name+"-allocs/layer")
			b.ReportMetric(allocated/1e3, name+"-KB/layer")
			b.ReportMetric(held(func() any { d := newDecoder(); _, _ = d.decode(data[:min(len(data), 1<<20)]); return d })/1e3, name+"-KB-held")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// allocations counts what f allocates.
func allocations(f func()) (count, size float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)
}

// held returns how many bytes of what f makes live on.
func held(f func() any) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	v := f()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(v)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}
