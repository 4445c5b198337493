package catalog

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Another processor makes no difference to digests, for pieces of any size.
func TestDigesterBeside(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 3*besideFrom+5)
	_, _ = rng.Read(data)
	alone, helped := newDigester(func() bool { return false }), newDigester(func() bool { return true })
	defer helped.close()
	for _, also := range []algorithms{0, withMD5, withSHA1, withMD5 | withSHA1} {
		for _, piece := range []int{1000, besideFrom, len(data)} {
			for _, d := range []*digester{alone, helped} {
				d.reset(also)
				for part := range slices.Chunk(data, piece) {
					_, _ = d.Write(part)
				}
			}
			if a, b := alone.digests(), helped.digests(); !slices.Equal(a, b) {
				t.Errorf("%v and %v, in pieces of %d", a, b, piece)
			}
		}
	}
	if alone.beside != nil || helped.beside == nil {
		t.Error("another goroutine where there is no processor for it, or none where there is")
	}
}
