//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/images/blob"
	"github.com/imagetrust/imagetrust/internal/bench/images/overlay"
	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// recipe is how an image is made: steps on the Debian base, each a layer.
type recipe struct {
	name  string
	steps []step
}

// step makes one layer.
type step struct {
	name       string
	compressor blob.Compressor
	do         func(b *builder, root string) error
	// omit are files that the layer has only as targets of hard links: they are in a
	// lower layer, and are not written again.
	omit []string
}

// builder builds images into a directory.
type builder struct {
	out   string // directory of the images
	cache string // what they share
	base  *blob.Layer
	count overlay.Count // of the base
}

func newBuilder(out, mirror string) (*builder, error) {
	if err := unshareMounts(); err != nil {
		return nil, err
	}
	b := &builder{out: out, cache: filepath.Join(out, ".cache")}
	for _, dir := range []string{"apt/archives/partial", "lists/partial", "bin"} {
		if err := os.MkdirAll(filepath.Join(b.cache, dir), 0o755); err != nil {
			return nil, err
		}
	}
	if err := b.once(b.rootfs(), func(dir string) error {
		progress("debootstrap")
		if err := debootstrap(dir, mirror); err != nil {
			return err
		}
		root := chroot{dir, b.cache}
		if err := root.run("apt-get", "update", "-q"); err != nil {
			return err
		}
		return root.install("ca-certificates", "curl", "openssl", "perl", "procps")
	}); err != nil {
		return nil, err
	}
	return b, nil
}

// rootfs is the directory of the Debian base.
func (b *builder) rootfs() string { return filepath.Join(b.cache, "debian") }

// once makes a directory unless it is there; one that was not finished is not there.
func (b *builder) once(dir string, fill func(dir string) error) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished, 0o755); err != nil {
		return err
	}
	if err := fill(unfinished); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// baseLayer writes the layer that all images have in common.
func (b *builder) baseLayer() (err error) {
	if b.base != nil {
		return nil
	}
	b.base, b.count, err = writeLayer(filepath.Join(b.cache, "base"), step{name: truth.Base, compressor: blob.Standard}, b.rootfs())
	return err
}

func writeLayer(path string, s step, dir string) (l *blob.Layer, count overlay.Count, err error) {
	omit := make(map[string]bool)
	for _, name := range s.omit {
		omit[name] = true
	}
	l, err = blob.NewLayer(path, s.name, s.compressor, func(w io.Writer) error {
		count, err = overlay.WriteTar(w, dir, omit)
		return err
	})
	return l, count, err
}

// image builds an image unless it is there.
func (b *builder) image(r recipe) error {
	if _, err := os.Stat(filepath.Join(b.out, r.name)); err == nil {
		progress("is there", "image", r.name)
		return nil
	}
	if err := b.baseLayer(); err != nil {
		return err
	}
	work, err := os.MkdirTemp(b.cache, "work-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	stack := overlay.New(work, b.rootfs())
	var history truth.History
	if err := history.Add(b.rootfs()); err != nil {
		return err
	}
	for _, s := range r.steps {
		progress("build", "image", r.name, "layer", s.name)
		err := stack.Push(func(root string) error {
			if err := s.do(b, root); err != nil {
				return err
			}
			return history.Add(root)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return b.once(filepath.Join(b.out, r.name), func(dir string) error {
		return b.write(dir, work, r, stack, &history)
	})
}

// npmTarballs are packages whose tarballs the benchmark of decoders reads.
var npmTarballs = strings.Fields("lodash@4.17.21 typescript@5.9.3 react-dom@18.3.1 next@15.5.29 three@0.160.1 aws-sdk@2.1693.0 webpack@5.112.2 date-fns@3.6.0 rxjs@7.8.2 " +
	"minimist@1.2.8 express@4.22.3 axios@1.21.1 zod@3.25.76 eslint@8.57.1 @babel/core@7.29.13 prettier@3.10.1 moment@2.31.0 d3@7.9.2 chalk@4.1.2 ws@8.23.0")

// tarballs fetches them as the registry has them.
func (b *builder) tarballs() error {
	return b.once(filepath.Join(b.out, truth.Tarballs), func(dir string) error {
		progress("fetch npm tarballs")
		return npm(dir, append([]string{"pack"}, npmTarballs...)...)
	})
}

// write writes a built image into dir.
func (b *builder) write(dir, work string, r recipe, stack *overlay.Stack, history *truth.History) error {
	layers, counts := []*blob.Layer{b.base}, []overlay.Count{b.count}
	for i, s := range r.steps {
		progress("write", "image", r.name, "layer", s.name)
		l, count, err := writeLayer(filepath.Join(work, fmt.Sprint("layer", i+1)), s, stack.Layers()[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		layers, counts = append(layers, l), append(counts, count)
	}
	progress("read the truth", "image", r.name)
	var img *truth.Image
	err := stack.Merged(func(root string) (err error) {
		img, err = truth.Collect(root, func(path string) int { return overlay.Newest(stack.Layers(), path) })
		return err
	})
	if err != nil {
		return err
	}
	img.Name = r.name
	history.Fill(img)
	for i, l := range layers {
		c := counts[i]
		img.Layers = append(img.Layers, truth.Layer{Name: l.Name, Compressor: string(l.Compressor), DiffID: l.DiffID.String(), Digest: l.Digest.String(), Size: l.Size, CompressedSize: l.GzipSize,
			Entries: c.Entries, Files: c.Files, Links: c.Links, Whiteouts: c.Whiteouts, Opaque: c.Opaque})
	}
	if err := truth.Write(dir, img); err != nil {
		return err
	}
	if err := blob.WriteOCI(filepath.Join(dir, "oci"), r.name, layers); err != nil {
		return err
	}
	return blob.WriteDocker(filepath.Join(dir, "docker.tar"), r.name, layers)
}
