package scalibr

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// maxFacts is how many properties a package keeps.
const maxFacts = 24

// facts makes properties of metadata.
type facts struct {
	// left is how many bytes more they may have, all packages of a file together.
	// Metadata repeats in each package what the file says once.
	left int64
}

// of returns the fields as properties, named "scalibr:" and what osv-scalibr calls
// them. What c has already is left out.
func (f *facts) of(fields map[string]string, c *sbom.Component) []sbom.Property {
	var list []sbom.Property
	known := []string{c.Group, c.Name, c.Version, path.Join(c.Group, c.Name), strings.Join(c.CPEs, ", ")}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		if slices.Contains(known, value) || len(list) == maxFacts {
			continue
		}
		value = oneline.Text(value, statement.MaxText)
		if f.left -= int64(len(name) + len(value) + 40); f.left < 0 {
			break
		}
		list = append(list, sbom.Property{Name: "scalibr:" + oneline.Text(name, 64), Value: value})
	}
	return list
}

// fieldsOf returns the flat fields of metadata; none of what cannot be encoded.
func fieldsOf(metadata any) (fields map[string]string) {
	defer func() {
		if recover() != nil {
			fields = nil
		}
	}()
	if metadata == nil {
		return nil
	}
	var raw map[string]json.RawMessage
	b, err := json.Marshal(metadata)
	if err != nil || json.Unmarshal(b, &raw) != nil {
		return nil
	}
	fields = make(map[string]string, len(raw))
	for name, value := range raw {
		if text := flat(value); text != "" {
			fields[name] = text
		}
	}
	return fields
}

// flat returns a string, number, true or list of strings as text; empty for all else.
func flat(raw json.RawMessage) string {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return ""
	}
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
	case float64:
		if v != 0 {
			return string(raw)
		}
	case []any:
		var words []string
		for _, w := range v {
			s, ok := w.(string)
			if !ok {
				return ""
			}
			words = append(words, s)
		}
		return strings.Join(words, ", ")
	}
	return ""
}
