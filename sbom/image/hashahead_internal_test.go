package image

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

func TestHashAhead(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	broken := errors.New("broken")
	for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 10*blockSize + 7} {
		data := make([]byte, size)
		_, _ = rng.Read(data)
		for name, r := range map[string]io.Reader{
			"whole":  bytes.NewReader(data),
			"halves": iotest.HalfReader(bytes.NewReader(data)),
			"at end": iotest.DataErrReader(bytes.NewReader(data)),
			"broken": io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken)),
		} {
			h := sha256.New()
			a := newHashAhead(r, h)
			got, err := io.ReadAll(a)
			if !bytes.Equal(got, data) || (name == "broken") != errors.Is(err, broken) {
				t.Errorf("%s of %d bytes: %d, %v", name, size, len(got), err)
			}
			a.wait()
			if want := sha256.Sum256(data); !bytes.Equal(h.Sum(nil), want[:]) {
				t.Errorf("%s of %d bytes: another hash", name, size)
			}
			if _, again := a.Read(make([]byte, 1)); again == nil {
				t.Errorf("%s of %d bytes: reading behind the end", name, size)
			}
			a.stop()
		}
	}
}

// Stopping ends the goroutine, wherever it is.
func TestHashAheadStops(t *testing.T) {
	for _, size := range []int{0, 1, 3 * blockSize} {
		a := newHashAhead(iotest.HalfReader(zeroReader{}), sha256.New())
		if _, err := io.CopyN(io.Discard, a, int64(size)); err != nil {
			t.Error(err)
		}
		a.stop()
		a.stop()
	}
}

// zeroReader never ends.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
