package attest_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/attesttest"
)

// TestDistinctIdentities: two branches of a repository are two names in certificates, and
// one signer if the trust calls them so.
func TestDistinctIdentities(t *testing.T) {
	payload := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + imageDigest.Hex() + `"}}],"predicateType":"https://example.com/p/v1","predicate":{}}`
	for name, want := range map[string]int{"": 2, "release": 1} {
		var all []*attest.Verified
		for _, san := range []string{"https://ci.example/app@refs/heads/a", "https://ci.example/app@refs/heads/b", "https://ci.example/app@refs/heads/a"} {
			v, err := attesttest.Verified(attest.Identity{Name: name, Issuer: "https://ci.example", SAN: san}, payload, imageDigest)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		if n := attest.DistinctSigners(all...); n != want {
			t.Errorf("name %q: %d signers, want %d", name, n, want)
		}
	}
}
