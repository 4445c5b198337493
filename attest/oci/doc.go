// Package oci stores attestations beside the image they are about and finds them
// again: in a registry repository or in an OCI image layout directory.
//
// [Attach] writes a bundle as an OCI referrer of the image (OCI image
// specification v1.1, "subject"), in the form that cosign and other Sigstore
// clients write and read. In a registry without the referrers API it also
// maintains the referrers tag (OCI distribution specification v1.1, "Referrers
// Tag Schema"). With [FormatLegacy] or [FormatBoth] it writes cosign's older ".att"
// image. [AttachAll] attaches several statements with one update of what is shared.
//
// [Verify] finds the attestations of an image, checks each with an
// [attest.Verifier], and returns those that passed and, one by one, those that did
// not and why. [List] finds without checking. Both look in every place where
// attestations are kept: the referrers API, the referrers tag, and the ".att" image,
// whose keyless entries come as bundles with all that their annotations hold. What
// descriptors and annotations say only orders the search; it never decides.
// Package attest/dossier says whether the verified statements belong together.
//
// # Indexes
//
// An attestation of a multi-platform index is not one of its images, and the other
// way round. [VerifyIndex] asks both, for all platforms or some, and its error says
// which image has what.
//
// # Unsigned statements
//
// BuildKit puts provenance and SBOMs that nobody signed into indexes. They are an
// [Unsigned], which no function that verifies takes or returns as verified;
// [ReadUnsigned] returns their bytes.
//
// # Digests
//
// An image is named by its digest. A tag is resolved once, and all that follows is
// fetched by digest and checked against it. Passing the empty digest asks for the
// image that the target itself names.
//
// # Strangers
//
// Whoever may push to a repository may attach anything to its images. All reading
// is bounded by [Options], a bad entry is reported in Rejected and hides no good
// one, and foreign referrers cost one small request each. Somebody who attaches
// more than Options.MaxReferrers false bundles can keep good ones from being read:
// that ends in rejections with ErrLimit, never in trust.
//
// Only a [RepositoryTarget] uses the network.
package oci
