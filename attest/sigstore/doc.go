// Package sigstore verifies what [Sigstore] issued: bundles v0.1 to v0.3 and cosign's
// older form, signed with short-lived certificates or with keys, in Rekor v1 and v2, and
// timestamped by RFC 3161.
//
// [NewVerifier] takes the same [attest.Trust] as package attest, and what it returns
// judges by it in the same way. This package adds what the standard library has no
// means for: whether the certificate authorities, logs and timestamp authorities of the
// trusted root confirm what a bundle brings along. It links the Sigstore project's own
// sigstore-go for that; attest alone links the standard library.
//
// # What is checked
//
// With a certificate: its chain to an authority of the root at every trusted time, its
// entry in a certificate transparency log, the log entry of the signature (that it is about
// this signature, this certificate and this payload, and that the log signed it), and at
// least one trusted time. With a key: the log entries and timestamps that are there, or
// that the trust requires. What is there must be right: an entry of a log that the root
// knows and that does not verify is an error even where no entry is required. Entries
// of logs that the root does not know count as absent and are named in
// [attest.Verified.Unchecked].
//
// # No network
//
// The trusted root comes as bytes, from wherever the caller keeps it. Nothing here
// fetches anything; that root and the libraries behind it can is why net/http is linked.
//
// [Sigstore]: https://docs.sigstore.dev
package sigstore
