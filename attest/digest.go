package attest

import (
	"fmt"
	"strings"
)

// Digest is an algorithm and a lower-case hexadecimal hash joined by a colon, as
// in "sha256:9f86…" (OCI image specification, "Digests"). It is the same text as an
// sbom.Digest, whose package this one does not import: attest.Digest(d) converts it.
type Digest string

// digestHexLength lists the algorithms that may bind a statement to its subject.
var digestHexLength = map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}

// Algorithm returns the part before the colon.
func (d Digest) Algorithm() string {
	algorithm, _, _ := strings.Cut(string(d), ":")
	return algorithm
}

// Hex returns the part behind the colon.
func (d Digest) Hex() string {
	_, hex, _ := strings.Cut(string(d), ":")
	return hex
}

// Validate checks that d is a lower-case SHA-256, SHA-384 or SHA-512. The error
// is an ErrDigest.
func (d Digest) Validate() error {
	want, known := digestHexLength[d.Algorithm()]
	if !known {
		return fmt.Errorf("%w: %.80q: algorithm must be sha256, sha384 or sha512", ErrDigest, string(d))
	}
	if len(d.Hex()) != want || strings.Trim(d.Hex(), "0123456789abcdef") != "" {
		return fmt.Errorf("%w: %.140q: want %d lower-case hexadecimal digits", ErrDigest, string(d), want)
	}
	return nil
}
