package catalog

import (
	"fmt"
	"math"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

const (
	// nameBytes is how long the names of an entry may be, in bytes, if all are of that
	// length. The paths of large images have 60 to 110 on average; a hostile one has
	// 4096, of which a compressed layer shows nothing.
	nameBytes = 128
	// leastNames is what the names of all entries may have together in any case.
	leastNames = 16 << 20
	// entryClaims is how many claims there may be for each entry, merged by owner and
	// path. Two are usual.
	entryClaims = 4
	// leastClaims is how many claims there may be in any case.
	leastClaims = 1 << 20
)

// mostNames is what the names of all entries may have together, in bytes.
func (s *scanner) mostNames() int64 {
	if s.maxEntries > math.MaxInt64/nameBytes {
		return math.MaxInt64
	}
	return max(leastNames, nameBytes*s.maxEntries)
}

// admit counts an entry by what it keeps in memory.
func (s *scanner) admit(e *entry) error { return s.admitNames(e.names()) }

func (s *scanner) admitNames(n int64) error {
	if s.named.Add(n) > s.mostNames() {
		return fmt.Errorf("%w: more than %d bytes of paths, links and capabilities in all layers", image.ErrLimit, s.mostNames())
	}
	return nil
}

// admitClaims counts claims by what they keep in memory until they are merged, which is
// limited as the names of entries are.
func (s *scanner) admitClaims(l *claimList) error {
	if s.claimed.Add(int64(len(l.data))) > s.mostNames() {
		return fmt.Errorf("%w: more than %d bytes of lists of files in all layers", image.ErrLimit, s.mostNames())
	}
	return nil
}

// mostClaims is the most claims of all owners on all paths.
func (s *scanner) mostClaims() int64 {
	if s.maxEntries > math.MaxInt64/entryClaims {
		return math.MaxInt64
	}
	return max(leastClaims, entryClaims*s.maxEntries)
}

// names is how many bytes the entry's names have.
func (e *entry) names() int64 { return int64(len(e.Path) + len(e.Link) + len(e.Capabilities)) }

// maxProblems is the most entries of a layer of which each problem becomes a gap.
const maxProblems = 1000

// problem notes what is wrong with an entry.
func (l *layerScan) problem(e *image.Entry) {
	if l.problems++; l.problems > maxProblems {
		return
	}
	l.gaps = append(l.gaps, sbom.Gap{
		Kind: sbom.GapCorrupt, Path: valid(e.Path),
		Message: message(fmt.Errorf("entry %.*q: %w", maxMessage/2, e.Name, e.Problem)),
	})
}

// moreProblems is one gap for those of n entries of which nothing was noted.
func moreProblems(n int, layer *sbom.LayerRef) []sbom.Gap {
	if n <= maxProblems {
		return nil
	}
	return []sbom.Gap{{
		Kind: sbom.GapLimit, Layer: layer,
		Message: fmt.Sprintf("%d more entries of the layer have problems that are not listed", n-maxProblems),
	}}
}
