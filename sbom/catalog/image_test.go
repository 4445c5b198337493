package catalog_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"text/template"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// member is one entry of a layer.
type member struct {
	path     string
	mode     int64 // 0644 if 0
	data     string
	symlink  string
	hardlink string
}

// layerOf makes an uncompressed layer.
func layerOf(t testing.TB, members ...member) v1.Layer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, m := range members {
		h := &tar.Header{Name: m.path, Mode: cmp.Or(m.mode, 0o644), Size: int64(len(m.data)), Typeflag: tar.TypeReg}
		switch {
		case m.symlink != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, m.symlink
		case m.hardlink != "":
			h.Typeflag, h.Linkname = tar.TypeLink, m.hardlink
		case strings.HasSuffix(m.path, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer)
}

// imageOf makes an image of layers.
func imageOf(t testing.TB, layers ...v1.Layer) *image.Image {
	t.Helper()
	return imageOfLimits(t, nil, layers...)
}

func imageOfLimits(t testing.TB, opts *image.Options, layers ...v1.Layer) *image.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := image.FromV1(img, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

// parseScenario reads the layers of a txtar archive. A file's name is the number of
// its layer, a slash and its path there, followed by what it is if it is no
// regular file of mode 0644:
//
//	0/usr/bin/ls 0755      a mode
//	0/bin -> usr/bin       a symlink
//	0/usr/bin/a = usr/bin/b   a hard link
//	0/etc/                 a directory
//	1/usr/bin/.wh.ls       a whiteout
//
// {{md5 "0/usr/bin/ls"}} in a file is the md5 of another.
func parseScenario(t testing.TB, a *txtar.Archive) [][]member {
	t.Helper()
	content := make(map[string]string)
	for _, f := range a.Files {
		name, _, _ := strings.Cut(f.Name, " ")
		content[name] = string(f.Data)
	}
	funcs := template.FuncMap{"md5": func(name string) (string, error) {
		data, ok := content[name]
		if !ok {
			return "", fmt.Errorf("no file %s", name)
		}
		sum := md5.Sum([]byte(data))
		return hex.EncodeToString(sum[:]), nil
	}}
	var layers [][]member
	for _, f := range a.Files {
		number, rest, ok := strings.Cut(f.Name, "/")
		if !ok {
			continue // want
		}
		i, err := strconv.Atoi(number)
		if err != nil || i > len(layers) {
			t.Fatalf("%s: layers are numbered from 0", f.Name)
		}
		if i == len(layers) {
			layers = append(layers, nil)
		}
		m := parseMember(t, rest)
		var data strings.Builder
		tmpl := template.Must(template.New(f.Name).Funcs(funcs).Parse(string(f.Data)))
		if err := tmpl.Execute(&data, nil); err != nil {
			t.Fatal(err)
		}
		m.data = data.String()
		layers[i] = append(layers[i], m)
	}
	return layers
}

func parseMember(t testing.TB, s string) member {
	path, what, _ := strings.Cut(s, " ")
	m := member{path: path}
	switch {
	case what == "":
	case strings.HasPrefix(what, "-> "):
		m.symlink = what[3:]
	case strings.HasPrefix(what, "= "):
		m.hardlink = what[2:]
	default:
		mode, err := strconv.ParseInt(what, 8, 64)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		m.mode = mode
	}
	return m
}

// literal is a detector that takes files named *.fragment.json at their word.
type literal struct{ name string }

func (l literal) ID() detect.ID { return detect.ID{Name: cmp.Or(l.name, "literal"), Version: "1"} }

func (literal) Wants(e *detect.Entry) bool { return strings.HasSuffix(e.Path, ".fragment.json") }

func (literal) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	data, err := f.Bytes(1 << 20)
	if err != nil {
		return nil, err
	}
	frag := new(detect.Fragment)
	if err := json.Unmarshal(data, frag); err != nil {
		return nil, fmt.Errorf("%w: %w", detect.ErrFormat, err)
	}
	return frag, nil
}

func sha(s string) sbom.Digest {
	sum := sha256.Sum256([]byte(s))
	return sbom.Digest("sha256:" + hex.EncodeToString(sum[:]))
}
