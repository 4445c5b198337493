package inflate_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// longStream is a valid stream that inflates to more than two buffers.
func longStream() (in, out []byte) {
	g := generator{Rand: rand.New(rand.NewPCG(7, 7))}
	g.leap(bufferSize - 10)
	g.blocks(2*bufferSize + 5000)
	g.lastBlock()
	return g.bytes(), g.out
}

// TestFillGivesPartOfTheBuffer holds what Fill promises of a piece: it is in the buffer, behind the
// window, and is not touched by the next call with another buffer.
func TestFillGivesPartOfTheBuffer(t *testing.T) {
	in, out := longStream()
	z := inflate.NewReader(bytes.NewReader(in))
	var buffers [2]inflate.Buffer
	var total int
	for i := 0; ; i++ {
		buf := &buffers[i%2]
		piece, err := z.Fill(buf)
		if len(piece) > 0 && &piece[0] != &buf[windowSize] {
			t.Fatal("the piece is not in the buffer behind the window")
		}
		if !bytes.Equal(piece, out[total:total+len(piece)]) {
			t.Fatalf("piece %d is not what comes next", i)
		}
		if total += len(piece); err == io.EOF {
			break
		}
		if err != nil || len(piece) < bufferSize-3-maxMatch-64 {
			t.Fatalf("piece %d of %d bytes, %v", i, len(piece), err)
		}
	}
	if total != len(out) {
		t.Errorf("%d bytes, want %d", total, len(out))
	}
}

// TestFillAfterTheEnd calls Fill again: the end and errors stay.
func TestFillAfterTheEnd(t *testing.T) {
	for _, in := range []string{"\x03\x00", "\x06"} {
		z := inflate.NewReader(bytes.NewReader([]byte(in)))
		var buf inflate.Buffer
		_, err := z.Fill(&buf)
		if err == nil {
			_, err = z.Fill(&buf)
		}
		if piece, again := z.Fill(&buf); len(piece) != 0 || again != err || err == nil {
			t.Errorf("%x: %d bytes and %v after %v", in, len(piece), again, err)
		}
	}
}

// limitedWriter takes so many bytes, and then fails, or takes less without an error.
type limitedWriter struct {
	bytes.Buffer
	left int
	err  error
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) <= w.left {
		w.left -= len(p)
		return w.Buffer.Write(p)
	}
	n, _ := w.Buffer.Write(p[:w.left])
	w.left = 0
	return n, w.err
}

// TestWriteToFailingWriter stops where the writer does, and goes on from there.
func TestWriteToFailingWriter(t *testing.T) {
	in, out := longStream()
	failed := errors.New("writer failed")
	for _, row := range []struct{ fails, want error }{{failed, failed}, {nil, io.ErrShortWrite}} {
		for _, n := range []int{0, 1, 1000, bufferSize, len(out) - 1} {
			z := inflate.NewReader(bytes.NewReader(in))
			w := &limitedWriter{left: n, err: row.fails}
			if m, err := z.WriteTo(w); m != int64(n) || err != row.want {
				t.Fatalf("writer of %d bytes: %d, %v; want %v", n, m, err, row.want)
			}
			if rest, err := io.ReadAll(z); err != nil || !bytes.Equal(append(w.Bytes(), rest...), out) {
				t.Fatalf("writer of %d bytes: what is left is %d bytes, %v", n, len(rest), err)
			}
		}
	}
}

func TestReadNothing(t *testing.T) {
	z := inflate.NewReader(bytes.NewReader([]byte("\x06")))
	if n, err := z.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing: %d, %v", n, err)
	}
	if err := z.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestResetForgets resets a reader in the midst of one stream, or behind its error, and reads
// another: nothing of the first may be left, least of all its window.
func TestResetForgets(t *testing.T) {
	in, _ := longStream()
	var tooFar stream
	tooFar.fixed(true).match(3, 1)
	for _, n := range []int{0, 1, 1000, bufferSize + 1} {
		z := inflate.NewReader(bytes.NewReader(in))
		if _, err := io.ReadFull(z, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			z.Reset(bytes.NewReader(tooFar.bytes()))
			if got, err := io.ReadAll(z); len(got) != 0 || !errors.Is(err, inflate.ErrDistance) {
				t.Errorf("behind %d bytes of another: %d bytes, %v", n, len(got), err)
			}
		}
		z.Reset(bytes.NewReader([]byte{3, 0}))
		if got, err := io.ReadAll(z); len(got) != 0 || err != nil {
			t.Errorf("behind an error: %d bytes, %v", len(got), err)
		}
	}
}
