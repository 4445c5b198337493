package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	kgzip "github.com/klauspost/compress/gzip"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// noise is content that does not compress.
func noise(n int) string {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return string(b)
}

// openLayer opens an image of one layer, from a layout in a directory.
func openLayer(t testing.TB, l layerSpec, opts *image.Options) *image.Layer {
	t.Helper()
	return mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{l}}).dir(t), opts).Layers()[0]
}

func TestCompressions(t *testing.T) {
	stream := makeTar(dir("etc/"), file("etc/a", "A"), file("b", "B"))
	const want = "etc/ etc/a=A b=B"
	half := len(stream) / 2
	tests := []struct {
		name string
		l    layerSpec
	}{
		{"uncompressed", layer(types.OCIUncompressedLayer, stream, stream)},
		{"gzip", layer(types.OCILayer, stream, gzipped(stream))},
		{"zstd", layer(types.OCILayerZStd, stream, zstded(stream))},
		{"docker gzip", layer(types.DockerLayer, stream, gzipped(stream))},
		{"gzip of two members", layer(types.OCILayer, stream, append(gzipped(stream[:half]), gzipped(stream[half:])...))},
		{"zstd of two frames", layer(types.OCILayerZStd, stream, append(zstded(stream[:half]), zstded(stream[half:])...))},
		{"zstd behind a skippable frame", layer(types.OCILayerZStd, stream,
			append([]byte("\x5e\x2a\x4d\x18\x03\x00\x00\x00abc"), zstded(stream)...))},
		{"media type says gzip, blob is zstd", layer(types.OCILayer, stream, zstded(stream))},
		{"media type says zstd, blob is gzip", layer(types.OCILayerZStd, stream, gzipped(stream))},
		{"media type says gzip, blob is uncompressed", layer(types.DockerLayer, stream, stream)},
		{"media type says uncompressed, blob is gzip", layer(types.OCIUncompressedLayer, stream, gzipped(stream))},
		{"no media type", layer("", stream, gzipped(stream))},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			l := openLayer(t, tc.l, nil)
			if got := l.Info().UncompressedSize; got != 0 {
				t.Errorf("UncompressedSize = %d before reading", got)
			}
			if got := mustList(t, l); got != want {
				t.Errorf("entries %q, want %q", got, want)
			}
			if got := l.Info().UncompressedSize; got != int64(len(stream)) {
				t.Errorf("UncompressedSize = %d, want %d", got, len(stream))
			}
			if got := mustList(t, l); got != want {
				t.Errorf("second pass: %q", got)
			}
		})
	}
}

func TestEntries(t *testing.T) {
	long := strings.Repeat("n", 256)
	deep := strings.Repeat("d/", 2100) + "f"
	l := openLayer(t, gzipLayer(
		dir("./"),
		file("./a", "1"),
		file("/abs", "2"),
		file("x/../../../etc/passwd", "3"),
		file("..", "4"),
		file("/../../up", "5"),
		file(long, "6"),
		file(deep, "7"),
		symlink("link", "../../outside"),
		hardlink("hard", "./a"),
		hardlink("hard2", "../../a"),
		hardlink("hard3", long),
		file("d/.wh.gone", ""),
		file("d/.wh..wh..opq", ""),
		file(".wh..wh..opq", ""),
		file(".wh.top", ""),
		file("d/.wh.", ""),
		file("d/.wh..", ""),
		file("d/.wh...", ""),
		file(".wh..wh.plnk", ""),
		dir(".wh..wh.aufs/"),
		tarEntry{Header: tar.Header{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3}},
		tarEntry{Header: tar.Header{Name: "disk", Typeflag: tar.TypeBlock}},
		tarEntry{Header: tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}},
		tarEntry{Header: tar.Header{Name: "odd", Typeflag: 'Q'}},
		file("\xff\xfe", "8"),
		file("a", "9"),
	), nil)
	want := []string{
		"./", "a=1", "abs=2", "etc/passwd=3#escape", ".=4#escape", "up=5#escape", "=6#name", "=7#name",
		"link->../../outside", "hard=>a", "hard2=>a#escape", "=>" + long + "#name",
		"!d/gone", "!!d", "!!.", "!top", "=#name", "=#name", "=#name", "=#name", "/#name",
		"null:D", "disk:D", "pipe:p", "odd:?#type", "\xff\xfe=8", "a=9",
	}
	got, err := list(l)
	if err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, want) {
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("entry %d:\n got %q\nwant %q", i, got[min(i, len(got)):], want[min(i, len(want)):])
			}
		}
	}
}

func TestEntryFields(t *testing.T) {
	h := tar.Header{
		Name: "bin/su", Typeflag: tar.TypeReg, Mode: 0o4755, Size: 2, Uid: 7, Gid: 8, Format: tar.FormatPAX,
		ModTime: epoch.Add(123456789),
	}
	l := openLayer(t, plainLayer(tarEntry{h, "su"}, file(strings.Repeat("x/", 4000)+"f", "")), nil)
	var got []image.Entry
	for e, err := range l.Entries(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *e)
	}
	e := got[0]
	if e.Path != "bin/su" || e.Mode.String() != "urwxr-xr-x" || e.Size != 2 || e.UID != 7 || e.GID != 8 ||
		!e.ModTime.Equal(h.ModTime) {
		t.Errorf("entry = %+v", e)
	}
	if n := len(got[1].Name); n != 4096 {
		t.Errorf("recorded name has %d bytes, want it cut to 4096", n)
	}
}

// The content of an entry is readable exactly while it is the current one.
// TestModeOfAnotherType: run times go by the type flag, whatever type the mode
// states beside it.
func TestModeOfAnotherType(t *testing.T) {
	const dirMode, linkMode, deviceMode = 0o040000, 0o120000, 0o060000
	with := func(e tarEntry, mode int64) tarEntry {
		e.Mode |= mode
		return e
	}
	l := mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{plainLayer(
		with(symlink("link", "usr/bin"), dirMode),
		with(dir("dir"), linkMode),
		with(file("file", "x"), dirMode),
		with(tarEntry{Header: tar.Header{Name: "fifo", Typeflag: tar.TypeFifo}}, deviceMode),
	)}}).dir(t), nil).Layers()[0]
	want := map[string]fs.FileMode{"link": fs.ModeSymlink, "dir": fs.ModeDir, "file": 0, "fifo": fs.ModeNamedPipe}
	for e, err := range l.Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Mode.Type() != want[e.Path] {
			t.Errorf("%s is %v, want the type %v", e.Path, e.Mode, want[e.Path])
		}
	}
}

func TestContentIsForOneStep(t *testing.T) {
	l := openLayer(t, gzipLayer(file("a", "first"), file("b", "second")), nil)
	var prev *image.Entry
	for e, err := range l.Entries(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if prev != nil {
			if _, err := prev.Read(make([]byte, 1)); err == nil || err == io.EOF {
				t.Errorf("reading an entry whose turn is over: %v", err)
			}
			break
		}
		prev = e
	}
	for e, err := range l.Entries(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		var b [3]byte
		if _, err := io.ReadFull(e, b[:]); err != nil {
			t.Fatal(err)
		}
		// The rest is left unread, and the next entry must not notice.
		if want := map[string]string{"a": "fir", "b": "sec"}[e.Path]; string(b[:]) != want {
			t.Errorf("%s begins with %q, want %q", e.Path, b, want)
		}
	}
}

func TestContentReader(t *testing.T) {
	want := noise(300_000)
	for _, mk := range []func(...tarEntry) layerSpec{plainLayer, gzipLayer, zstdLayer} {
		l := openLayer(t, mk(file("a", want), file("b", "")), nil)
		for e, err := range l.Entries(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Path == "a" {
				if err := iotest.TestReader(io.Reader(e), []byte(want)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// Large layers are decompressed by a second goroutine; breaking off at any entry
// must end it.
func TestBreakOffLargeLayer(t *testing.T) {
	var entries []tarEntry
	for i := range 40 {
		entries = append(entries, file(fmt.Sprint(i), noise(100_000)))
	}
	var current *watched
	l := openLayer(t, gzipLayer(entries...), &image.Options{Decompress: func(_ image.Compression, r io.Reader) (io.ReadCloser, error) {
		zr, err := kgzip.NewReader(r)
		current = &watched{ReadCloser: zr, t: t}
		return current, err
	}})
	for stop := range 41 {
		n := 0
		for _, err := range l.Entries(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > stop {
				break
			}
		}
		if !current.closed.Load() {
			t.Fatal("the decompressor was not closed")
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	var last error
	for _, err := range l.Entries(ctx) {
		if n++; n == 2 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("after cancelling: %v", last)
	}
}

// watched is a decompressor that nobody may use once it was closed.
type watched struct {
	io.ReadCloser
	t      *testing.T
	closed atomic.Bool
}

func (w *watched) Read(p []byte) (int, error) {
	if w.closed.Load() {
		w.t.Error("read behind the end of the iteration")
	}
	return w.ReadCloser.Read(p)
}

func (w *watched) Close() error {
	w.closed.Store(true)
	return w.ReadCloser.Close()
}

// corruptLayer is a layer whose stored bytes were changed after their digests
// were taken.
func corruptLayer(l layerSpec, change func([]byte) []byte) layerSpec {
	l.blob = change(bytes.Clone(l.blob))
	return l
}

func flipLast(b []byte) []byte { b[len(b)-1] ^= 1; return b }

func TestBadLayers(t *testing.T) {
	good := []tarEntry{file("a", noise(5000)), file("b", "B")}
	stream := makeTar(good...)
	other := makeTar(file("c", "C"))
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }
	half := func(b []byte) []byte { return b[:len(b)/2] }
	more := func(b []byte) []byte { return append(b, "more"...) }
	lie := func(size int64) []byte { // a header that promises more than follows
		b := makeTar(file("big", "xyz"))
		h := tar.Header{Name: "big", Typeflag: tar.TypeReg, Size: size, Mode: 0o644}
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		return append(buf.Bytes(), b[512:1024]...)
	}
	wrongDiffID := gzipLayer(good...)
	wrongDiffID.tar = other
	sized := func(l layerSpec, by int64) layerSpec { l.desc.Size += by; return l }
	tests := []struct {
		name    string
		l       layerSpec
		opts    image.Options
		want    []error
		not     error
		entries int // returned before the error; -1 for any number
	}{
		{name: "blob replaced", l: corruptLayer(gzipLayer(good...), func([]byte) []byte { return gzipped(other) }),
			want: []error{image.ErrDigest}, entries: -1},
		{name: "uncompressed blob replaced", l: corruptLayer(plainLayer(good...), func(b []byte) []byte { b[513] ^= 1; return b }),
			want: []error{image.ErrDigest}, not: image.ErrCorrupt, entries: 2},
		{name: "last bit of gzip flipped", l: corruptLayer(gzipLayer(good...), flipLast),
			want: []error{image.ErrDigest, image.ErrCorrupt}, entries: -1},
		{name: "diffID of another stream", l: wrongDiffID, want: []error{image.ErrDigest}, entries: 2},
		{name: "gzip truncated", l: corruptLayer(gzipLayer(good...), half), want: []error{image.ErrDigest, image.ErrCorrupt}, entries: -1},
		{name: "zstd truncated", l: corruptLayer(zstdLayer(good...), half), want: []error{image.ErrDigest, image.ErrCorrupt}, entries: -1},
		{name: "tar truncated", l: corruptLayer(plainLayer(good...), half), want: []error{image.ErrDigest}, entries: -1},
		{name: "gzip header truncated", l: corruptLayer(gzipLayer(good...), func(b []byte) []byte { return b[:5] }),
			want: []error{image.ErrDigest, image.ErrCorrupt}},
		{name: "blob empty", l: corruptLayer(gzipLayer(good...), func([]byte) []byte { return nil }), want: []error{image.ErrMissing}},
		{name: "end of archive cut off", l: corruptLayer(plainLayer(good...), cut(1024)), want: []error{image.ErrDigest}, entries: 2},
		{name: "bytes appended to blob", l: corruptLayer(gzipLayer(good...), more), want: []error{image.ErrDigest}, entries: 2},
		{name: "blob longer than stated", l: sized(plainLayer(good...), -512), want: []error{image.ErrDigest}, entries: 2},
		{name: "blob shorter than stated", l: sized(plainLayer(good...), 512), want: []error{image.ErrDigest}, entries: 2},
		{name: "well-digested truncated gzip", l: layer(types.OCILayer, stream, half(gzipped(stream))),
			want: []error{image.ErrCorrupt}, not: image.ErrDigest, entries: -1},
		{name: "well-digested garbage behind gzip", l: layer(types.OCILayer, stream, more(gzipped(stream))),
			want: []error{image.ErrCorrupt}, not: image.ErrDigest, entries: 2},
		{name: "well-digested garbage", l: layer(types.OCILayer, []byte(noise(2000)), []byte(noise(2000))),
			want: []error{image.ErrCorrupt}, not: image.ErrDigest},
		{name: "second archive behind the first", l: layer(types.OCILayer, append(bytes.Clone(stream), other...), gzipped(append(bytes.Clone(stream), other...))),
			want: []error{image.ErrTrailing}, entries: 2},
		{name: "size beyond an uncompressed layer", l: layer("", lie(1<<30), lie(1<<30)), want: []error{image.ErrCorrupt}},
		{name: "size beyond a gzip layer", l: layer("", lie(1<<30), gzipped(lie(1<<30))), want: []error{image.ErrCorrupt}},
		{name: "size beyond a zstd layer", l: layer("", lie(1<<40), zstded(lie(1<<40))), want: []error{image.ErrLimit}},
		{name: "size beyond all reason", l: layer("", lie(1<<62), gzipped(lie(1<<62))), want: []error{image.ErrLimit}},
		{name: "bzip2", l: layer("", nil, []byte("BZh91AY&SY")), want: []error{image.ErrUnsupported}},
		{name: "xz", l: layer("", nil, []byte("\xfd7zXZ\x00xx")), want: []error{image.ErrUnsupported}},
		{name: "encrypted", l: layer("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", nil, []byte("secret")),
			want: []error{image.ErrEncrypted}},
		{name: "too many entries", l: gzipLayer(file("1", ""), file("2", ""), file("3", "")), opts: image.Options{MaxEntries: 2},
			want: []error{image.ErrLimit}, entries: 2},
		{name: "too many bytes", l: gzipLayer(file("1", strings.Repeat("x", 40000)), file("2", "")), opts: image.Options{MaxLayerBytes: 30000},
			want: []error{image.ErrLimit}, entries: -1},
		{name: "too many bytes in several files", l: gzipLayer(file("1", noise(9000)), file("2", noise(9000)), file("3", "")),
			opts: image.Options{MaxLayerBytes: 19456}, want: []error{image.ErrLimit}, entries: -1},
		{name: "bomb behind the end", l: layer("", nil, gzipped(make([]byte, 10<<20))), opts: image.Options{MaxLayerBytes: 1 << 20},
			want: []error{image.ErrLimit}},
		{name: "size beyond the limit", l: layer("", lie(1<<20), lie(1<<20)), opts: image.Options{MaxLayerBytes: 1 << 19}, want: []error{image.ErrLimit}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			l := openLayer(t, tc.l, &tc.opts)
			got, err := list(l)
			for _, want := range tc.want {
				if !errors.Is(err, want) {
					t.Errorf("error = %v, want %v", err, want)
				}
			}
			if tc.not != nil && errors.Is(err, tc.not) {
				t.Errorf("error = %v, which should not be %v", err, tc.not)
			}
			var layerErr *image.LayerError
			if !errors.As(err, &layerErr) || layerErr.Layer != *l.Info().Ref() {
				t.Errorf("error %v does not name its layer", err)
			}
			if tc.entries >= 0 && len(got) != tc.entries {
				t.Errorf("%d entries before the error, want %d", len(got), tc.entries)
			}
			if l.Info().UncompressedSize != 0 && !errors.Is(err, image.ErrTrailing) {
				t.Error("a layer that failed states an uncompressed size")
			}
			// The same without reading any content.
			var skipping error
			for _, err := range l.Entries(context.Background()) {
				skipping = err
			}
			for _, want := range tc.want {
				if !errors.Is(skipping, want) {
					t.Errorf("skipping contents: error = %v, want %v", skipping, want)
				}
			}
		})
	}
}

// No truncation of a blob may pass unnoticed, nor panic.
func TestEveryTruncation(t *testing.T) {
	for _, whole := range []layerSpec{gzipLayer(file("a", "A"), file("b", "B")), zstdLayer(file("a", "A")), plainLayer(file("a", "A"))} {
		root := ociLayout(imageSpec{layers: []layerSpec{whole}}).dir(t)
		blob := filepath.Join(root, "blobs/sha256", whole.desc.Digest.Hex)
		l := mustOpen(t, root, nil).Layers()[0]
		for n := len(whole.blob) - 1; n > 0; n -= 1 + len(whole.blob)/100 {
			if err := os.Truncate(blob, int64(n)); err != nil {
				t.Fatal(err)
			}
			if _, err := list(l); !errors.Is(err, image.ErrDigest) {
				t.Fatalf("%s cut to %d bytes: %v", whole.desc.MediaType, n, err)
			}
		}
	}
}

func TestMissingBlobs(t *testing.T) {
	present := gzipLayer(file("a", "A"))
	for _, tc := range []struct {
		mediaType types.MediaType
		want, not error
	}{
		{types.OCILayer, image.ErrMissing, image.ErrForeign},
		{types.OCIRestrictedLayer, image.ErrForeign, nil},
		{types.DockerForeignLayer, image.ErrForeign, nil},
	} {
		l := gzipLayer(file("b", "B"))
		l.desc.MediaType, l.blob = tc.mediaType, nil
		l.desc.URLs = []string{"https://example.invalid/layer"}
		img := mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{present, l}}).dir(t), nil)
		if got := mustList(t, img.Layers()[0]); got != "a=A" {
			t.Errorf("layer beside a missing one: %q", got)
		}
		_, err := list(img.Layers()[1])
		if !errors.Is(err, tc.want) || !errors.Is(err, image.ErrMissing) || tc.not != nil && errors.Is(err, tc.not) {
			t.Errorf("%s: error = %v, want %v", tc.mediaType, err, tc.want)
		}
	}
	// A non-distributable layer whose blob is there is read like any other.
	present.desc.MediaType = types.OCIRestrictedLayer
	if got := mustList(t, openLayer(t, present, nil)); got != "a=A" {
		t.Errorf("entries %q", got)
	}
}

// sha512 is a registered algorithm of the specification.
func TestSHA512Blob(t *testing.T) {
	f := newFiles()
	stream := makeTar(file("a", "A"))
	h, _, err := sha512Hash(stream)
	if err != nil {
		t.Fatal(err)
	}
	f.add("blobs/sha512/"+h.Hex, stream)
	l := layerSpec{tar: stream, desc: v1.Descriptor{MediaType: types.OCIUncompressedLayer, Size: int64(len(stream)), Digest: h}}
	d := f.image(imageSpec{layers: []layerSpec{l}})
	img := mustOpen(t, f.layout(d).dir(t), nil)
	if got := mustList(t, img.Layers()[0]); got != "a=A" {
		t.Errorf("entries %q", got)
	}
	f.data["blobs/sha512/"+h.Hex][600] ^= 1
	img = mustOpen(t, f.dir(t), nil)
	if _, err := list(img.Layers()[0]); !errors.Is(err, image.ErrDigest) {
		t.Errorf("error = %v", err)
	}
}

func TestOwnDecompressor(t *testing.T) {
	calls := map[image.Compression]int{}
	opts := &image.Options{Decompress: func(c image.Compression, r io.Reader) (io.ReadCloser, error) {
		calls[c]++
		if c != image.Gzip {
			return nil, nil
		}
		return kgzip.NewReader(r)
	}}
	for _, l := range []layerSpec{gzipLayer(file("a", "A")), zstdLayer(file("a", "A")), plainLayer(file("a", "A"))} {
		if got := mustList(t, openLayer(t, l, opts)); got != "a=A" {
			t.Errorf("entries %q", got)
		}
	}
	if len(calls) != 2 || calls[image.Gzip] != 1 || calls[image.Zstd] != 1 {
		t.Errorf("calls = %v", calls)
	}
	// One that does not decompress does not get away with it.
	opts.Decompress = func(_ image.Compression, r io.Reader) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(makeTar(file("forged", "")))), nil
	}
	if _, err := list(openLayer(t, gzipLayer(file("a", "A")), opts)); !errors.Is(err, image.ErrDigest) {
		t.Errorf("forged stream: %v", err)
	}
}

func TestConcurrentIterations(t *testing.T) {
	var entries []tarEntry
	for i := range 30 {
		entries = append(entries, file(fmt.Sprint(i), noise(70_000)))
	}
	img := mustOpen(t, writeFile(t, gzipped(ociLayout(imageSpec{layers: []layerSpec{gzipLayer(entries...), plainLayer(entries...)}}).tar())), nil)
	errs := make(chan error)
	for range 3 {
		for _, l := range img.Layers() {
			go func() {
				got, err := list(l)
				if err == nil && len(got) != len(entries) {
					err = fmt.Errorf("%d entries", len(got))
				}
				errs <- err
			}()
		}
	}
	for range 6 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
