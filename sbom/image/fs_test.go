package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// squashLayers is an image with everything that squashing has to decide.
func squashLayers(mk func(...tarEntry) layerSpec) []layerSpec {
	return []layerSpec{
		mk(dir("./"), dir("etc/"), file("etc/passwd", "root"), file("etc/gone", "x"), dir("usr/"), dir("usr/bin/"),
			file("usr/bin/sh", "#!"), hardlink("usr/bin/bash", "usr/bin/sh"), symlink("bin", "usr/bin"),
			dir("opaque/"), file("opaque/old", "old"), dir("opaque/sub/"), file("opaque/sub/old", "old"),
			dir("becomes-file/"), file("becomes-file/x", "x"), file("becomes-dir", "file"),
			file("whiteout-dir/x/y", "y"), file("same", "old"), file("link-target", "linked"),
			symlink("abs", "/etc/passwd"), symlink("up", "../../../etc/passwd"), symlink("dangling", "nowhere"),
			symlink("loop", "loop"), symlink("ping", "pong"), symlink("pong", "ping"), symlink("self-dir", "."),
			tarEntry{Header: tar.Header{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666}}),
		mk(file("etc/.wh.gone", ""), file("opaque/new", "new"), file("opaque/.wh..wh..opq", ""),
			file("becomes-file", "now a file"), dir("becomes-dir/"), file("becomes-dir/x", "x"),
			file(".wh.whiteout-dir", ""), file("same", "new"), file(".wh.same", ""),
			hardlink("lower-link", "link-target"), file(".wh.link-target", "")),
		mk(file("etc/passwd", "changed"), file("deep/made/up/file", "deep"), file(".wh.never-there", "")),
	}
}

// broken are the symlinks of squashLayers that lead nowhere.
var broken = []string{"dangling", "loop", "ping", "pong"}

// testFS is fstest.TestFS, which opens every symlink, for a tree where some
// rightly cannot be opened: each of broken must be its only complaint about them.
func testFS(t *testing.T, fsys fs.FS, broken []string, expected ...string) {
	t.Helper()
	err := fstest.TestFS(fsys, expected...)
	var several interface{ Unwrap() []error }
	if !errors.As(err, &several) {
		t.Errorf("TestFS did not complain about %v: %v", broken, err)
		return
	}
	var complaints []string
	for _, err := range several.Unwrap() {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) && pathErr.Op == "open" {
			complaints = append(complaints, pathErr.Path)
		} else {
			t.Error(err)
		}
	}
	slices.Sort(complaints)
	if !slices.Equal(complaints, broken) {
		t.Errorf("TestFS: %v", err)
	}
}

func mustFS(t testing.TB, img *image.Image) *image.FS {
	t.Helper()
	fsys, err := img.FS(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestFS(t *testing.T) {
	want := strings.Fields(`abs becomes-dir becomes-dir/x becomes-file bin dangling deep deep/made
		deep/made/up deep/made/up/file etc etc/passwd loop lower-link null opaque opaque/new ping pong same self-dir up
		usr usr/bin usr/bin/bash usr/bin/sh`)
	contents := map[string]string{
		"etc/passwd": "changed", "abs": "changed", "up": "changed", "bin/sh": "#!", "usr/bin/bash": "#!", "same": "new",
		"becomes-file": "now a file", "becomes-dir/x": "x", "opaque/new": "new", "lower-link": "linked",
		"deep/made/up/file": "deep", "self-dir/self-dir/etc/passwd": "changed", "null": "",
	}
	for name, mk := range map[string]func(...tarEntry) layerSpec{"uncompressed": plainLayer, "gzip": gzipLayer, "zstd": zstdLayer} {
		t.Run(name, func(t *testing.T) {
			img := mustOpen(t, ociLayout(imageSpec{layers: squashLayers(mk)}).dir(t), nil)
			fsys := mustFS(t, img)
			testFS(t, fsys, broken, "etc/passwd", "usr/bin/bash", "deep/made/up/file", "lower-link")
			var got []string
			err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
				if p != "." {
					got = append(got, p)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("files:\n got %v\nwant %v", got, want)
			}
			for name, want := range contents {
				if data, err := fs.ReadFile(fsys, name); string(data) != want || err != nil {
					t.Errorf("%s = %q, %v; want %q", name, data, err, want)
				}
			}
			if p := fsys.Problems(); len(p) != 0 {
				t.Errorf("problems: %v", p)
			}
		})
	}
}

func TestFSErrors(t *testing.T) {
	fsys := mustFS(t, mustOpen(t, ociLayout(imageSpec{layers: squashLayers(gzipLayer)}).dir(t), nil))
	for name, want := range map[string]error{
		"none": fs.ErrNotExist, "dangling": fs.ErrNotExist, "loop": image.ErrLoop, "ping/x": image.ErrLoop,
		"../etc/passwd": fs.ErrInvalid, "/etc": fs.ErrInvalid, "": fs.ErrInvalid, "etc/../etc": fs.ErrInvalid,
		"etc/gone": fs.ErrNotExist, "link-target": fs.ErrNotExist,
	} {
		_, err := fsys.Open(name)
		var pathErr *fs.PathError
		if !errors.Is(err, want) || !errors.As(err, &pathErr) || pathErr.Path != name {
			t.Errorf("Open(%q): %v, want %v", name, err, want)
		}
	}
	if _, err := fsys.ReadFile("etc"); err == nil {
		t.Error("reading a directory succeeded")
	}
	if _, err := fsys.ReadDir("etc/passwd"); err == nil {
		t.Error("listing a file succeeded")
	}
	if _, err := fsys.ReadLink("etc/passwd"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("ReadLink of a file: %v", err)
	}
	if got, err := fsys.ReadLink("abs"); got != "/etc/passwd" || err != nil {
		t.Errorf("ReadLink = %q, %v", got, err)
	}
	f, err := fsys.Open("etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := f.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second close: %v", err)
	}
}

func TestFSInfo(t *testing.T) {
	h := tar.Header{Name: "su", Typeflag: tar.TypeReg, Mode: 0o4755, ModTime: epoch}
	img := mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{gzipLayer(file("a", "A")), gzipLayer(tarEntry{Header: h}, symlink("l", "su"))}}).dir(t), nil)
	fsys := mustFS(t, img)
	info, err := fsys.Stat("l")
	if err != nil {
		t.Fatal(err)
	}
	if info.Name() != "l" || info.Mode() != fs.ModeSetuid|0o755 || !info.ModTime().Equal(epoch) {
		t.Errorf("Stat: %v", info)
	}
	if ref, ok := info.Sys().(sbom.LayerRef); !ok || ref != *img.Layers()[1].Info().Ref() {
		t.Errorf("Sys = %v", info.Sys())
	}
	if info, err = fsys.Lstat("l"); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("Lstat: %v, %v", info, err)
	}
}

func TestFSProblems(t *testing.T) {
	trailing := layer("", append(makeTar(file("late", "")), makeTar(file("hidden", ""))...), nil)
	trailing = layer("", trailing.tar, gzipped(trailing.tar))
	img := mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{
		gzipLayer(file("../../a", "A"), hardlink("b", "none"), file("f", ""), file("f/g", ""), file(strings.Repeat("x", 300), "")), trailing,
	}}).dir(t), nil)
	fsys := mustFS(t, img)
	want := []error{image.ErrEscape, fs.ErrNotExist, nil, image.ErrName, image.ErrTrailing}
	got := fsys.Problems()
	if len(got) != len(want) {
		t.Fatalf("problems: %v", got)
	}
	for i, err := range got {
		var layerErr *image.LayerError
		if want[i] != nil && !errors.Is(err, want[i]) || !errors.As(err, &layerErr) {
			t.Errorf("problem %d: %v, want %v", i, err, want[i])
		}
	}
	if data, err := fsys.ReadFile("a"); string(data) != "A" || err != nil {
		t.Errorf("escaping file: %q, %v", data, err)
	}
	if _, err := fsys.Stat("late"); err != nil {
		t.Error(err)
	}
	if _, err := fsys.Stat("hidden"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("file behind the end: %v", err)
	}
}

func TestFSFails(t *testing.T) {
	bad := gzipLayer(file("a", "A"))
	bad.blob = gzipped(makeTar(file("b", "B")))
	if _, err := mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{bad}}).dir(t), nil).FS(context.Background()); !errors.Is(err, image.ErrDigest) {
		t.Errorf("error = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	good := ociLayout(imageSpec{layers: []layerSpec{gzipLayer(file("a", "A"), file("b/c/d/e/f", ""))}}).dir(t)
	if _, err := mustOpen(t, good, nil).FS(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := mustOpen(t, good, &image.Options{MaxEntries: 3}).FS(context.Background()); !errors.Is(err, image.ErrLimit) {
		t.Errorf("parents beyond the limit: %v", err)
	}
}

// Files of uncompressed layers can be read anywhere.
func TestFSRandomAccess(t *testing.T) {
	for name, files := range map[string][]byte{
		"docker-archive": docker(imageSpec{layers: []layerSpec{plainLayer(file("a", "0123456789"))}}).tar(),
		"OCI archive":    ociLayout(imageSpec{layers: []layerSpec{plainLayer(file("a", "0123456789"))}}).tar(),
	} {
		f, err := mustFS(t, mustOpen(t, writeFile(t, files), nil)).Open("a")
		if err != nil {
			t.Fatal(err)
		}
		var b [3]byte
		if r, ok := f.(io.ReaderAt); !ok {
			t.Errorf("%s: no io.ReaderAt", name)
		} else if _, err := r.ReadAt(b[:], 7); err != nil || string(b[:]) != "789" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		_ = f.Close()
	}
}

// Reading the files of a compressed layer in order must not decompress it for
// each file anew.
func TestFSReadsInOrderInOnePass(t *testing.T) {
	opened := 0
	opts := &image.Options{Decompress: func(image.Compression, io.Reader) (io.ReadCloser, error) {
		opened++
		return nil, nil
	}}
	var entries []tarEntry
	for i := range 50 {
		entries = append(entries, file(fmt.Sprintf("%02d", i), noise(1000+i)))
	}
	fsys := mustFS(t, mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{gzipLayer(entries...)}}).dir(t), opts))
	opened = 0
	for i := range 50 {
		data, err := fsys.ReadFile(fmt.Sprintf("%02d", i))
		if err != nil || string(data) != noise(1000+i) {
			t.Fatalf("file %d: %d bytes, %v", i, len(data), err)
		}
	}
	if opened != 1 {
		t.Errorf("layer was decompressed %d times", opened)
	}
}

// sparseTar is a tar stream with an old GNU sparse file of 5 bytes, "\0\0\0ab",
// which archive/tar reads and does not write.
func sparseTar() []byte {
	b := makeTar(file("sparse", "ab"), file("next", "n"))
	h := b[:512]
	h[156] = 'S'
	copy(h[257:], "ustar  \x00")
	copy(h[386:483], make([]byte, 97))
	copy(h[386:], "00000000003\x0000000000002\x00")
	copy(h[483:495], "00000000005\x00")
	fixChecksum(h)
	return b
}

func TestSparseFile(t *testing.T) {
	stream := sparseTar()
	for _, l := range []layerSpec{layer("", stream, stream), layer("", stream, gzipped(stream))} {
		img := mustOpen(t, ociLayout(imageSpec{layers: []layerSpec{l}}).dir(t), nil)
		if got := names(t, img); got != "sparse=\x00\x00\x00ab next=n" {
			t.Errorf("entries %q", got)
		}
		fsys := mustFS(t, img)
		if err := fstest.TestFS(fsys, "sparse", "next"); err != nil {
			t.Error(err)
		}
		if data, err := fsys.ReadFile("sparse"); string(data) != "\x00\x00\x00ab" || err != nil {
			t.Errorf("sparse = %q, %v", data, err)
		}
	}
}

// A sparse file claims any size in a few bytes: the limit is on what it claims.
func TestSparseBomb(t *testing.T) {
	b := sparseTar()
	copy(b[483:495], "77777777777\x00")
	copy(b[386:398], "77777777774\x00")
	copy(b[398:410], "00000000003\x00")
	fixChecksum(b)
	l := openLayer(t, layer("", b, b), &image.Options{MaxLayerBytes: 1 << 30})
	_, err := list(l)
	if !errors.Is(err, image.ErrLimit) && !errors.Is(err, image.ErrCorrupt) {
		t.Errorf("error = %v", err)
	}
}

func TestOpenDir(t *testing.T) {
	root := t.TempDir()
	outside := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(path.Join(outside, "secret"), []byte("secret"), 0o644))
	must(os.MkdirAll(path.Join(root, "etc/empty"), 0o755))
	must(os.WriteFile(path.Join(root, "etc/passwd"), []byte("root"), 0o640))
	must(os.WriteFile(path.Join(root, "etc/.wh.file"), []byte("a file"), 0o644))
	must(os.WriteFile(path.Join(root, "zero"), nil, 0o644))
	must(os.Symlink(outside, path.Join(root, "escape")))
	must(os.Symlink("/etc/passwd", path.Join(root, "abs")))
	must(os.Symlink("loop", path.Join(root, "loop")))
	must(os.Link(path.Join(root, "etc/passwd"), path.Join(root, "second")))
	makePipe(t, path.Join(root, "pipe"))

	img := mustOpen(t, root, nil)
	if img.Config() != nil || img.Subject() != (sbom.Subject{Name: root}) || len(img.Layers()) != 1 {
		t.Errorf("subject %+v, config %v", img.Subject(), img.Config())
	}
	want := "./ abs->/etc/passwd escape->" + outside + " etc/ etc/.wh.file=a file etc/empty/ etc/passwd=root loop->loop pipe:p second=root zero="
	if got := mustList(t, img.Layers()[0]); got != want {
		t.Errorf("entries:\n got %q\nwant %q", got, want)
	}
	fsys := mustFS(t, img)
	testFS(t, fsys, []string{"escape", "loop"}, "etc/passwd", "second")
	if data, err := fsys.ReadFile("abs"); string(data) != "root" || err != nil {
		t.Errorf("absolute symlink: %q, %v", data, err)
	}
	if _, err := fsys.Open("escape/secret"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("symlink out of the root: %v", err)
	}
	// A file that turns into a symlink meanwhile is not followed out of the root.
	must(os.Remove(path.Join(root, "etc/passwd")))
	must(os.Symlink(path.Join(outside, "secret"), path.Join(root, "etc/passwd")))
	if data, err := fsys.ReadFile("etc/passwd"); err == nil {
		t.Errorf("read %q out of the root", data)
	}
	if _, err := list(img.Layers()[0]); err != nil {
		t.Error(err)
	}
	small, err := image.OpenDir(root, &image.Options{MaxEntries: 4})
	must(err)
	defer small.Close()
	if got, err := list(small.Layers()[0]); !errors.Is(err, image.ErrLimit) || len(got) != 4 {
		t.Errorf("%d entries, %v", len(got), err)
	}
	if _, err := image.OpenDir(path.Join(root, "zero"), nil); err == nil {
		t.Error("a file was opened as directory")
	}
}

func TestOpenDirUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	root := t.TempDir()
	if err := os.Mkdir(path.Join(root, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	img := mustOpen(t, root, nil)
	for e, err := range img.Layers()[0].Entries(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Path == "closed" && !errors.Is(e.Problem, fs.ErrPermission) {
			t.Errorf("problem = %v", e.Problem)
		}
	}
}

func TestCompressedFSBehindCompressedArchive(t *testing.T) {
	data := ociLayout(imageSpec{layers: squashLayers(gzipLayer)}).tar()
	fsys := mustFS(t, mustOpen(t, writeFile(t, zstded(data)), nil))
	testFS(t, fsys, broken, "etc/passwd")
	if data, err := fsys.ReadFile("bin/sh"); !bytes.Equal(data, []byte("#!")) || err != nil {
		t.Errorf("bin/sh = %q, %v", data, err)
	}
}
