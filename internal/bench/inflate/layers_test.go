package inflate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// layer is a gzip layer of a benchmark image.
type layer struct {
	truth.Layer
	image, file string
}

func (l *layer) ratio() float64 { return float64(l.Size) / float64(l.CompressedSize) }

func (l *layer) read(tb testing.TB) []byte {
	data, err := os.ReadFile(l.file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// layers returns the layers of all images that are there, each once, and skips what
// needs them if none is.
func layers(tb testing.TB) (all []*layer) {
	dir, err := truth.Dir()
	if err != nil {
		tb.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", truth.File))
	if err != nil {
		tb.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, file := range files {
		img, err := truth.Read(filepath.Dir(file))
		if err != nil {
			tb.Fatal(err)
		}
		for _, l := range img.Layers {
			_, hex, _ := strings.Cut(l.Digest, ":")
			if !seen[hex] {
				seen[hex] = true
				all = append(all, &layer{l, img.Name, filepath.Join(filepath.Dir(file), "oci/blobs/sha256", hex)})
			}
		}
	}
	if len(all) == 0 {
		tb.Skipf("no images in %s: go run ./images builds them", dir)
	}
	return all
}

// chosen are the layers that have rows of their own.
func chosen(all []*layer) map[string]*layer {
	rows := make(map[string]*layer)
	for _, l := range all {
		if l.Name == truth.Base {
			rows["base"] = l
		}
		if rows["largest"] == nil || l.Size > rows["largest"].Size {
			rows["largest"] = l
		}
		if l.Size >= 10e6 && (rows["nearlyStored"] == nil || l.ratio() < rows["nearlyStored"].ratio()) {
			rows["nearlyStored"] = l
		}
	}
	return rows
}

// BenchmarkLayers is what an image costs: every layer, inflated whole.
func BenchmarkLayers(b *testing.B) {
	all := layers(b)
	b.Run("all", func(b *testing.B) {
		compare(b, gzipDecoders(), func(yield func([][]byte) bool) {
			for _, l := range all {
				if !yield([][]byte{l.read(b)}) {
					return
				}
			}
		})
	})
	rows := chosen(all)
	for _, name := range []string{"base", "largest", "nearlyStored"} {
		l := rows[name]
		b.Run(name+"/"+l.image+"/"+sizeName(l.Size), func(b *testing.B) { compare(b, gzipDecoders(), one(l.read(b))) })
	}
}

// BenchmarkEachLayer has a row for every layer.
func BenchmarkEachLayer(b *testing.B) {
	for _, l := range layers(b) {
		name := strings.NewReplacer(" ", "_", "/", "_").Replace(l.image + " " + l.Name + " " + l.Compressor)
		b.Run(name, func(b *testing.B) {
			compare(b, gzipDecoders(), one(l.read(b)))
			b.ReportMetric(l.ratio(), "ratio")
		})
	}
}

// BenchmarkNPM is the packages of npm's registry as they are served.
func BenchmarkNPM(b *testing.B) {
	dir, err := truth.Dir()
	if err != nil {
		b.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, truth.Tarballs, "*.tgz"))
	if err != nil || len(files) == 0 {
		b.Skip("no tarballs: ", err)
	}
	var streams [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		streams = append(streams, data)
	}
	compare(b, gzipDecoders(), one(streams...))
}

// BenchmarkJarMembers is the members of jars: raw streams, most of a few KB.
func BenchmarkJarMembers(b *testing.B) {
	i := slices.IndexFunc(layers(b), func(l *layer) bool { return l.Name == "application jars" })
	if i < 0 {
		b.Skip("no image java")
	}
	streams := jarMembers(b, layers(b)[i].read(b))
	b.ReportMetric(float64(len(streams)), "streams")
	compare(b, flateDecoders(), one(streams...))
	b.ReportMetric(float64(len(streams)), "streams")
}

func jarMembers(tb testing.TB, gz []byte) (streams [][]byte) {
	z, err := kgzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		tb.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return streams
		}
		if err != nil {
			tb.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".jar") {
			continue
		}
		jar, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		streams = append(streams, deflated(tb, jar)...)
	}
}

func deflated(tb testing.TB, jar []byte) (streams [][]byte) {
	z, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range z.File {
		if f.Method != zip.Deflate {
			continue
		}
		r, err := f.OpenRaw()
		if err != nil {
			tb.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		streams = append(streams, raw)
	}
	return streams
}

// BenchmarkSmall is many streams of 3 KB through one decoder.
func BenchmarkSmall(b *testing.B) {
	l := chosen(layers(b))["base"]
	plain := make([]byte, 3<<10*4000)
	z, err := kgzip.NewReader(bytes.NewReader(l.read(b)))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(z, plain); err != nil {
		b.Fatal(err)
	}
	var streams [][]byte
	for piece := range slices.Chunk(plain, 3<<10) {
		var buf bytes.Buffer
		w, err := flate.NewWriter(&buf, flate.DefaultCompression)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(piece); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		streams = append(streams, buf.Bytes())
	}
	perUnit(b, "µs/stream", len(streams), flateDecoders(), one(streams...))
}
