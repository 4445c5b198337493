package image_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// layoutOf is a layout of a manifest and a config that are given as text.
func layoutOf(manifest, config string) *files {
	f := newFiles()
	c := f.blob(types.OCIConfigJSON, []byte(config))
	manifest = strings.Replace(manifest, "CONFIG", string(mustJSON(c)), 1)
	return f.layout(f.blob(types.OCIManifestSchema1, []byte(manifest)))
}

const manifestHead = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":CONFIG,"layers":[`

// repeated is n times s, separated by commas.
func repeated(s string, n int) string { return strings.Repeat(s+",", n-1) + s }

// TestOpenHostileJSON: documents of the size that is allowed, and made to cost a hundred
// times as much, are refused before they are decoded.
func TestOpenHostileJSON(t *testing.T) {
	docker := func(manifest, config string) *files {
		f := newFiles()
		f.add("manifest.json", []byte(manifest))
		f.add("c", []byte(config))
		return f
	}
	index := newFiles()
	index.add("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	index.add("index.json", []byte(`{"manifests":[`+repeated("{}", 1_300_000)+"]}"))
	for name, f := range map[string]*files{
		"layers without fields": layoutOf(manifestHead+repeated("{}", 1_300_000)+"]}", "{}"),
		"layers that are null":  layoutOf(manifestHead+repeated("null", 800_000)+"]}", "{}"),
		"history":               layoutOf(manifestHead+"]}", `{"os":"linux","history":[`+repeated("{}", 2_700_000)+"]}"),
		"manifests":             index,
		"images":                docker("["+repeated("{}", 1_300_000)+"]", "{}"),
		"layers of an archive":  docker(`[{"Config":"c","Layers":[`+repeated(`""`, 1_300_000)+"]}]", "{}"),
		"100,000 layers":        docker(`[{"Config":"c","Layers":[`+repeated(`"c"`, 100_000)+"]}]", "{}"),
	} {
		t.Run(name, func(t *testing.T) {
			path := f.path(t)
			var err error
			if n := allocated(func() { _, err = image.Open(path, nil) }); n > 64<<20 {
				t.Errorf("%d MiB allocated", n>>20)
			}
			if !errors.Is(err, image.ErrLimit) {
				t.Errorf("error = %v, want ErrLimit", err)
			}
		})
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestOpenManyLayers: 10,000 layers are an image, one more is not, nor are 100,000 or ten
// million, in whatever way they come.
func TestOpenManyLayers(t *testing.T) {
	l := plainLayer(file("a", "A"))
	for n, want := range map[int]error{10_000: nil, 10_001: image.ErrLimit, 100_000: image.ErrLimit} {
		spec := imageSpec{layers: make([]layerSpec, n)}
		for i := range spec.layers {
			spec.layers[i] = l
		}
		f := newFiles()
		d := f.image(spec)
		img, err := image.FromV1(rawImage{d, f}, nil)
		if !errors.Is(err, want) {
			t.Errorf("%d layers: %v, want %v", n, err, want)
		}
		if err == nil && len(img.Layers()) != n {
			t.Errorf("%d layers, want %d", len(img.Layers()), n)
		}
		img, err = image.Open(f.layout(d).path(t), nil)
		if !errors.Is(err, want) {
			t.Errorf("layout of %d layers: %v, want %v", n, err, want)
		}
		if err == nil {
			_ = img.Close()
		}
	}
	const layers = 10_000_000
	huge := rawImage{files: newFiles()}
	huge.Descriptor = huge.files.blob(types.OCIManifestSchema1, []byte(manifestHead+repeated(`{"size":1}`, layers)+"]}"))
	var err error
	if n := allocated(func() { _, err = image.FromV1(huge, nil) }); n > 1<<20 || !errors.Is(err, image.ErrLimit) {
		t.Errorf("%d layers: %d KiB allocated, %v", layers, n>>10, err)
	}
}

// rawImage is an image of which nothing but bytes is there.
type rawImage struct {
	v1.Descriptor
	files *files
}

func (r rawImage) RawManifest() ([]byte, error) { return r.blob(r.Descriptor.Digest), nil }
func (r rawImage) RawConfigFile() ([]byte, error) {
	m, err := v1.ParseManifest(bytes.NewReader(r.blob(r.Descriptor.Digest)))
	if err != nil {
		return nil, err
	}
	return r.blob(m.Config.Digest), nil
}
func (r rawImage) Digest() (v1.Hash, error)                  { return r.Descriptor.Digest, nil }
func (r rawImage) MediaType() (types.MediaType, error)       { return r.Descriptor.MediaType, nil }
func (r rawImage) blob(h v1.Hash) []byte                     { return r.files.data["blobs/sha256/"+h.Hex] }
func (r rawImage) Size() (int64, error)                      { return r.Descriptor.Size, nil }
func (r rawImage) ConfigName() (v1.Hash, error)              { return v1.Hash{}, errors.ErrUnsupported }
func (r rawImage) Manifest() (*v1.Manifest, error)           { return nil, errors.ErrUnsupported }
func (r rawImage) ConfigFile() (*v1.ConfigFile, error)       { return nil, errors.ErrUnsupported }
func (r rawImage) Layers() ([]v1.Layer, error)               { return nil, errors.ErrUnsupported }
func (r rawImage) LayerByDigest(v1.Hash) (v1.Layer, error)   { return nil, errors.ErrUnsupported }
func (r rawImage) LayerByDiffID(h v1.Hash) (v1.Layer, error) { return nil, errors.ErrUnsupported }

// TestOpenManyLookUps: images that have to be opened to know what they are for share one
// large config, which is not read ten thousand times.
func TestOpenManyLookUps(t *testing.T) {
	large := `{"os":"linux","architecture":"amd64"}` + strings.Repeat(" ", 8<<20-100)
	oci := newFiles()
	c := oci.blob(types.OCIConfigJSON, []byte(large))
	var manifests []v1.Descriptor
	for i := range 100 {
		m := fmt.Sprintf(strings.Replace(manifestHead, "{", `{"annotations":{"n":"%d"},`, 1), i)
		d := oci.blob(types.OCIManifestSchema1, []byte(strings.Replace(m, "CONFIG", string(mustJSON(c)), 1)+"]}"))
		manifests = append(manifests, d)
	}
	oci.layout(manifests...)
	docker := newFiles()
	docker.add("c", []byte(large))
	docker.add("manifest.json", []byte("["+repeated(`{"Config":"c"}`, 100)+"]"))
	for name, f := range map[string]*files{"oci": oci, "docker": docker} {
		path := f.path(t)
		var err error
		if n := allocated(func() { _, err = image.Open(path, nil) }); n > 400<<20 || !errors.Is(err, image.ErrLimit) {
			t.Errorf("%s: %d MiB allocated, %v", name, n>>20, err)
		}
	}
}

// TestOpenCompressedManyManifests: a compressed archive is not decompressed once for each
// manifest in it.
func TestOpenCompressedManyManifests(t *testing.T) {
	junk := newFiles()
	for i := range 10 {
		junk.add(fmt.Sprint("junk", i), append([]byte{' '}, bytes.Repeat([]byte{' '}, 4<<20-1)...))
	}
	spec := imageSpec{layers: []layerSpec{plainLayer(file("a", "A"))}}
	junk.layout(junk.image(spec))
	path := writeFile(t, gzipped(junk.tar()))
	if _, err := image.Open(path, nil); !errors.Is(err, image.ErrLimit) {
		t.Errorf("error = %v, want ErrLimit", err)
	}
	spaced := newFiles()
	d := spaced.image(spec)
	spaced.layout(d)
	spaced.data["index.json"] = append([]byte("\n "), spaced.data["index.json"]...)
	if got := names(t, mustOpen(t, writeFile(t, zstded(spaced.tar())), nil)); got == "" {
		t.Error("an index that begins with a space is not read")
	}
}
