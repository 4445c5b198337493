package rules

import (
	"encoding/hex"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// minNear is the length in bytes of the shortest text of Product.Near.
const minNear = 5

// nearRank is better than that of all patterns: texts of headers are in a library's callers as
// well, and what stands beside the version in its own code is not.
const nearRank = -1

// near is a string beside the version of a product.
type near struct {
	product int
	text    string
}

// nearby calls hit for each product of which a version that is a whole string stands next
// to one of its strings.
func (x *Index) nearby(v *textscan.Version, hit func(Hit)) {
	if !v.Opened || !v.Closed || len(v.After) > 0 || len(v.Before) > 1 || len(v.Before) == 1 && v.Before[0] != 'v' {
		return
	}
	previous, next := string(v.Previous), string(v.Next)
	for _, n := range x.near {
		if strings.HasSuffix(previous, n.text) || strings.HasPrefix(next, n.text) {
			p := x.Product(n.product)
			hit(Hit{Product: p, Version: string(v.Text), Rank: nearRank})
		}
	}
}

// Anchored reports whether the literals that were seen of the product, by their
// indexes, are enough to take a version that stands alone for its.
func (x *Index) Anchored(p *Product, seen map[int]bool) bool {
	anchors := 0
	for i := range seen {
		for _, sign := range p.signs() {
			if x.texts[i] == sign {
				return true
			}
		}
		anchors++
	}
	return len(p.Anchors) > 0 && anchors >= len(p.Anchors)
}

// signs returns the bytes of the signs. Those that are no text are written as "hex:59 5a fd".
func (p *Product) signs() []string {
	var out []string
	for _, sign := range p.Signs {
		if digits, ok := strings.CutPrefix(sign, "hex:"); ok {
			b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
			if err != nil {
				b = nil // Too short: see check.
			}
			sign = string(b)
		}
		out = append(out, sign)
	}
	return out
}
