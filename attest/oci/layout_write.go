package oci

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

const (
	tempPrefix    = ".imagetrust-tmp-"
	layoutRetries = 8
)

// push writes the blobs and then index.json, each under another name first and
// then renamed, so that no reader sees half of one. The lock keeps our own writers
// apart; others are noticed by reading back.
func (l *LayoutTarget) push(ctx context.Context, a *artifact) error {
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
	for _, b := range []struct {
		Descriptor
		content []byte
	}{{a.config, emptyConfig}, {a.layer, a.bundle}, {a.descriptor, a.manifest}} {
		if err := writeBlob(root, b.Descriptor, b.content); err != nil {
			return err
		}
	}
	for range layoutRetries {
		if err := ctx.Err(); err != nil {
			return err
		}
		written, err := addToLayoutIndex(root, a.descriptor)
		if err != nil || !written {
			return err
		}
	}
	return fmt.Errorf("%w: %s", ErrLostUpdate, l.dir)
}

// addToLayoutIndex adds d to index.json, and reports false if it was there.
func addToLayoutIndex(root *os.Root, d Descriptor) (written bool, err error) {
	raw, err := readFile(root, "index.json", maxIndexSize)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	index, err := addToIndex(raw, d)
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
