// Package sign signs statements with the services of a Sigstore instance: a
// certificate by Fulcio for a key that is used once, entries in Rekor logs of both
// versions, and RFC 3161 timestamps. The same goes for long-lived keys, without Fulcio.
//
// It is apart from package attest/sigstore because programs that only verify need not
// link clients of these services. A [Signer] talks to the services that its options
// name, when Sign is called, and to nothing else.
package sign
