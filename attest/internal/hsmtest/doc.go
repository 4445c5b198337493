// Package hsmtest has no code. Its test shows that a key in a hardware module signs
// statements as any crypto.Signer does: through PKCS #11, whose library needs cgo and is
// therefore in no package that anybody links.
package hsmtest
