package index_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/index"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

func tarLayer(t testing.TB, files map[string]string) v1.Layer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := errors.Join(
			w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}),
			second(io.WriteString(w, files[name]))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer)
}

func second(_ int, err error) error { return err }

func platformImage(t testing.TB, arch string, layers ...v1.Layer) v1.Image {
	t.Helper()
	cf, err := empty.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cf = cf.DeepCopy()
	cf.OS, cf.Architecture = "linux", arch
	img, err := mutate.ConfigFile(empty.Image, cf)
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.AppendLayers(img, layers...); err != nil {
		t.Fatal(err)
	}
	return img
}

func npm(name, version string) (path, data string) {
	return "app/node_modules/" + name + "/package.json", fmt.Sprintf(`{"name": %q, "version": %q}`, name, version)
}

// twoPlatforms is an index of amd64 and arm64, which share their first layer, with an
// attestation beside them.
func twoPlatforms(t testing.TB) v1.ImageIndex {
	t.Helper()
	base := map[string]string{"etc/os-release": "ID=debian\nVERSION_ID=12\n"}
	p, data := npm("shared", "1.0.0")
	base[p] = data
	// The same package again, in layers that differ.
	extra := map[string]map[string]string{"amd64": {"etc/arch": "amd64"}, "arm64": {"etc/arch": "arm64"}}
	for arch, files := range extra {
		p, data := npm("everywhere", "2.0.0")
		files[p] = data
		p, data = npm("native-"+arch, "3.0.0")
		files[p] = data
	}
	// One id, and facts that differ.
	extra["amd64"]["app/node_modules/flavour/package.json"] = `{"name": "flavour", "version": "1.0.0", "license": "MIT"}`
	extra["arm64"]["app/node_modules/flavour/package.json"] = `{"name": "flavour", "version": "1.0.0", "license": "ISC"}`
	shared := tarLayer(t, base)
	add := func(arch string) mutate.IndexAddendum {
		return mutate.IndexAddendum{
			Add:        platformImage(t, arch, shared, tarLayer(t, extra[arch])),
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		}
	}
	att := mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{
		Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
		Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
	}}
	return mutate.AppendManifests(empty.Index, add("amd64"), add("arm64"), att)
}

// writeLayout writes idx as the one index of a layout.
func writeLayout(t testing.TB, idx v1.ImageIndex) string {
	t.Helper()
	dir := t.TempDir()
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendIndex(idx); err != nil {
		t.Fatal(err)
	}
	return dir
}

// cacheLog counts what a cache is asked to keep.
type cacheLog struct {
	catalog.Cache
	mu  sync.Mutex
	put map[string]int
}

func (c *cacheLog) Put(ctx context.Context, key string, value []byte) error {
	c.mu.Lock()
	c.put[key]++
	c.mu.Unlock()
	return c.Cache.Put(ctx, key, value)
}

func TestRead(t *testing.T) {
	idx := twoPlatforms(t)
	digest, err := idx.Digest()
	if err != nil {
		t.Fatal(err)
	}
	log := &cacheLog{Cache: catalog.NewMemoryCache(1 << 20), put: make(map[string]int)}
	var read int
	opts := &index.Options{
		Image: &image.Options{Name: "registry.example/app:1"},
		Catalog: &catalog.Options{Cache: log, Progress: func(p catalog.Progress) {
			read = max(read, p.Layers)
		}},
	}
	for name, readIt := range map[string]func() (*index.Index, error){
		"path":  func() (*index.Index, error) { return index.Read(t.Context(), writeLayout(t, idx), opts) },
		"index": func() (*index.Index, error) { return index.FromV1(t.Context(), idx, opts) },
	} {
		x, err := readIt()
		if err != nil {
			t.Fatal(name, err)
		}
		if x.Subject.Digest != sbom.Digest(digest.String()) || x.Subject.Name != "registry.example/app:1" {
			t.Errorf("%s: subject %+v", name, x.Subject)
		}
		var platforms []string
		for _, img := range x.Images {
			if img.Err != nil || img.Inventory == nil {
				t.Fatalf("%s: %s: %v", name, img.Subject.Platform, img.Err)
			}
			platforms = append(platforms, img.Inventory.Subject.Platform.String())
			if img.Inventory.Subject.Index != x.Subject.Digest || img.Subject != img.Inventory.Subject {
				t.Errorf("%s: %+v is not in the index", name, img.Subject)
			}
		}
		if got := strings.Join(platforms, " "); got != "linux/amd64 linux/arm64" {
			t.Errorf("%s: platforms %q", name, got)
		}
	}
	// Two layers and the whole of the first image, one layer and the whole of the second;
	// nothing again for the second run.
	if len(log.put) != 5 {
		t.Errorf("%d values in the cache, want 3 layers and 2 images", len(log.put))
	}
	for key, n := range log.put {
		if n != 1 {
			t.Errorf("%s was made %d times", key, n)
		}
	}
}

func TestInventory(t *testing.T) {
	x, err := index.FromV1(t.Context(), twoPlatforms(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	inv := x.Inventory()
	has := make(map[string][]string) // platforms by component
	name := make(map[string]string)
	for _, c := range inv.Components {
		if c.Type == sbom.TypeContainer {
			name[c.ID] = c.Property(index.PlatformProperty)
			continue
		}
		name[c.ID] = c.Name
		for _, l := range c.Licenses {
			name[c.ID] += " " + l.Expression
		}
	}
	variants := 0
	for _, r := range inv.Relationships {
		switch r.Type {
		case sbom.Contains:
			has[name[r.To]] = append(has[name[r.To]], name[r.From])
		case index.VariantOf:
			variants++
		}
	}
	for want, platforms := range map[string]string{
		"shared": "linux/amd64 linux/arm64", "everywhere": "linux/amd64 linux/arm64",
		"native-amd64": "linux/amd64", "native-arm64": "linux/arm64",
		"flavour MIT": "linux/amd64", "flavour ISC": "linux/arm64",
	} {
		slices.Sort(has[want])
		if got := strings.Join(has[want], " "); got != platforms {
			t.Errorf("%s is on %q, want %q", want, got, platforms)
		}
	}
	if variants != 1 {
		t.Errorf("%d variants, want 1", variants)
	}
	if n := len(inv.Components); n != len(has)+2 {
		t.Errorf("%d components, want %d and 2 images", n, len(has))
	}
	ids := make(map[string]bool)
	for _, c := range inv.Components {
		if ids[c.ID] {
			t.Errorf("id %s is not unique", c.ID)
		}
		ids[c.ID] = true
	}
	for _, r := range inv.Relationships {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%+v leads nowhere", r)
		}
	}
	if inv.Distribution == nil || inv.Distribution.ID != "debian" {
		t.Errorf("distribution %+v", inv.Distribution)
	}
	// Nothing is shared with the images.
	inv.Components[len(inv.Components)-1].Evidence[0].Value = "changed"
	if again := x.Inventory(); again.Components[len(inv.Components)-1].Evidence[0].Value == "changed" {
		t.Error("the joint inventory shares memory with the images")
	}
}

func TestCycloneDX(t *testing.T) {
	x, err := index.FromV1(t.Context(), twoPlatforms(t), &index.Options{Image: &image.Options{Name: "registry.example/app:1"}})
	if err != nil {
		t.Fatal(err)
	}
	var docs []*index.Document
	for d, err := range x.CycloneDX(nil) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	if len(docs) != 3 || docs[2].Subject != x.Subject {
		t.Fatalf("%d documents", len(docs))
	}
	linked := make(map[string]string)
	for _, d := range docs[:2] {
		var bom cdx.BOM
		if err := json.Unmarshal(d.Data, &bom); err != nil {
			t.Fatal(err)
		}
		serial := strings.TrimPrefix(bom.SerialNumber, "urn:uuid:")
		linked["urn:cdx:"+serial+"/1"] = fmt.Sprintf("%x", sha256.Sum256(d.Data))
	}
	var bom cdx.BOM
	if err := json.Unmarshal(docs[2].Data, &bom); err != nil {
		t.Fatal(err)
	}
	for _, c := range *bom.Components {
		if c.Type != cdx.ComponentTypeContainer || c.ExternalReferences == nil || len(*c.ExternalReferences) != 1 {
			t.Fatalf("component %+v", c)
		}
		r := (*c.ExternalReferences)[0]
		if want := linked[r.URL]; r.Type != cdx.ERTypeBOM || want == "" || (*r.Hashes)[0].Value != want {
			t.Errorf("reference %+v, want one of %v", r, linked)
		}
		delete(linked, r.URL)
	}
	if len(linked) != 0 {
		t.Errorf("not linked: %v", linked)
	}
}

func TestSPDX(t *testing.T) {
	x, err := index.FromV1(t.Context(), twoPlatforms(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, opts := range []*spdx.Options{nil, {Namespace: "https://example.org/sbom/"}} {
		var namespaces []string
		var last *index.Document
		for d, err := range x.SPDX(opts) {
			if err != nil {
				t.Fatal(err)
			}
			var doc struct{ DocumentNamespace string }
			if err := json.Unmarshal(d.Data, &doc); err != nil {
				t.Fatal(err)
			}
			namespaces, last = append(namespaces, doc.DocumentNamespace), d
		}
		inv, err := spdx.Decode(bytes.NewReader(last.Data), nil)
		if err != nil {
			t.Fatal(err)
		}
		var links []string
		for _, c := range inv.Components {
			for _, r := range c.References {
				if r.Type == "bom" {
					links = append(links, r.URL)
				}
			}
		}
		slices.Sort(links)
		want := slices.Sorted(slices.Values(namespaces[:2]))
		if !slices.Equal(links, want) {
			t.Errorf("links %v, want %v", links, want)
		}
		if !slices.ContainsFunc(inv.Relationships, func(r sbom.Relationship) bool { return r.Type == index.VariantOf }) {
			t.Errorf("no variant in %+v", inv.Relationships)
		}
	}
}

// An archive may hold the blobs of one platform only.
func TestPartial(t *testing.T) {
	idx := twoPlatforms(t)
	m, err := idx.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	dir := writeLayout(t, idx)
	if err := os.Remove(filepath.Join(dir, "blobs", "sha256", m.Manifests[0].Digest.Hex)); err != nil {
		t.Fatal(err)
	}
	x, err := index.Read(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if amd := x.Images[0]; !errors.Is(amd.Err, image.ErrMissing) || amd.Inventory != nil || amd.Subject.Platform.Architecture != "amd64" {
		t.Errorf("%+v, want the missing image", amd)
	}
	if x.Images[1].Err != nil {
		t.Error(x.Images[1].Err)
	}
	inv := x.Inventory()
	if len(inv.Gaps) != 1 || inv.Component(inv.Gaps[0].Component) == nil || !strings.Contains(inv.Gaps[0].Message, "linux/amd64") {
		t.Errorf("gaps %+v", inv.Gaps)
	}
	if err := os.RemoveAll(filepath.Join(dir, "blobs", "sha256", m.Manifests[1].Digest.Hex)); err != nil {
		t.Fatal(err)
	}
	if _, err := index.Read(t.Context(), dir, nil); !errors.Is(err, image.ErrMissing) {
		t.Errorf("nothing could be read: %v", err)
	}
}

func TestReadErrors(t *testing.T) {
	dir := writeLayout(t, twoPlatforms(t))
	l, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendIndex(mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: platformImage(t, "s390x")})); err != nil {
		t.Fatal(err)
	}
	var pe *image.PlatformError
	if _, err := index.Read(t.Context(), dir, nil); !errors.As(err, &pe) || len(pe.Available) != 3 {
		t.Errorf("two indexes: %v", err)
	}
	ref := &index.Options{Image: &image.Options{Ref: "no such"}}
	if _, err := index.Read(t.Context(), dir, ref); !errors.Is(err, image.ErrPlatform) {
		t.Errorf("no such reference: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := index.FromV1(ctx, twoPlatforms(t), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestBuildKit reads an image that BuildKit wrote, with its attestation manifest.
func TestBuildKit(t *testing.T) {
	const path = "../../../shared/buildkit/multi-stage.oci.tar"
	if _, err := os.Stat(path); err != nil {
		t.Skip("the image that BuildKit built is not here: ", err)
	}
	x, err := index.Read(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Images) != 1 || x.Images[0].Err != nil || x.Subject.Digest == "" {
		t.Fatalf("%+v", x)
	}
	inv := x.Inventory()
	if want := len(x.Images[0].Inventory.Components) + 1; len(inv.Components) != want {
		t.Errorf("%d components, want %d", len(inv.Components), want)
	}
	for _, opts := range []*cyclonedx.Options{nil, {Format: cyclonedx.XML, Indent: true}} {
		var last *index.Document
		for d, err := range x.CycloneDX(opts) {
			if err != nil {
				t.Fatal(err)
			}
			last = d
		}
		if !bytes.Contains(last.Data, []byte("urn:cdx:")) {
			t.Error("the index document links to nothing")
		}
	}
}
