package gem

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxItems is the number of elements of a list that are read; a gem with more
// files than that is not known.
const maxItems = 100_000

// scalar returns the value of the Ruby string literal that s begins with, empty if
// it begins with something else.
func scalar(s string) string {
	v, _, _ := literal(s)
	return v
}

// list returns the values of the array of strings that s begins with. It ends where
// something else is an element, but for nil, which is left out.
func list(s string) []string {
	s, ok := strings.CutPrefix(s, "[")
	if !ok {
		return nil
	}
	var out []string
	for len(out) < maxItems {
		s = strings.TrimLeft(s, " ,")
		if rest, ok := strings.CutPrefix(s, "nil"); ok {
			s = rest
			continue
		}
		v, rest, ok := literal(s)
		if !ok {
			break
		}
		out, s = append(out, v), rest
	}
	return out
}

// maxPairs is the number of elements of a hash that are read.
const maxPairs = 256

// pairs returns the elements of the hash of strings that s begins with. It ends where
// something else is an element.
func pairs(s string) map[string]string {
	s, ok := strings.CutPrefix(s, "{")
	if !ok {
		return nil
	}
	out := make(map[string]string)
	for len(out) < maxPairs {
		key, rest, ok := literal(strings.TrimLeft(s, " ,"))
		if !ok {
			break
		}
		if rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), "=>"); !ok {
			break
		}
		value, rest, ok := literal(strings.TrimLeft(rest, " "))
		if !ok {
			break
		}
		out[key], s = value, rest
	}
	return out
}

// literal splits a string literal off: "…" with escapes, '…' or %q with any
// bracket, and ".freeze" behind it. One with an expression in it is no literal.
func literal(s string) (value, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, `"`):
		value, rest, ok = quoted(s[1:])
	case strings.HasPrefix(s, "'"):
		value, rest, ok = raw(s[1:], '\'')
	case strings.HasPrefix(s, "%q") && len(s) > 2:
		value, rest, ok = raw(s[3:], closing(s[2]))
	}
	return value, strings.TrimPrefix(rest, ".freeze"), ok
}

// closing is what ends a literal that begins with open.
func closing(open byte) byte {
	if i := strings.IndexByte("([{<", open); i >= 0 {
		return ")]}>"[i]
	}
	return open
}

// raw reads up to end; only end itself and the backslash are escaped.
func raw(s string, end byte) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == end:
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == end || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// quoted reads up to the closing quote.
func quoted(s string) (value, rest string, ok bool) {
	if end := strings.IndexAny(s, `"\#`); end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:], true // Nearly all.
	}
	var b strings.Builder
	for s != "" {
		switch {
		case s[0] == '"':
			return b.String(), s[1:], true
		case strings.HasPrefix(s, "#{"):
			return "", "", false
		case s[0] == '\\' && len(s) > 1:
			s = unescape(&b, s[1:])
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return "", "", false
}

// unescape writes what the escape behind a backslash stands for and returns what
// follows it.
func unescape(b *strings.Builder, s string) string {
	switch s[0] {
	case 'u':
		return unescapeRunes(b, s[1:])
	case 'x':
		n := 1
		for n < len(s) && n < 3 && strings.IndexByte("0123456789abcdefABCDEF", s[n]) >= 0 {
			n++
		}
		if v, err := strconv.ParseUint(s[1:n], 16, 8); err == nil {
			b.WriteByte(byte(v))
		}
		return s[n:]
	}
	const names, values = "nrtabfvse", "\n\r\t\a\b\f\v \x1b"
	if i := strings.IndexByte(names, s[0]); i >= 0 {
		b.WriteByte(values[i])
	} else {
		b.WriteByte(s[0])
	}
	return s[1:]
}

// unescapeRunes reads XXXX or {X XX …}.
func unescapeRunes(b *strings.Builder, s string) string {
	digits, rest := s, ""
	if strings.HasPrefix(s, "{") {
		digits, rest, _ = strings.Cut(s[1:], "}")
	} else if len(s) >= 4 {
		digits, rest = s[:4], s[4:]
	}
	for f := range strings.FieldsSeq(digits) {
		if v, err := strconv.ParseUint(f, 16, 32); err == nil && v <= utf8.MaxRune {
			b.WriteRune(rune(v))
		}
	}
	return rest
}
