package inflate_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// BenchmarkPeriod inflates what repeats after a few bytes, as tables in programs do:
// matches that read what they have just written.
func BenchmarkPeriod(b *testing.B) {
	for _, period := range []int{1, 3, 8, 12, 16, 24, 31, 40} {
		plain := make([]byte, 8<<20)
		for i := range plain {
			plain[i] = byte(i % period * 7)
		}
		var deflated bytes.Buffer
		w, err := flate.NewWriter(&deflated, 6)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(period), func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			z := inflate.NewReader(nil)
			for b.Loop() {
				z.Reset(bytes.NewReader(deflated.Bytes()))
				if n, err := z.WriteTo(io.Discard); n != int64(len(plain)) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func TestFillAfterRead(t *testing.T) {
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, 6)
	_, _ = w.Write([]byte("hello"))
	_ = w.Close()
	z := inflate.NewReader(&deflated)
	if n, err := z.Read(make([]byte, 2)); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if out, err := z.Fill(new(inflate.Buffer)); err == nil {
		t.Errorf("Fill = %q, which leaves bytes out", out)
	}
}
