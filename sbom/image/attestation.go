package image

import (
	"context"
	"errors"
	"fmt"
	"iter"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
)

// ErrBinding: an attestation manifest names another image than the one it lies beside,
// or two.
var ErrBinding = errors.New("attestation manifest is bound to another image")

const (
	maxAttestationManifests = 1000      // beside one image
	maxStatementBytes       = 96 << 20  // BuildKit writes at most 80 MiB
	maxAllStatementBytes    = 512 << 20 // of one image
	intotoType              = "application/vnd.in-toto+json"
	referenceDigest         = "vnd.docker.reference.digest"
	referenceType           = "vnd.docker.reference.type"
	attestationManifest     = "attestation-manifest"
	predicateTypeAnnotation = "in-toto.io/predicate-type"
)

// Attestation is a statement that BuildKit stored beside an image, in an attestation
// manifest of the same index (moby/buildkit, docs/attestations/attestation-storage.md).
// Its bytes have the digest that the manifest states. Nobody signed them.
type Attestation struct {
	// Manifest is the attestation manifest, Digest the statement in it.
	Manifest, Digest sbom.Digest
	// PredicateType is what the manifest says that the statement is; the statement
	// itself decides.
	PredicateType string
	// Subject reports whether the manifest itself names the image as its subject, and
	// not only the index that lists it. BuildKit does so since its attestations are OCI
	// artifacts.
	Subject bool
	// Data is the in-toto statement.
	Data []byte
}

// Attestations returns the statements of BuildKit about this image. Only an image that
// was chosen from an index has any. Each call reads them again, one at a time.
//
// An attestation manifest belongs to the image when the index says so
// (vnd.docker.reference.digest) and its own subject, if it has one, does too. One that
// is named by only one of the two is an ErrBinding.
//
// An error is about one manifest or statement, and the iteration goes on: ErrBinding,
// *DigestError, ErrCorrupt, ErrMissing, ErrUnsupported for a statement in another
// envelope, and ErrLimit: a statement may have 96 MiB, all together 512 MiB.
func (i *Image) Attestations(ctx context.Context) iter.Seq2[*Attestation, error] {
	return func(yield func(*Attestation, error) bool) {
		if i.index == nil {
			return
		}
		w := &attestationWalk{image: i.subject.Digest, seen: make(map[sbom.Digest]bool), left: maxAllStatementBytes, yield: yield}
		w.index(ctx, i.index, 0)
	}
}

// attestationWalk looks for the attestation manifests of an image.
type attestationWalk struct {
	image sbom.Digest
	seen  map[sbom.Digest]bool // indexes, and attestation manifests that were read
	count int
	read  int
	left  int64 // bytes of statements
	yield func(*Attestation, error) bool
}

// index walks an index; false ends the walk.
func (w *attestationWalk) index(ctx context.Context, idx indexSource, depth int) bool {
	for _, d := range idx.manifests() {
		if w.count++; w.count > maxManifests || depth > maxIndexDepth {
			return false // Choosing the image has refused it before.
		}
		switch {
		case d.Annotations[referenceType] == attestationManifest:
			if !w.manifest(ctx, idx, d) {
				return false
			}
		case d.MediaType.IsIndex() && !w.seen[digestOf(d.Digest)]:
			w.seen[digestOf(d.Digest)] = true
			sub, err := idx.index(ctx, d)
			if err == nil && !w.index(ctx, sub, depth+1) {
				return false
			}
		}
	}
	return true
}

// manifest reads an attestation manifest, to see what it is bound to.
func (w *attestationWalk) manifest(ctx context.Context, idx indexSource, d v1.Descriptor) bool {
	self, named := digestOf(d.Digest), d.Annotations[referenceDigest] == string(w.image)
	if w.read >= maxAttestationManifests {
		w.yield(nil, fmt.Errorf("attestations: %w: more than %d manifests", ErrLimit, maxAttestationManifests))
		return false
	}
	w.read++
	src, err := idx.image(ctx, d)
	if err != nil {
		return !named || w.yield(nil, fmt.Errorf("attestation manifest %s: %w", self, err))
	}
	subject := src.manifest.Subject
	own := subject != nil && digestOf(subject.Digest) == w.image
	switch {
	case !named && !own:
		return true
	case !named || subject != nil && !own:
		return w.yield(nil, fmt.Errorf("attestation manifest %s: %w: %s", self, ErrBinding, w.disagreement(d, subject)))
	case w.seen[self]:
		return true
	}
	w.seen[self] = true
	for _, layer := range src.manifest.Layers {
		a, err := w.statement(ctx, src, layer)
		if err != nil {
			err = fmt.Errorf("attestation manifest %s: %w", self, err)
		} else {
			a.Manifest, a.Subject = self, own
		}
		if !w.yield(a, err) {
			return false
		}
	}
	return true
}

func (w *attestationWalk) disagreement(d v1.Descriptor, subject *v1.Descriptor) string {
	says := "none"
	if subject != nil {
		says = subject.Digest.String()
	}
	return fmt.Sprintf("the index says %.80q, its own subject is %s", d.Annotations[referenceDigest], says)
}

func (w *attestationWalk) statement(ctx context.Context, src *imageSource, d v1.Descriptor) (*Attestation, error) {
	a := &Attestation{Digest: digestOf(d.Digest), PredicateType: d.Annotations[predicateTypeAnnotation]}
	if d.MediaType != intotoType {
		return nil, fmt.Errorf("statement %s: media type %.80q is %w", a.Digest, d.MediaType, ErrUnsupported)
	}
	b, err := src.read(d)
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", a.Digest, err)
	}
	if a.Data, err = b.readAll(ctx, "statement "+string(a.Digest), min(maxStatementBytes, w.left)); err != nil {
		return nil, err
	}
	w.left -= int64(len(a.Data))
	if err := verify("statement", a.Data, a.Digest, d.Size); err != nil {
		return nil, err
	}
	return a, nil
}
