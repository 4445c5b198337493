package oci

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	tempPrefix    = ".imagetrust-tmp-"
	layoutRetries = 8
)

// blob is content to be written.
type blob struct {
	Descriptor
	content []byte
}

// push writes the blobs and then index.json, each under another name first and
// then renamed, so that no reader sees half of one.
func (l *LayoutTarget) push(ctx context.Context, _ attest.Digest, artifacts []*artifact) error {
	blobs := []blob{{emptyDescriptor(), emptyConfig}}
	var added []Descriptor
	for _, a := range artifacts {
		blobs = append(blobs, blob{a.layer, a.bundle}, blob{a.descriptor, a.manifest})
		added = append(added, a.descriptor)
	}
	return l.update(ctx, blobs, func(_ *os.Root, index []byte) ([]byte, error) { return addAllToIndex(index, added) })
}

// pushLegacy adds the entries to the .att image and puts its new version in the place
// of the old one.
func (l *LayoutTarget) pushLegacy(ctx context.Context, subject attest.Digest, entries []*legacyEntry) error {
	var blobs []blob
	for _, e := range entries {
		blobs = append(blobs, blob{e.layer, e.envelope})
	}
	return l.update(ctx, blobs, func(root *os.Root, index []byte) ([]byte, error) {
		return addLegacyToLayout(root, index, subject, entries)
	})
}

func addLegacyToLayout(root *os.Root, index []byte, subject attest.Digest, entries []*legacyEntry) ([]byte, error) {
	listed, err := parseReferrers(index)
	if err != nil {
		return nil, err
	}
	var replaced attest.Digest
	var old, config []byte
	if i := slices.IndexFunc(listed, func(d Descriptor) bool { return isAtt(d, subject) }); i >= 0 {
		replaced = listed[i].Digest
		if old, err = readBlob(root, replaced, maxManifestSize); err != nil {
			return nil, err
		}
		if m, err := parseManifest(old); err == nil && m.Config != nil {
			config, _ = readBlob(root, m.Config.Digest, maxManifestSize) // else made anew
		}
	}
	image, err := addToLegacy(old, config, entries)
	if err != nil || image == nil {
		return nil, err
	}
	for _, b := range []blob{{image.configDesc, image.config}, {image.desc, image.manifest}} {
		if err := writeBlob(root, b.Descriptor, b.content); err != nil {
			return nil, err
		}
	}
	image.desc.Annotations = map[string]string{annotationKind: kindAtts, annotationRefName: attTag(subject)}
	return addToIndex(index, image.desc, func(d Descriptor) bool {
		return isAtt(d, subject) && (d.Digest == replaced || d.Digest == image.desc.Digest)
	})
}

// update writes blobs and then changes index.json until the change stays. The lock
// keeps our own writers apart; others are noticed by reading back.
func (l *LayoutTarget) update(ctx context.Context, blobs []blob, change func(root *os.Root, index []byte) ([]byte, error)) error {
	root, err := l.open()
	if err != nil {
		return err
	}
	defer root.Close()
	unlock, err := lock(ctx, root)
	if err != nil {
		return err
	}
	defer unlock()
	if lockExcludes {
		removeTemps(root) // of writers that were killed
	}
	for _, b := range blobs {
		if err := writeBlob(root, b.Descriptor, b.content); err != nil {
			return err
		}
	}
	for range layoutRetries {
		if err := ctx.Err(); err != nil {
			return err
		}
		written, err := changeLayoutIndex(root, change)
		if err != nil || !written {
			return err
		}
	}
	return fmt.Errorf("%w: %s", ErrLostUpdate, l.dir)
}

// changeLayoutIndex changes index.json, and reports false if nothing is to change.
func changeLayoutIndex(root *os.Root, change func(root *os.Root, index []byte) ([]byte, error)) (written bool, err error) {
	raw, err := readFile(root, "index.json", maxIndexSize)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	index, err := change(root, raw)
	if err != nil || index == nil {
		return false, err
	}
	if len(index) > maxIndexSize {
		return false, fmt.Errorf("%w: index.json would have %d bytes", ErrLimit, len(index))
	}
	return true, writeFile(root, "index.json", index)
}

func writeBlob(root *os.Root, d Descriptor, content []byte) error {
	if have, err := readBlob(root, d.Digest, d.Size); err == nil && len(have) == len(content) {
		return nil
	}
	if err := root.MkdirAll(path.Dir(blobPath(d.Digest)), 0o755); err != nil {
		return err
	}
	return writeFile(root, blobPath(d.Digest), content)
}

// writeFile replaces a file at once, or not at all.
func writeFile(root *os.Root, name string, content []byte) (err error) {
	temp := tempPrefix + rand.Text()
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Remove(temp))
		}
	}()
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return root.Rename(temp, name)
}

func removeTemps(root *os.Root) {
	dir, err := root.Open(".")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if strings.HasPrefix(name, tempPrefix) {
			_ = root.Remove(name) // another file left over does no harm
		}
	}
}

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
