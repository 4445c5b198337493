package image_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

const intoto = types.MediaType("application/vnd.in-toto+json")

// attached is an attestation manifest as BuildKit writes it.
type attached struct {
	named     string                          // vnd.docker.reference.digest
	subject   *v1.Descriptor                  // of the manifest
	data      []string                        // statements
	mediaType types.MediaType                 // of statements; in-toto's if empty
	corrupt   func(f *files, d v1.Descriptor) // the first statement
}

func (f *files) attestation(a attached) v1.Descriptor {
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Subject: a.subject}
	m.Config = f.blob(types.OCIConfigJSON, []byte("{}"))
	for _, s := range a.data {
		d := f.blob(cmp.Or(a.mediaType, intoto), []byte(s))
		d.Annotations = map[string]string{"in-toto.io/predicate-type": "p"}
		m.Layers = append(m.Layers, d)
	}
	if a.corrupt != nil {
		a.corrupt(f, m.Layers[0])
	}
	d := f.blob(m.MediaType, mustJSON(m))
	d.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
	d.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": a.named}
	return d
}

// statements describes what an image's attestations are: their data, "+" where the
// manifest has the image as its subject, and errors by their names.
func statements(ctx context.Context, img *image.Image) string {
	var out []string
	for a, err := range img.Attestations(ctx) {
		switch {
		case err == nil && a.Subject:
			out = append(out, string(a.Data)+"+"+a.PredicateType)
		case err == nil:
			out = append(out, string(a.Data)+" "+a.PredicateType)
		default:
			name := err.Error()
			for n, target := range map[string]error{"binding": image.ErrBinding, "digest": image.ErrDigest, "missing": fs.ErrNotExist,
				"unsupported": image.ErrUnsupported, "corrupt": image.ErrCorrupt, "limit": image.ErrLimit} {
				if errors.Is(err, target) {
					name = n
				}
			}
			out = append(out, "!"+name)
		}
	}
	return strings.Join(out, ", ")
}

func TestAttestations(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(self, other v1.Descriptor) []attached
		want string
	}{
		{"none", func(self, other v1.Descriptor) []attached { return nil }, ""},
		{"an OCI artifact", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), subject: &self, data: []string{"a", "b"}}}
		}, "a+p, b+p"},
		{"of before OCI artifacts, without a subject", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), data: []string{"a"}}}
		}, "a p"},
		{"of another image", func(self, other v1.Descriptor) []attached {
			return []attached{{named: other.Digest.String(), subject: &other, data: []string{"a"}}, {named: other.Digest.String(), data: []string{"b"}}}
		}, ""},
		{"the index lies", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), subject: &other, data: []string{"a"}}}
		}, "!binding"},
		{"the manifest lies", func(self, other v1.Descriptor) []attached {
			return []attached{{named: other.Digest.String(), subject: &self, data: []string{"a"}}}
		}, "!binding"},
		{"the index names nothing", func(self, other v1.Descriptor) []attached {
			return []attached{{subject: &self, data: []string{"a"}}}
		}, "!binding"},
		{"listed twice", func(self, other v1.Descriptor) []attached {
			a := attached{named: self.Digest.String(), subject: &self, data: []string{"a"}}
			return []attached{a, a}
		}, "a+p"},
		{"one lie hides no truth", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), subject: &other, data: []string{"a"}}, {named: self.Digest.String(), subject: &self, data: []string{"a"}}}
		}, "!binding, a+p"},
		{"an envelope", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), subject: &self, data: []string{"a"}, mediaType: "application/vnd.dsse.envelope.v1+json"}}
		}, "!unsupported"},
		{"changed bytes", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), subject: &self, data: []string{"a", "b"}, corrupt: func(f *files, d v1.Descriptor) {
				f.add("blobs/sha256/"+d.Digest.Hex, []byte("x"))
			}}}
		}, "!digest, b+p"},
		{"missing bytes", func(self, other v1.Descriptor) []attached {
			return []attached{{named: self.Digest.String(), subject: &self, data: []string{"a", "b"}, corrupt: func(f *files, d v1.Descriptor) {
				f.names = f.names[:len(f.names)-2]
			}}}
		}, "!missing, !missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFiles()
			self, other := f.image(one("self", "linux/amd64")), f.image(one("other", "linux/arm64"))
			list := []v1.Descriptor{on(self, "linux/amd64"), on(other, "linux/arm64")}
			for _, a := range tt.make(self, other) {
				list = append(list, f.attestation(a))
			}
			f.layout(f.index(list...))
			opts := &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}}
			dir := f.dir(t)
			for kind, img := range map[string]*image.Image{"layout": mustOpen(t, dir, opts), "archive": mustOpen(t, writeFile(t, f.tar()), opts), "index": indexed(t, dir, opts)} {
				if got := statements(t.Context(), img); got != tt.want {
					t.Errorf("%s: %s, want %s", kind, got, tt.want)
				}
			}
		})
	}
}

// indexed opens a layout by go-containerregistry.
func indexed(t *testing.T, dir string, opts *image.Options) *image.Image {
	t.Helper()
	idx, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.FromIndex(idx, opts)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestAttestationsAreBounded: an index may list more manifests than are read.
func TestAttestationsAreBounded(t *testing.T) {
	f := newFiles()
	self := f.image(one("self", "linux/amd64"))
	list := []v1.Descriptor{on(self, "linux/amd64")}
	for i := range 1002 {
		list = append(list, f.attestation(attached{named: self.Digest.String(), subject: &self, data: []string{fmt.Sprint(i)}}))
	}
	got := statements(t.Context(), mustOpen(t, f.layout(f.index(list...)).dir(t), nil))
	if n := strings.Count(got, "+p"); n != 1000 || !strings.HasSuffix(got, ", !limit") {
		t.Errorf("%d statements, then %s", n, got[max(0, len(got)-20):])
	}
}

func TestAttestationsCanBeLeft(t *testing.T) {
	f := newFiles()
	self := f.image(one("self", "linux/amd64"))
	a := f.attestation(attached{named: self.Digest.String(), subject: &self, data: []string{"a", "b"}})
	for range mustOpen(t, f.layout(f.index(self, a)).dir(t), nil).Attestations(t.Context()) {
		return
	}
	t.Error("no attestations")
}

// The image of the shared data has a provenance whose manifest names it twice.
func TestBuildKitAttestation(t *testing.T) {
	img := mustOpen(t, shared(t, "buildkit/multi-stage.oci.tar"), &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}})
	n := 0
	for a, err := range img.Attestations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; !a.Subject || a.PredicateType != "https://slsa.dev/provenance/v1" || len(a.Data) != 6568 || a.Manifest.Hex()[:6] != "b5f945" || a.Digest.Hex()[:6] != "cc30de" {
			t.Errorf("%s %s %s, %d bytes, subject %t", a.Manifest, a.Digest, a.PredicateType, len(a.Data), a.Subject)
		}
	}
	if n != 1 {
		t.Errorf("%d statements, want 1", n)
	}
}
