package identity

import (
	"cmp"
	"regexp"
	"strings"
)

// ebuildVersion is a version of Gentoo's (PMS, 3.2 "Version Specifications").
var ebuildVersion = regexp.MustCompile(`^(\d+)((?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)\d*)*)(?:-r(\d+))?$`)

func validEbuild(s string) bool { return ebuildVersion.MatchString(s) }

// compareEbuild orders valid versions by the algorithms of PMS, 3.3.
func compareEbuild(a, b string) int {
	x, y := ebuildVersion.FindStringSubmatch(a), ebuildVersion.FindStringSubmatch(b)
	if x == nil || y == nil {
		return 0
	}
	return cmp.Or(compareNumbers(x[1], y[1]), compareComponents(x[2], y[2]), strings.Compare(x[3], y[3]),
		compareSuffixes(x[4], y[4]), compareNumbers(x[5], y[5]))
}

// compareComponents compares the numbers behind the first dot (PMS, algorithms 3.2 and
// 3.3): of those with a leading zero the digits count as of a fraction.
func compareComponents(a, b string) int {
	x, y := strings.Split(a, ".")[1:], strings.Split(b, ".")[1:]
	for i := range min(len(x), len(y)) {
		n := 0
		if x[i][0] == '0' || y[i][0] == '0' {
			n = strings.Compare(strings.TrimRight(x[i], "0"), strings.TrimRight(y[i], "0"))
		} else {
			n = compareNumbers(x[i], y[i])
		}
		if n != 0 {
			return n
		}
	}
	return cmp.Compare(len(x), len(y))
}

// ebuildSuffixes are in order; that of nothing is between _rc and _p.
var ebuildSuffixes = map[string]int{"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "": 0, "p": 1}

// compareSuffixes compares such as _rc1_p20240101 (PMS, algorithms 3.5 and 3.6).
func compareSuffixes(a, b string) int {
	x, y := strings.Split(a, "_")[1:], strings.Split(b, "_")[1:]
	for i := range max(len(x), len(y)) {
		nameA, numberA := ebuildSuffix(x, i)
		nameB, numberB := ebuildSuffix(y, i)
		if n := cmp.Or(cmp.Compare(ebuildSuffixes[nameA], ebuildSuffixes[nameB]), compareNumbers(numberA, numberB)); n != 0 {
			return n
		}
	}
	return 0
}

// ebuildSuffix splits one suffix; there are none behind the last.
func ebuildSuffix(suffixes []string, i int) (name, number string) {
	if i >= len(suffixes) {
		return "", ""
	}
	name = strings.TrimRight(suffixes[i], "0123456789")
	return name, suffixes[i][len(name):]
}
