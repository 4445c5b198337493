package testsieve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/cargo"
	"github.com/imagetrust/imagetrust/sbom/detect/dotnet"
	"github.com/imagetrust/imagetrust/sbom/detect/golang"
)

// program is an ELF program of about n bytes that nobody knows: of its length, the
// given hundredths are data, and as many what is not loaded, as debugging information is.
func program(n, data, debug int) []byte {
	le := binary.LittleEndian
	rng := rand.New(rand.NewPCG(1, 2))
	// Zeros, names, and anything: of the bytes that words are told by there are as many as
	// in the debugging information of Rust's compiler, and more than in its data.
	const letters = "eeeeaaaaooiiiinnnnssttttrrhllddccuummp__00112"
	block := make([]byte, 64<<10)
	for i := range block {
		switch n := rng.IntN(1000); {
		case n < 450:
			block[i] = letters[rng.IntN(len(letters))]
		case n < 453:
			block[i] = '.'
		case n < 600:
			block[i] = byte(rng.Uint32())
		}
	}
	b := bytes.Repeat(block, max(1, n/len(block)))
	clear(b[:64+2*56])
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 3)
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 2)
	loaded := len(b) / 100 * (100 - debug)
	text := len(b) / 100 * (100 - debug - data)
	for i, s := range [][3]int{{5, 0, text}, {6, text, loaded - text}} {
		p := b[64+i*56:]
		le.PutUint32(p, 1)
		le.PutUint32(p[4:], uint32(s[0]))
		for at, v := range map[int]int{8: s[1], 16: s[1], 32: s[2], 40: s[2]} {
			le.PutUint64(p[at:], uint64(v))
		}
	}
	names := "\x00.text\x00.data\x00.shstrtab\x00"
	at := len(b)
	b = append(b, names...)
	le.PutUint64(b[40:], uint64(len(b)))
	le.PutUint16(b[58:], 64)
	le.PutUint16(b[60:], 4)
	le.PutUint16(b[62:], 3)
	for i, s := range [][4]int{{}, {1, 1, 0, text}, {7, 1, text, loaded - text}, {13, 3, at, len(names)}} {
		h := make([]byte, 64)
		if i > 0 {
			le.PutUint32(h, uint32(s[0]))
			le.PutUint32(h[4:], uint32(s[1]))
			le.PutUint64(h[24:], uint64(s[2]))
			le.PutUint64(h[32:], uint64(s[3]))
		}
		b = append(b, h...)
	}
	return b
}

func sifters() []detect.Sifter {
	return []detect.Sifter{golang.New().(detect.Sifter), cargo.New().(detect.Sifter), dotnet.New().(detect.Sifter)}
}

// look lets a program go by all sifters, and has them detect.
func look(t testing.TB, ds []detect.Sifter, f *detect.File, data []byte) {
	sieves := make([]detect.Sieve, len(ds))
	for i, d := range ds {
		if !d.Wants(&f.Entry) {
			t.Fatalf("%s does not want a program", d.ID())
		}
		sieves[i] = d.Sift(&f.Entry)
	}
	for piece := range slices.Chunk(data, 32<<10) {
		for _, s := range sieves {
			_, _ = s.Write(piece)
		}
	}
	for i, d := range ds {
		f.ReaderAt = sieves[i]
		if frag, err := d.Detect(context.Background(), f); frag != nil || err != nil {
			t.Fatalf("%s: %+v, %v", d.ID(), frag, err)
		}
	}
}

// BenchmarkSieves compares what all detectors of large programs cost, for one that none
// of them knows, with SHA-256 of the same bytes.
func BenchmarkSieves(b *testing.B) {
	for _, size := range []int{1 << 20, 100 << 20} {
		for what, shares := range map[string][2]int{"stripped": {8, 0}, "debug": {2, 75}, "data": {95, 0}} {
			data := program(size, shares[0], shares[1])
			f := &detect.File{Entry: detect.Entry{Path: "usr/bin/a", Mode: 0o755, Size: int64(len(data)), Head: data[:detect.HeadSize]}}
			for _, d := range sifters() {
				b.Run(fmt.Sprintf("%d MiB/%s/%s", size>>20, what, d.ID().Name), func(b *testing.B) { passes(b, []detect.Sifter{d}, f, data) })
			}
			b.Run(fmt.Sprintf("%d MiB/%s/all", size>>20, what), func(b *testing.B) { passes(b, sifters(), f, data) })
		}
		data := program(size, 8, 0)
		b.Run(fmt.Sprintf("%d MiB/sha256", size>>20), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sha256.Sum256(data)
			}
		})
	}
}

func passes(b *testing.B, ds []detect.Sifter, f *detect.File, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		look(b, ds, f, data)
	}
}

// TestSieves checks that what the benchmark measures is an ordinary program: nobody finds
// anything, and nobody needs a second reading.
func TestSieves(t *testing.T) {
	for _, debug := range []int{0, 75} {
		data := program(1<<20, 8, debug)
		f := &detect.File{Entry: detect.Entry{Path: "usr/bin/a", Mode: 0o755, Size: int64(len(data)), Head: data[:detect.HeadSize]}}
		look(t, sifters(), f, data)
	}
}
