package catalog

import (
	"crypto/sha256"
	"encoding/json"
	"hash/maphash"

	"github.com/imagetrust/imagetrust/sbom"
)

// essence is everything that makes a version of a component differ from
// another: what was found, and not where.
func essence(c *sbom.Component) string {
	e := *c
	e.Evidence = nil
	data, err := json.Marshal(&e)
	if err != nil {
		panic("catalog: component does not encode: " + err.Error()) // It has no types that can fail.
	}
	sum := sha256.Sum256(data)
	return string(sum[:])
}

// record enters the digests that s recorded, or takes them out.
func (f *fold) record(s *source, enter bool, dirty map[name]bool) {
	for _, fr := range s.fragments {
		for key, sum := range f.digestSums(&fr.claims) {
			n := name{fr.Detector.Name, key}
			dirty[n] = true
			if enter {
				f.recorded[n] += sum
			} else {
				f.recorded[n] -= sum
			}
		}
	}
}

// digestSums hashes the recorded digests of each key, whatever their order. The hash is a
// secret of the run: else whoever records other digests could add some for files that do
// not exist, such that the sum stays.
func (f *fold) digestSums(claims *claimList) map[string]uint64 {
	sums := make(map[string]uint64)
	var h maphash.Hash
	h.SetSeed(f.seed)
	for c := range claims.all {
		f.patience.ask()
		if c.digest == "" {
			continue
		}
		h.Reset()
		_, _ = h.Write(c.path)
		_ = h.WriteByte(0)
		_, _ = h.WriteString(string(c.digest))
		sums[c.key] += h.Sum64()
	}
	return sums
}

// compareDigests notices packages that were installed again with other files
// under the same version. Digests that are no longer recorded are no change:
// images are often stripped of them.
func (f *fold) compareDigests(dirty map[name]bool, ref *sbom.LayerRef) {
	seen := make(map[*tracked]bool)
	for n := range dirty {
		for _, t := range f.names[n] {
			f.patience.ask()
			if seen[t] || !t.attr.Visible || t.called(n.key) == 0 {
				continue
			}
			seen[t] = true
			sum := f.digestsOf(t)
			if sum != 0 && t.digests != 0 && sum != t.digests && t.attr.Introduced != ref {
				t.attr.Modified = ref
			}
			if sum != 0 {
				t.digests = sum
			}
		}
	}
}

func (f *fold) digestsOf(t *tracked) uint64 {
	var sum uint64
	for _, k := range append([]string{t.key}, t.aliases...) {
		sum += f.recorded[name{t.detector, k}]
	}
	return sum
}
