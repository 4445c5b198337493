//go:build linux

package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
	"github.com/imagetrust/imagetrust/internal/inflate"
)

// section is a layer as it is stored: a part of a file.
type section struct {
	File         string
	Offset, Size int64
	Gzip         bool
	Digest       string // of what is stored
	DiffID       string // of the tar stream
}

// sections returns where the layers of an image are.
func sections(in input, img *truth.Image) ([]section, error) {
	if in.format == dockerArchive {
		return archiveSections(in.path, img)
	}
	var list []section
	for _, l := range img.Layers {
		_, hex, _ := strings.Cut(l.Digest, ":")
		list = append(list, section{File: filepath.Join(in.path, "blobs/sha256", hex), Size: l.CompressedSize, Gzip: true, Digest: l.Digest, DiffID: l.DiffID})
	}
	return list, nil
}

// archiveSections finds the layers of a docker-archive, which its manifest names in
// the order of the image.
func archiveSections(name string, img *truth.Image) ([]section, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at := make(map[string]section)
	var manifest []struct{ Layers []string }
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		offset, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		at[h.Name] = section{File: name, Offset: offset, Size: h.Size}
		if h.Name == "manifest.json" {
			if err := json.NewDecoder(r).Decode(&manifest); err != nil {
				return nil, err
			}
		}
	}
	if len(manifest) != 1 || len(manifest[0].Layers) != len(img.Layers) {
		return nil, fmt.Errorf("%s: not the archive of an image of %d layers", name, len(img.Layers))
	}
	list := make([]section, len(img.Layers))
	for i, layer := range manifest[0].Layers {
		list[i] = at[layer]
		list[i].Digest, list[i].DiffID = img.Layers[i].DiffID, img.Layers[i].DiffID
	}
	return list, nil
}

// runBare does to the layers listed in a JSON file what nobody can do without:
// inflate them and hash both sides, the largest first, on all cores.
func runBare(file string, inflated func(io.Reader, io.Writer) error) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var list []section
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&list); err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b section) int { return cmp.Compare(b.Size, a.Size) })
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, s := range list {
		group.Go(func() error { return s.read(inflated) })
	}
	return group.Wait()
}

func (s section) read(inflated func(io.Reader, io.Writer) error) error {
	f, err := os.Open(s.File)
	if err != nil {
		return err
	}
	defer f.Close()
	stored, diff := sha256.New(), sha256.New()
	r := io.NewSectionReader(f, s.Offset, s.Size)
	if s.Gzip {
		if err := inflated(io.TeeReader(r, stored), diff); err != nil {
			return err
		}
		return errors.Join(check(stored, s.Digest), check(diff, s.DiffID))
	}
	if _, err := io.CopyBuffer(diff, struct{ io.Reader }{r}, make([]byte, 256<<10)); err != nil {
		return err
	}
	return check(diff, s.DiffID)
}

func check(h hash.Hash, want string) error {
	if got := "sha256:" + hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s is not %s", got, want)
	}
	return nil
}

func klauspost(r io.Reader, w io.Writer) error {
	// Its own buffer would be 4 KiB.
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 128<<10))
	if err != nil {
		return err
	}
	_, err = z.WriteTo(w)
	return err
}

func ours(r io.Reader, w io.Writer) error {
	_, err := inflate.NewGzipReader(r).WriteTo(w)
	return err
}
