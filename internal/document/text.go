package document

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Plain reports whether every text format carries s unchanged in every place:
// valid UTF-8 of characters that XML 1.0 allows, in one line, without spaces at
// its ends and without the markers of tag-value texts.
func Plain(s string) bool {
	if s == "" {
		return true
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || odd(r) {
			return false
		}
		i += n
	}
	return s[0] > ' ' && s[len(s)-1] > ' ' && !strings.Contains(s, "<text>") && !strings.Contains(s, "</text>")
}

// odd reports characters that XML 1.0 forbids or that some readers take for an
// end of line or a space.
func odd(r rune) bool {
	switch {
	case r == 0x85, r == 0xa0, r == 0x2028, r == 0x2029, r == 0x3000, r == 0xfeff, r == 0x1680, r == 0x202f, r == 0x205f:
		return true
	case r >= 0x2000 && r <= 0x200a:
		return true
	}
	return r == 0xfffe || r == 0xffff
}

// Clean returns s as every text format can carry it: what [Plain] refuses is
// replaced. It returns s itself when nothing is.
func Clean(s string) string {
	if Plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || odd(r):
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(s, "<text>", "<text >")
	return strings.TrimSpace(strings.ReplaceAll(s, "</text>", "</text >"))
}

// Quote returns s when it is plain and does not begin with a quotation mark, and
// a string literal of ASCII characters otherwise.
func Quote(s string) string {
	if s == "" || s[0] != '"' && Plain(s) {
		return s
	}
	return strings.ReplaceAll(strconv.QuoteToASCII(s), "text>", `text\x3e`)
}

// Unquote is the inverse of Quote. A literal that is malformed stands for
// itself.
func Unquote(s string) string {
	if strings.HasPrefix(s, `"`) {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
	}
	return s
}
