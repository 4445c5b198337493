package identity

import (
	"cmp"
	"strings"
)

// comparePacman orders versions of pacman as vercmp(8) does: epoch, version, and
// the release of the package, which counts only where both state it. It differs
// from rpm, whose rules it has grown out of: an appendix of letters makes a version older
// (1.0rc is before 1.0), and separators count by their number.
func comparePacman(a, b string) int {
	x, y := splitPacman(a), splitPacman(b)
	n := cmp.Or(compareSegments(x.epoch, y.epoch), compareSegments(x.version, y.version))
	if n != 0 || !x.released || !y.released {
		return n
	}
	return compareSegments(x.release, y.release)
}

// pacmanVersion is EPOCH:VERSION-RELEASE.
type pacmanVersion struct {
	epoch, version, release string
	released                bool // The release is stated, if only as nothing behind the hyphen.
}

func splitPacman(s string) pacmanVersion {
	v := pacmanVersion{epoch: "0"}
	digits := 0
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	if digits < len(s) && s[digits] == ':' {
		if digits > 0 {
			v.epoch = s[:digits]
		}
		s = s[digits+1:]
	}
	v.version = s
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		v.version, v.release, v.released = s[:i], s[i+1:], true
	}
	return v
}

// compareSegments compares runs of digits as numbers and runs of letters as text,
// a number being newer than letters in the same place.
func compareSegments(a, b string) int {
	for a != "" && b != "" {
		na, nb := separator(a), separator(b)
		a, b = a[na:], b[nb:]
		if a == "" || b == "" {
			break
		}
		if na != nb {
			return cmp.Compare(na, nb)
		}
		number := isDigit(a[0])
		sa, sb := segment(a, number), segment(b, number)
		if sb == 0 { // The other kind.
			if number {
				return 1
			}
			return -1
		}
		n := strings.Compare(a[:sa], b[:sb])
		if number {
			n = compareNumbers(a[:sa], b[:sb])
		}
		if n != 0 {
			return n
		}
		a, b = a[sa:], b[sb:]
	}
	switch {
	case a == "" && b == "":
		return 0
	case a == "" && !isLetter(b[0]), a != "" && isLetter(a[0]):
		return -1
	}
	return 1
}

// separator returns how many bytes of s come before the first letter or digit.
func separator(s string) int {
	n := 0
	for n < len(s) && !isDigit(s[n]) && !isLetter(s[n]) {
		n++
	}
	return n
}

// segment returns how long the run of digits, or else of letters, at the beginning of s is.
func segment(s string, digits bool) int {
	n := 0
	for n < len(s) && (digits && isDigit(s[n]) || !digits && isLetter(s[n])) {
		n++
	}
	return n
}

// compareNumbers compares decimal numbers of any length; the empty one is 0.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func isDigit(ch byte) bool { return '0' <= ch && ch <= '9' }

func isLetter(ch byte) bool { return 'a' <= lower(ch) && lower(ch) <= 'z' }
