// Package testsieve checks detectors that are a [detect.Sifter] on programs as compilers
// and linkers make them. It is for tests.
package testsieve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// most is how many bytes a sieve may keep of a usual program.
const most = 1 << 20

// Detect returns what d says of a file that went by in pieces of the given size, by the
// sieve that it then has.
func Detect(t testing.TB, d detect.Detector, f detecttest.File, piece int) (*section.Sieve, *detect.Fragment, error) {
	t.Helper()
	in := f.Entry()
	s, ok := d.(detect.Sifter).Sift(&in).(*section.Sieve)
	if !ok {
		t.Fatalf("no sieve for %s", f.Path)
	}
	for rest := f.Data; len(rest) > 0; {
		n := min(piece, len(rest))
		if k, err := s.Write(rest[:n]); k != n || err != nil {
			t.Fatalf("Write: %d, %v", k, err)
		}
		rest = rest[n:]
	}
	sum := sha256.Sum256(f.Data)
	frag, err := d.Detect(context.Background(), &detect.File{Entry: in, ReaderAt: s, Digest: sbom.Digest("sha256:" + hex.EncodeToString(sum[:]))})
	return s, frag, err
}

// Same checks that d says the same of a file by its sieve as by the whole, so that the
// sieve skipped nothing, and that the sieve keeps little. It returns what d says.
func Same(t testing.TB, d detect.Detector, f detecttest.File) (*detect.Fragment, error) {
	t.Helper()
	want, wantErr := detecttest.DetectFile(t, d, f)
	wanted, _ := json.Marshal(want)
	for _, piece := range []int{1 << 30, 128 << 10, 4093} {
		s, got, err := Detect(t, d, f, piece)
		if text, _ := json.Marshal(got); !bytes.Equal(text, wanted) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%s in pieces of %d: %s, %v; want %s, %v", f.Path, piece, text, err, wanted, wantErr)
		}
		if kept := s.Kept(); kept > most {
			t.Errorf("%s: the sieve kept %d bytes of %d", f.Path, kept, len(f.Data))
		}
	}
	return want, wantErr
}

// Linkers runs a test for each linker that this machine's gcc has, and for some of the
// ways to use it: link links a program of one C source with further arguments.
func Linkers(t *testing.T, test func(t *testing.T, link func(source string, args ...string) []byte)) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip(err)
	}
	for _, linker := range []string{"bfd", "gold", "lld"} {
		for name, args := range map[string][]string{
			"debug": {"-g"}, "stripped": {"-s"}, "fixed": {"-no-pie"}, "static": {"-static"}, "bare": {"-Wl,-z,norelro", "-Wl,-z,noseparate-code"},
		} {
			t.Run(linker+" "+name, func(t *testing.T) {
				if _, err := exec.LookPath("ld." + linker); err != nil {
					t.Skip(err)
				}
				test(t, func(source string, more ...string) []byte {
					return compile(t, source, append(append([]string{"-fuse-ld=" + linker}, args...), more...))
				})
			})
		}
	}
}

func compile(t *testing.T, source string, args []string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("gcc", append(args, "-o", "main", "main.c")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this machine's gcc does not build: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "main"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// System calls each for up to n programs of this system that d wants, among those that
// match the patterns.
func System(t *testing.T, d detect.Detector, n int, each func(f detecttest.File), patterns ...string) {
	t.Helper()
	seen := 0
	for _, pattern := range patterns {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil || !info.Mode().IsRegular() || info.Size() > 32<<20 {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			f := detecttest.File{Path: name[1:], Mode: 0o755, Data: data}
			if e := f.Entry(); !d.Wants(&e) || d.(detect.Sifter).Sift(&e) == nil {
				continue
			}
			if seen++; seen > n {
				return
			}
			each(f)
		}
	}
	if seen == 0 {
		t.Skip("no programs on this system")
	}
}
