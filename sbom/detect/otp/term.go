package otp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Limits of terms.
const (
	maxDepth = 64
	maxTerms = 200_000
)

type kind byte

const (
	atom  kind = iota + 1
	text       // a string or binary
	tuple      // also one pair of a keyword list or map
	list       // also a map
)

// term is a literal of Erlang or Elixir. Numbers are atoms.
type term struct {
	kind  kind
	text  string
	items []term
}

// at returns an element, the zero term if there is none.
func (t term) at(i int) term {
	if i >= len(t.items) {
		return term{}
	}
	return t.items[i]
}

// string returns the value of a string or binary, empty for anything else.
func (t term) string() string {
	if t.kind == text {
		return t.text
	}
	return ""
}

// is reports whether t is that atom.
func (t term) is(name string) bool { return t.kind == atom && t.text == name }

// name returns the value of an atom, string or binary.
func (t term) name() string {
	if t.kind == atom || t.kind == text {
		return t.text
	}
	return ""
}

// get returns the value of a key in a list of pairs; the zero term if there is none.
func (t term) get(key string) term {
	for _, pair := range t.items {
		if pair.kind == tuple && len(pair.items) == 2 && pair.items[0].name() == key {
			return pair.items[1]
		}
	}
	return term{}
}

// parser reads literals. Expressions are malformed.
type parser struct {
	rest   string
	elixir bool
	terms  int
}

// parseTerms reads terms of Erlang that each end in a full stop (file:consult/1).
func parseTerms(s string) ([]term, error) {
	p := &parser{rest: s}
	var out []term
	for {
		if p.space(); p.rest == "" {
			return out, nil
		}
		t, err := p.term(0)
		if err != nil {
			return out, err
		}
		if p.space(); !p.take(".") {
			return out, p.malformed("no full stop behind a term")
		}
		out = append(out, t)
	}
}

// parseElixir reads one literal of Elixir.
func parseElixir(s string) (term, error) {
	p := &parser{rest: s, elixir: true}
	t, err := p.term(0)
	if err == nil {
		if p.space(); p.rest != "" {
			err = p.malformed("more than one value")
		}
	}
	return t, err
}

func (p *parser) malformed(what string) error {
	return fmt.Errorf("%w: %s, before %.40q", detect.ErrFormat, what, p.rest)
}

func (p *parser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	p.rest = rest
	return ok
}

// space skips white space and comments.
func (p *parser) space() {
	comment := byte('%')
	if p.elixir {
		comment = '#'
	}
	for p.rest != "" {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		if p.rest == "" || p.rest[0] != comment {
			return
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
}

func (p *parser) term(depth int) (term, error) {
	p.space()
	if p.terms++; depth > maxDepth || p.terms > maxTerms {
		return term{}, &detect.LimitError{Path: "terms", Limit: maxTerms, What: "terms, or a depth of 64"}
	}
	switch {
	case p.take("<<"):
		p.space()
		if p.take(">>") {
			return term{kind: text}, nil
		}
		t, err := p.term(depth + 1)
		p.take("/utf8")
		if p.space(); err == nil && (t.kind != text || !p.take(">>")) {
			err = p.malformed("a binary that is no text")
		}
		return t, err
	case p.take("{"):
		items, err := p.sequence("}", depth)
		return term{kind: tuple, items: items}, err
	case p.take("["):
		items, err := p.sequence("]", depth)
		return term{kind: list, items: items}, err
	case p.take("%{"), p.take("#{"):
		items, err := p.sequence("}", depth)
		return term{kind: list, items: items}, err
	case strings.HasPrefix(p.rest, `"`):
		s, err := p.quoted('"')
		// Erlang joins strings that follow each other.
		for err == nil && !p.elixir {
			if p.space(); !strings.HasPrefix(p.rest, `"`) {
				break
			}
			var more string
			more, err = p.quoted('"')
			s += more
			if len(s) > maxText*8 {
				s = s[:maxText*8]
			}
		}
		return term{kind: text, text: s}, err
	case !p.elixir && strings.HasPrefix(p.rest, "'"), p.elixir && strings.HasPrefix(p.rest, `:"`):
		p.take(":")
		s, err := p.quoted(p.rest[0])
		return term{kind: atom, text: s}, err
	}
	p.take(":")
	return p.word()
}

// sequence reads elements up to end, with pairs in a map or keyword list as tuples.
func (p *parser) sequence(end string, depth int) ([]term, error) {
	var items []term
	for {
		if p.space(); p.take(end) {
			return items, nil
		}
		t, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		p.space()
		if pair := p.take("=>") || p.elixir && p.take(":"); pair {
			value, err := p.term(depth + 1)
			if err != nil {
				return nil, err
			}
			t = term{kind: tuple, items: []term{t, value}}
			p.space()
		}
		items = append(items, t)
		if p.take(end) {
			return items, nil
		}
		if !p.take(",") {
			return nil, p.malformed("no comma between elements")
		}
	}
}

// word reads an atom or a number.
func (p *parser) word() (term, error) {
	end := 0
	for end < len(p.rest) && wordByte(p.rest[end]) {
		end++
	}
	// A full stop behind a word ends the term, or is in a number.
	if end+1 < len(p.rest) && p.rest[end] == '.' && p.rest[0] >= '0' && p.rest[0] <= '9' && p.rest[end+1] >= '0' && p.rest[end+1] <= '9' {
		for end++; end < len(p.rest) && wordByte(p.rest[end]); end++ {
		}
	}
	if end == 0 {
		return term{}, p.malformed("no literal")
	}
	t := term{kind: atom, text: p.rest[:end]}
	p.rest = p.rest[end:]
	return t, nil
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '@' || c == '-' || c == '?' || c == '!' || c >= utf8.RuneSelf
}

// quoted reads up to the same quote. Of escapes, a backslash before anything but n and t
// stands for that.
func (p *parser) quoted(quote byte) (string, error) {
	s := p.rest[1:]
	if end := strings.IndexByte(s, quote); end >= 0 && !strings.ContainsAny(s[:end], `\#`) {
		p.rest = s[end+1:]
		return s[:end], nil // Nearly all.
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			p.rest = s[i+1:]
			return b.String(), nil
		case p.elixir && strings.HasPrefix(s[i:], "#{"):
			return "", p.malformed("a string with an expression")
		case s[i] == '\\' && i+1 < len(s):
			if i++; s[i] == 'n' || s[i] == 't' {
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return "", p.malformed("a string without an end")
}
