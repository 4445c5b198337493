package lua

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// maxDepth is how deeply tables may be nested, and maxValues how many values one file may
// have.
const (
	maxDepth  = 64
	maxValues = 200_000
)

// value is a string, or a table of values with the keys that are names. Numbers and
// booleans are strings.
type value struct {
	key   string // in its table; empty for an element of a list
	text  string
	table bool
	items []value
}

// get returns the value of a key, the zero value if there is none.
func (v value) get(key string) value {
	for _, item := range v.items {
		if item.key == key {
			return item
		}
	}
	return value{}
}

// parser reads literals of Lua 5.1 to 5.4.
type parser struct {
	rest   string
	values int
}

// errCode is of what is no literal.
var errCode = fmt.Errorf("%w: not a literal", detect.ErrFormat)

// assignments returns the literals that global variables get at the top of a file, by
// statements at the beginning of a line. Others are left out; a variable that gets a
// second value, too, since it is not known which.
func assignments(text string) (map[string]value, error) {
	vars := make(map[string]value)
	p := &parser{rest: text}
	for p.space(); p.rest != ""; p.space() {
		name := p.word()
		p.space()
		ok := name != "" && p.take("=") && !strings.HasPrefix(p.rest, "=")
		if ok {
			v, err := p.value(0)
			if p.values > maxValues {
				return vars, &detect.LimitError{Path: "literals", Limit: maxValues, What: "values"}
			}
			if p.blank(); err == nil && p.ends() {
				if _, again := vars[name]; !again {
					vars[name] = v
				}
				continue
			}
		}
		p.skip()
	}
	if len(vars) == 0 {
		return nil, fmt.Errorf("%w: nothing is assigned", detect.ErrFormat)
	}
	return vars, nil
}

// returned returns the literal in "return LITERAL".
func returned(text string) (value, error) {
	p := &parser{rest: text}
	if p.space(); p.word() != "return" {
		return value{}, errCode
	}
	v, err := p.value(0)
	if p.space(); err == nil && p.rest != "" {
		err = errCode
	}
	return v, err
}

// skip goes to the next line that does not begin with a space.
func (p *parser) skip() {
	for {
		i := strings.IndexByte(p.rest, '\n')
		if i < 0 {
			p.rest = ""
			return
		}
		p.rest = p.rest[i+1:]
		if p.rest != "" && wordByte(p.rest[0]) {
			return
		}
	}
}

// ends reports whether a statement ends here: the next one could otherwise go on with it.
func (p *parser) ends() bool {
	return p.rest == "" || p.rest[0] == '\n' || p.rest[0] == '\r' || p.rest[0] == ';' || strings.HasPrefix(p.rest, "--") || wordByte(p.rest[0])
}

// blank skips spaces, and white space before what goes on with an expression.
func (p *parser) blank() {
	p.rest = strings.TrimLeft(p.rest, " \t")
	after := &parser{rest: p.rest}
	after.space()
	if after.rest != "" && strings.IndexByte(".+-*/%^<>~=[(:", after.rest[0]) >= 0 {
		p.rest = after.rest
	}
}

func (p *parser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	p.rest = rest
	return ok
}

// space skips white space, comments and semicolons.
func (p *parser) space() {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n;")
		switch {
		case p.take("--"):
			if _, ok := p.long(); !ok {
				_, p.rest, _ = strings.Cut(p.rest, "\n")
			}
		case strings.HasPrefix(p.rest, "#!"):
			_, p.rest, _ = strings.Cut(p.rest, "\n")
		default:
			return
		}
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func (p *parser) word() string {
	end := 0
	for end < len(p.rest) && wordByte(p.rest[end]) {
		end++
	}
	w := p.rest[:end]
	p.rest = p.rest[end:]
	return w
}

// long reads a string or comment in long brackets, [[…]] or [==[…]==].
func (p *parser) long() (string, bool) {
	if !strings.HasPrefix(p.rest, "[") {
		return "", false
	}
	level := len(p.rest[1:]) - len(strings.TrimLeft(p.rest[1:], "="))
	if len(p.rest) < level+2 || p.rest[level+1] != '[' {
		return "", false
	}
	text, rest, ok := strings.Cut(p.rest[level+2:], "]"+strings.Repeat("=", min(level, 100))+"]")
	if !ok || level > 100 {
		p.rest = ""
		return "", true
	}
	p.rest = rest
	return text, true
}

func (p *parser) value(depth int) (value, error) {
	p.space()
	if p.values++; depth > maxDepth || p.values > maxValues {
		return value{}, &detect.LimitError{Path: "literals", Limit: maxValues, What: "values, or a depth of 64"}
	}
	if p.rest == "" {
		return value{}, errCode
	}
	switch c := p.rest[0]; {
	case c == '{':
		p.rest = p.rest[1:]
		return p.fields(depth)
	case c == '"' || c == '\'':
		s, err := p.quoted(c)
		return value{text: s}, err
	case c == '[':
		s, ok := p.long()
		if !ok {
			return value{}, errCode
		}
		return value{text: s}, nil
	}
	sign := p.take("-")
	w := p.word()
	number := w != "" && w[0] >= '0' && w[0] <= '9'
	switch {
	case number && p.take("."):
		w += "." + p.word()
	case !number && (sign || w != "true" && w != "false" && w != "nil"):
		return value{}, errCode
	}
	return value{text: w}, nil
}

// fields reads those of a table: NAME = VALUE, [KEY] = VALUE, VALUE.
func (p *parser) fields(depth int) (value, error) {
	t := value{table: true}
	for {
		if p.space(); p.take("}") {
			return t, nil
		}
		key, err := p.field()
		if err != nil {
			return t, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return t, err
		}
		v.key = key
		t.items = append(t.items, v)
		if p.space(); p.take("}") {
			return t, nil
		}
		// A semicolon is as good, and was skipped as space.
		p.take(",")
	}
}

// field reads the key of a field and "=", or nothing where a value begins.
func (p *parser) field() (string, error) {
	before := p.rest
	var key string
	switch {
	case strings.HasPrefix(p.rest, "[[") || strings.HasPrefix(p.rest, "[="):
		return "", nil
	case p.take("["):
		v, err := p.value(maxDepth)
		if p.space(); err != nil || v.table || !p.take("]") {
			return "", errCode
		}
		key = v.text
	default:
		key = p.word()
	}
	p.space()
	if key == "" || strings.HasPrefix(p.rest, "==") || !p.take("=") {
		p.rest = before
		return "", nil
	}
	return key, nil
}

// quoted reads a string in quotes; of escapes, a backslash before most characters stands
// for them.
func (p *parser) quoted(quote byte) (string, error) {
	s := p.rest[1:]
	if end := strings.IndexByte(s, quote); end >= 0 && !strings.ContainsAny(s[:end], "\\\n") {
		p.rest = s[end+1:]
		return s[:end], nil // Nearly all.
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			p.rest = s[i+1:]
			return b.String(), nil
		case s[i] == '\n':
			return "", errCode
		case s[i] == '\\' && i+1 < len(s):
			if i++; s[i] == 'n' || s[i] == 't' || s[i] == 'z' {
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return "", errCode
}
