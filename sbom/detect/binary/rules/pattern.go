package rules

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// pattern is one pattern of a product, compiled.
type pattern struct {
	product       int
	rank          int // in the row; 0 is best
	self          bool
	before, after string
	start, end    bool // of the string
	number, core  bool
	minor         bool // the first two numbers alone
	near          int  // the number of a learned pattern that counts beside an anchor; -1 for others
}

// compile compiles a pattern's text.
func compile(text string) (pattern, error) {
	var p pattern
	var found bool
	for _, hole := range []string{"{v}", "{c}", "{m}", "{n}"} {
		if p.before, p.after, found = strings.Cut(text, hole); found {
			p.number, p.core, p.minor = hole == "{n}", hole == "{c}" || hole == "{m}", hole == "{m}"
			break
		}
	}
	if p.start = strings.HasPrefix(p.before, "^"); p.start {
		p.before = p.before[1:]
	}
	if p.end = strings.HasSuffix(p.after, "$"); p.end {
		p.after = p.after[:len(p.after)-1]
	}
	switch {
	case !found || strings.Contains(p.after, "{"):
		return p, fmt.Errorf("pattern %q: it needs one {v}, {c}, {m} or {n}", text)
	case p.number && (p.start || len(p.before) < textscan.MinLiteral):
		return p, fmt.Errorf("pattern %q: at least %d bytes before {n}, and no ^", text, textscan.MinLiteral)
	case len(p.before)+len(p.after) < 3:
		return p, fmt.Errorf("pattern %q: too short", text)
	}
	return p, nil
}

// matches reports whether the pattern is there, around v.
func (p *pattern) matches(v *textscan.Version) bool {
	if p.core && len(v.Core) < len(v.Text) {
		w := *v
		w.After = append(bytes.Clone(v.Text[len(v.Core):]), v.After...)
		w.Text = v.Core
		v = &w
	}
	if p.start && (len(v.Before) != len(p.before) || !v.Opened) || p.end && (len(v.After) != len(p.after) || !v.Closed) {
		return false
	}
	return bytes.HasSuffix(v.Before, []byte(p.before)) && bytes.HasPrefix(v.After, []byte(p.after))
}

// keySize is the length in bytes of the text by which patterns are looked up.
const keySize = 3

// key returns the end of the text before a version.
func key(before []byte) [keySize]byte {
	var k [keySize]byte
	copy(k[keySize-min(keySize, len(before)):], before[max(0, len(before)-keySize):])
	return k
}

// shaped reports whether a version has one of the shapes, in which # is any number and 8-18
// one of those.
func shaped(version, shapes string) bool {
	for shape := range strings.SplitSeq(shapes, "|") {
		if hasShape(version, shape) {
			return true
		}
	}
	return false
}

func hasShape(version, shape string) bool {
	numbers, wants := strings.Split(version, "."), strings.Split(shape, ".")
	if len(numbers) != len(wants) {
		return false
	}
	for i, want := range wants {
		if want != "#" && want != numbers[i] && !within(numbers[i], want) {
			return false
		}
	}
	return true
}

// within reports whether a number is in a range, "8-18".
func within(number, limits string) bool {
	from, to, ok := strings.Cut(limits, "-")
	n, err := strconv.Atoi(number)
	low, errLow := strconv.Atoi(from)
	high, errHigh := strconv.Atoi(to)
	return ok && err == nil && errLow == nil && errHigh == nil && n >= low && n <= high
}
