package julia

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Limits. The parser of TOML uses the stack for nesting, without a limit of its own: it
// sees one line at a time.
const (
	maxLine   = 64 << 10
	maxFields = 200_000
)

// table is a table of a file that Julia's package manager writes: one value a line.
type table struct {
	name   string // as in its head, without quotes
	array  bool   // [[name]]
	fields map[string]value
}

// value is a string or a list of strings. Others are left out.
type value struct {
	text string
	list []string
}

// parse returns the tables of a file; the first has what is before any head. Arrays in
// several lines, which project files written by people have, are joined.
func parse(text string) ([]*table, error) {
	current := &table{fields: make(map[string]value)}
	tables := []*table{current}
	var pending []byte // an array that goes on
	fields := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case len(pending) == 0 && (line == "" || line[0] == '#'):
			continue
		case len(line)+len(pending) > maxLine:
			return nil, &detect.LimitError{Path: "line", Limit: maxLine}
		case len(pending) > 0:
			if !strings.HasPrefix(line, "#") {
				pending = append(append(pending, '\n'), line...)
			}
			if !strings.HasSuffix(line, "]") && !strings.HasSuffix(line, "}") {
				continue
			}
			line, pending = string(pending), pending[:0]
		case line[0] == '[':
			name, array, err := head(line)
			if err != nil {
				return nil, err
			}
			current = &table{name: name, array: array, fields: make(map[string]value)}
			tables = append(tables, current)
		}
		if line[0] == '[' {
			continue
		}
		if strings.HasSuffix(line, "[") || strings.HasSuffix(line, ",") {
			pending = append(pending, line...)
			continue
		}
		if fields++; fields > maxFields {
			return nil, &detect.LimitError{Path: "file", Limit: maxFields, What: "fields"}
		}
		if err := current.read(line); err != nil {
			return nil, err
		}
	}
	if len(pending) > 0 {
		return nil, fmt.Errorf("%w: an array without an end", detect.ErrFormat)
	}
	return tables, nil
}

// head returns the name in the head of a table, [NAME] or [[NAME]].
func head(line string) (name string, array bool, err error) {
	line, _, _ = strings.Cut(line, "#")
	inner := strings.TrimSpace(line)
	open := len(inner) - len(strings.TrimLeft(inner, "["))
	inner, ok := strings.CutSuffix(inner[open:], strings.Repeat("]", min(open, 2)))
	if !ok || open > 2 || strings.ContainsAny(inner, "[]") {
		return "", false, fmt.Errorf("%w: %.60q is no head of a table", detect.ErrFormat, line)
	}
	return strings.ReplaceAll(strings.ReplaceAll(inner, `"`, ""), " ", ""), open == 2, nil
}

// read reads a field.
func (t *table) read(line string) error {
	var fields map[string]any
	if err := toml.Unmarshal([]byte(line), &fields); err != nil {
		return fmt.Errorf("%w: %.200s", detect.ErrFormat, err.Error())
	}
	for key, v := range fields {
		switch v := v.(type) {
		case string:
			t.fields[key] = value{text: v}
		case []any:
			var list []string
			for _, item := range v {
				if s, ok := item.(string); ok {
					list = append(list, s)
				}
			}
			t.fields[key] = value{list: list}
		}
	}
	return nil
}
