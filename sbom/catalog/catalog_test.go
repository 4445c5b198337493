package catalog_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// probe is a detector made of functions.
type probe struct {
	name   string
	wants  func(*detect.Entry) bool
	detect func(context.Context, *detect.File) (*detect.Fragment, error)
}

func (p probe) ID() detect.ID              { return detect.ID{Name: p.name, Version: "1"} }
func (p probe) Wants(e *detect.Entry) bool { return p.wants(e) }
func (p probe) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	return p.detect(ctx, f)
}

func all(*detect.Entry) bool { return true }

func mustImage(t testing.TB, img *image.Image, opts *catalog.Options) *sbom.Inventory {
	t.Helper()
	inv, err := catalog.Image(context.Background(), img, opts)
	if err != nil {
		t.Fatal(err)
	}
	catalog.CheckInvariants(t, inv)
	return inv
}

func encode(t testing.TB, inv *sbom.Inventory) string {
	t.Helper()
	data, err := json.MarshalIndent(inv, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestDeterministic reads an image of many layers with every parallelism, with
// detectors that take their time in another order in each run.
func TestDeterministic(t *testing.T) {
	var layers []v1.Layer
	for i := range 12 {
		var members []member
		for j := range 8 {
			n := (i*5 + j) % 24
			members = append(members,
				member{path: fmt.Sprintf("app/node_modules/p%d/package.json", n), data: fmt.Sprintf(`{"name":"p%d","version":"1.%d.0"}`, n, i/3)},
				member{path: fmt.Sprintf("app/node_modules/p%d/cli", n), mode: 0o755, data: fmt.Sprint("#!", i)})
		}
		members = append(members, member{path: fmt.Sprintf("app/node_modules/.wh.p%d", (i*7)%24)})
		layers = append(layers, layerOf(t, members...))
	}
	detectors := func(seed uint64) []detect.Detector {
		slow := probe{name: "slow", wants: all, detect: func(_ context.Context, f *detect.File) (*detect.Fragment, error) {
			rng := rand.New(rand.NewPCG(seed, uint64(len(f.Path))))
			for range rng.IntN(2000) {
				_ = rng.Uint64()
			}
			return nil, nil
		}}
		ds := append(catalog.Detectors(), slow)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(ds), func(i, j int) { ds[i], ds[j] = ds[j], ds[i] })
		return ds
	}
	want := encode(t, mustImage(t, imageOf(t, layers...), &catalog.Options{Parallel: 1, Detectors: detectors(0)}))
	if !strings.Contains(want, `"removed"`) || !strings.Contains(want, `"modified"`) {
		t.Fatal("the image does not exercise attribution")
	}
	for seed := range uint64(12) {
		opts := &catalog.Options{Parallel: 1 + int(seed), Detectors: detectors(seed), MemoryBudget: 1 << (10 + seed)}
		if got := encode(t, mustImage(t, imageOf(t, layers...), opts)); got != want {
			t.Fatalf("Parallel %d (-want +got):\n%s", opts.Parallel, gocmp.Diff(want, got))
		}
	}
}

// TestOnce asserts that a wanted file is detected once however many layers follow.
func TestOnce(t *testing.T) {
	var calls atomic.Int64
	d := probe{name: "count", wants: func(e *detect.Entry) bool { return e.Path == "a" },
		detect: func(context.Context, *detect.File) (*detect.Fragment, error) { calls.Add(1); return nil, nil }}
	mustImage(t, imageOf(t, layerOf(t, member{path: "a", data: "x"}), layerOf(t, member{path: "b"}), layerOf(t, member{path: ".wh.a"})),
		&catalog.Options{Detectors: []detect.Detector{d}})
	if n := calls.Load(); n != 1 {
		t.Errorf("detected %d times", n)
	}
}

// countingLayer counts how often its bytes are opened.
type countingLayer struct {
	v1.Layer
	opened *atomic.Int64
}

func (c countingLayer) Compressed() (io.ReadCloser, error) {
	c.opened.Add(1)
	return c.Layer.Compressed()
}

func (c countingLayer) Uncompressed() (io.ReadCloser, error) {
	c.opened.Add(1)
	return c.Layer.Uncompressed()
}

// TestReadsOnce asserts how often a layer's bytes are read: once, and twice only
// for the sake of a file that is wanted by the name of a hard link to it.
func TestReadsOnce(t *testing.T) {
	const manifest = `{"name":"a","version":"1"}`
	for want, members := range map[int64][]member{
		1: {{path: "bin/a", mode: 0o755, data: "x"}, {path: "bin/b", hardlink: "bin/a"}, {path: "a/node_modules/a/package.json", data: manifest}},
		2: {{path: "store", data: manifest}, {path: "a/node_modules/a/package.json", hardlink: "store"}},
	} {
		var opened atomic.Int64
		img := imageOf(t, countingLayer{layerOf(t, members...), &opened})
		opened.Store(0)
		inv := mustImage(t, img, nil)
		if got := opened.Load(); got != want {
			t.Errorf("opened %d times, want %d", got, want)
		}
		if len(inv.Components) != 1 {
			t.Errorf("%d components", len(inv.Components))
		}
	}
}

// TestOlderLink reports a name that is wanted and whose content is in another
// layer.
func TestOlderLink(t *testing.T) {
	inv := mustImage(t, imageOf(t,
		layerOf(t, member{path: "store", data: "{}"}),
		layerOf(t, member{path: "a.fragment.json", hardlink: "store"})), &catalog.Options{Detectors: []detect.Detector{literal{}}})
	if len(inv.Gaps) != 1 || inv.Gaps[0].Kind != sbom.GapUnsupported || inv.Gaps[0].Path != "a.fragment.json" {
		t.Errorf("gaps %+v", inv.Gaps)
	}
}

// TestLinkMakesExecutable: run times give a file the mode that the header of a hard
// link to it states, so that it can become a program by it.
func TestLinkMakesExecutable(t *testing.T) {
	inv := mustImage(t, imageOf(t, layerOf(t,
		member{path: "usr/share/doc/notes", data: "#!/bin/sh\n"},
		member{path: "usr/bin/notes", mode: 0o4755, hardlink: "usr/share/doc/notes"},
	)), nil)
	var got []string
	for i := range inv.Files {
		f := &inv.Files[i]
		got = append(got, fmt.Sprintf("%s %s %s %v", f.Path, f.Kind, f.Mode, slices.Contains(f.Digests, sha("#!/bin/sh\n"))))
	}
	want := []string{"usr/bin/notes script urwxr-xr-x true", "usr/share/doc/notes script urwxr-xr-x true"}
	if !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// TestDisputes: what run times do not agree about is a gap in which something may
// hide, and what is usual is none.
func TestDisputes(t *testing.T) {
	older := []member{{path: "usr/bin/x", mode: 0o755, data: "#!/bin/sh\n"}, {path: "usr/share/y", data: "#!/bin/sh\n"}}
	for _, tc := range []struct {
		name  string
		newer []member
		want  string // path of the gap
	}{
		{"opaque directory", []member{{path: "usr/bin/.wh..wh..opq"}, {path: "usr/bin/"}}, "none"},
		{"opaque root", []member{{path: ".wh..wh..opq"}}, ""},
		{"whiteout of a directory", []member{{path: "usr/.wh.bin"}}, "none"},
		{"whiteout, and a file in its place", []member{{path: "usr/.wh.bin"}, {path: "usr/bin", data: "x"}}, "none"},
		{"whiteout, and a directory in its place", []member{{path: "usr/.wh.bin"}, {path: "usr/bin/"}}, "usr/bin"},
		{"link", []member{{path: "a", mode: 0o755, data: "x"}, {path: "b", mode: 0o755, hardlink: "a"}}, "none"},
		{"link to an older layer that makes executable", []member{{path: "b", mode: 0o755, hardlink: "usr/share/y"}}, "b"},
		{"link through a symlink that makes executable", []member{{path: "a/f", data: "x"}, {path: "l", symlink: "a"},
			{path: "b", mode: 0o755, hardlink: "l/f"}}, "b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inv := mustImage(t, imageOf(t, layerOf(t, older...), layerOf(t, tc.newer...)), nil)
			got := "none"
			for _, g := range inv.Gaps {
				if got = g.Path; g.Kind != sbom.GapCorrupt || g.Layer.Index != 1 {
					t.Errorf("gap %+v", g)
				}
			}
			if got != tc.want || len(inv.Gaps) > 1 {
				t.Errorf("gaps %+v, want one at %q", inv.Gaps, tc.want)
			}
		})
	}
}

// TestContent asserts that detectors see exact bytes and digests, in memory and
// spilled, and that Head stays during Detect.
func TestContent(t *testing.T) {
	sizes := []int{0, 1, 511, 512, 513, 64 << 10, 64<<10 + 1, 300_000}
	var members []member
	rng := rand.NewChaCha8([32]byte{1})
	for _, size := range sizes {
		data := make([]byte, size)
		_, _ = rng.Read(data)
		members = append(members, member{path: fmt.Sprint("f", size), data: string(data)})
	}
	for _, budget := range []int64{1, 64 << 10, 1 << 20} {
		seen := 0
		d := probe{name: "content", wants: all, detect: func(_ context.Context, f *detect.File) (*detect.Fragment, error) {
			want := members[seen].data
			seen++
			got, err := f.Bytes(1 << 20)
			if err != nil && f.Size > 0 {
				t.Error(err)
			}
			if string(got) != want || string(f.Head) != want[:min(len(want), detect.HeadSize)] {
				t.Errorf("budget %d: %s: content differs", budget, f.Path)
			}
			if sum := sha(want); f.Digest != sum {
				t.Errorf("%s: digest %s, want %s", f.Path, f.Digest, sum)
			}
			return nil, nil
		}}
		dir := t.TempDir()
		mustImage(t, imageOf(t, layerOf(t, members...)), &catalog.Options{
			Detectors: []detect.Detector{d}, MemoryBudget: budget, Parallel: 1, SpillDir: dir})
		if seen != len(sizes) {
			t.Errorf("%d of %d files seen", seen, len(sizes))
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

func TestSpillNamesNoFile(t *testing.T) {
	dir := t.TempDir()
	d := probe{name: "look", wants: all, detect: func(context.Context, *detect.File) (*detect.Fragment, error) {
		// While content is spilled, nothing is in the directory: a crash now
		// leaves nothing behind.
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("visible: %v %v", left, err)
		}
		return nil, nil
	}}
	mustImage(t, imageOf(t, layerOf(t, member{path: "a", data: strings.Repeat("a", 1<<20)})),
		&catalog.Options{Detectors: []detect.Detector{d}, MemoryBudget: 1, SpillDir: dir})
	_, err := catalog.Image(context.Background(), imageOf(t, layerOf(t, member{path: "a", data: "a"})),
		&catalog.Options{Detectors: []detect.Detector{d}, MemoryBudget: 1, SpillDir: dir + "/missing"})
	if !errors.Is(err, catalog.ErrSpill) {
		t.Errorf("got %v, want ErrSpill", err)
	}
}

// TestDetectorFailures turns whatever a detector does into a gap.
func TestDetectorFailures(t *testing.T) {
	fail := func(err error) func(context.Context, *detect.File) (*detect.Fragment, error) {
		return func(context.Context, *detect.File) (*detect.Fragment, error) { return nil, err }
	}
	tests := []struct {
		name    string
		probe   probe
		kind    sbom.GapKind
		message string
	}{
		{"malformed", probe{detect: fail(fmt.Errorf("%w: line 3", detect.ErrFormat))}, sbom.GapCorrupt, "malformed: line 3"},
		{"limit", probe{detect: fail(&detect.LimitError{Path: "a", Limit: 2, What: "members"})}, sbom.GapLimit, "a: more than 2 members"},
		{"encrypted", probe{detect: fail(detect.ErrEncrypted)}, sbom.GapEncrypted, "encrypted"},
		{"unsupported", probe{detect: fail(detect.ErrUnsupported)}, sbom.GapUnsupported, "unsupported"},
		{"anything", probe{detect: fail(errors.New("boom"))}, sbom.GapCorrupt, "boom"},
		{"not UTF-8", probe{detect: fail(errors.New("\xff"))}, sbom.GapCorrupt, "\uFFFD"},
		{"long", probe{detect: fail(errors.New(strings.Repeat("ü", 4000)))}, sbom.GapCorrupt, strings.Repeat("ü", 256) + "…"},
		{"panics", probe{detect: func(context.Context, *detect.File) (*detect.Fragment, error) { panic("boom") }},
			sbom.GapCorrupt, "the detector panicked: boom"},
		{"wants panics", probe{wants: func(*detect.Entry) bool { panic("boom") }}, sbom.GapCorrupt, "the detector panicked: boom"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.probe
			d.name = "probe"
			if d.wants == nil {
				d.wants = all
			}
			inv := mustImage(t, imageOf(t, layerOf(t, member{path: "a", data: "x"})), &catalog.Options{Detectors: []detect.Detector{d}})
			want := []sbom.Gap{{Kind: tt.kind, Path: "a", Layer: inv.Layers[0].Ref(), Detector: "probe@1", Message: tt.message}}
			if diff := gocmp.Diff(want, inv.Gaps); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOthersAreAsked has a file seen by the detectors on both sides of one that panics.
func TestOthersAreAsked(t *testing.T) {
	var seen []string
	sees := func(name string) probe {
		return probe{name: name, wants: all, detect: func(context.Context, *detect.File) (*detect.Fragment, error) {
			seen = append(seen, name)
			return nil, nil
		}}
	}
	bad := probe{name: "bad", wants: func(*detect.Entry) bool { panic("boom") }}
	inv := mustImage(t, imageOf(t, layerOf(t, member{path: "a", data: "x"})), &catalog.Options{Detectors: []detect.Detector{sees("before"), bad, sees("behind")}})
	if !slices.Equal(seen, []string{"before", "behind"}) || len(inv.Gaps) != 1 {
		t.Errorf("seen by %q, gaps %v", seen, inv.Gaps)
	}
}

// TestPartial keeps what a detector found before it failed.
func TestPartial(t *testing.T) {
	d := probe{name: "probe", wants: all, detect: func(context.Context, *detect.File) (*detect.Fragment, error) {
		return &detect.Fragment{Components: []detect.Component{{Key: "k", Component: sbom.Component{
			Type: sbom.TypeLibrary, Name: "bad\xff", Version: "1"}}}}, detect.ErrLimit
	}}
	inv := mustImage(t, imageOf(t, layerOf(t, member{path: "a", data: "x"})), &catalog.Options{Detectors: []detect.Detector{d}})
	if len(inv.Components) != 1 || inv.Components[0].Name != "bad\uFFFD" || len(inv.Gaps) != 1 {
		t.Errorf("got %s", encode(t, inv))
	}
}

// TestHiddenGaps drops gaps with the file they are about.
func TestHiddenGaps(t *testing.T) {
	layers := []v1.Layer{layerOf(t, member{path: "a.fragment.json", data: "{"}), layerOf(t, member{path: ".wh.a.fragment.json"})}
	opts := &catalog.Options{Detectors: []detect.Detector{literal{}}}
	if inv := mustImage(t, imageOf(t, layers[:1]...), opts); len(inv.Gaps) != 1 {
		t.Errorf("gaps %v, want one", inv.Gaps)
	}
	if inv := mustImage(t, imageOf(t, layers...), opts); len(inv.Gaps) != 0 {
		t.Errorf("gaps %v, want none", inv.Gaps)
	}
}

func TestMaxFileSize(t *testing.T) {
	d := probe{name: "probe", wants: all, detect: func(_ context.Context, f *detect.File) (*detect.Fragment, error) {
		t.Errorf("%s was detected", f.Path)
		return nil, nil
	}}
	inv := mustImage(t, imageOf(t, layerOf(t, member{path: "bin/a", mode: 0o755, data: "12345"})),
		&catalog.Options{Detectors: []detect.Detector{d}, MaxFileSize: 4})
	if len(inv.Gaps) != 1 || inv.Gaps[0].Kind != sbom.GapLimit || inv.Gaps[0].Message != "bin/a: 5 bytes, limit 4" {
		t.Errorf("gaps %v", inv.Gaps)
	}
	if len(inv.Files) != 1 || len(inv.Files[0].Digests) != 1 {
		t.Errorf("files %v: an executable is hashed whatever its size", inv.Files)
	}
}

func TestMaxEntries(t *testing.T) {
	layers := []v1.Layer{layerOf(t, member{path: "a"}, member{path: "b"}), layerOf(t, member{path: "c"}, member{path: "d"})}
	if _, err := catalog.Image(context.Background(), imageOf(t, layers...), &catalog.Options{MaxEntries: 3}); !errors.Is(err, image.ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
	mustImage(t, imageOf(t, layers...), &catalog.Options{MaxEntries: 4})
	// Directories that no entry brought count too: a path can be 2,000 deep.
	deep := strings.Repeat("d/", 100) + "f"
	if _, err := catalog.Image(context.Background(), imageOf(t, layerOf(t, member{path: deep})), &catalog.Options{MaxEntries: 50}); !errors.Is(err, image.ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
}

func TestHashAll(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/modified.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var layers []v1.Layer
	for _, members := range parseScenario(t, archive) {
		layers = append(layers, layerOf(t, members...))
	}
	find := func(hashAll bool) (counts sbom.FileCounts, data bool) {
		inv := mustImage(t, imageOf(t, layers...), &catalog.Options{HashAll: hashAll})
		for _, f := range inv.Files {
			if f.Path == "etc/ssl/openssl.cnf" {
				t.Error("a changed configuration file is listed")
			}
			data = data || f.Path == "usr/share/openssl/data" && f.Integrity == sbom.Modified
		}
		return inv.Components[0].Files, data
	}
	if counts, data := find(false); data || counts.Modified != 2 || counts.Verified != 1 {
		t.Errorf("by default: %+v, data file listed: %v", counts, data)
	}
	if counts, data := find(true); !data || counts.Modified != 3 || counts.Verified != 1 {
		t.Errorf("HashAll: %+v, data file listed: %v", counts, data)
	}
}

// TestBrokenLayers gives no inventory, but the image's own error.
func TestBrokenLayers(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	_ = w.WriteHeader(&tar.Header{Name: "bin/a", Mode: 0o755, Size: 5000, Typeflag: tar.TypeReg})
	_, _ = w.Write(make([]byte, 5000))
	_ = w.Close()
	good := layerOf(t, member{path: "b"})
	for name, cut := range map[string]int{"in a header": 100, "in wanted content": 2000} {
		t.Run(name, func(t *testing.T) {
			broken := static.NewLayer(buf.Bytes()[:cut], types.OCIUncompressedLayer)
			for _, ds := range [][]detect.Detector{nil, {probe{name: "all", wants: all, detect: nil}}} {
				inv, err := catalog.Image(context.Background(), imageOf(t, good, broken), &catalog.Options{Detectors: ds})
				var le *image.LayerError
				if !errors.Is(err, image.ErrCorrupt) || !errors.As(err, &le) || le.Layer.Index != 1 {
					t.Errorf("got %v, want ErrCorrupt in layer 1", err)
				}
				if inv != nil {
					t.Error("half an inventory was returned")
				}
			}
		})
	}
}

// TestOddEntries reports entries that are not what they should be.
func TestOddEntries(t *testing.T) {
	data := layerOf(t, member{path: "../../etc/passwd", data: "x"}, member{path: strings.Repeat("n", 300)},
		member{path: "self", hardlink: "self"})
	inv := mustImage(t, imageOf(t, data), nil)
	var got []string
	for _, g := range inv.Gaps {
		if g.Layer == nil || g.Kind != sbom.GapCorrupt {
			t.Errorf("gap %+v", g)
		}
		got = append(got, g.Path)
	}
	want := []string{"", "etc/passwd", "self"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("paths of gaps (-want +got):\n%s", diff)
	}
}

func TestCancel(t *testing.T) {
	reason := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(context.Background())
	var members []member
	for i := range 1000 {
		members = append(members, member{path: fmt.Sprint(i)})
	}
	calls := 0
	d := probe{name: "probe", wants: all, detect: func(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
		if calls++; calls == 10 {
			cancel(reason)
		}
		return nil, ctx.Err()
	}}
	inv, err := catalog.Image(ctx, imageOf(t, layerOf(t, members...)), &catalog.Options{Detectors: []detect.Detector{d}, Parallel: 1})
	if inv != nil || !errors.Is(err, reason) {
		t.Errorf("got %v, %v", inv, err)
	}
	if calls != 10 {
		t.Errorf("%d more files were detected after the cancellation", calls-10)
	}
}

func TestProgress(t *testing.T) {
	layers := []v1.Layer{
		layerOf(t, member{path: "big", data: strings.Repeat("x", 20<<20)}),
		layerOf(t, member{path: "a/node_modules/b/package.json", data: `{"name":"b","version":"1"}`}),
	}
	var inside atomic.Int64
	var last catalog.Progress
	calls := 0
	img := imageOf(t, layers...)
	mustImage(t, img, &catalog.Options{Parallel: 2, Progress: func(p catalog.Progress) {
		if inside.Add(1) != 1 {
			t.Error("called twice at once")
		}
		defer inside.Add(-1)
		if p.LayersDone < last.LayersDone || p.BytesDone < last.BytesDone || p.BytesFiles < last.BytesFiles || p.Components < last.Components {
			t.Errorf("went back from %+v to %+v", last, p)
		}
		last = p
		calls++
	}})
	var total int64
	for _, l := range img.Layers() {
		total += l.Info().Size
	}
	want := catalog.Progress{Layers: 2, LayersDone: 2, BytesTotal: total, BytesDone: total, BytesFiles: 20<<20 + 26, Components: 1}
	if last != want {
		t.Errorf("in the end %+v, want %+v", last, want)
	}
	if calls < 3 {
		t.Errorf("%d calls", calls)
	}
}

func TestCreated(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	img, err := mutate.CreatedAt(empty.Image, v1.Time{Time: at.In(time.FixedZone("", 3600))})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := image.FromV1(img, nil)
	if err != nil {
		t.Fatal(err)
	}
	if inv := mustImage(t, opened, nil); inv.Created != at {
		t.Errorf("created %v, want the image's %v", inv.Created, at)
	}
	epoch := time.Unix(0, 0).UTC()
	if inv := mustImage(t, opened, &catalog.Options{Created: epoch}); inv.Created != epoch {
		t.Errorf("created %v, want the option's", inv.Created)
	}
}

func TestDetectorNames(t *testing.T) {
	for _, ds := range [][]detect.Detector{{literal{}, literal{}}, {probe{}}, {literal{}, nil}} {
		if _, err := catalog.Image(context.Background(), imageOf(t), &catalog.Options{Detectors: ds}); !errors.Is(err, catalog.ErrDetectors) {
			t.Errorf("got %v, want ErrDetectors", err)
		}
	}
	ds := catalog.Detectors()
	ds[0] = nil
	if catalog.Detectors()[0] == nil {
		t.Error("Detectors returns a shared slice")
	}
}

func TestEmptyImage(t *testing.T) {
	inv := mustImage(t, imageOf(t), nil)
	if len(inv.Components)+len(inv.Files)+len(inv.Gaps) != 0 || len(inv.Tools) != 1 || inv.Tools[0].Name != "imagetrust" {
		t.Errorf("got %s", encode(t, inv))
	}
}
