package oci

import (
	"context"

	"github.com/imagetrust/imagetrust/attest"
)

// oneManifest is a target that holds one manifest and no blobs.
type oneManifest struct{ raw []byte }

func (m *oneManifest) String() string                              { return "one manifest" }
func (m *oneManifest) resolve(context.Context) (Descriptor, error) { return Descriptor{}, ErrNotFound }

func (m *oneManifest) push(context.Context, attest.Digest, []*artifact) error { return ErrNotFound }

func (m *oneManifest) pushLegacy(context.Context, attest.Digest, []*legacyEntry) error {
	return ErrNotFound
}

func (m *oneManifest) manifest(context.Context, attest.Digest) ([]byte, Descriptor, error) {
	return m.raw, describe("", m.raw), nil
}

func (m *oneManifest) blob(context.Context, Descriptor) ([]byte, error) { return nil, ErrNotFound }

func (m *oneManifest) candidates(context.Context, attest.Digest) ([]candidate, []Rejected, error) {
	return nil, nil, nil
}
