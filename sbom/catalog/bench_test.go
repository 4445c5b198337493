package catalog

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"testing"
)

// BenchmarkDigester compares sha256 alone with all three digests in one pass.
func BenchmarkDigester(b *testing.B) {
	data := make([]byte, 1<<20)
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(data)
	for name, h := range map[string]hash.Hash{"sha256": sha256.New(), "sha1": sha1.New(), "md5": md5.New()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, _ = h.Write(data)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		d := newDigester()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			_, _ = d.ReadFrom(io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))))
		}
	})
}
