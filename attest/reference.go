package attest

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/imagetrust/imagetrust/attest/internal/required"
)

// Reference is the predicate of in-toto's reference v0.1: documents about the
// subjects, attested by their digests and stored elsewhere, such as beside the
// image. It is for SBOMs that are too large to embed: what is signed stays small,
// and the document stays what it is.
type Reference struct {
	Attester Attester `json:"attester"`
	// References are the documents. Each needs a digest, a media type and the place
	// where it is to be had; see [DescribeDocument].
	References []ResourceDescriptor `json:"references"`
}

// Attester is the system that provides the documents of a Reference.
type Attester struct {
	// ID is a URI.
	ID string `json:"id"`
}

// PredicateTypes returns TypeReference.
func (*Reference) PredicateTypes() []string { return []string{TypeReference} }

// Validate checks what reference v0.1 requires, and that each digest binds; see
// [Typed].
func (r *Reference) Validate() error {
	placed := !slices.ContainsFunc(r.References, func(d ResourceDescriptor) bool { return d.DownloadLocation == "" })
	typed := !slices.ContainsFunc(r.References, func(d ResourceDescriptor) bool { return d.MediaType == "" })
	err := required.Check(ErrPredicate,
		required.That("attester.id is empty", r.Attester.ID != ""),
		required.That("references is empty", len(r.References) > 0),
		required.That("references has an entry without downloadLocation", placed),
		required.That("references has an entry without mediaType", typed),
	)
	if err != nil {
		return err
	}
	return checkAll("references", r.References)
}

// DescribeDocument reads a document to its end, without keeping it, and describes
// it for a [Reference]: by its SHA-256, its media type, such as
// "application/spdx+json", and the URI from which it is to be had. The error is the
// reader's.
func DescribeDocument(doc io.Reader, mediaType, location string) (ResourceDescriptor, error) {
	h := sha256.New()
	if _, err := io.Copy(h, doc); err != nil {
		return ResourceDescriptor{}, err
	}
	return ResourceDescriptor{
		Digest:           map[string]string{"sha256": hex.EncodeToString(h.Sum(nil))},
		DownloadLocation: location,
		MediaType:        mediaType,
	}, nil
}

// Find reads a document to its end, without keeping it, and returns the reference
// that attests it. Every digest of a reference in SHA-256, SHA-384 or SHA-512 must
// be that of the document, and one there must be; where the document came from
// does not count. Fetch it into a bounded place: nothing says how large it is. The
// error is an ErrDocument or the reader's.
func (r *Reference) Find(doc io.Reader) (ResourceDescriptor, error) {
	h256, h384, h512 := sha256.New(), sha512.New384(), sha512.New()
	if _, err := io.Copy(io.MultiWriter(h256, h384, h512), doc); err != nil {
		return ResourceDescriptor{}, err
	}
	sums := map[string]string{}
	for algorithm, h := range map[string]hash.Hash{"sha256": h256, "sha384": h384, "sha512": h512} {
		sums[algorithm] = hex.EncodeToString(h.Sum(nil))
	}
	for _, d := range r.References {
		if d.hasDigests(sums) {
			return d.clone(), nil
		}
	}
	return ResourceDescriptor{}, fmt.Errorf("%w: sha256:%s", ErrDocument, sums["sha256"])
}

// hasDigests reports whether sums has all binding digests of r, and r any.
func (r ResourceDescriptor) hasDigests(sums map[string]string) bool {
	matched := 0
	for algorithm, sum := range sums {
		switch got, ok := r.Digest[algorithm]; {
		case ok && got != sum:
			return false
		case ok:
			matched++
		}
	}
	return matched > 0
}
