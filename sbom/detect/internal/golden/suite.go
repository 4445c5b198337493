package golden

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// Tree returns the files of testdata/tree.txtar.
func Tree(t testing.TB) []detecttest.File { return Files(t, "testdata/tree.txtar") }

// TestTree is [TestArchives] of testdata/tree.txtar alone.
func TestTree(t *testing.T, d detect.Detector, limit int64) { TestArchives(t, d, limit, "tree") }

// TestArchives checks what d says of the files of testdata/NAME.txtar for each of names, which
// is in testdata/NAME.golden, that d keeps the contract with all of them, and that it
// refuses each when it is larger than limit bytes.
func TestArchives(t *testing.T, d detect.Detector, limit int64, names ...string) {
	var all []detecttest.File
	for _, name := range names {
		files := Files(t, "testdata/"+name+".txtar")
		t.Run("Facts of "+name, func(t *testing.T) { Check(t, d, files, "testdata/"+name+".golden") })
		all = append(all, files...)
	}
	t.Run("Conformance", func(t *testing.T) { detecttest.Run(t, d, all...) })
	t.Run("TooLarge", func(t *testing.T) { TooLarge(t, d, limit, all...) })
}

// Wants checks whether d wants a file at each of paths, by the path alone, and that it
// wants none of them when it is empty.
func Wants(t *testing.T, d detect.Detector, paths map[string]bool) {
	t.Helper()
	report(t, wants(d, paths, 2))
	none := make(map[string]bool)
	for p := range paths {
		none[p] = false
	}
	report(t, wants(d, none, 0))
}

// WantsEmpty is [Wants] for detectors to which an empty file says something.
func WantsEmpty(t *testing.T, d detect.Detector, paths map[string]bool) {
	t.Helper()
	report(t, wants(d, paths, 2))
	report(t, wants(d, paths, 0))
}

func report(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func wants(d detect.Detector, paths map[string]bool, size int64) error {
	var errs []error
	for p, want := range paths {
		if got := d.Wants(&detect.Entry{Path: p, Size: size}); got != want {
			errs = append(errs, fmt.Errorf("Wants(%s) of %d bytes is %t", p, size, got))
		}
	}
	return errors.Join(errs...)
}

// TooLarge checks that d refuses each of files when it has more than limit bytes, without
// reading it.
func TooLarge(t *testing.T, d detect.Detector, limit int64, files ...detecttest.File) {
	t.Helper()
	report(t, tooLarge(d, limit, files))
}

func tooLarge(d detect.Detector, limit int64, files []detecttest.File) error {
	var errs []error
	for _, file := range files {
		f := &detect.File{Entry: file.Entry(), ReaderAt: strings.NewReader("")}
		f.Size = limit + 1
		if frag, err := d.Detect(context.Background(), f); frag != nil || !errors.Is(err, detect.ErrLimit) {
			errs = append(errs, fmt.Errorf("%s of %d bytes: %v, %w, want ErrLimit", file.Path, f.Size, frag, err))
		}
	}
	return errors.Join(errs...)
}

// Benchmark measures d on a file, in bytes of its content, and returns what d says of it.
func Benchmark(b *testing.B, d detect.Detector, f detecttest.File) *detect.Fragment {
	b.Helper()
	in := f.Open()
	var frag *detect.Fragment
	b.SetBytes(in.Size)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if frag, err = d.Detect(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
	return frag
}

// BenchmarkWants measures what d takes for a file that it does not want, as nearly all are.
func BenchmarkWants(b *testing.B, d detect.Detector, f detecttest.File) {
	b.Helper()
	e := f.Entry()
	if d.Wants(&e) {
		b.Fatalf("%s is wanted", f.Path)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Wants(&e)
	}
}

// Library is a file that every image has, for [BenchmarkWants].
func Library() detecttest.File {
	return detecttest.File{
		Path: "usr/lib/x86_64-linux-gnu/libssl.so.3", Mode: 0o755,
		Data: append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 1<<20)...),
	}
}
