package document

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// IsLicenseID reports whether s is an identifier of the SPDX licence list or of its
// exceptions, in the list's own spelling.
func IsLicenseID(s string) bool { return spdxexpr.Listed(s) }

// IsExpression reports whether s is a valid SPDX licence expression (SPDX 2.3,
// annex D): identifiers of the list and LicenseRefs, joined by AND, OR and WITH.
func IsExpression(s string) bool {
	if IsLicenseID(s) {
		return true
	}
	tokens := strings.Fields(spaceParentheses.Replace(s))
	depth, operand := 0, true // whether an operand comes next
	for _, t := range tokens {
		switch {
		case t == "(" && operand:
			depth++
		case t == ")" && !operand && depth > 0:
			depth--
		case (t == "AND" || t == "OR" || t == "WITH") && !operand:
			operand = true
		case operand && isOperand(t):
			operand = false
		default:
			return false
		}
	}
	return !operand && depth == 0 && Plain(s) && !strings.Contains(s, "\t")
}

var spaceParentheses = strings.NewReplacer("(", " ( ", ")", " ) ")

func isOperand(s string) bool {
	if ref := strings.LastIndex(s, "LicenseRef-"); ref == 0 || ref > 0 && strings.HasPrefix(s, "DocumentRef-") {
		return ref+len("LicenseRef-") < len(s) && strings.IndexFunc(s, notIDString) < 0
	}
	return IsLicenseID(s) || IsLicenseID(strings.TrimSuffix(s, "+"))
}

// notIDString reports what may not stand in an idstring, or in front of one
// between two references.
func notIDString(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != ':'
}

// License reads a licence statement of a document: an expression when it is a
// valid one, and a name otherwise.
func License(s string) sbom.License {
	if IsExpression(s) {
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
