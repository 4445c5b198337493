// Package kms signs with keys that never leave a key management service or a hardware
// module, through Sigstore's plugins: programs called "sigstore-kms-NAME" that speak its
// command-line protocol, version 1 (github.com/sigstore/sigstore,
// pkg/signature/kms/cliplugin). The same plugins serve cosign.
//
// A [Key] is a crypto.Signer for attest.NewKeySigner and for package
// attest/sigstore/sign. A service with a Go client of its own needs no plugin: any
// crypto.Signer will do there.
//
// This package links the standard library only. It runs programs, which no other package
// of this module does when it is used as a library, and only the one that is asked for.
package kms
