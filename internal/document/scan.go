package document

import (
	"bytes"
	"errors"
	"fmt"
)

// jsonScan looks at a JSON text piece by piece and counts. It knows strings and
// brackets and nothing else.
type jsonScan struct {
	limits   Limits
	lists    []string
	stack    []bool // for every open value, whether its elements are counted
	names    []nameSet
	key      []byte // the beginning of the last string, which is a key when a value follows
	escapes  bool   // whether there are escapes in the last string
	inString bool
	escaped  bool // whether the last byte was a backslash in a string
	items    int
	objects  int
}

// scan looks at the next piece. An error is about the byte at the index returned.
func (s *jsonScan) scan(b []byte) (int, error) {
	for i := 0; i < len(b); i++ {
		if s.inString {
			i += s.skip(b[i:])
			continue
		}
		switch c := b[i]; c {
		case '"':
			s.inString, s.escapes, s.key = true, false, s.key[:0]
		case '{', '[':
			if err := s.open(c); err != nil {
				return i, err
			}
		case '}', ']':
			s.close()
		case ':':
			if err := s.name(); err != nil {
				return i, err
			}
		}
	}
	return len(b), nil
}

// maxKey is more than the longest name of a field, in escapes. What is longer names none.
const maxKey = 256

// maxNames is how many names an object may have. No object of the formats has as many.
const maxNames = 100_000

// errTwice is the error of two members of one name. Readers differ in which of them
// they take, or mix them, so that they would see different documents.
var errTwice = errors.New("is there twice")

// name looks at the name of a member, which the last string was.
func (s *jsonScan) name() error {
	if len(s.stack) == 0 || len(s.key) >= maxKey {
		return nil
	}
	names := &s.names[len(s.stack)-1]
	if !names.add(foldedHash(s.key, s.escapes)) {
		return fmt.Errorf("%.60q %w", s.key, errTwice)
	}
	if names.count > maxNames {
		return fmt.Errorf("more than %d members in an object", maxNames)
	}
	return nil
}

// skip returns the index of the quotation mark that ends the string, or of the
// last byte.
func (s *jsonScan) skip(b []byte) int {
	for i, c := range b {
		switch {
		case s.escaped:
			s.escaped = false
		case c == '\\':
			s.escaped, s.escapes = true, true
		case c == '"':
			s.inString = false
			return i
		}
		if len(s.key) < maxKey {
			s.key = append(s.key, c)
		}
	}
	return len(b) - 1
}

func (s *jsonScan) open(c byte) error {
	if len(s.stack) == s.limits.Depth {
		return fmt.Errorf("nested deeper than %d", s.limits.Depth)
	}
	counted := c == '[' && s.listed()
	if c == '{' {
		s.objects++
		if len(s.stack) > 0 && s.stack[len(s.stack)-1] {
			if s.items++; s.items > s.limits.Items {
				return fmt.Errorf("more than %d components", s.limits.Items)
			}
		}
	}
	s.stack = append(s.stack, counted)
	if len(s.names) < len(s.stack) {
		s.names = append(s.names, nameSet{})
	}
	s.names[len(s.stack)-1].clear()
	s.forget()
	return nil
}

func (s *jsonScan) close() {
	if len(s.stack) > 0 {
		s.stack = s.stack[:len(s.stack)-1]
	}
	s.forget()
}

func (s *jsonScan) forget() { s.key, s.escapes = s.key[:0], false }

// listed reports whether the last key names a counted list. A key with escapes
// counts as one: encoding/json would unescape it.
func (s *jsonScan) listed() bool {
	if s.escapes {
		return true
	}
	for _, l := range s.lists {
		if bytes.EqualFold(s.key, []byte(l)) {
			return true
		}
	}
	return false
}
