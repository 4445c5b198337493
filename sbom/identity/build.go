package identity

import (
	"cmp"
	"strings"
)

// compareBuilds orders the builds of versions that are equal in all else, as Julia does
// (VersionNumber): 1.2.3, 1.2.3+0, 1.2.3+1. In its packages of binaries, the next build
// can be the one that has the fix.
func compareBuilds(a, b string) int {
	_, a, _ = strings.Cut(a, "+")
	_, b, _ = strings.Cut(b, "+")
	if a == "" || b == "" {
		return cmp.Compare(len(a), len(b))
	}
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		numA, numB := allDigits(x[i]), allDigits(y[i])
		n := 0
		switch {
		case numA && numB:
			n = compareNumbers(x[i], y[i])
		case numA != numB: // Numbers come first.
			n = 1
			if numA {
				n = -1
			}
		default:
			n = strings.Compare(x[i], y[i])
		}
		if n != 0 {
			return n
		}
	}
	return cmp.Compare(len(x), len(y))
}
