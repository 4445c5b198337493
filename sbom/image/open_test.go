package image_test

import (
	"archive/tar"
	"bytes"
	stdgzip "compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// names lists the paths of all layers, layers separated by "|".
func names(t *testing.T, img *image.Image) string {
	t.Helper()
	var layers []string
	for _, l := range img.Layers() {
		layers = append(layers, mustList(t, l))
	}
	return strings.Join(layers, "|")
}

func TestOpenFormats(t *testing.T) {
	spec := imageSpec{layers: []layerSpec{plainLayer(file("a", "A")), gzipLayer(file("b", "B")), zstdLayer(file("c", "C"))}}
	const want = "a=A|b=B|c=C"
	oci, dock := ociLayout(spec), docker(spec, "app:1")
	both := ociLayout(spec)
	for _, n := range dock.names {
		both.add(n, dock.data[n])
	}
	noMarker := ociLayout(spec)
	noMarker.names = noMarker.names[:len(noMarker.names)-2]
	noMarker.names = append(noMarker.names, "index.json")
	tests := []struct {
		name     string
		path     string
		manifest bool // the digest of the manifest is known
	}{
		{"OCI layout", oci.dir(t), true},
		{"OCI layout without marker", noMarker.dir(t), true},
		{"OCI archive", writeFile(t, oci.tar()), true},
		{"OCI archive, gzip", writeFile(t, gzipped(oci.tar())), true},
		{"OCI archive, zstd", writeFile(t, zstded(oci.tar())), true},
		{"docker-archive", writeFile(t, dock.tar()), false},
		{"docker-archive, gzip", writeFile(t, gzipped(dock.tar())), false},
		{"docker-archive, zstd", writeFile(t, zstded(dock.tar())), false},
		{"both", writeFile(t, both.tar()), true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			img := mustOpen(t, tc.path, nil)
			if got := names(t, img); got != want {
				t.Errorf("entries %q, want %q", got, want)
			}
			s := img.Subject()
			if (s.Digest != "") != tc.manifest {
				t.Errorf("manifest digest %q", s.Digest)
			}
			if want := sbom.Digest(digest(spec.configFile())); s.Config != want {
				t.Errorf("config digest %q, want %q", s.Config, want)
			}
			if s.Name != tc.path || s.Platform.String() != "linux/amd64" {
				t.Errorf("subject %+v", s)
			}
			// Backwards, so that compressed archives cannot read in order.
			for n := len(img.Layers()) - 1; n >= 0; n-- {
				if got, want := mustList(t, img.Layers()[n]), strings.Split(want, "|")[n]; got != want {
					t.Errorf("layer %d: %q", n, got)
				}
			}
		})
	}
}

func TestLayerInfo(t *testing.T) {
	l0, l1 := plainLayer(file("a", "A")), gzipLayer(file("b", "B"))
	spec := imageSpec{layers: []layerSpec{l0, l1}, config: func(cf *v1.ConfigFile) {
		cf.History = []v1.History{
			{CreatedBy: "ADD rootfs.tar / # buildkit", Created: v1.Time{Time: epoch}},
			{CreatedBy: "ENV A=B", EmptyLayer: true},
			{CreatedBy: "/bin/sh -c #(nop) COPY dir:1 in /  "},
		}
	}}
	check := func(t *testing.T, img *image.Image, want []sbom.Layer) {
		t.Helper()
		for n, l := range img.Layers() {
			want[n].Index = n
			if got := l.Info(); got != want[n] {
				t.Errorf("layer %d:\n got %+v\nwant %+v", n, got, want[n])
			}
		}
	}
	size := func(b []byte) int64 { return int64(len(b)) }
	oci := mustOpen(t, ociLayout(spec).dir(t), nil)
	check(t, oci, []sbom.Layer{
		{DiffID: sbom.Digest(digest(l0.tar)), Digest: sbom.Digest(digest(l0.tar)), Size: size(l0.tar),
			MediaType: string(types.OCIUncompressedLayer), CreatedBy: "ADD rootfs.tar / # buildkit", Created: epoch},
		{DiffID: sbom.Digest(digest(l1.tar)), Digest: sbom.Digest(digest(l1.blob)), Size: size(l1.blob),
			MediaType: string(types.OCILayer), CreatedBy: "/bin/sh -c #(nop) COPY dir:1 in /  "},
	})
	archive := mustOpen(t, writeFile(t, docker(spec).tar()), nil)
	check(t, archive, []sbom.Layer{
		{DiffID: sbom.Digest(digest(l0.tar)), Digest: sbom.Digest(digest(l0.tar)), Size: size(l0.tar),
			MediaType: string(types.DockerUncompressedLayer), CreatedBy: "ADD rootfs.tar / # buildkit", Created: epoch},
		// Nothing states the digest of a compressed layer in a docker-archive.
		{DiffID: sbom.Digest(digest(l1.tar)), Size: size(l1.blob),
			MediaType: string(types.DockerLayer), CreatedBy: "/bin/sh -c #(nop) COPY dir:1 in /  "},
	})
}

func TestHistory(t *testing.T) {
	h := func(s string) v1.History { return v1.History{CreatedBy: s} }
	none := v1.History{CreatedBy: "empty", EmptyLayer: true}
	for _, tc := range []struct {
		history []v1.History
		want    string
	}{
		{nil, ",,"},
		{[]v1.History{none, h("1"), none, none, h("2"), h("3"), none}, "1,2,3"},
		{[]v1.History{h("1"), none, h("2")}, "1,2,"},
		{[]v1.History{h("1"), h("2"), h("3"), h("4")}, "1,2,3"},
		{[]v1.History{none}, ",,"},
	} {
		img := mustOpen(t, ociLayout(imageSpec{
			layers: []layerSpec{plainLayer(file("a", "")), plainLayer(file("b", "")), plainLayer(file("c", ""))},
			config: func(cf *v1.ConfigFile) { cf.History = tc.history },
		}).dir(t), nil)
		var got []string
		for _, l := range img.Layers() {
			got = append(got, l.Info().CreatedBy)
		}
		if s := strings.Join(got, ","); s != tc.want {
			t.Errorf("history %v: %q, want %q", tc.history, s, tc.want)
		}
	}
}

func TestConfig(t *testing.T) {
	img := mustOpen(t, ociLayout(imageSpec{config: func(cf *v1.ConfigFile) {
		cf.Config.Env = []string{"A=B"}
		cf.Config.Labels = map[string]string{"l": "v"}
		cf.Created = v1.Time{Time: epoch}
	}}).dir(t), &image.Options{Name: "given"})
	cf := img.Config()
	if cf.Config.Env[0] != "A=B" || cf.Config.Labels["l"] != "v" || !cf.Created.Equal(epoch) || len(img.Layers()) != 0 {
		t.Errorf("config %+v", cf)
	}
	if img.Subject().Name != "given" {
		t.Errorf("name %q", img.Subject().Name)
	}
}

func one(name string, platform string) imageSpec {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		panic(err)
	}
	return imageSpec{layers: []layerSpec{plainLayer(file(name, ""))}, platform: *p}
}

func TestChoose(t *testing.T) {
	native := "linux/" + runtime.GOARCH
	foreign := "linux/s390x"
	tests := []struct {
		name  string
		build func(f *files) []v1.Descriptor
		opts  image.Options
		want  string // the layer's only file; empty for a *PlatformError
		fit   int    // PlatformError.Matching
		avail int    // len(PlatformError.Available)
	}{
		{name: "the only image, of another platform",
			build: func(f *files) []v1.Descriptor { return []v1.Descriptor{f.image(one("a", foreign))} }, want: "a"},
		{name: "the only image in an index, of another platform",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", foreign)), foreign))}
			}, want: "a"},
		{name: "the only image, platform not as asked",
			build: func(f *files) []v1.Descriptor { return []v1.Descriptor{f.image(one("a", foreign))} },
			opts:  image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}}, avail: 1},
		{name: "this machine's platform",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", foreign)), foreign), on(f.image(one("b", native)), native))}
			}, want: "b"},
		{name: "neither is this machine's",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", foreign)), foreign), on(f.image(one("b", "linux/ppc64le")), "linux/ppc64le"))}
			}, avail: 2},
		{name: "a platform asked for",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", foreign)), foreign), on(f.image(one("b", native)), native))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "s390x"}}, want: "a"},
		{name: "platforms only in the configs",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.image(one("a", foreign)), f.image(one("b", native))}
			}, want: "b"},
		{name: "attestation beside the image",
			build: func(f *files) []v1.Descriptor {
				att := f.image(imageSpec{platform: v1.Platform{OS: "unknown", Architecture: "unknown"}})
				att.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
				return []v1.Descriptor{f.index(on(f.image(one("a", foreign)), foreign), att)}
			}, want: "a"},
		{name: "attestation known by its annotation",
			build: func(f *files) []v1.Descriptor {
				att := f.image(one("att", foreign))
				att.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
				return []v1.Descriptor{f.index(att, f.image(one("a", foreign)))}
			}, want: "a"},
		{name: "signature beside the image",
			build: func(f *files) []v1.Descriptor {
				sig := f.image(imageSpec{layers: []layerSpec{layer("application/vnd.dev.cosign.simplesigning.v1+json", nil, []byte("{}"))}})
				return []v1.Descriptor{sig, f.image(one("a", foreign))}
			}, want: "a"},
		{name: "indexes in an index",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(f.index(on(f.image(one("a", foreign)), foreign)), f.index(on(f.image(one("b", native)), native)))}
			}, want: "b"},
		{name: "the same image twice",
			build: func(f *files) []v1.Descriptor {
				d := f.image(one("a", native))
				return []v1.Descriptor{tagged(d, "x"), tagged(d, "y")}
			}, want: "a"},
		{name: "second tag of an image",
			build: func(f *files) []v1.Descriptor {
				d := f.image(one("a", native))
				return []v1.Descriptor{tagged(d, "x"), tagged(d, "y"), tagged(f.image(one("b", native)), "z")}
			}, opts: image.Options{Ref: "y"}, want: "a"},
		{name: "two tags and none asked for",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{tagged(f.image(one("a", native)), "x"), tagged(f.image(one("b", native)), "y")}
			}, fit: 2, avail: 2},
		{name: "tag of an index",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{
					tagged(f.index(on(f.image(one("a", native)), native), on(f.image(one("b", foreign)), foreign)), "x"),
					tagged(f.image(one("c", native)), "y"),
				}
			}, opts: image.Options{Ref: "x"}, want: "a"},
		{name: "tag that is not there",
			build: func(f *files) []v1.Descriptor { return []v1.Descriptor{tagged(f.image(one("a", native)), "x")} },
			opts:  image.Options{Ref: "y"}, avail: 1},
		{name: "name as Docker leaves it out",
			build: func(f *files) []v1.Descriptor {
				a, b := f.image(one("a", native)), f.image(one("b", native))
				a.Annotations = map[string]string{"io.containerd.image.name": "docker.io/library/app:latest", "org.opencontainers.image.ref.name": "latest"}
				b.Annotations = map[string]string{"io.containerd.image.name": "docker.io/library/app:1", "org.opencontainers.image.ref.name": "1"}
				return []v1.Descriptor{a, b}
			}, opts: image.Options{Ref: "app"}, want: "a"},
		{name: "digest of a manifest in an index",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", native)), native), on(f.image(one("b", foreign)), foreign))}
			}, opts: image.Options{Ref: digest(mustJSON(v1.Manifest{}))}, avail: 2},
		{name: "variants of ARM",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", "linux/arm/v6")), "linux/arm/v6"), on(f.image(one("b", "linux/arm/v7")), "linux/arm/v7"))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "arm"}}, want: "b"},
		{name: "variant asked for",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", "linux/arm/v6")), "linux/arm/v6"), on(f.image(one("b", "linux/arm/v7")), "linux/arm/v7"))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "arm", Variant: "v6"}}, want: "a"},
		{name: "micro-architecture levels of amd64",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", "linux/amd64/v3")), "linux/amd64/v3"), on(f.image(one("b", "linux/amd64")), "linux/amd64"))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "x86_64"}}, want: "b"},
		{name: "arm64 is arm64/v8",
			build: func(f *files) []v1.Descriptor {
				return []v1.Descriptor{f.index(on(f.image(one("a", "linux/arm64")), "linux/arm64"), on(f.image(one("b", native)), "linux/riscv64"))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}, want: "a"},
		{name: "two Windows versions",
			build: func(f *files) []v1.Descriptor {
				a, b := f.image(one("a", "windows/amd64:10.0.17763.1")), f.image(one("b", "windows/amd64:10.0.20348.1"))
				return []v1.Descriptor{f.index(on(a, "windows/amd64:10.0.17763.1"), on(b, "windows/amd64:10.0.20348.1"))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "windows", Architecture: "amd64"}}, fit: 2, avail: 2},
		{name: "a Windows version asked for",
			build: func(f *files) []v1.Descriptor {
				a, b := f.image(one("a", "windows/amd64:10.0.17763.1")), f.image(one("b", "windows/amd64:10.0.20348.1"))
				return []v1.Descriptor{f.index(on(a, "windows/amd64:10.0.17763.1"), on(b, "windows/amd64:10.0.20348.1"))}
			}, opts: image.Options{Platform: sbom.Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348"}}, want: "b"},
		{name: "index that is not in the layout",
			build: func(f *files) []v1.Descriptor {
				lost := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: hashOf([]byte("lost")), Size: 4}
				return []v1.Descriptor{lost, f.image(one("a", foreign))}
			}, want: "a"},
		{name: "index that contains itself twice over",
			build: func(f *files) []v1.Descriptor {
				inner := f.index(on(f.image(one("a", foreign)), foreign))
				return []v1.Descriptor{f.index(inner, inner, inner), inner}
			}, want: "a"},
		{name: "nothing", build: func(*files) []v1.Descriptor { return nil }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			f := newFiles()
			path := f.layout(tc.build(f)...).dir(t)
			img, err := image.Open(path, &tc.opts)
			if tc.want != "" {
				if err != nil {
					t.Fatal(err)
				}
				defer img.Close()
				if got := names(t, img); got != tc.want+"=" {
					t.Errorf("chose %q, want %q", got, tc.want)
				}
				return
			}
			var pe *image.PlatformError
			if !errors.As(err, &pe) || !errors.Is(err, image.ErrPlatform) {
				t.Fatalf("error = %v, want a PlatformError", err)
			}
			if pe.Matching != tc.fit || len(pe.Available) != tc.avail {
				t.Errorf("%d fit of %d available, want %d of %d: %v", pe.Matching, len(pe.Available), tc.fit, tc.avail, err)
			}
			for _, c := range pe.Available {
				if !strings.Contains(err.Error(), string(c.Digest)) {
					t.Errorf("%q does not list %s", err, c.Digest)
				}
			}
		})
	}
}

func TestChooseByDigest(t *testing.T) {
	f := newFiles()
	a, b := f.image(one("a", "linux/s390x")), f.image(one("b", "linux/amd64"))
	idx := f.index(on(a, "linux/s390x"), on(b, "linux/amd64"))
	path := f.layout(idx).dir(t)
	for _, ref := range []string{a.Digest.String(), "example.invalid/app@" + a.Digest.String()} {
		img := mustOpen(t, path, &image.Options{Ref: ref})
		s := img.Subject()
		if got := names(t, img); got != "a=" || s.Digest != sbom.Digest(a.Digest.String()) || s.Index != sbom.Digest(idx.Digest.String()) {
			t.Errorf("%s: chose %q, subject %+v", ref, got, s)
		}
		if s.MediaType != string(types.OCIManifestSchema1) {
			t.Errorf("media type %q", s.MediaType)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good := imageSpec{layers: []layerSpec{plainLayer(file("a", "A"))}}
	mismatch := good
	mismatch.config = func(cf *v1.ConfigFile) { cf.RootFS.DiffIDs = nil }
	change := func(f *files, suffix string, to func([]byte) []byte) *files {
		for _, n := range f.names {
			if strings.Contains(string(f.data[n]), suffix) {
				f.data[n] = to(f.data[n])
			}
		}
		return f
	}
	drop := func(f *files, name string) *files {
		out := newFiles()
		for _, n := range f.names {
			if n != name {
				out.add(n, f.data[n])
			}
		}
		return out
	}
	configName := "blobs/sha256/" + hashOf(good.configFile()).Hex
	dockerConfig := hashOf(good.configFile()).Hex + ".json"
	deep := newFiles()
	d := deep.image(good)
	for range 20 {
		d = deep.index(d)
	}
	confusedManifest, asIndex := newFiles(), good
	asIndex.manifest = func(m *v1.Manifest) { m.MediaType = types.OCIImageIndex }
	called := confusedManifest.image(asIndex)
	called.MediaType = types.OCIManifestSchema1
	confused := confusedManifest.layout(called)
	// both is a manifest and an index under one digest.
	both := func(mediaType types.MediaType) string {
		f := newFiles()
		first := f.image(good)
		m := map[string]any{"schemaVersion": 2, "manifests": []v1.Descriptor{first}}
		if err := json.Unmarshal(f.data["blobs/sha256/"+first.Digest.Hex], &m); err != nil {
			t.Fatal(err)
		}
		delete(m, "mediaType")
		return f.layout(f.blob(mediaType, mustJSON(m))).dir(t)
	}
	artifact := good
	artifact.manifest = func(m *v1.Manifest) { m.ArtifactType = "application/vnd.example+json" }
	wasm := good
	wasm.manifest = func(m *v1.Manifest) { m.Config.MediaType = "application/vnd.wasm.config.v0+json" }
	space := func(b []byte) []byte { return append(b, ' ') }
	other := func([]byte) []byte { return []byte(`{"no":"json"`) }
	huge := ociLayout(good)
	huge.data["index.json"] = append(huge.data["index.json"], bytes.Repeat([]byte(" "), 5<<20)...)
	dockerTar := docker(good).tar()
	tests := []struct {
		name string
		path string
		want error
	}{
		{"no file", filepath.Join(t.TempDir(), "none"), fs.ErrNotExist},
		{"empty file", writeFile(t, nil), image.ErrFormat},
		{"text file", writeFile(t, []byte("hello, world\n")), image.ErrFormat},
		{"long text file", writeFile(t, bytes.Repeat([]byte("hello, world\n"), 1000)), image.ErrFormat},
		{"gzip of a text file", writeFile(t, gzipped([]byte("hello"))), image.ErrFormat},
		{"gzip header alone", writeFile(t, []byte("\x1f\x8b\x08")), image.ErrCorrupt},
		{"bzip2 file", writeFile(t, []byte("BZh91AY&SY")), image.ErrUnsupported},
		{"some tar file", writeFile(t, makeTar(file("a", "A"))), image.ErrFormat},
		{"docker-archive of before 1.10", writeFile(t, makeTar(file("repositories", "{}"))), image.ErrUnsupported},
		{"docker-archive cut in the middle", writeFile(t, dockerTar[:len(dockerTar)/3]), image.ErrCorrupt},
		{"compressed archive cut in the middle", writeFile(t, gzipped(dockerTar)[:200]), image.ErrCorrupt},
		{"layers do not match diff_ids", ociLayout(mismatch).dir(t), image.ErrMismatch},
		{"docker layers do not match diff_ids", writeFile(t, docker(mismatch).tar()), image.ErrMismatch},
		{"manifest changed", change(ociLayout(good), `"layers":[{`, space).dir(t), image.ErrDigest},
		{"config changed", change(ociLayout(good), `"rootfs"`, space).dir(t), image.ErrDigest},
		{"docker config changed", writeFile(t, change(docker(good), `"rootfs"`, space).tar()), image.ErrDigest},
		{"config missing", drop(ociLayout(good), configName).dir(t), image.ErrMissing},
		{"docker config missing", writeFile(t, drop(docker(good), dockerConfig).tar()), image.ErrMissing},
		{"index.json missing", drop(ociLayout(good), "index.json").dir(t), image.ErrMissing},
		{"index.json invalid", change(ociLayout(good), `"manifests"`, other).dir(t), image.ErrCorrupt},
		{"index.json too large", huge.dir(t), image.ErrLimit},
		{"manifest.json invalid", writeFile(t, change(docker(good), `"RepoTags"`, other).tar()), image.ErrCorrupt},
		{"manifest.json empty", writeFile(t, change(docker(good), `"RepoTags"`, func([]byte) []byte { return []byte("[]") }).tar()), image.ErrPlatform},
		{"layout of a later version", change(ociLayout(good), "imageLayoutVersion", func([]byte) []byte {
			return []byte(`{"imageLayoutVersion":"2.0.0"}`)
		}).dir(t), image.ErrUnsupported},
		{"layout marker invalid", change(ociLayout(good), "imageLayoutVersion", other).dir(t), image.ErrCorrupt},
		{"indexes nested too deep", deep.layout(d).dir(t), image.ErrLimit},
		{"index called a manifest", confused.dir(t), image.ErrCorrupt},
		{"manifest that is also an index", both(types.OCIManifestSchema1), image.ErrCorrupt},
		{"index that is also a manifest", both(types.OCIImageIndex), image.ErrCorrupt},
		{"manifest called an index", change(ociLayout(good), `"manifests"`, func([]byte) []byte {
			return []byte(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}`)
		}).dir(t), image.ErrCorrupt},
		{"artifact", ociLayout(artifact).dir(t), image.ErrNotImage},
		{"config of something else", ociLayout(wasm).dir(t), image.ErrNotImage},
		{"symlink loop in the archive", writeFile(t, makeTar(symlink("manifest.json", "b"), symlink("b", "manifest.json"))), image.ErrCorrupt},
		{"digest that climbs", change(ociLayout(good), `"manifests"`, func([]byte) []byte {
			return []byte(`{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../../../etc/passwd","size":1}]}`)
		}).dir(t), image.ErrCorrupt},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			img, err := image.Open(tc.path, nil)
			if !errors.Is(err, tc.want) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
			if img != nil {
				t.Error("an image beside the error")
			}
			if err != nil && !strings.Contains(err.Error(), filepath.Base(tc.path)) {
				t.Errorf("error %q does not name the path", err)
			}
		})
	}
}

// docker save writes layers that repeat as symlinks to the first.
func TestDockerArchiveQuirks(t *testing.T) {
	l := plainLayer(file("a", "A"))
	spec := imageSpec{layers: []layerSpec{l, l, l}}
	cf := spec.configFile()
	manifest := func(layers ...string) tarEntry {
		return file("manifest.json", string(mustJSON([]map[string]any{{"Config": "config", "Layers": layers, "RepoTags": nil}})))
	}
	tests := []struct {
		name    string
		entries []tarEntry
	}{
		{"symlink", []tarEntry{file("1/layer.tar", string(l.blob)), symlink("2/layer.tar", "../1/layer.tar"),
			hardlink("3/layer.tar", "2/layer.tar"), manifest("1/layer.tar", "2/layer.tar", "3/layer.tar")}},
		{"symlink before its target", []tarEntry{symlink("2/layer.tar", "../1/layer.tar"), file("1/layer.tar", string(l.blob)),
			manifest("1/layer.tar", "2/layer.tar", "2/layer.tar")}},
		{"one file named thrice", []tarEntry{file("layer.tar", string(l.blob)), manifest("layer.tar", "layer.tar", "layer.tar")}},
		{"names with ./", []tarEntry{file("./layer.tar", string(l.blob)), manifest("layer.tar", "./layer.tar", "layer.tar")}},
		{"absolute symlink", []tarEntry{file("1/layer.tar", string(l.blob)), symlink("2/layer.tar", "/1/layer.tar"),
			manifest("1/layer.tar", "2/layer.tar", "2/layer.tar")}},
		{"written twice, last counts", []tarEntry{file("layer.tar", "old"), file("layer.tar", string(l.blob)),
			manifest("layer.tar", "layer.tar", "layer.tar")}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			data := makeTar(append([]tarEntry{file("config", string(cf)), dir("1/")}, tc.entries...)...)
			for _, path := range []string{writeFile(t, data), writeFile(t, gzipped(data))} {
				if got := names(t, mustOpen(t, path, nil)); got != "a=A|a=A|a=A" {
					t.Errorf("entries %q", got)
				}
			}
		})
	}
}

func TestDockerArchiveMissingLayers(t *testing.T) {
	l, foreign := plainLayer(file("a", "A")), plainLayer(file("b", "B"))
	cf := imageSpec{layers: []layerSpec{l, foreign}}.configFile()
	m := []map[string]any{{
		"Config": "config", "Layers": []string{"1.tar", "2.tar"},
		"LayerSources": map[string]v1.Descriptor{digest(foreign.tar): {MediaType: types.DockerForeignLayer, Size: 12, Digest: hashOf([]byte("x"))}},
	}}
	img := mustOpen(t, writeFile(t, makeTar(file("config", string(cf)), file("manifest.json", string(mustJSON(m))))), nil)
	if _, err := list(img.Layers()[0]); !errors.Is(err, image.ErrMissing) || errors.Is(err, image.ErrForeign) {
		t.Errorf("lost layer: %v", err)
	}
	if _, err := list(img.Layers()[1]); !errors.Is(err, image.ErrForeign) {
		t.Errorf("foreign layer: %v", err)
	}
	if got := img.Layers()[1].Info(); got.Size != 12 || got.MediaType != string(types.DockerForeignLayer) {
		t.Errorf("foreign layer: %+v", got)
	}
}

func TestDockerArchiveOfSeveralImages(t *testing.T) {
	a, b := one("a", "linux/amd64"), one("b", "linux/amd64")
	f := newFiles()
	var m []map[string]any
	for n, s := range []imageSpec{a, b} {
		cf := fmt.Sprintf("c%d.json", n)
		f.add(cf, s.configFile())
		f.add(fmt.Sprintf("l%d", n), s.layers[0].blob)
		m = append(m, map[string]any{"Config": cf, "Layers": []string{fmt.Sprintf("l%d", n)}, "RepoTags": []string{fmt.Sprintf("app:%d", n), []string{"x/y:old", "x/y:latest"}[n]}})
	}
	f.addJSON("manifest.json", m)
	path := writeFile(t, f.tar())
	for ref, want := range map[string]string{"app:0": "a=", "docker.io/library/app:1": "b=", "x/y": "b=", digest(a.configFile()): "a="} {
		if got := names(t, mustOpen(t, path, &image.Options{Ref: ref})); got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
	_, err := image.Open(path, nil)
	var pe *image.PlatformError
	if !errors.As(err, &pe) || pe.Matching != 2 || pe.Available[1].Ref != "app:1" {
		t.Errorf("no reference: %v", err)
	}
}

// The layers of an archive are read where they are: opening and reading one
// layer must not read the others.
func TestArchiveIsReadInPlace(t *testing.T) {
	big := plainLayer(file("big", noise(1<<20)))
	small := plainLayer(file("small", "s"))
	data := docker(imageSpec{layers: []layerSpec{big, small}}).tar()
	path := writeFile(t, data)
	img := mustOpen(t, path, nil)
	// Destroy the first layer: only its own reader may notice.
	at := bytes.Index(data, []byte(noise(1<<20)))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 1<<20), int64(at)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, img.Layers()[1]); got != "small=s" {
		t.Errorf("entries %q", got)
	}
	if _, err := list(img.Layers()[0]); !errors.Is(err, image.ErrDigest) {
		t.Errorf("destroyed layer: %v", err)
	}
}

func TestSparseMemberOfArchive(t *testing.T) {
	// archive/tar writes no sparse files; this is the header of an old GNU one.
	h := makeTar(file("manifest.json", "[]"))
	h[156] = 'S'
	copy(h[257:], "ustar  \x00")
	copy(h[386:], strings.Repeat("\x00", 97))
	copy(h[386:], "00000000000\x0000000000002\x00")
	copy(h[483:], "00000000002\x00")
	fixChecksum(h)
	_, err := image.Open(writeFile(t, h), nil)
	if !errors.Is(err, image.ErrUnsupported) {
		t.Errorf("error = %v", err)
	}
}

func fixChecksum(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h[:512] {
		sum += int(b)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

func v1Image(t testing.TB, platform string, contents ...string) v1.Image {
	t.Helper()
	img := v1.Image(empty.Image)
	for _, c := range contents {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer(makeTar(file(c, c)), types.OCIUncompressedLayer)); err != nil {
			t.Fatal(err)
		}
	}
	cf, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cf = cf.DeepCopy()
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	cf.OS, cf.Architecture, cf.Variant = p.OS, p.Architecture, p.Variant
	cf.Created = v1.Time{Time: time.Time{}}
	if img, err = mutate.ConfigFile(img, cf); err != nil {
		t.Fatal(err)
	}
	return img
}

func TestFromV1(t *testing.T) {
	src := v1Image(t, "linux/s390x", "a", "b")
	img, err := image.FromV1(src, &image.Options{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	h, _ := src.Digest()
	if s := img.Subject(); names(t, img) != "a=a|b=b" || s.Digest != sbom.Digest(h.String()) || s.Name != "n" {
		t.Errorf("entries %q, subject %+v", names(t, img), s)
	}
	_, err = image.FromV1(src, &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}})
	if !errors.Is(err, image.ErrPlatform) {
		t.Errorf("another platform asked for: %v", err)
	}
	// What go-containerregistry writes as docker-archive is read back, and read
	// by its own package gives the same image.
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := tarball.WriteToFile(path, nil, src); err != nil {
		t.Fatal(err)
	}
	if got := names(t, mustOpen(t, path, nil)); got != "a=a|b=b" {
		t.Errorf("docker-archive: %q", got)
	}
	other, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := image.FromV1(other, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, slow); got != "a=a|b=b" {
		t.Errorf("package tarball: %q", got)
	}
}

// lyingImage answers with another manifest or config than it should.
type lyingImage struct {
	v1.Image
	manifest, config []byte
}

func (l lyingImage) RawManifest() ([]byte, error) {
	if l.manifest != nil {
		return l.manifest, nil
	}
	return l.Image.RawManifest()
}

func (l lyingImage) RawConfigFile() ([]byte, error) {
	if l.config != nil {
		return l.config, nil
	}
	return l.Image.RawConfigFile()
}

func TestFromV1Verifies(t *testing.T) {
	good := v1Image(t, "linux/amd64", "a")
	for _, bad := range []v1.Image{lyingImage{good, []byte(`{}`), nil}, lyingImage{good, nil, []byte(`{}`)}} {
		if _, err := image.FromV1(bad, nil); !errors.Is(err, image.ErrDigest) {
			t.Errorf("error = %v, want ErrDigest", err)
		}
	}
}

func TestFromIndex(t *testing.T) {
	a, b := v1Image(t, "linux/s390x", "a"), v1Image(t, "linux/riscv64", "b")
	idx := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: a, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}},
		mutate.IndexAddendum{Add: mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: b})})
	want, _ := idx.Digest()
	for _, tc := range []struct{ arch, want string }{{"s390x", "a=a"}, {"riscv64", "b=b"}} {
		img, err := image.FromIndex(idx, &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: tc.arch}})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, img); got != tc.want || img.Subject().Index != sbom.Digest(want.String()) {
			t.Errorf("%s: %q, subject %+v", tc.arch, got, img.Subject())
		}
	}
	if _, err := image.FromIndex(idx, &image.Options{Platform: sbom.Platform{OS: "plan9", Architecture: "386"}}); !errors.Is(err, image.ErrPlatform) {
		t.Errorf("error = %v", err)
	}
	// The same through go-containerregistry's layout.
	root := t.TempDir()
	if _, err := layout.Write(root, idx); err != nil {
		t.Fatal(err)
	}
	img := mustOpen(t, root, &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "riscv64"}})
	if got := names(t, img); got != "b=b" {
		t.Errorf("layout: %q", got)
	}
}

func TestCloseTwice(t *testing.T) {
	img, err := image.Open(writeFile(t, docker(one("a", "linux/amd64")).tar()), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := list(img.Layers()[0]); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading a closed image: %v", err)
	}
}

// Names in a tar that are no files (directories, devices) are no members.
func TestArchiveMemberIsDirectory(t *testing.T) {
	_, err := image.Open(writeFile(t, makeTar(dir("manifest.json/"), tarEntry{Header: tar.Header{Name: "index.json", Typeflag: tar.TypeFifo}})), nil)
	if !errors.Is(err, image.ErrFormat) {
		t.Errorf("error = %v", err)
	}
}

// TestOpenTruncatedArchive tells a compressed archive that breaks off from a file that
// is no archive, whoever decompresses it.
func TestOpenTruncatedArchive(t *testing.T) {
	name := writeFile(t, gzipped(docker(imageSpec{layers: []layerSpec{plainLayer(file("a", "A"))}}).tar())[:30])
	standard := func(_ image.Compression, r io.Reader) (io.ReadCloser, error) { return stdgzip.NewReader(r) }
	for who, opts := range map[string]*image.Options{"ours": nil, "plugged in": {Decompress: standard}} {
		if _, err := image.Open(name, opts); !errors.Is(err, image.ErrCorrupt) || errors.Is(err, image.ErrFormat) {
			t.Errorf("%s: error = %v, want corrupt", who, err)
		}
	}
}
