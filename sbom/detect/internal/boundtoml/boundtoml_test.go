package boundtoml

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestNesting(t *testing.T) {
	for in, want := range map[string]int{
		"a = [[1], {b = 2}]\n":              2,
		"a = \"[[[[\" # [[[\n[b]\n":         1,
		"a = '[[[['\nb = \"\"\"[[\n[\"\"\"": 0,
		"a = \"[\\\"[[[\"\n":                0,
		"a = \"[\n[[c]]\n":                  2,
		"a.b.c.d = 1\n":                     3,
		"'''":                               0,
		"\"":                                0,
	} {
		if got := nesting([]byte(in)); got != want {
			t.Errorf("nesting(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestUnmarshal(t *testing.T) {
	var v struct{ A []int }
	if err := Unmarshal([]byte("a = [1, 2]"), &v); err != nil || len(v.A) != 2 {
		t.Errorf("%v, %v", v, err)
	}
	if err := Unmarshal([]byte("a = ["), &v); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("not closed: %v", err)
	}
	if err := Unmarshal([]byte("a = "+strings.Repeat("[", 8<<20)), &v); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("8 MiB of brackets: %v", err)
	}
}

// FuzzUnmarshal: no input ends the process, and what has few levels by our count has few
// for the parser.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("a = [[1], {b = 2}]\n[c.d]\ne = \"\"\"[[\"\"\"\n"))
	f.Add([]byte("a = '[' # ]\n[[b]]\nc = 1979-05-27T07:32:00Z"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v map[string]any
		if err := Unmarshal(b, &v); err != nil {
			return
		}
		if got := depth(v); got > 2*maxNesting+2 {
			t.Errorf("%d levels were let through", got)
		}
	})
}

func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, 1+depth(e))
		}
	case []any:
		for _, e := range v {
			deepest = max(deepest, 1+depth(e))
		}
	case []map[string]any:
		for _, e := range v {
			deepest = max(deepest, 1+depth(e))
		}
	}
	return deepest
}
