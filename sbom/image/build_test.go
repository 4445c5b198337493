package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// The images of these tests are made here, byte by byte, so that every quirk can
// be told.

// file is a regular file's header and content.
func file(name, content string) tarEntry {
	return tarEntry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}, content}
}

func dir(name string) tarEntry {
	return tarEntry{Header: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}}
}

func symlink(name, target string) tarEntry {
	return tarEntry{Header: tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}}
}

func hardlink(name, target string) tarEntry {
	return tarEntry{Header: tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target, Mode: 0o644}}
}

type tarEntry struct {
	tar.Header
	content string
}

var epoch = time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)

// makeTar returns a tar stream.
func makeTar(entries ...tarEntry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if e.ModTime.IsZero() {
			e.ModTime = epoch
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func zstded(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(data, nil)
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

func hashOf(data []byte) v1.Hash {
	h, err := v1.NewHash(digest(data))
	if err != nil {
		panic(err)
	}
	return h
}

// layerSpec is a layer: its tar stream, and the blob that stores it.
type layerSpec struct {
	tar  []byte
	blob []byte
	desc v1.Descriptor
}

func layer(mediaType types.MediaType, stream, blob []byte) layerSpec {
	return layerSpec{stream, blob, v1.Descriptor{MediaType: mediaType, Size: int64(len(blob)), Digest: hashOf(blob)}}
}

func plainLayer(entries ...tarEntry) layerSpec {
	t := makeTar(entries...)
	return layer(types.OCIUncompressedLayer, t, t)
}

func gzipLayer(entries ...tarEntry) layerSpec {
	t := makeTar(entries...)
	return layer(types.OCILayer, t, gzipped(t))
}

func zstdLayer(entries ...tarEntry) layerSpec {
	t := makeTar(entries...)
	return layer(types.OCILayerZStd, t, zstded(t))
}

// imageSpec is an image.
type imageSpec struct {
	layers   []layerSpec
	platform v1.Platform
	config   func(*v1.ConfigFile)
	manifest func(*v1.Manifest)
}

// files are the paths and contents of a layout or archive, in order.
type files struct {
	names []string
	data  map[string][]byte
}

func newFiles() *files { return &files{data: map[string][]byte{}} }

func (f *files) add(name string, data []byte) {
	if _, ok := f.data[name]; !ok {
		f.names = append(f.names, name)
	}
	f.data[name] = data
}

func (f *files) addJSON(name string, v any) { f.add(name, mustJSON(v)) }

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// blob adds a blob of a layout and returns its descriptor.
func (f *files) blob(mediaType types.MediaType, data []byte) v1.Descriptor {
	f.add("blobs/sha256/"+hashOf(data).Hex, data)
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(data)), Digest: hashOf(data)}
}

// configFile returns the config of the image.
func (s imageSpec) configFile() []byte {
	p := s.platform
	if p.OS == "" {
		p = v1.Platform{OS: "linux", Architecture: "amd64"}
	}
	cf := v1.ConfigFile{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion}
	cf.RootFS.Type = "layers"
	for _, l := range s.layers {
		cf.RootFS.DiffIDs = append(cf.RootFS.DiffIDs, hashOf(l.tar))
	}
	if s.config != nil {
		s.config(&cf)
	}
	return mustJSON(cf)
}

// image adds an image to a layout and returns the descriptor of its manifest.
func (f *files) image(s imageSpec) v1.Descriptor {
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	m.Config = f.blob(types.OCIConfigJSON, s.configFile())
	m.Layers = []v1.Descriptor{}
	for _, l := range s.layers {
		if l.blob != nil {
			f.add("blobs/sha256/"+l.desc.Digest.Hex, l.blob)
		}
		m.Layers = append(m.Layers, l.desc)
	}
	if s.manifest != nil {
		s.manifest(&m)
	}
	return f.blob(m.MediaType, mustJSON(m))
}

// index adds an image index and returns its descriptor.
func (f *files) index(manifests ...v1.Descriptor) v1.Descriptor {
	return f.blob(types.OCIImageIndex, mustJSON(v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: manifests,
	}))
}

// layout completes an OCI layout.
func (f *files) layout(manifests ...v1.Descriptor) *files {
	f.add("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	f.addJSON("index.json", v1.IndexManifest{SchemaVersion: 2, Manifests: manifests})
	return f
}

func tagged(d v1.Descriptor, name string) v1.Descriptor {
	d.Annotations = map[string]string{"org.opencontainers.image.ref.name": name}
	return d
}

func on(d v1.Descriptor, platform string) v1.Descriptor {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		panic(err)
	}
	d.Platform = p
	return d
}

func ociLayout(s imageSpec) *files {
	f := newFiles()
	return f.layout(f.image(s))
}

// docker makes a docker-archive as docker save wrote it before version 25.
func docker(s imageSpec, tags ...string) *files {
	f := newFiles()
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	cf := s.configFile()
	e := entry{Config: hashOf(cf).Hex + ".json", RepoTags: tags}
	f.add(e.Config, cf)
	for i, l := range s.layers {
		name := fmt.Sprintf("%064x/layer.tar", i)
		f.add(name, l.blob)
		e.Layers = append(e.Layers, name)
	}
	f.addJSON("manifest.json", []entry{e})
	return f
}

func (f *files) tar(more ...tarEntry) []byte {
	var entries []tarEntry
	for _, n := range f.names {
		entries = append(entries, file(n, string(f.data[n])))
	}
	return makeTar(append(entries, more...)...)
}

// dir writes the files below a new directory.
func (f *files) dir(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for _, n := range f.names {
		full := filepath.Join(root, n)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, f.data[n], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func writeFile(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func mustOpen(t testing.TB, path string, opts *image.Options) *image.Image {
	t.Helper()
	img, err := image.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := img.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return img
}

// list describes all entries of a layer: "path=content" for regular files,
// "path/" for directories, "path->target", "path=>hard link target", "!hidden",
// "!!opaque", and "#problem" behind any of them.
func list(l *image.Layer) (out []string, err error) {
	for e, err := range l.Entries(context.Background()) {
		if err != nil {
			return out, err
		}
		s := e.Path
		switch {
		case e.Whiteout != "":
			s = "!" + e.Whiteout
		case e.Opaque != "":
			s = "!!" + e.Opaque
		case e.Hardlink:
			s += "=>" + e.Link
		case e.Link != "":
			s += "->" + e.Link
		case e.Mode.IsDir():
			s += "/"
		case e.Mode.IsRegular():
			data, err := io.ReadAll(e)
			if err != nil {
				return out, err
			}
			s += "=" + string(data)
		default:
			s += ":" + e.Mode.String()[:1]
		}
		if e.Problem != nil {
			s += "#" + problemName(e.Problem)
		}
		out = append(out, s)
	}
	return out, nil
}

func problemName(err error) string {
	for name, target := range map[string]error{
		"escape": image.ErrEscape, "name": image.ErrName, "type": image.ErrType, "skipped": image.ErrSkipped,
	} {
		if errors.Is(err, target) {
			return name
		}
	}
	return err.Error()
}

func mustList(t *testing.T, l *image.Layer) string {
	t.Helper()
	out, err := list(l)
	if err != nil {
		t.Errorf("layer %d: %v (after %q)", l.Info().Index, err, out)
	}
	return strings.Join(out, " ")
}

func sha512Hash(data []byte) (v1.Hash, string, error) {
	s := fmt.Sprintf("sha512:%x", sha512.Sum512(data))
	h, err := v1.NewHash(s)
	return h, s, err
}
