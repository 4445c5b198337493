// Package spdxexpr turns licence statements, as package metadata of many
// ecosystems spells them, into SPDX licence expressions.
//
// It never guesses: a statement that is no expression and has no single known
// meaning ("BSD", "GPL") stays a name.
//
// # The one form of an expression
//
// [Parse] reads expressions of SPDX 2.3, annex D, and SPDX 3.0.1, annex B, and
// writes each in one form, so that expressions which mean the same and are
// grouped the same are the same bytes:
//
//   - Identifiers are spelled as the list spells them, operators in capitals.
//   - Deprecated identifiers become what the list names in their place, where that
//     means exactly the same: "GPL-2.0+" is "GPL-2.0-or-later", and
//     "GPL-2.0-with-classpath-exception" is "GPL-2.0-only WITH
//     Classpath-exception-2.0". Of 33 deprecated ones, Net-SNMP alone has no such
//     successor and stays.
//   - Parentheses stand around an operand that is joined by the other operator,
//     so that nobody needs to know that AND binds tighter than OR, and nowhere
//     else.
package spdxexpr

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
)

// ListVersion is the version of the SPDX licence list whose identifiers are
// known.
const ListVersion = "3.28.0"

// Limits keep hostile statements cheap.
const (
	maxStatement = 4096
	maxDepth     = 32
)

//go:embed ids.txt
var idText string

//go:embed exceptions.txt
var exceptionText string

// Both tables map the lower-case identifier to its spelling in the SPDX list.
var (
	licenses   = sync.OnceValue(func() map[string]string { return spellings(idText) })
	exceptions = sync.OnceValue(func() map[string]string { return spellings(exceptionText) })
)

func spellings(text string) map[string]string {
	m := make(map[string]string, 1024)
	for id := range strings.FieldsSeq(text) {
		m[strings.ToLower(id)] = id
	}
	return m
}

// Listed reports whether s is an identifier of the licence list or of its exceptions,
// in the list's own spelling.
func Listed(s string) bool {
	lower := strings.ToLower(s)
	return s != "" && (licenses()[lower] == s || exceptions()[lower] == s)
}

// Parse returns the expression s in its one form (see the package
// documentation), and whether s is a valid expression of identifiers on the list,
// LicenseRef- and DocumentRef- references. Identifiers and operators are read in
// any case, as package managers do; references only in their own. NONE and
// NOASSERTION are no expressions.
func Parse(s string) (string, bool) {
	n := parse(s)
	if n == nil {
		return "", false
	}
	var b strings.Builder
	n.write(&b, "")
	return b.String(), true
}

// Valid reports whether s is an expression as the specification itself writes it, which
// all readers take: identifiers in the list's spelling, operators in capitals, and
// spaces. Unlike Parse, it has no limit of length: a document may name thousands of
// licences in one expression.
func Valid(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && unicode.IsSpace(r) }) || parseAny(s) == nil {
		return false
	}
	for _, tok := range strings.Fields(spaceParentheses.Replace(s)) {
		if !spelled(tok) {
			return false
		}
	}
	return true
}

// spelled reports whether a word of a valid expression is in its own spelling.
func spelled(tok string) bool {
	switch tok {
	case "(", ")", "AND", "OR", "WITH":
		return true
	}
	return validRef(tok) || Listed(tok) || Listed(strings.TrimSuffix(tok, "+"))
}

// Licenses returns the licences that the expression names, each once and in its
// order: identifiers and references with their "+" and without exceptions. It is
// nil for what is no valid expression.
func Licenses(s string) []string {
	n := parse(s)
	if n == nil {
		return nil
	}
	var ids []string
	seen := make(map[string]bool)
	n.each(func(leaf *node) {
		if !seen[leaf.license] {
			seen[leaf.license] = true
			ids = append(ids, leaf.license)
		}
	})
	return ids
}

// FromText returns the expression that a free-text statement stands for: itself
// if it is an expression, else that of the well-known name or address it spells.
// It reports false when there is no single answer.
func FromText(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if expr, ok := Parse(s); ok {
		return expr, true
	}
	if len(s) > maxStatement {
		return "", false
	}
	id, ok := names[fold(s)]
	return id, ok
}

// license returns the node of an identifier, with its "+"; nil if it is none.
func license(tok string) *node {
	if strings.HasPrefix(tok, "LicenseRef-") || strings.HasPrefix(tok, "DocumentRef-") {
		if !validRef(tok) {
			return nil
		}
		return &node{license: tok}
	}
	if id, ok := licenses()[strings.ToLower(tok)]; ok {
		return current(id)
	}
	base, later := strings.CutSuffix(tok, "+")
	id, ok := licenses()[strings.ToLower(base)]
	if !ok || !later {
		return nil
	}
	return orLater(current(id))
}

// orLater returns the licence "or any later version". For the GNU licences that is
// an identifier; "only" contradicts it.
func orLater(n *node) *node {
	switch base, only := strings.CutSuffix(n.license, "-only"); {
	case only:
		n.license = base + "-or-later"
	case !strings.HasSuffix(n.license, "-or-later"):
		n.license += "+"
	}
	return n
}

// validRef checks ["DocumentRef-"(idstring)":"]"LicenseRef-"(idstring).
func validRef(tok string) bool {
	if doc, ok := strings.CutPrefix(tok, "DocumentRef-"); ok {
		id, ref, found := strings.Cut(doc, ":")
		return found && idString(id) && strings.HasPrefix(ref, "LicenseRef-") && validRef(ref)
	}
	id, ok := strings.CutPrefix(tok, "LicenseRef-")
	return ok && idString(id)
}

func idString(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.') {
			return false
		}
	}
	return s != ""
}
