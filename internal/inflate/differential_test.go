package inflate_test

import (
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	comparisons = flag.Int("comparisons", defaultComparisons, "streams to compare with the standard library")
	seed        = flag.Uint64("seed", 1, "of the streams to compare")
	firstCase   = flag.Uint64("case", 0, "first of the seed's cases to compare")
)

// TestDifferential compares with the standard library: streams of the generator and of compressors,
// whole and damaged, in all ways. A case is one stream and its damaged forms.
func TestDifferential(t *testing.T) {
	var compared, next atomic.Int64
	next.Store(int64(*firstCase))
	var accepted atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			w := worker{comparer: newComparer(), compressors: compressors{}}
			for compared.Load() < int64(*comparisons) && !t.Failed() {
				n, ok := w.run(t, uint64(next.Add(1)-1))
				compared.Add(n)
				accepted.Add(ok)
			}
		})
	}
	workers.Wait()
	t.Logf("%d comparisons in %d cases of seed %d, %d streams accepted",
		compared.Load(), next.Load()-int64(*firstCase), *seed, accepted.Load())
	if n, all := accepted.Load(), compared.Load(); all >= 1000 && (n < all/10 || n > all*9/10) {
		t.Error("the streams are too alike: nearly all are valid, or invalid")
	}
}

// A worker compares on one goroutine.
type worker struct {
	*comparer
	compressors
}

const damagedForms = 24

// run compares the streams of a case, and counts them.
func (w worker) run(t *testing.T, number uint64) (compared, accepted int64) {
	r := rand.New(rand.NewPCG(*seed, number))
	f, whole := w.stream(r)
	for i := range damagedForms {
		in := whole
		if i > 0 {
			in = mutate(r, whole)
		}
		ok, err := w.compare(f, in, r)
		if err != nil {
			t.Errorf("-seed %d -case %d, form %d: %v\n%s", *seed, number, i, err, show(t, in))
			break
		}
		compared++
		if ok {
			accepted++
		}
	}
	return compared, accepted
}

// stream is the whole stream of a case. Half are of the generator, and nearly all small: that is
// where most edges are.
func (w worker) stream(r *rand.Rand) (format, []byte) {
	size := r.IntN(1 << r.IntN(14))
	if r.IntN(24) == 0 {
		size = r.IntN(3 * bufferSize)
	}
	f := format(r.IntN(2))
	if f == gzipFile && r.IntN(4) == 0 {
		return f, w.gzipFile(r, randomText(r, size))
	}
	var in []byte
	for n := 1 + r.IntN(4)/3*r.IntN(5); n > 0; n-- {
		deflated, text := w.deflated(r, size)
		if f == deflate {
			return f, deflated
		}
		in = append(in, randomMember(r, deflated, text)...)
	}
	return f, in
}

// deflated is a DEFLATE stream and what it says; of those with a fault nobody will ask.
func (w worker) deflated(r *rand.Rand, size int) (deflated, text []byte) {
	switch r.IntN(8) {
	case 0, 1, 2:
		text := randomText(r, size)
		return w.deflate(r, text), text
	case 3:
		return faultyStream(r, size), nil
	}
	return randomStream(r, size)
}

// show is a stream to report: in hexadecimal, or the name of a file that keeps it with -artifacts.
func show(t *testing.T, in []byte) string {
	if len(in) <= 1000 {
		return hex.EncodeToString(in)
	}
	name := filepath.Join(t.ArtifactDir(), "stream")
	if err := os.WriteFile(name, in, 0o666); err != nil {
		return err.Error()
	}
	return name
}
