// Package deb822 reads the control files of Debian: stanzas of fields, separated
// by blank lines (deb822(5)).
//
// It reads what is there rather than what should be: a stanza with a malformed
// line is returned with the rest of its fields, and says so.
package deb822

import (
	"fmt"
	"iter"
	"strings"
)

const (
	// maxProblems bounds Stanza.Problems.
	maxProblems = 8
	// maxFields bounds the fields of a stanza, which are looked up one by one.
	// Real stanzas have about 20.
	maxFields = 256
)

// Field is one field of a stanza.
type Field struct {
	Name string
	// Value is the text behind the colon without surrounding white space. Its
	// continuation lines are kept as they are; see Lines.
	Value string
}

// Stanza is a paragraph of fields.
type Stanza struct {
	// Line is the number of its first line, from 1.
	Line   int
	Fields []Field
	// Problems say what in the stanza does not follow the format: at most the
	// first few.
	Problems []string
}

// Get returns the value of the named field in any case; empty when there is none.
// Of a repeated field it is the first.
func (s *Stanza) Get(name string) string {
	v, _ := s.Lookup(name)
	return v
}

// Lookup is like Get and reports whether the field is there.
func (s *Stanza) Lookup(name string) (string, bool) {
	for i := range s.Fields {
		if strings.EqualFold(s.Fields[i].Name, name) {
			return s.Fields[i].Value, true
		}
	}
	return "", false
}

// Lines iterates over the lines of a value without surrounding white space,
// leaving out empty ones.
func Lines(value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(value, "\n") {
			if line = strings.TrimSpace(line); line != "" && !yield(line) {
				return
			}
		}
	}
}

// Stanzas iterates over the stanzas of text. The stanza yielded is overwritten by
// the next; its strings are parts of text. Lines may end in CR LF. A line of
// white space continues a field, as it does for apt: only an empty line ends a
// stanza.
func Stanzas(text string) iter.Seq[*Stanza] {
	return func(yield func(*Stanza) bool) {
		p := parser{rest: text, line: 1}
		for p.next() {
			if !yield(&p.stanza) {
				return
			}
		}
	}
}

type parser struct {
	rest   string
	line   int
	stanza Stanza
}

// next reads the next stanza and reports whether there was one.
func (p *parser) next() bool {
	p.stanza = Stanza{Fields: p.stanza.Fields[:0]}
	for p.rest != "" {
		line, rest := cutLine(p.rest)
		if line == "" && p.stanza.Line > 0 {
			return true
		}
		if line == "" {
			p.rest, p.line = rest, p.line+1
			continue
		}
		if p.stanza.Line == 0 {
			p.stanza.Line = p.line
		}
		p.field(line)
	}
	return p.stanza.Line > 0
}

// field reads the field that begins with line, with its continuation lines.
func (p *parser) field(line string) {
	name, _, ok := strings.Cut(line, ":")
	start, at := p.rest, p.line
	end := len(line)
	_, p.rest = cutLine(p.rest)
	p.line++
	for continues(p.rest) {
		more, rest := cutLine(p.rest)
		end = len(start) - len(p.rest) + len(more)
		p.rest = rest
		p.line++
	}
	switch {
	case continues(line):
		p.problem(at, "continues no field")
	case !ok:
		p.problem(at, "has no colon")
	case !validName(name):
		p.problem(at, "has no valid field name")
	default:
		p.add(Field{Name: name, Value: strings.TrimSpace(start[len(name)+1 : end])}, at)
	}
}

func (p *parser) add(f Field, at int) {
	if _, dup := p.stanza.Lookup(f.Name); dup {
		p.problem(at, "repeats field "+f.Name)
		return
	}
	if len(p.stanza.Fields) == maxFields {
		p.problem(at, "is beyond the limit of 256 fields in a stanza")
		return
	}
	if strings.IndexByte(f.Value, 0) >= 0 {
		p.problem(at, "has a NUL byte")
	}
	p.stanza.Fields = append(p.stanza.Fields, f)
}

func (p *parser) problem(line int, what string) {
	if len(p.stanza.Problems) < maxProblems {
		p.stanza.Problems = append(p.stanza.Problems, fmt.Sprintf("line %d %s", line, what))
	}
}

// cutLine returns the first line without its end, and what follows it.
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

func continues(s string) bool { return s != "" && (s[0] == ' ' || s[0] == '\t') }

// validName reports whether s is a field name: printable ASCII that does not
// begin with "#" or "-" (deb822(5)).
func validName(s string) bool {
	if s == "" || len(s) > 256 || s[0] == '#' || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
