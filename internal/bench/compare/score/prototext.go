package score

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// errText is the error of text that is not of the form that scalibr writes.
var errText = errors.New("not a protocol buffer in text form")

// message is a protocol buffer message in its text form, of which only texts and
// messages are told apart: https://protobuf.dev/reference/protobuf/textformat-spec.
// No schema is needed to read it so.
type message struct {
	fields   map[string][]string // as written, without quotes
	messages map[string][]*message
}

// field returns the first value of a field, empty when there is none.
func (m *message) field(name string) string {
	if m == nil || len(m.fields[name]) == 0 {
		return ""
	}
	return m.fields[name][0]
}

// message returns the first message of a field, nil when there is none.
func (m *message) message(name string) *message {
	if m == nil || len(m.messages[name]) == 0 {
		return nil
	}
	return m.messages[name][0]
}

func newMessage() *message {
	return &message{fields: make(map[string][]string), messages: make(map[string][]*message)}
}

// textLine is a line of prototext.Marshal with line breaks: the beginning of a message
// or a whole empty one, or a field.
var textLine = regexp.MustCompile(`^(\w+|\[[\w./]+\])(?:\s*:?\s*(\{\}?)|\s*:\s*("(?:[^"\\]|\\.)*"|[-+.\w]+))$`)

// readText reads a message as prototext.Marshal writes it with line breaks: a field, the
// beginning or the end of a message on each line.
func readText(r io.Reader) (*message, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	stack := []*message{newMessage()}
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if line == "}" && len(stack) > 1 {
			stack = stack[:len(stack)-1]
			continue
		}
		top, parts := stack[len(stack)-1], textLine.FindStringSubmatch(line)
		if parts == nil {
			return nil, fmt.Errorf("line %d: %w: %q", n, errText, line)
		}
		name, brace, value := parts[1], parts[2], parts[3]
		if brace == "" {
			top.fields[name] = append(top.fields[name], unquote(value))
			continue
		}
		inner := newMessage()
		top.messages[name] = append(top.messages[name], inner)
		if brace == "{" {
			stack = append(stack, inner)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(stack) != 1 {
		return nil, fmt.Errorf("%w: %d messages have no end", errText, len(stack)-1)
	}
	return stack[0], nil
}

// unquote returns a text without its quotes. Names, versions and package URLs have
// no other escapes than these.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' {
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n").Replace(s[1 : len(s)-1])
	}
	return s
}

// all returns all messages of a field.
func (m *message) all(name string) []*message {
	if m == nil {
		return nil
	}
	return m.messages[name]
}
