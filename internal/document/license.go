package document

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// licenseIDs are the identifiers of the SPDX licence list and its exceptions,
// one a line, in byte order. TestLicenseIDs compares them with the official
// schema.
//
//go:embed licenses.txt
var licenseText string

var licenseIDs = sync.OnceValue(func() []string { return strings.Fields(licenseText) })

// IsLicenseID reports whether s is an identifier of the SPDX licence list, in
// the list's own spelling.
func IsLicenseID(s string) bool {
	_, ok := slices.BinarySearch(licenseIDs(), s)
	return ok
}

// IsExpression reports whether s may stand where an SPDX licence expression is
// asked for: it has only the characters of one (SPDX 2.3, annex D).
func IsExpression(s string) bool {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' || s == "NONE" || s == "NOASSERTION" {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-.+: ()", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// SplitAnd returns the operands of the outermost AND of an expression, without
// parentheses around them.
func SplitAnd(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ' ':
			if depth == 0 && strings.HasPrefix(s[i:], " AND ") {
				parts = append(parts, unwrap(s[start:i]))
				start = i + len(" AND ")
				i = start - 1
			}
			// OR binds weaker than AND: without parentheses this is one operand.
			if depth == 0 && strings.HasPrefix(s[i:], " OR ") {
				return []string{s}
			}
		}
	}
	return append(parts, unwrap(s[start:]))
}

// unwrap removes one pair of parentheses around the whole of s.
func unwrap(s string) string {
	if !strings.HasPrefix(s, "(") || !strings.HasSuffix(s, ")") {
		return s
	}
	depth := 0
	for i := 0; i < len(s)-1; i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return s
		}
	}
	return s[1 : len(s)-1]
}

// JoinAnd is the conjunction of expressions.
func JoinAnd(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	quoted := make([]string, len(parts))
	for i, p := range parts {
		if strings.Contains(p, " ") {
			p = "(" + p + ")"
		}
		quoted[i] = p
	}
	return strings.Join(quoted, " AND ")
}
