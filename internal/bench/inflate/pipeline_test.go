package inflate

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math"
	"runtime"
	"testing"
	"time"

	kgzip "github.com/klauspost/compress/gzip"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// BenchmarkDiffID is one large layer inflated and hashed on two cores: ours hands its
// buffers over to a second goroutine, klauspost's does both in one, as everybody has it,
// and also in two, reading into buffers that go round.
func BenchmarkDiffID(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two cores")
	}
	l := chosen(layers(b))["largest"]
	data := l.read(b)
	runs := []struct {
		name string
		sum  func([]byte) ([]byte, error)
	}{{ours, sumHandedOver}, {klauspost, sumInTurn}, {"klauspost-2-goroutines", sumReadAhead}, {"ours-1-goroutine", ownSumInTurn}}
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

// sumHandedOver inflates in this goroutine and hashes in another. Nothing is copied.
func sumHandedOver(gz []byte) ([]byte, error) {
	return sumBeside(inflate.NewGzipReader(bytes.NewReader(gz)).Fill)
}

// sumReadAhead is the same with klauspost's reader.
func sumReadAhead(gz []byte) ([]byte, error) {
	z, err := kgzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil, err
	}
	return sumBeside(func(buf *inflate.Buffer) ([]byte, error) {
		n, err := io.ReadFull(z, buf[:128<<10])
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return buf[:n], err
	})
}

// sumBeside hashes in a second goroutine what fill gives. Three buffers go round.
func sumBeside(fill func(*inflate.Buffer) ([]byte, error)) ([]byte, error) {
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
	for {
		buf := <-free
		out, err := fill(buf)
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

// BenchmarkMemory is what a decoder allocates for the first layer (KB-first) and for
// each after it (KB, allocs), and what it holds (KB-held).
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
			decode := func() {
				if _, err := d.decode(data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(allocated(func() { d = newDecoder(); decode() })/1e3, name+"-KB-first")
			b.ReportMetric(testing.AllocsPerRun(1, decode), name+"-allocs")
			b.ReportMetric(allocated(decode)/1e3, name+"-KB")
			d = decoder{} // is not to be taken for what is freed meanwhile
			b.ReportMetric(held(func() any { d = newDecoder(); decode(); return d })/1e3, name+"-KB-held")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// allocated returns how many bytes f allocates. The least of three runs, because
// the runtime allocates beside it.
func allocated(f func()) float64 {
	least := math.Inf(1)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, float64(after.TotalAlloc-before.TotalAlloc))
	}
	return least
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
