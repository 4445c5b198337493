package xz_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/xz"
)

var update = flag.Bool("update", false, "compress testdata anew with xz(1)")

// text is compressible, and has matches of every distance up to its length.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "%s=%d\n", []string{"name", "vermagic", "license", "depends", "alias"}[r.IntN(5)], r.IntN(1000))
	}
	return b.Bytes()[:n]
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// samples are contents by the name of the file in testdata, and how xz compresses them.
func samples() []sample {
	return []sample{
		{"empty", nil, ""},
		{"one", []byte("x"), ""},
		{"text", text(20_000), "--check=crc32 --lzma2=dict=1MiB"},
		{"none", text(300), "--check=none"},
		{"crc64", text(300), "--check=crc64"},
		{"sha256", text(300), "--check=sha256"},
		{"noise", noise(3000), ""},
		{"mixed", append(append(text(9000), noise(2000)...), text(20_000)...), ""},
		{"blocks", text(10_000), "--block-size=1000"},
		{"properties", text(5000), "--lzma2=lc=1,lp=3,pb=0"},
		{"small-dictionary", text(100_000), "--lzma2=dict=4KiB"},
		{"zeros", make([]byte, 5_000_000), ""},
		{"sizes", text(4000), "--threads=2 --block-size=2000"},
	}
}

type sample struct {
	name    string
	content []byte
	options string
}

func (s *sample) file() string { return filepath.Join("testdata", s.name+".xz") }

func (s *sample) compressed(t testing.TB) []byte {
	t.Helper()
	if *update {
		cmd := exec.Command("xz", append(strings.Fields(s.options), "--format=xz", "--stdout")...)
		cmd.Stdin = bytes.NewReader(s.content)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.file(), out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(s.file())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecompress(t *testing.T) {
	for _, s := range samples() {
		got, err := xz.Decompress(s.compressed(t), len(s.content))
		if err != nil || !bytes.Equal(got, s.content) {
			t.Errorf("%s: %d bytes, want %d; error %v", s.name, len(got), len(s.content), err)
		}
		if len(s.content) > 0 {
			if _, err := xz.Decompress(s.compressed(t), len(s.content)-1); !errors.Is(err, xz.ErrLimit) {
				t.Errorf("%s: one byte less allowed: %v", s.name, err)
			}
		}
	}
}

// TestStreams: files of several streams, with padding between them.
func TestStreams(t *testing.T) {
	s := samples()[3]
	one := s.compressed(t)
	got, err := xz.Decompress(bytes.Join([][]byte{one, one, one}, make([]byte, 8)), 1000)
	if err != nil || !bytes.Equal(got, bytes.Repeat(s.content, 3)) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	if _, err := xz.Decompress(append(bytes.Clone(one), 0), 1000); !errors.Is(err, xz.ErrFormat) {
		t.Errorf("padding of one byte: %v", err)
	}
}

// TestDamage: with any bit of a small file changed, or the file cut off anywhere, there
// is an error: all of it is checked.
func TestDamage(t *testing.T) {
	s := samples()[5]
	data := s.compressed(t)
	for i := range data {
		for bit := range 8 {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << bit
			if got, err := xz.Decompress(bad, 1<<20); err == nil {
				t.Errorf("bit %d of byte %d makes no difference: %d bytes", bit, i, len(got))
			}
		}
		if _, err := xz.Decompress(data[:i], 1<<20); !errors.Is(err, xz.ErrFormat) {
			t.Errorf("the first %d bytes: %v", i, err)
		}
	}
}

func TestUnsupported(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command("xz", "--format=xz", "--stdout", "--x86", "--lzma2")
	cmd.Stdin = strings.NewReader("content")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xz.Decompress(out, 100); !errors.Is(err, xz.ErrUnsupported) {
		t.Errorf("a filter for x86: %v", err)
	}
}

// FuzzDecompress checks that output is bounded and errors are of this package.
func FuzzDecompress(f *testing.F) {
	for _, s := range samples() {
		if len(s.content) < 50_000 {
			f.Add(s.compressed(f))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := xz.Decompress(data, 1<<20)
		if len(got) > 1<<20 {
			t.Fatalf("%d bytes", len(got))
		}
		if err != nil && !errors.Is(err, xz.ErrFormat) && !errors.Is(err, xz.ErrUnsupported) && !errors.Is(err, xz.ErrLimit) {
			t.Fatal(err)
		}
	})
}

func BenchmarkDecompress(b *testing.B) {
	s := samples()[10]
	data := s.compressed(b)
	b.SetBytes(int64(len(s.content)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := xz.Decompress(data, len(s.content)); err != nil {
			b.Fatal(err)
		}
	}
}
