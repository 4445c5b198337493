package strictjson

import (
	"errors"
	"strings"
	"testing"
)

// TestElementsOfAnythingCount: a field of type any is decoded whole, however deep its
// lists are, so that their elements count as those of slices do.
func TestElementsOfAnythingCount(t *testing.T) {
	var out struct {
		Any  any            `json:"any"`
		Open map[string]any `json:"open"`
	}
	million := strings.Repeat("{},", MaxElements) + "{}"
	for name, text := range map[string]string{
		"in a list":           `{"any":[` + million + `]}`,
		"in a list in a list": `{"any":[[` + million + `]]}`,
		"in an object":        `{"any":{"a":{"b":[` + million + `]}}}`,
		"in a map's list":     `{"open":{"a":[[` + million + `]]}}`,
	} {
		if err := Decode([]byte(text), &out); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Decode([]byte(`{"other":[[`+million+`]]}`), &out); err != nil {
		t.Errorf("what is skipped does not count: %v", err)
	}
}
