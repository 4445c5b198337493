// Package surround says what texts around a version may tell whose it is, in the same
// words for those who learn such texts and for those who look for them.
//
// A context is the text before a version from the beginning of a word on, or from
// the beginning of the string, and none, some or all of the text behind it up to the end
// of a word. The text of a version that is a whole string is that of its
// neighbours.
package surround

import "github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"

// Limits of a context, in bytes.
const (
	MaxBefore = 48
	MaxAfter  = 24
)

// Text is what stands around a version.
type Text struct {
	Before, After []byte
	// Opened reports that Before begins the string, and Closed that After ends it.
	Opened, Closed bool
	// Alone is set for a version that is a whole string: Before is the string before it,
	// with a NUL at its end, and After the one behind, with a NUL in front.
	Alone bool
}

// Set makes t that of a version. It keeps its buffers for the next one.
func (t *Text) Set(v *textscan.Version) {
	t.Alone = len(v.Before)+len(v.After) == 0 && v.Opened && v.Closed
	t.Before, t.After = t.Before[:0], t.After[:0]
	t.Opened, t.Closed = v.Opened, v.Closed
	if t.Alone {
		t.Before = append(append(t.Before, tail(v.Previous, MaxBefore-1)...), 0)
		t.After = append(append(t.After, 0), v.Next[:min(len(v.Next), MaxAfter-1)]...)
		t.Opened = len(v.Previous) < MaxBefore
		t.Closed = len(v.Next) < MaxAfter
		return
	}
	t.Before = append(t.Before, tail(v.Before, MaxBefore)...)
	t.After = append(t.After, v.After[:min(len(v.After), MaxAfter)]...)
	t.Opened = t.Opened && len(v.Before) <= MaxBefore
	t.Closed = t.Closed && len(v.After) <= MaxAfter
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// Starts calls f for each place in Before where a context begins, the nearest to the version
// first, with the hash of the text from there; whole is set if it is the beginning of the
// string. The string before one that stands alone may be none of the context.
func (t *Text) Starts(f func(at int, whole bool, hash uint32)) {
	h := uint32(offset)
	for i := len(t.Before) - 1; i >= 0; i-- {
		h = (h ^ uint32(t.Before[i])) * prime
		if t.Alone && i == len(t.Before)-1 {
			f(i, false, h)
		}
		if word(t.Before[i]) && (i == 0 && t.Opened || i > 0 && !inner(t.Before[i-1])) {
			f(i, false, h)
		}
	}
	if t.Opened && !(t.Alone && len(t.Before) == 1) {
		f(0, true, (h^start)*prime)
	}
}

// Hash returns the hash of a text before a version, as Starts has it.
func Hash(before string, whole bool) uint32 {
	h := uint32(offset)
	for i := len(before) - 1; i >= 0; i-- {
		h = (h ^ uint32(before[i])) * prime
	}
	if whole {
		h = (h ^ start) * prime
	}
	return h
}

// Ends calls f for each place in After where a context may end: behind nothing, one word
// and two; whole is set if it is the end of the string.
func (t *Text) Ends(f func(to int, whole bool)) {
	f(0, false)
	words := 0
	for i := range t.After {
		if word(t.After[i]) && (i+1 < len(t.After) && !word(t.After[i+1]) || i+1 == len(t.After) && t.Closed) {
			if words++; words <= 2 {
				f(i+1, false)
			}
		}
	}
	if t.Closed {
		f(len(t.After), true)
	}
}

const (
	offset = 2166136261 // of FNV-1a
	prime  = 16777619
	start  = 0x100 // no byte
)

func word(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// Follows reports whether a context may end with the text after: it is what After begins
// with, up to the end of a word, or all of it if whole is set.
func (t *Text) Follows(after string, whole bool) bool {
	switch {
	case len(t.After) < len(after) || string(t.After[:len(after)]) != after:
		return false
	case whole:
		return len(after) == len(t.After) && t.Closed
	case after == "" || len(after) == len(t.After):
		return true
	}
	return !word(after[len(after)-1]) || !word(t.After[len(after)])
}

// inner reports whether a byte joins what is behind it to the word before: the names
// of programs have hyphens in them.
func inner(c byte) bool { return word(c) || c == '-' || c == '_' || c == '.' || c == '+' }
