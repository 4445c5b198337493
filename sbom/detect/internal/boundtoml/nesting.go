package boundtoml

import "bytes"

// maxNesting is how deeply arrays, tables and dotted keys may be nested. The parser
// of TOML puts up with any depth, at the cost of the stack.
const maxNesting = 100

// nesting returns the largest number of brackets that are open at once, or of dots
// in one word, outside of strings and comments.
func nesting(b []byte) int {
	depth, dots, deepest := 0, 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		case '.':
			dots++
		case '\n', '=', ',':
			dots = 0
		case '#':
			i = skip(b, i+1, "\n", false) - 1
		case '"', '\'':
			i = stringEnd(b, i)
		}
		deepest = max(deepest, depth, dots)
	}
	return deepest
}

// stringEnd returns the place of the last quote of the string that begins at i. A
// string of one line ends with it, even if its quote is missing.
func stringEnd(b []byte, i int) int {
	quote, escapes := string(b[i]), b[i] == '"'
	if triple := quote + quote + quote; bytes.HasPrefix(b[i:], []byte(triple)) {
		return skip(b, i+3, triple, escapes) + 2
	}
	end := skip(b, i+1, quote, escapes)
	if line := bytes.IndexByte(b[i:end], '\n'); line >= 0 {
		return i + line - 1
	}
	return end
}

// skip returns the place where mark is next, at or after i; the length of b if it
// is nowhere.
func skip(b []byte, i int, mark string, escapes bool) int {
	for ; i < len(b); i++ {
		if escapes && b[i] == '\\' {
			i++
		} else if bytes.HasPrefix(b[i:], []byte(mark)) {
			return i
		}
	}
	return len(b)
}
