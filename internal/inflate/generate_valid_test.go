package inflate_test

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"
)

// TestGenerator holds the generator to its word by the standard library's decoder: what it calls
// valid is, and says what it says.
func TestGenerator(t *testing.T) {
	for i := range uint64(400) {
		in, want := randomStream(rand.New(rand.NewPCG(1, i)), int(1<<(i%17)))
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(in)))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("stream %d: compress/flate makes %d bytes of it, %v; want %d", i, len(got), err, len(want))
		}
	}
}
