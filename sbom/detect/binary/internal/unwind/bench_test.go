package unwind

import "testing"

// BenchmarkReader looks for tables where there are none.
func BenchmarkReader(b *testing.B) {
	r := Reader{Function: func(uint64, int64, int64) {}}
	p := make([]byte, 64<<10)
	for i := range p {
		p[i] = byte(i * i >> 3)
	}
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		_, _ = r.Write(p)
	}
}
