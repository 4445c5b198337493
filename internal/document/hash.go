package document

import (
	"crypto/sha256"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
)

// UUID derives a UUID (RFC 9562, version 8) from content: the same bytes have
// the same UUID.
func UUID(content []byte) string {
	h := sha256.Sum256(content)
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// NilUUID has the length of every UUID and stands in for one in content that is
// still to be hashed.
const NilUUID = "00000000-0000-0000-0000-000000000000"

// GoodDigest reports whether d is well-formed, in lower case.
func GoodDigest(d sbom.Digest) bool {
	p, err := sbom.ParseDigest(string(d))
	return err == nil && p == d
}
