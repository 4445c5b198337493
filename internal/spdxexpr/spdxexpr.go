// Package spdxexpr turns licence statements, as package metadata of many
// ecosystems spells them, into SPDX licence expressions.
//
// It never guesses: a statement that is no expression and has no single known
// meaning ("BSD", "GPL") stays a name.
package spdxexpr

import (
	_ "embed"
	"strings"
	"sync"
)

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
	m := make(map[string]string)
	for id := range strings.FieldsSeq(text) {
		m[strings.ToLower(id)] = id
	}
	return m
}

// Parse returns the expression s with identifiers and operators in their
// canonical spelling (SPDX 2.3 annex D), and whether s is a valid expression of
// known identifiers, LicenseRef- and DocumentRef- references. Identifiers and
// operators are read in any case, as package managers do.
func Parse(s string) (string, bool) {
	if len(s) > maxStatement {
		return "", false
	}
	p := parser{tokens: tokenize(s)}
	if !p.expression(0) || len(p.tokens) != 0 {
		return "", false
	}
	return strings.Join(p.out, ""), true
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

// Building a replacer costs more than most replacements: there is one of each.
var spaceParentheses = strings.NewReplacer("(", " ( ", ")", " ) ")

// tokenize splits at white space and parentheses.
func tokenize(s string) []string {
	return strings.Fields(spaceParentheses.Replace(s))
}

// parser is a recursive descent over
//
//	expression = term { ("AND" | "OR") term }
//	term       = "(" expression ")" | license [ "WITH" exception ]
//
// AND binds tighter than OR, which matters to readers of the output only: the
// operators' order is kept, and so is the meaning.
type parser struct {
	tokens []string
	out    []string
}

func (p *parser) expression(depth int) bool {
	if depth > maxDepth || !p.term(depth) {
		return false
	}
	for {
		op := strings.ToUpper(p.peek())
		if op != "AND" && op != "OR" {
			return true
		}
		p.next()
		p.emit(" ", op, " ")
		if !p.term(depth) {
			return false
		}
	}
}

func (p *parser) term(depth int) bool {
	tok := p.next()
	if tok == "(" {
		p.emit("(")
		if !p.expression(depth+1) || p.next() != ")" {
			return false
		}
		p.emit(")")
		return true
	}
	id, ok := license(tok)
	if !ok {
		return false
	}
	p.emit(id)
	if !strings.EqualFold(p.peek(), "WITH") {
		return true
	}
	p.next()
	exception, ok := exceptions()[strings.ToLower(p.next())]
	if ok {
		p.emit(" WITH ", exception)
	}
	return ok
}

func (p *parser) emit(s ...string) { p.out = append(p.out, s...) }

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	tok := p.peek()
	if tok != "" {
		p.tokens = p.tokens[1:]
	}
	return tok
}

// license returns the canonical spelling of an identifier, with its "+".
func license(tok string) (string, bool) {
	if strings.HasPrefix(tok, "LicenseRef-") || strings.HasPrefix(tok, "DocumentRef-") {
		return tok, validRef(tok)
	}
	base, later := strings.CutSuffix(tok, "+")
	id, ok := licenses()[strings.ToLower(base)]
	if ok && later {
		id += "+"
	}
	return id, ok
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
