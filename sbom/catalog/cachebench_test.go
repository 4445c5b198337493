package catalog_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom/catalog"
)

// benchLayers are 7 layers of 69,000 files: a distribution of 400 packages that record
// 100 files each, and 2,900 npm packages of 10 files in the others.
func benchLayers(b *testing.B) []v1.Layer {
	var status strings.Builder
	base := []member{{path: "etc/os-release", data: "ID=debian\nVERSION_ID=12\n"}}
	for p := range 400 {
		name := fmt.Sprintf("package%d", p)
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.%d\nMaintainer: Somebody\n\n", name, p)
		var list, sums strings.Builder
		for f := range 98 {
			m := member{path: fmt.Sprintf("usr/share/%s/part%d/file%d", name, f%7, f), data: fmt.Sprint(p, f)}
			if f%20 == 0 {
				m.path, m.mode = fmt.Sprintf("usr/bin/%s-%d", name, f), 0o755
			}
			fmt.Fprintf(&list, "/%s\n", m.path)
			fmt.Fprintf(&sums, "%x  %s\n", md5.Sum([]byte(m.data)), m.path)
			base = append(base, m)
		}
		base = append(base, member{path: "var/lib/dpkg/info/" + name + ".list", data: list.String()},
			member{path: "var/lib/dpkg/info/" + name + ".md5sums", data: sums.String()})
	}
	layers := []v1.Layer{layerOf(b, append(base, member{path: "var/lib/dpkg/status", data: status.String()})...)}
	for l := range 6 {
		var members []member
		for p := range 480 {
			dir := fmt.Sprintf("app%d/node_modules/module-%d/", l, p)
			members = append(members, member{path: dir + "package.json",
				data: fmt.Sprintf(`{"name":"module-%d","version":"%d.0.%d","license":"MIT"}`, p, l, p)})
			for f := range 9 {
				members = append(members, member{path: fmt.Sprintf("%sdist/file%d.js", dir, f), data: "x"})
			}
		}
		layers = append(layers, layerOf(b, members...))
	}
	return layers
}

// BenchmarkWarm reads an image of 7 layers and 69,000 files that was read before:
// from the value of the whole image, and from those of its layers, which is what an
// image costs that has them all and one small layer more. Cold is without a cache,
// and Store with one that is empty.
func BenchmarkWarm(b *testing.B) {
	layers := benchLayers(b)
	img := imageOf(b, layers...)
	full := newMapCache()
	mustImage(b, img, &catalog.Options{Cache: full})
	whole := full.last // The image as a whole is stored when all layers are.
	size := 0
	for _, v := range full.values {
		size += len(v)
	}
	run := func(cache func() catalog.Cache) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := catalog.Image(context.Background(), img, &catalog.Options{Cache: cache()}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "cache-bytes")
		}
	}
	dir, err := catalog.NewDirCache(filepath.Join(b.TempDir(), "cache"))
	if err != nil {
		b.Fatal(err)
	}
	mustImage(b, img, &catalog.Options{Cache: dir})
	b.Run("image", run(func() catalog.Cache { return full }))
	b.Run("directory", run(func() catalog.Cache { return dir }))
	b.Run("layers", run(func() catalog.Cache { return hiding{full, whole} }))
	b.Run("cold", run(func() catalog.Cache { return nil }))
	b.Run("store", run(func() catalog.Cache { return newMapCache() }))
}

// hiding is a cache that does not show one of its values.
type hiding struct {
	*mapCache
	key string
}

func (c hiding) Get(ctx context.Context, key string) ([]byte, error) {
	if key == c.key {
		return nil, fs.ErrNotExist
	}
	return c.mapCache.Get(ctx, key)
}
