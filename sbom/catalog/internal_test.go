package catalog

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestKindOf(t *testing.T) {
	pe := make([]byte, 512)
	copy(pe, "MZ")
	pe[0x3c] = 0x80
	copy(pe[0x80:], "PE\x00\x00")
	far := bytes.Clone(pe)
	far[0x3d] = 0x10 // the signature at 0x1080
	dos := bytes.Clone(pe)
	copy(dos[0x80:], "NE\x00\x00")
	tests := []struct {
		name string
		mode fs.FileMode
		size int64
		head string
		want sbom.FileKind
	}{
		{"ELF whatever its mode", 0o644, 100, "\x7fELF\x02", sbom.KindELF},
		{"script", 0o755, 10, "#!/bin/sh\n", sbom.KindScript},
		{"script that others may execute", 0o641, 10, "#!/bin/sh\n", sbom.KindScript},
		{"script that nobody may execute", 0o644, 10, "#!/bin/sh\n", ""},
		{"executable text", 0o755, 4, "text", sbom.KindOther},
		{"executable and empty", 0o100, 0, "", sbom.KindOther},
		{"text", 0o644, 4, "text", ""},
		{"setuid alone does not execute", 0o644 | fs.ModeSetuid, 4, "text", ""},
		{"PE", 0o644, 512, string(pe), sbom.KindPE},
		{"PE with its header behind the head", 0o644, 8192, string(far), sbom.KindPE},
		{"PE header behind the end", 0o644, 512, string(far), ""},
		{"DOS program", 0o644, 512, string(dos), ""},
		{"text that begins with MZ", 0o644, 512, "MZ" + strings.Repeat("text", 100), ""},
		{"short MZ", 0o644, 2, "MZ", ""},
		{"Mach-O", 0o644, 100, "\xcf\xfa\xed\xfe\x07\x00\x00\x01", sbom.KindMachO},
		{"universal Mach-O", 0o644, 100, "\xca\xfe\xba\xbe\x00\x00\x00\x02", sbom.KindMachO},
		{"Java class", 0o644, 100, "\xca\xfe\xba\xbe\x00\x00\x00\x34", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := kindOf(tt.mode, tt.size, []byte(tt.head)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBudget(t *testing.T) {
	b := newBudget(4 * page)
	a := b.get(1)
	c := b.get(2*page + 1)
	if cap(a) != page || len(a) != 1 || cap(c) != 3*page {
		t.Fatalf("buffers of %d and %d", cap(a), cap(c))
	}
	if b.take(1) != nil {
		t.Error("more than the budget was handed out")
	}
	b.put(a)
	again := b.get(page)
	if &again[0] != &a[:1][0] {
		t.Error("a free buffer was not used again")
	}
	b.put(c)
	if small := b.get(1); cap(small) != 3*page {
		t.Errorf("got %d bytes for 1", cap(small))
	} else {
		b.put(small)
	}
	b.put(again)
	if whole := b.get(4 * page); cap(whole) != 4*page {
		t.Error("free buffers were not given up for a large one")
	}
	if b.get(-1) != nil || b.get(1<<62) != nil {
		t.Error("absurd sizes")
	}
}

// Those who wait are served in their order, so that small files do not starve a large
// one, and nobody waits for more than there is.
func TestBudgetWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(4 * page)
		first, second := b.get(page), b.get(3*page)
		var order []int
		wait := func(n int64, name int) {
			go func() {
				buf := b.get(n)
				order = append(order, name)
				b.put(buf)
			}()
			synctest.Wait()
		}
		wait(4*page, 1)
		wait(1, 2)
		b.put(first)
		synctest.Wait()
		if len(order) > 0 {
			t.Error("a small file overtook a large one")
		}
		b.put(second)
		synctest.Wait()
		if !slices.Equal(order, []int{1, 2}) {
			t.Errorf("served %v", order)
		}
		if b.get(4*page+1) != nil {
			t.Error("got more than the budget")
		}
	})
}

// TestBudgetHolds takes and gives buffers at random and counts what is out.
func TestBudgetHolds(t *testing.T) {
	const limit = 32 * page
	b := newBudget(limit)
	rng := rand.New(rand.NewPCG(1, 1))
	var out [][]byte
	var held int
	for range 10_000 {
		if rng.IntN(2) == 0 && len(out) > 0 {
			i := rng.IntN(len(out))
			held -= cap(out[i])
			b.put(out[i])
			out[i] = out[len(out)-1]
			out = out[:len(out)-1]
			continue
		}
		if buf := b.take(rng.Int64N(10 * page)); buf != nil {
			out = append(out, buf)
			held += cap(buf)
		}
		idle := 0
		for _, buf := range b.idle {
			idle += cap(buf)
		}
		if int64(held+idle)+b.left != limit {
			t.Fatalf("%d held, %d idle, %d left of %d", held, idle, b.left, limit)
		}
	}
}

func TestSpillRegions(t *testing.T) {
	s := &spill{dir: t.TempDir()}
	reserve := func(size int64) *region {
		r, err := s.reserve(size)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b, c := reserve(10), reserve(20), reserve(5)
	if a.off != 0 || b.off != 10 || c.off != 30 {
		t.Fatalf("at %d, %d, %d", a.off, b.off, c.off)
	}
	s.release(b)
	if d := reserve(21); d.off != 35 {
		t.Errorf("21 bytes at %d", d.off)
	}
	if e := reserve(20); e.off != 10 {
		t.Errorf("the free space of 20 bytes was not used: %d", e.off)
	}
	for len(s.used) > 0 {
		s.release(s.used[0])
	}
	if info, err := s.file.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("%d bytes of disk kept, %v", info.Size(), err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// TestSpillConcurrent writes and reads regions at once.
func TestSpillConcurrent(t *testing.T) {
	s := &spill{dir: t.TempDir()}
	defer s.close()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				want := bytes.Repeat([]byte{byte(w), byte(i)}, 1+(w*i)%3000)
				r, err := s.reserve(int64(len(want)))
				if err != nil {
					t.Error(err)
					return
				}
				if err := r.writeAt(want, 0); err != nil {
					t.Error(err)
				}
				got, err := io.ReadAll(io.NewSectionReader(r, 0, r.size))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("read back %d bytes, %v", len(got), err)
				}
				if r.failed != nil {
					t.Error(r.failed)
				}
				s.release(r)
			}
		})
	}
	wg.Wait()
}

// TestSpillReadFailure tells the disk's errors from those of the content.
func TestSpillReadFailure(t *testing.T) {
	s := &spill{dir: t.TempDir()}
	r, err := s.reserve(10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadAt(make([]byte, 10), 0); err == nil || !errors.Is(r.failed, ErrSpill) {
		t.Errorf("reading what was never written: %v, %v", err, r.failed)
	}
	r.failed = nil
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadAt(make([]byte, 1), 0); err == nil || !errors.Is(r.failed, ErrSpill) {
		t.Errorf("reading a closed file: %v, %v", err, r.failed)
	}
	if err := r.writeAt([]byte("x"), 0); !errors.Is(err, ErrSpill) {
		t.Errorf("writing to a closed file: %v", err)
	}
}

func TestOpenAnonymousFallback(t *testing.T) {
	dir := t.TempDir()
	f, err := openAnonymous(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAnonymous(f)
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("the file has a name: %v", left)
	}
	if _, err := f.WriteAt([]byte("x"), 1<<20); err != nil {
		t.Error(err)
	}
}

func TestInProgramDirectory(t *testing.T) {
	for p, want := range map[string]bool{
		"bin/ls": true, "usr/bin/ls": true, "usr/local/sbin/x": true, "lib/x86_64-linux-gnu/libc.so.6": true,
		"usr/lib64/a": true, "usr/libexec/b": true, "usr/games/c": true,
		"usr/share/lib/x": false, "etc/bin/x": false, "bin": false, "usr/bin": false, "opt/bin/x": false, "library/x": false,
	} {
		if got := inProgramDirectory(p); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
}

func TestRootOf(t *testing.T) {
	for p, want := range map[string]struct {
		root string
		rank int
	}{
		"etc/os-release": {"", 0}, "usr/lib/os-release": {"", 1}, "opt/root/etc/os-release": {"opt/root", 0},
		"opt/root/usr/lib/os-release": {"opt/root", 1}, "etc/alpine-release": {"", 2}, "opt/root/etc/debian_version": {"opt/root", 2},
		"weird": {"", 2}, "fetc/release": {"fetc", 2},
	} {
		if root, rank := rootOf(p); root != want.root || rank != want.rank {
			t.Errorf("%s: %q, %d", p, root, rank)
		}
	}
}
