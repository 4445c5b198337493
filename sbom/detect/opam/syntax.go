package opam

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// maxTokens is how many tokens one file may have.
const maxTokens = 1_000_000

// token is a string, a word, or a mark of one byte.
type token struct {
	text   string
	quoted bool
}

func (t token) is(mark string) bool { return !t.quoted && t.text == mark }

// scanner splits files of opam and of findlib, which have strings and comments alike.
type scanner struct {
	rest    string
	comment bool // A "#" begins one anywhere; in opam's, too, and (* *).
	tokens  int
	err     error
}

// next returns the next token; ok is false at the end and after an error.
func (s *scanner) next() (t token, ok bool) {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n")
		switch {
		case strings.HasPrefix(s.rest, "#"):
			_, s.rest, _ = strings.Cut(s.rest, "\n")
			continue
		case !s.comment && strings.HasPrefix(s.rest, "(*"):
			_, s.rest, _ = strings.Cut(s.rest, "*)")
			continue
		}
		break
	}
	if s.rest == "" || s.err != nil {
		return token{}, false
	}
	if s.tokens++; s.tokens > maxTokens {
		s.err = &detect.LimitError{Path: "file", Limit: maxTokens, What: "tokens"}
		return token{}, false
	}
	if text, ok := strings.CutPrefix(s.rest, `"""`); ok && !s.comment {
		text, rest, ok := strings.Cut(text, `"""`)
		s.rest = rest
		if !ok {
			s.err = fmt.Errorf("%w: a string without an end", detect.ErrFormat)
		}
		return token{text: strings.TrimPrefix(text, "\\\n"), quoted: true}, ok
	}
	if s.rest[0] == '"' {
		return s.quoted()
	}
	end := 0
	for end < len(s.rest) && wordByte(s.rest[end]) {
		end++
	}
	end = max(end, 1)
	t = token{text: s.rest[:end]}
	s.rest = s.rest[end:]
	return t, true
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// quoted reads a string in quotes. A backslash before a line's end joins lines; before
// anything else but n and t it stands for that.
func (s *scanner) quoted() (token, bool) {
	text := s.rest[1:]
	if end := strings.IndexByte(text, '"'); end >= 0 && !strings.Contains(text[:end], `\`) {
		s.rest = text[end+1:]
		return token{text: text[:end], quoted: true}, true // Nearly all.
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			s.rest = text[i+1:]
			return token{text: b.String(), quoted: true}, true
		case text[i] == '\\' && i+1 < len(text):
			if i++; text[i] == 'n' || text[i] == 't' || text[i] == '\n' {
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteByte(text[i])
	}
	s.err = fmt.Errorf("%w: a string without an end", detect.ErrFormat)
	return token{}, false
}

// value is a string in a field, with the tokens of the condition or option in braces
// behind it.
type value struct {
	text   string
	filter []string
}

// parse reads the fields of a file of opam: NAME: VALUE, and sections NAME { … }, whose
// fields are called SECTION.NAME. Of values, the strings are kept, in order; words are
// kept where no string is.
func parse(text string) (map[string][]value, error) {
	s := &scanner{rest: text}
	fields := make(map[string][]value)
	section := ""
	t, ok := s.next()
	for ok {
		switch {
		case t.is("}"):
			section = ""
			t, ok = s.next()
			continue
		case t.quoted || !wordByte(t.text[0]):
			return nil, fmt.Errorf("%w: %.60q is no name of a field", detect.ErrFormat, t.text)
		}
		name := t.text
		if t, ok = s.next(); ok && t.quoted {
			t, ok = s.next() // The name of a section.
		}
		switch {
		case ok && t.is("{") && section == "":
			section = name + "."
			t, ok = s.next()
		case ok && t.is(":"):
			var list []value
			list, t, ok = s.value()
			if _, again := fields[section+name]; !again {
				fields[section+name] = list
			}
		case s.err == nil:
			return nil, fmt.Errorf("%w: %.60q is neither a field nor a section", detect.ErrFormat, name)
		}
	}
	if s.err == nil && len(fields) == 0 {
		s.err = fmt.Errorf("%w: no fields", detect.ErrFormat)
	}
	return fields, s.err
}

// value reads the value of a field and the token behind it.
func (s *scanner) value() (list []value, t token, ok bool) {
	depth, braces := 0, 0
	for first := true; ; first = false {
		if t, ok = s.next(); !ok {
			return list, t, false
		}
		switch {
		case t.is("[") || t.is("("):
			depth++
		case t.is("]") || t.is(")"):
			depth--
		case t.is("{"):
			braces++
		case t.is("}") && braces > 0:
			braces--
		case depth == 0 && braces == 0 && !first:
			return list, t, true
		case braces > 0:
			if n := len(list); n > 0 {
				list[n-1].filter = append(list[n-1].filter, t.text)
			}
		case t.quoted:
			list = append(list, value{text: t.text})
		}
		if depth < 0 {
			s.err = fmt.Errorf("%w: a bracket that closes nothing", detect.ErrFormat)
			return nil, t, false
		}
	}
}
