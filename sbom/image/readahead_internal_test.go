package image

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

var errSource = errors.New("the source fails")

// erratic is a source of pieces of any size, none among them, that ends in err. Nobody
// may read it once it is closed.
type erratic struct {
	t      *testing.T
	data   []byte
	sizes  *rand.Rand
	err    error
	closed bool
}

func (e *erratic) Read(p []byte) (int, error) {
	if e.closed {
		e.t.Error("read after stop")
	}
	if len(e.data) == 0 {
		return 0, e.err
	}
	n := copy(p, e.data[:min(len(e.data), e.sizes.IntN(100_000))])
	e.data = e.data[n:]
	if len(e.data) == 0 && e.sizes.IntN(2) == 0 {
		return n, e.err // together with the last bytes
	}
	return n, nil
}

// FuzzChunks holds reading ahead, with a hash and without, to the source's bytes and
// error, and stops it after any piece.
func FuzzChunks(f *testing.F) {
	const all = aheadPieces * pieceChunks * chunkSize
	for _, size := range []uint32{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, pieceChunks * chunkSize, all, all + 7, 3_000_000} {
		f.Add(size, uint64(size), false, uint8(255))
		f.Add(size, uint64(size), true, uint8(1))
	}
	f.Fuzz(func(t *testing.T, size uint32, seed uint64, fails bool, stop uint8) {
		data := make([]byte, size%(2*all))
		_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(data)
		want := io.EOF
		if fails {
			want = errSource
		}
		for _, ahead := range []bool{false, true} {
			h := sha256.New()
			src := &erratic{t: t, data: data, sizes: rand.New(rand.NewPCG(seed, 1)), err: want}
			got, err := collect(newChunks(src, h, ahead), int(stop), src)
			if err != nil && err != want || !bytes.HasPrefix(data, got) {
				t.Fatalf("ahead %v: error %v, %d bytes", ahead, err, len(got))
			}
			if err != nil && (len(got) != len(data) || sha256.Sum256(data) != [32]byte(h.Sum(nil))) {
				t.Fatalf("ahead %v: %d bytes of %d, or another hash", ahead, len(got), len(data))
			}
			src = &erratic{t: t, data: data, sizes: rand.New(rand.NewPCG(seed, 1)), err: want}
			if same, _ := collect(newChunks(src, nil, ahead), int(stop), src); !bytes.Equal(same, got) {
				t.Fatalf("ahead %v: %d bytes without a hash, %d with it", ahead, len(same), len(got))
			}
		}
	})
}

// collect returns the first pieces of c, and its error if it comes to it, and stops c.
func collect(c chunks, pieces int, src *erratic) (got []byte, err error) {
	for range pieces {
		var data []byte
		data, err = c.next()
		got = append(got, data...)
		if err != nil {
			break
		}
	}
	c.stop()
	src.closed = true
	c.stop()
	if again, stopped := c.next(); again != nil || stopped == nil || err != nil && stopped != err {
		src.t.Errorf("after stop: %d bytes, %v", len(again), stopped)
	}
	return got, err
}
