package spdxexpr

import "strings"

// node is an expression: a licence with its exception, or operands of one
// operator.
type node struct {
	license   string
	exception string
	op        string // "AND" or "OR", and at least two operands
	operands  []*node
}

// Building a replacer costs more than most replacements: there is one of each.
var spaceParentheses = strings.NewReplacer("(", " ( ", ")", " ) ")

// parse returns nil for what is no valid expression.
func parse(s string) *node {
	if len(s) > maxStatement {
		return nil
	}
	return parseAny(s)
}

// parseAny is parse without a limit of length. It takes linear time.
func parseAny(s string) *node {
	p := parser{tokens: strings.Fields(spaceParentheses.Replace(s))}
	n := p.either(0)
	if len(p.tokens) != 0 {
		return nil
	}
	return n
}

// parser is a recursive descent over
//
//	either = all { "OR" all }
//	all    = term { "AND" term }
//	term   = "(" either ")" | license [ "WITH" exception ]
//
// Its methods return nil for what does not follow the grammar.
type parser struct {
	tokens []string
}

func (p *parser) either(depth int) *node {
	if depth > maxDepth {
		return nil
	}
	return p.joined("OR", func() *node {
		return p.joined("AND", func() *node { return p.term(depth) })
	})
}

// joined reads operands of one operator. Those that are joined by it themselves
// are taken apart: grouping says nothing there.
func (p *parser) joined(op string, operand func() *node) *node {
	var list []*node
	for {
		n := operand()
		switch {
		case n == nil:
			return nil
		case n.op == op:
			list = append(list, n.operands...)
		default:
			list = append(list, n)
		}
		if !strings.EqualFold(p.peek(), op) {
			break
		}
		p.next()
	}
	if len(list) == 1 {
		return list[0]
	}
	return &node{op: op, operands: list}
}

func (p *parser) term(depth int) *node {
	tok := p.next()
	if tok == "(" {
		n := p.either(depth + 1)
		if p.next() != ")" {
			return nil
		}
		return n
	}
	n := license(tok)
	if n == nil || !strings.EqualFold(p.peek(), "WITH") {
		return n
	}
	p.next()
	exception, ok := exceptions()[strings.ToLower(p.next())]
	if !ok || n.exception != "" {
		return nil
	}
	n.exception = exception
	if exception == "Nokia-Qt-exception-1.1" { // The one that is deprecated.
		n.exception = "Qt-LGPL-exception-1.1"
	}
	return n
}

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

// write writes the expression as an operand of the operator around it, or as the
// whole if that is empty.
func (n *node) write(b *strings.Builder, around string) {
	if n.op == "" {
		b.WriteString(n.license)
		if n.exception != "" {
			b.WriteString(" WITH " + n.exception)
		}
		return
	}
	if around != "" {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, operand := range n.operands {
		if i > 0 {
			b.WriteString(" " + n.op + " ")
		}
		operand.write(b, n.op)
	}
}

// each calls f with every licence, in order.
func (n *node) each(f func(leaf *node)) {
	if n.op == "" {
		f(n)
	}
	for _, operand := range n.operands {
		operand.each(f)
	}
}
