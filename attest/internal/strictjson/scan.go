// Package strictjson reads the JSON that is signed. Two readers that understand
// one document differently are how signed documents get forged, so this one
// refuses whatever readers are known to disagree about: duplicate member names,
// names that differ from known ones only in case, data behind the value, invalid
// UTF-8, and more depth or size than anybody needs.
//
// It works on the bytes as they are. Values are handed out as slices of the input,
// and nothing is encoded anew to be checked.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrLimit says that an input is larger or deeper than this package reads. It is
// exported as attest.ErrLimit.
var ErrLimit = errors.New("attest: limit exceeded")

const (
	// MaxSize bounds bundles and payloads, in bytes. It is far above any SBOM; callers
	// that fetch from strangers set lower bounds.
	MaxSize = 128 << 20
	// MaxDepth bounds the nesting of objects and arrays. Deeply nested CycloneDX stays under 50.
	MaxDepth = 256
	// MaxElements bounds the elements of all lists that one call of Decode decodes into
	// slices: two bytes of input can become a hundred of memory. Lists in values that are
	// kept as they are do not count.
	MaxElements = 1 << 20
	// wideObject is the number of members from which duplicates are looked up in
	// a map rather than compared one by one.
	wideObject = 16
)

// scanner checks one JSON text (RFC 8259, as restricted by I-JSON, RFC 7493):
// valid UTF-8, no duplicate member names, bounded depth, nothing behind the value.
type scanner struct {
	data     []byte
	pos      int
	depth    int
	names    [][]byte // of the objects that are open, outermost first
	shape    *shape   // of the value that comes next; nil for any
	elements int      // of the lists that have a shape

	// member and element get the members and elements of the outermost value.
	member  func(name string, value []byte) error
	element func(value []byte) error
}

// Check checks any JSON value. The error is an ErrLimit, or says at which byte the
// text is wrong and why.
func Check(data []byte) error {
	return (&scanner{data: data}).run()
}

// Object checks an object and everything below it, and calls member for each
// of its members, in order. Values are slices of data.
func Object(data []byte, member func(name string, value []byte) error) error {
	if !IsObject(data) {
		return errors.New("not a JSON object")
	}
	return (&scanner{data: data, member: member}).run()
}

// Array is Object for the elements of an array.
func Array(data []byte, element func(value []byte) error) error {
	if !startsWith(data, '[') {
		return errors.New("not a JSON array")
	}
	return (&scanner{data: data, element: element}).run()
}

// IsObject reports whether data begins as an object. It checks nothing else.
func IsObject(data []byte) bool { return startsWith(data, '{') }

// IsNull reports whether data is null.
func IsNull(data []byte) bool { return string(bytes.TrimSpace(data)) == "null" }

func startsWith(data []byte, c byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == c
}

func (s *scanner) run() error {
	if len(s.data) > MaxSize {
		return fmt.Errorf("%w: %d bytes of JSON, at most %d", ErrLimit, len(s.data), MaxSize)
	}
	if !utf8.Valid(s.data) {
		return errors.New("invalid UTF-8")
	}
	if err := s.value(); err != nil {
		return err
	}
	if s.space(); s.pos < len(s.data) {
		return s.errorf("data behind the JSON value")
	}
	return nil
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", s.pos, fmt.Sprintf(format, args...))
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// next skips white space and returns the next byte, 0 at the end: NUL is no JSON.
func (s *scanner) next() byte {
	if s.space(); s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) value() error {
	switch s.next() {
	case '{':
		return s.nested(s.object)
	case '[':
		return s.nested(s.array)
	case '"':
		return s.string()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

func (s *scanner) nested(read func() error) error {
	if s.depth++; s.depth > MaxDepth {
		return fmt.Errorf("%w: JSON nested deeper than %d", ErrLimit, MaxDepth)
	}
	s.pos++ // the opening bracket
	err := read()
	s.depth--
	return err
}

func (s *scanner) object() error {
	base, shape := len(s.names), s.shape
	defer func() { s.names = s.names[:base] }()
	var wide map[string]struct{}
	if s.next() == '}' {
		s.pos++
		return nil
	}
	for {
		name, err := s.name()
		if err != nil {
			return err
		}
		if wide, err = s.unique(base, wide, name); err != nil {
			return err
		}
		if s.next() != ':' {
			return s.errorf("want a colon")
		}
		s.pos++
		if s.shape, err = shape.member(name); err != nil {
			return err
		}
		if err := s.memberValue(name); err != nil {
			return err
		}
		if done, err := s.more('}'); done || err != nil {
			return err
		}
	}
}

// name reads a member name and returns it decoded.
func (s *scanner) name() ([]byte, error) {
	if s.next() != '"' {
		return nil, s.errorf("want a member name")
	}
	start := s.pos
	if err := s.string(); err != nil {
		return nil, err
	}
	raw := s.data[start:s.pos]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return nil, err
	}
	return []byte(name), nil
}

// unique notes a name of the object whose names begin at base.
func (s *scanner) unique(base int, wide map[string]struct{}, name []byte) (map[string]struct{}, error) {
	if wide == nil && len(s.names)-base >= wideObject {
		wide = make(map[string]struct{}, 4*wideObject)
		for _, n := range s.names[base:] {
			wide[string(n)] = struct{}{}
		}
	}
	if wide != nil {
		if _, dup := wide[string(name)]; dup {
			return nil, s.errorf("duplicate member %.80q", name)
		}
		wide[string(name)] = struct{}{}
		return wide, nil
	}
	for _, n := range s.names[base:] {
		if bytes.Equal(n, name) {
			return nil, s.errorf("duplicate member %.80q", name)
		}
	}
	s.names = append(s.names, name)
	return nil, nil
}

func (s *scanner) memberValue(name []byte) error {
	s.space()
	start := s.pos
	if err := s.value(); err != nil {
		return err
	}
	if s.depth == 1 && s.member != nil {
		return s.member(string(name), s.data[start:s.pos:s.pos])
	}
	return nil
}

func (s *scanner) array() error {
	counted, shape := s.shape != nil, s.shape.element()
	if s.next() == ']' {
		s.pos++
		return nil
	}
	for {
		s.space()
		start := s.pos
		s.shape = shape
		if err := s.count(counted); err != nil {
			return err
		}
		if err := s.value(); err != nil {
			return err
		}
		if s.depth == 1 && s.element != nil {
			if err := s.element(s.data[start:s.pos:s.pos]); err != nil {
				return err
			}
		}
		if done, err := s.more(']'); done || err != nil {
			return err
		}
	}
}

// count notes an element that will be decoded.
func (s *scanner) count(decoded bool) error {
	if decoded {
		s.elements++
	}
	if s.elements > MaxElements {
		return fmt.Errorf("%w: more than %d elements of lists", ErrLimit, MaxElements)
	}
	return nil
}

// more reads a comma, or the closing bracket and says that it was the end.
func (s *scanner) more(closing byte) (done bool, err error) {
	switch s.next() {
	case ',':
		s.pos++
		return false, nil
	case closing:
		s.pos++
		return true, nil
	default:
		return false, s.errorf("want a comma or %q", closing)
	}
}

func (s *scanner) string() error {
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c < 0x20:
			return s.errorf("control character in string")
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return s.errorf("unterminated string")
}

// escape checks an escape sequence and leaves pos on its last byte.
func (s *scanner) escape() error {
	rest := s.data[s.pos+1:]
	switch {
	case len(rest) > 0 && strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		s.pos++
		return nil
	case len(rest) > 4 && rest[0] == 'u' && isHex(rest[1:5]):
		s.pos += 5
		return nil
	default:
		return s.errorf("malformed escape sequence")
	}
}

func isHex(b []byte) bool {
	return len(bytes.Trim(b, "0123456789abcdefABCDEF")) == 0
}

func (s *scanner) literal(want string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(want)) {
		return s.errorf("malformed literal")
	}
	s.pos += len(want)
	return nil
}

func (s *scanner) number() error {
	s.accept('-')
	switch {
	case s.accept('0'):
	case s.digits():
	default:
		return s.errorf("want a JSON value")
	}
	if s.accept('.') && !s.digits() {
		return s.errorf("malformed number")
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if !s.digits() {
			return s.errorf("malformed number")
		}
	}
	return nil
}

func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
