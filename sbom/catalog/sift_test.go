package catalog_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// sifting is a probe with sieves.
type sifting struct {
	probe
	sift func(e *detect.Entry) detect.Sieve
}

func (s sifting) Sift(e *detect.Entry) detect.Sieve { return s.sift(e) }

// keeper is a sieve that keeps the first bytes, as many as it has room for.
type keeper struct {
	kept []byte
	went int64
}

func (k *keeper) Write(p []byte) (int, error) {
	k.kept = append(k.kept, p[:min(len(p), cap(k.kept)-len(k.kept))]...)
	k.went += int64(len(p))
	return len(p), nil
}

func (k *keeper) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(k.kept)) {
		return 0, detect.ErrSkipped
	}
	return copy(p, k.kept[off:]), nil
}

func keep(n int) func(*detect.Entry) detect.Sieve {
	return func(*detect.Entry) detect.Sieve { return &keeper{kept: make([]byte, 0, n)} }
}

// naming makes a component of 8 bytes of a file.
func naming(name string, off int64) probe {
	return probe{name: name, wants: func(e *detect.Entry) bool { return e.Size > 8 }, detect: func(_ context.Context, f *detect.File) (*detect.Fragment, error) {
		b := make([]byte, 8)
		if n, err := f.ReadAt(b, off); n < len(b) {
			return nil, err
		}
		return &detect.Fragment{Components: []detect.Component{{Key: f.Path, Component: sbom.Component{
			Type: sbom.TypeLibrary, Name: name + "-" + string(b),
			Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueFilename, Confidence: 1}},
		}}}}, nil
	}}
}

// sieved is an image of large files, with a hard link to one and a small one between.
func sieved(t testing.TB) []member {
	t.Helper()
	large := func(name string) string { return "head-" + name + strings.Repeat("x", 300<<10) + "tail-" + name }
	return []member{
		{path: "a", data: large("aaa")}, {path: "b", data: "small and held"}, {path: "c", data: large("ccc"), mode: 0o755},
		{path: "d", hardlink: "a"}, {path: "e", data: large("eee")},
	}
}

// What a detector says is the same with the content held, by a sieve that kept enough,
// and by one that did not, so that the file is read again.
func TestSift(t *testing.T) {
	members := sieved(t)
	size := int64(len(members[0].data))
	for _, off := range []int64{0, size - 8} {
		name := map[bool]string{true: "head", false: "tail"}[off == 0]
		t.Run(name, func(t *testing.T) {
			for _, second := range []detect.Detector{nil, naming("other", 0), sifting{naming("other", 0), keep(100)}} {
				first := naming("first", min(off, size-8))
				first.wants = func(e *detect.Entry) bool { return e.Size >= size }
				detectors := func(d detect.Detector) []detect.Detector {
					if second == nil {
						return []detect.Detector{d}
					}
					return []detect.Detector{d, second}
				}
				img := imageOf(t, layerOf(t, members...))
				want := mustImage(t, img, &catalog.Options{Detectors: detectors(first)})
				if len(want.Components) < 3 {
					t.Fatalf("%d components", len(want.Components))
				}
				got := mustImage(t, img, &catalog.Options{Detectors: detectors(sifting{first, keep(100)})})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error("the sieve changed the inventory:", diff)
				}
			}
		})
	}
}

// A sieve needs no memory of the budget and no disk.
func TestSiftSpillsNothing(t *testing.T) {
	first := naming("first", 0)
	first.wants = func(e *detect.Entry) bool { return e.Size > 1<<10 }
	members := slices.DeleteFunc(sieved(t), func(m member) bool { return m.hardlink != "" })
	inv := mustImage(t, imageOf(t, layerOf(t, members...)), &catalog.Options{
		MemoryBudget: 1, SpillDir: filepath.Join(t.TempDir(), "missing"),
		Detectors: []detect.Detector{sifting{first, func(e *detect.Entry) detect.Sieve {
			if !bytes.HasPrefix(e.Head, []byte("head-")) {
				t.Errorf("Sift sees %q", e.Head[:10])
			}
			return &keeper{kept: make([]byte, 0, 8)}
		}}},
	})
	if len(inv.Components) != 3 {
		t.Errorf("%d components", len(inv.Components))
	}
}

// panicking is a sieve that panics.
type panicking struct{ io.ReaderAt }

func (panicking) Write([]byte) (int, error) { panic("too much") }

func TestSiftPanics(t *testing.T) {
	members := sieved(t)
	inv := mustImage(t, imageOf(t, layerOf(t, members[0])), &catalog.Options{Detectors: []detect.Detector{
		sifting{naming("first", 0), func(*detect.Entry) detect.Sieve { return panicking{} }},
	}})
	if len(inv.Components) != 0 || len(inv.Gaps) != 1 || !strings.Contains(inv.Gaps[0].Message, "the detector panicked: too much") {
		t.Errorf("gaps %+v", inv.Gaps)
	}
	inv = mustImage(t, imageOf(t, layerOf(t, members[0])), &catalog.Options{Detectors: []detect.Detector{
		sifting{naming("first", 0), func(*detect.Entry) detect.Sieve { panic("before") }},
	}})
	if len(inv.Components) != 1 {
		t.Error("a detector without a sieve does not get the content")
	}
}
