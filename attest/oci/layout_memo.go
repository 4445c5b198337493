package oci

import (
	"os"
	"sync"

	"github.com/imagetrust/imagetrust/attest"
)

// layoutMemo remembers what the manifests of a layout refer to while the images of an
// index are searched for, each of which would otherwise read all of them again. Nothing
// is concluded from it: what it leads to is read and checked. A nil memo remembers
// nothing.
type layoutMemo struct {
	mu        sync.Mutex // guards the rest
	entries   []Descriptor
	manifests map[attest.Digest]referring
	children  int // that are remembered
}

// referring is what a manifest refers to.
type referring struct {
	subject  attest.Digest
	children []Descriptor
	missing  error // why it cannot be read
}

func newLayoutMemo() *layoutMemo { return &layoutMemo{manifests: map[attest.Digest]referring{}} }

// index returns the descriptors of index.json.
func (l *layoutMemo) index(root *os.Root) ([]Descriptor, error) {
	if l == nil {
		return readIndex(root)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries != nil {
		return l.entries, nil
	}
	entries, err := readIndex(root)
	if err == nil {
		l.entries = entries
	}
	return entries, err
}

// manifest returns what a manifest refers to.
func (l *layoutMemo) manifest(root *os.Root, d attest.Digest) referring {
	if l == nil {
		return readReferring(root, d)
	}
	l.mu.Lock()
	r, known := l.manifests[d]
	l.mu.Unlock()
	if known {
		return r
	}
	r = readReferring(root, d)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.manifests[d]; !known && len(l.manifests) < maxLayoutManifests && l.children+len(r.children) <= maxLayoutManifests {
		l.manifests[d] = r
		l.children += len(r.children)
	}
	return r
}

func readReferring(root *os.Root, d attest.Digest) referring {
	raw, _, err := layoutManifest(root, d)
	if err != nil {
		return referring{missing: err}
	}
	m, err := parseManifest(raw)
	switch {
	case err != nil:
		return referring{missing: err}
	case m.Subject != nil:
		return referring{subject: m.Subject.Digest, children: m.Manifests}
	}
	return referring{children: m.Manifests}
}
