package document

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// IsLicenseID reports whether s is an identifier of the SPDX licence list or of its
// exceptions, in the list's own spelling.
func IsLicenseID(s string) bool { return spdxexpr.Listed(s) }

// License reads a licence statement of a document: an expression when it is a
// valid one, and a name otherwise.
func License(s string) sbom.License {
	if spdxexpr.Valid(s) {
		return sbom.License{Expression: s}
	}
	return sbom.License{Name: s}
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
