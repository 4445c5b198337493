package ospkg

import (
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Dedupe sorts the relations of one package, which are all of one type, and drops
// repeated ones.
func Dedupe(rels []detect.Relation) []detect.Relation {
	slices.SortFunc(rels, func(a, b detect.Relation) int { return strings.Compare(a.To, b.To) })
	return slices.CompactFunc(rels, func(a, b detect.Relation) bool { return a.To == b.To })
}
