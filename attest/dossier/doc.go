// Package dossier says whether several verified statements about one image belong
// together: the SBOM, the scan of it, the record of what ran, and the
// reconciliation of several of them.
//
// Each of them may be true and signed, and yet be no answer to "what is known of this
// image": a scan of last month's SBOM, an RBOM of another platform, a reconciliation
// that left the attested SBOM out. [Check] gives one [Answer] with a [Reason] for
// every single thing that was looked at, each with its proof:
//
//   - every statement is about the image asked for, and so is what a statement says
//     of itself;
//   - the scan, the RBOM and the reconciliation name, by digest, an SBOM that is
//     attested, and the same one (see [attest.WithInputs], [attest.Reconciliation]);
//   - nothing claims to be older than what it was made from, or younger than its own
//     signature.
//
// Who may say what is not decided here: the statements are those that a verifier let
// through, and a policy may want one signer for scans and another for SBOMs.
//
// # Missing and contradicting
//
// [Unproven] means that something is not said: a scan that names no SBOM, a kind of
// statement that is not there. [Contradicted] means that something is said and does
// not fit. Only [Together] is good, and the zero value is not.
//
// # Time
//
// Trusted time is that of a transparency log or a timestamp authority. It says when a
// statement was signed, which is when it existed at the latest. When something was
// made is a claim of its signer. A fact says which of the two it is. That one statement
// names the digest of another also proves an order: it cannot be the older one.
//
// This package links what package attest links: the standard library.
package dossier
