// Package attest makes and checks signed statements about container images.
//
// A [Statement] is an in-toto Statement v1: a [Predicate] (an SBOM, a
// vulnerability report, build provenance, anything with a type URI) bound to the
// digests of its subjects. A [Signer] turns it into a [Bundle], a Sigstore bundle
// v0.3 around a DSSE envelope, and a [Verifier] turns a bundle back into a
// [Verified].
//
// # Predicates
//
// Any JSON under any type URI is a predicate ([Custom]). SPDX, CycloneDX and OpenVEX
// documents are wrapped as they are ([SPDX], [CycloneDX], [OpenVEX]), and a large one
// can be attested by its digest instead and stored beside the image ([Reference]).
// Predicates with a type of their own are a [Typed]: [NewPredicate] writes no
// incomplete one, and [DecodePredicate] reads a statement as nothing but what it says
// that it is. Package attest/slsa adds those of SLSA and reads the provenance of all
// its versions and builders into one form.
//
// # Verified is the only proof
//
// Bundles and statements are claims, and anybody can write one. A [Verified] is a
// claim that was checked: its content is unexported, its zero value says so, and
// only the verifiers of this module can make one. Code that decides should take
// *Verified and nothing else.
//
// # What is checked, and what is not
//
// [KeyVerifier] checks the signature over the exact payload bytes (DSSE v1.0.0
// pre-authentication encoding), the payload type, the form of the statement, and
// that the digest which the caller asks about is one of its subjects. It trusts
// the keys that it was given and nothing in the bundle: key hints only order the
// keys that are tried. Transparency log entries and timestamps that a bundle also
// carries are not looked at, and [Verified.Unchecked] says so.
//
// # Strict reading
//
// Two readers that understand one document differently are how signed documents
// get forged. Duplicate member names, known names in another case, trailing data,
// invalid UTF-8, excessive depth and size are errors in envelopes, bundles,
// statements and predicates. Unknown members are kept. Nothing is re-encoded before it is
// checked.
//
// This package links the standard library only. Package attest/oci stores bundles
// beside an image, in a registry or an OCI layout.
package attest
