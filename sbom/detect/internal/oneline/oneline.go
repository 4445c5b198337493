// Package oneline makes statements of package metadata fit for an inventory.
package oneline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s as one line of valid UTF-8 of at most max bytes: white space is
// folded into single spaces, control and format characters are dropped, and
// what is too long ends in "…".
func Text(s string, max int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		}
		word := string(r)
		if space {
			word = " " + word
			space = false
		}
		if b.Len()+len(word)+len("…") > max {
			b.WriteString("…")
			break
		}
		b.WriteString(word)
	}
	return b.String()
}

// Token returns s without surrounding white space if it is a single printable
// word of at most max bytes, as names and versions are; else the empty string.
func Token(s string, max int) string {
	s = strings.TrimSpace(s)
	if len(s) > max || !utf8.ValidString(s) {
		return ""
	}
	for _, r := range s {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError {
			return ""
		}
	}
	return s
}
