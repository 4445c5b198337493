package image_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// multi is a layout with an index of two platforms, one of them in an index of its
// own, an attestation, and an image whose blobs are not there.
func multi() *files {
	f := newFiles()
	arm := imageSpec{layers: []layerSpec{gzipLayer(file("a", "arm"))}, platform: v1.Platform{OS: "linux", Architecture: "arm64"}}
	amd := imageSpec{layers: []layerSpec{gzipLayer(file("a", "amd"))}}
	att := f.image(imageSpec{platform: v1.Platform{OS: "unknown", Architecture: "unknown"}})
	att.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	absent := v1.Descriptor{MediaType: f.image(amd).MediaType, Size: 7, Digest: hashOf([]byte("absent"))}
	return f.layout(tagged(f.index(f.image(amd), att, f.index(on(f.image(arm), "linux/arm64")), on(absent, "linux/s390x"), f.image(amd)), "v1"))
}

func describe(list []image.Candidate) string {
	var out []string
	for _, c := range list {
		s := c.Platform.String() + " " + c.Ref
		if c.Index != "" {
			s += " indexed"
		}
		out = append(out, strings.TrimSpace(s))
	}
	return strings.Join(out, ", ")
}

func TestList(t *testing.T) {
	f := multi()
	spec := imageSpec{layers: []layerSpec{plainLayer(file("a", "x"))}}
	for _, tt := range []struct {
		name, path string
		opts       *image.Options
		want       string
	}{
		{"layout", f.dir(t), nil, "linux/amd64 v1 indexed, linux/arm64 v1 indexed, linux/s390x v1 indexed"},
		{"archive", writeFile(t, f.tar()), nil, "linux/amd64 v1 indexed, linux/arm64 v1 indexed, linux/s390x v1 indexed"},
		{"compressed archive", writeFile(t, gzipped(f.tar())), nil, "linux/amd64 v1 indexed, linux/arm64 v1 indexed, linux/s390x v1 indexed"},
		{"one platform", f.dir(t), &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "aarch64"}}, "linux/arm64 v1 indexed"},
		{"another tag", f.dir(t), &image.Options{Ref: "v2"}, ""},
		{"no index", ociLayout(spec).dir(t), nil, "linux/amd64"},
		{"docker-archive", writeFile(t, docker(spec, "a:1", "a:2").tar()), nil, "linux/amd64 a:1"},
		{"root file system", t.TempDir(), nil, ""},
	} {
		list, err := image.List(tt.path, tt.opts)
		if got := describe(list); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
		for _, c := range list {
			if c.Platform.Architecture == "s390x" || c.Digest == "" {
				continue
			}
			img := mustOpen(t, tt.path, &image.Options{Ref: string(c.Digest)})
			if s := img.Subject(); s.Platform != c.Platform || s.Index != c.Index {
				t.Errorf("%s: %s opens as %+v", tt.name, c.Digest, s)
			}
		}
	}
}

func TestListIndex(t *testing.T) {
	l, err := layout.FromPath(multi().dir(t))
	if err != nil {
		t.Fatal(err)
	}
	idx, err := l.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	list, err := image.ListIndex(idx, nil)
	if got := describe(list); err != nil || !strings.HasPrefix(got, "linux/amd64 v1 indexed, linux/arm64") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestListErrors(t *testing.T) {
	corrupt := newFiles()
	corrupt.add("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	corrupt.add("index.json", []byte("{"))
	other := newFiles()
	other.add("README", []byte("x"))
	for name, tt := range map[string]struct {
		path string
		want error
	}{
		"not an image": {writeFile(t, other.tar()), image.ErrFormat},
		"not a tar":    {writeFile(t, slices.Repeat([]byte("x"), 4096)), image.ErrFormat},
		"corrupt":      {corrupt.dir(t), image.ErrCorrupt},
	} {
		if _, err := image.List(tt.path, nil); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
