package sbom

import (
	"encoding/hex"
	"errors"
	"strings"
)

// Digest is an algorithm and a lower-case hexadecimal hash, joined by a colon,
// as in "sha256:9f86…" (OCI image specification, "digest"). Beside the OCI
// algorithms, md5 and sha1 occur: package managers record them.
type Digest string

// ErrDigest is the error of a malformed Digest.
var ErrDigest = errors.New("sbom: malformed digest")

var digestLength = map[string]int{"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}

// ParseDigest checks that s is a well-formed digest of a known algorithm.
// Upper-case hexadecimal is lowered. The error is ErrDigest.
func ParseDigest(s string) (Digest, error) {
	d := Digest(strings.ToLower(s))
	if want, ok := digestLength[d.Algorithm()]; !ok || len(d.Hex()) != want {
		return "", ErrDigest
	}
	if _, err := hex.DecodeString(d.Hex()); err != nil {
		return "", ErrDigest
	}
	return d, nil
}

// Algorithm returns the part before the colon.
func (d Digest) Algorithm() string {
	alg, _, _ := strings.Cut(string(d), ":")
	return alg
}

// Hex returns the part behind the colon.
func (d Digest) Hex() string {
	_, hex, _ := strings.Cut(string(d), ":")
	return hex
}
