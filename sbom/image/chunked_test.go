package image_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// chunkedList is what list says of the layer in testdata/chunked.
func chunkedList() []string {
	return []string{
		"etc/", "etc/small=small\n", "etc/empty=", "usr/", "usr/large=" + strings.Repeat("several chunks of 64 KiB\n", 10000),
		"usr/zeros=" + strings.Repeat("\x00", 100_000) + "end", "usr/symlink->large", "usr/hardlink=>usr/large", "!gone",
	}
}

func readTestdata(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "chunked", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// decompressed is what other decoders than ours make of a blob.
func decompressed(t *testing.T, blob []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	if compression(blob) == image.Gzip {
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(blob)); err == nil {
			_, err = out.ReadFrom(r)
		}
	} else {
		var r *zstd.Decoder
		if r, err = zstd.NewReader(bytes.NewReader(blob)); err == nil {
			defer r.Close()
			_, err = out.ReadFrom(r)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compression(blob []byte) image.Compression {
	if bytes.HasPrefix(blob, []byte{0x1f, 0x8b}) {
		return image.Gzip
	}
	return image.Zstd
}

// TestChunkedLayers: layers with a table of contents are layers. The files that eStargz
// adds to a layer are in it, for every run time but its own puts them into the root.
func TestChunkedLayers(t *testing.T) {
	for name, added := range map[string][]string{
		"estargz.tar.gz":          {".no.prefetch.landmark", "stargz.index.json"},
		"estargz-prefetch.tar.gz": {".prefetch.landmark", "stargz.index.json"},
		"zstdchunked.tar.zst":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			blob := readTestdata(t, name)
			l := layer("", decompressed(t, blob), blob)
			got := mustListed(t, l)
			var found []string
			got = slices.DeleteFunc(got, func(s string) bool {
				path, _, _ := strings.Cut(s, "=")
				own := slices.Contains(added, path)
				if own {
					found = append(found, path)
				}
				return own
			})
			slices.Sort(found)
			if !slices.Equal(found, added) {
				t.Errorf("the format's own files are %q, want %q", found, added)
			}
			want := chunkedList()
			slices.Sort(want) // Prioritized files come first, and their directories.
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("got %.200q, want %.200q", got, want)
			}
		})
	}
}

// mustListed lists a layer that has to be right, on one processor and on several.
func mustListed(t *testing.T, l layerSpec) []string {
	t.Helper()
	open := openLayer(t, l, nil)
	var lists [2][]string
	for i, processors := range []int{1, 4} {
		onProcessors(processors, func() {
			var err error
			if lists[i], err = list(open); err != nil {
				t.Error(err)
			}
		})
	}
	if !slices.Equal(lists[0], lists[1]) {
		t.Error("the list depends on the number of processors")
	}
	return lists[0]
}

// TestChunkedTableIsNotTrusted: whatever the tables say, the layer is what its stream is.
// A zstd:chunked blob has them in frames that decoders skip, as has its footer.
func TestChunkedTableIsNotTrusted(t *testing.T) {
	blob := readTestdata(t, "zstdchunked.tar.zst")
	stream := decompressed(t, blob)
	frames := skippableFrames(blob)
	if len(frames) != 3 {
		t.Fatalf("%d skippable frames, want those of the table, the tar-split data and the footer", len(frames))
	}
	for i, f := range frames {
		for name, change := range map[string]func(b []byte) []byte{
			"gone":     func(b []byte) []byte { return slices.Delete(b, f.start, f.end) },
			"garbage":  func(b []byte) []byte { clear(b[f.start+8 : f.end]); return b },
			"inverted": func(b []byte) []byte { invert(b[f.start+8 : f.end]); return b },
			"first":    func(b []byte) []byte { return slices.Concat(b[f.start:f.end], b) },
			"twice":    func(b []byte) []byte { return slices.Concat(b, b[f.start:f.end]) },
		} {
			if got := mustListed(t, layer("", stream, change(bytes.Clone(blob)))); !slices.Equal(got, chunkedList()) {
				t.Errorf("frame %d %s: got %.200q", i, name, got)
			}
		}
	}
}

func invert(b []byte) {
	for i := range b {
		b[i] ^= 0xff
	}
}

type span struct{ start, end int }

// skippableFrames finds the skippable frames at the end of a zstd blob (RFC 8878, 3.1.2).
func skippableFrames(blob []byte) (out []span) {
	magic := []byte{0x50, 0x2a, 0x4d, 0x18}
	for at := bytes.Index(blob, magic); at >= 0 && at+8 <= len(blob) && bytes.HasPrefix(blob[at:], magic); {
		end := at + 8 + int(binary.LittleEndian.Uint32(blob[at+4:]))
		out = append(out, span{at, end})
		at = end
	}
	return out
}
