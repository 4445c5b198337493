package jslock

import (
	"bytes"
	"slices"
)

// plainJSON returns JSON with comments and trailing commas as JSON: with blanks for
// them.
func plainJSON(b []byte) []byte {
	out := slices.Clone(b)
	comma := -1 // the place of a comma with nothing behind it so far
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '"':
			comma = -1
			i = stringEnd(out, i)
		case c == '/' && i+1 < len(out) && (out[i+1] == '/' || out[i+1] == '*'):
			end := commentEnd(out, i)
			blank(out[i:end])
			i = end - 1
		case c == ',':
			comma = i
		case c == '}' || c == ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			comma = -1
		}
	}
	return out
}

// stringEnd returns the place of the quote that ends the string which begins at i.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}

// commentEnd returns the place behind the comment that begins at i.
func commentEnd(b []byte, i int) int {
	mark := "\n"
	if b[i+1] == '*' {
		mark = "*/"
	}
	n := bytes.Index(b[i+2:], []byte(mark))
	if n < 0 {
		return len(b)
	}
	return i + 2 + n + len(mark)
}

func blank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}
