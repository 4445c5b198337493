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
// # Trust is a value
//
// A [Trust] says whose signatures count: keys, each with its time and, if it was stolen,
// the moment of that; identities of certificates, by issuer and subject alternative name,
// exactly or by an anchored pattern, and by what else the certificate claims; and how many
// distinct signers are wanted. Requirements are loosened by fields whose names begin with
// Insecure, and by nothing else. A [TrustVerifier] is made of it, here for keys alone, in
// package attest/sigstore also for what needs a trusted root: identities, transparency
// logs and timestamps.
//
// # What is checked, and what is not
//
// A verifier checks the signature over the exact payload bytes (DSSE v1.0.0
// pre-authentication encoding), the payload type, the form of the statement, and
// that the digest which the caller asks about is one of its subjects. Key hints only
// order the keys that are tried. The time of a key is judged by what third parties of the
// trusted root testify, and where nobody does, by the time of verification; what the
// statement says about times is its signer's word. Without a trusted root, transparency
// log entries and timestamps are not looked at, and [Verified.Unchecked] says so.
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
// beside an image, in a registry or an OCI layout. Keys may live in a service or a module:
// any crypto.Signer signs, and package attest/kms has one for Sigstore's plugins.
package attest
