package boundyaml

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// mapping returns n lines with different keys.
func mapping(indent string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sk%d: 1\n", indent, i)
	}
	return b.String()
}

// TestBound: without the bound, each of these takes a minute or more.
func TestBound(t *testing.T) {
	aliases := "a: &a\n" + mapping(" ", 5000) + "b:\n" + strings.Repeat(" - *a\n", 100)
	for name, text := range map[string]string{
		"one mapping":        mapping("", 30_000),
		"a nested one":       "a:\n  - b:\n" + mapping("     ", 30_000),
		"aliases":            aliases,
		"merged":             "a: &a\n" + mapping(" ", 5000) + merged(100),
		"aliases of aliases": "a: &a {x: 1, y: 2}\n" + chain(30),
	} {
		var v struct {
			A any `yaml:"a"`
		}
		if err := Unmarshal([]byte(text), &v); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func merged(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "m%d:\n <<: *a\n", i)
	}
	return b.String()
}

// chain are lists, each of two times the one before.
func chain(n int) string {
	var b strings.Builder
	last := "a"
	for i := range n {
		fmt.Fprintf(&b, "c%d: &c%d [*%s, *%s]\n", i, i, last, last)
		last = fmt.Sprintf("c%d", i)
	}
	return b.String()
}

func TestUnmarshal(t *testing.T) {
	var v struct {
		A map[string]int `yaml:"a"`
	}
	if err := Unmarshal([]byte("a:\n"+mapping(" ", 1000)), &v); err != nil || len(v.A) != 1000 {
		t.Errorf("%d keys, error %v", len(v.A), err)
	}
	if err := Unmarshal(nil, &v); err != nil {
		t.Errorf("nothing at all: %v", err)
	}
	for _, text := range []string{"a: [", "a: &a [*a]", "a: 1", "a: {b: x}", "a: {b: 1, b: 2}"} {
		if err := Unmarshal([]byte(text), &v); !errors.Is(err, detect.ErrFormat) {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

// TestDocuments: a value of a wrong type ends neither its document nor the others.
func TestDocuments(t *testing.T) {
	var got []int
	d := NewDecoder([]byte("a: 1\n---\na: x\n---\na: 2\n"))
	for {
		var v struct {
			A int `yaml:"a"`
		}
		err := d.Decode(&v)
		if err == io.EOF {
			break
		}
		if wrong := new(yaml.TypeError); err != nil && !(errors.As(err, &wrong) && errors.Is(err, detect.ErrFormat)) {
			t.Fatal(err)
		}
		got = append(got, v.A)
	}
	if fmt.Sprint(got) != "[1 0 2]" {
		t.Errorf("%v", got)
	}
}

// FuzzUnmarshal: no text takes more comparisons than are counted, and every error is one
// of package detect.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("a: &a {b: [1, *a]}\n<<: *a\n"))
	f.Add([]byte(chain(3)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v map[string]any
		if err := Unmarshal(b, &v); err != nil && !errors.Is(err, detect.ErrFormat) && !errors.Is(err, detect.ErrLimit) {
			t.Error(err)
		}
	})
}
