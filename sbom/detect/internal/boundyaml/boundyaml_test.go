package boundyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// TestBound: what aliases repeat has a limit, for each reader of a part begins to count
// anew and would follow them for hours.
func TestBound(t *testing.T) {
	aliases := "a: &a\n" + mapping(" ", 5000) + "b:\n" + strings.Repeat(" - *a\n", 1000)
	for name, text := range map[string]string{
		"aliases":            aliases,
		"merged":             "a: &a\n" + mapping(" ", 5000) + merged(1000),
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

// TestManyKeys: to compare a million keys with each other would take an hour, wherever
// they are, and they are all read.
func TestManyKeys(t *testing.T) {
	const n = 100_000
	keys, inner := mapping("", n), mapping("    ", n)
	for name, tt := range map[string]struct {
		text string
		into any
		got  func(any) int
	}{
		"map":     {keys, new(map[string]int), func(v any) int { return len(*v.(*map[string]int)) }},
		"any":     {keys, new(any), func(v any) int { return len((*v.(*any)).(map[string]any)) }},
		"numbers": {"7: 1\n" + keys, new(any), func(v any) int { return len((*v.(*any)).(map[any]any)) - 1 }},
		"struct":  {keys, new(struct{ K99999 int }), func(v any) int { return v.(*struct{ K99999 int }).K99999 * n }},
		"nested": {"a:\n - b:\n" + inner, new(struct{ A []struct{ B map[string]int } }), func(v any) int {
			return len(v.(*struct{ A []struct{ B map[string]int } }).A[0].B)
		}},
	} {
		if err := Unmarshal([]byte(tt.text), tt.into); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := tt.got(tt.into); got != n {
			t.Errorf("%s: %d of %d keys", name, got, n)
		}
	}
	var v map[string]int
	if err := Unmarshal([]byte(keys+"k7: 2\n"), &v); !errors.Is(err, detect.ErrFormat) || !strings.Contains(err.Error(), `"k7" already defined at line 8`) {
		t.Errorf("a key that is there twice: %v", err)
	}
	if err := Unmarshal([]byte(keys+"'<<': 2\n"), &v); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("the text of the merge key: %v", err)
	}
}

// TestSplit: a mapping that is split says what it said, and so does what merges it.
func TestSplit(t *testing.T) {
	const text = `
base: &base {a: 1, b: 2, c: 3, d: 4}
more: &more {d: 5, e: 6}
one: {a: 7, <<: *base, z: 8}
two: {<<: [*base, *more], e: 9, f: 10, g: 11}
mixed: {x: 1, 2: two, y: 3, true: 4}
"null": {x: ~, y: 1, z:}
twice: {a: 1, b: 2, a: 3}
wrong: {<<: 1, a: 2, b: 3}
`
	for _, entry := range strings.Split(text, "\n") {
		doc := "base: &base {a: 1, b: 2, c: 3, d: 4}\nmore: &more {d: 5, e: 6}\n" + strings.Replace(entry, "base: &base", "same:", 1)
		compare(t, []byte(doc), 1, func() any { return new(map[string]any) })
		compare(t, []byte(doc), 2, func() any {
			return new(struct{ Base, One, Two map[string]int })
		})
	}
}

// compare fails if what is read of a document that is split is not what yaml.v3 reads of it.
func compare(t *testing.T, text []byte, limit int, target func() any) {
	t.Helper()
	var plain, parts yaml.Node
	if yaml.Unmarshal(text, &plain) != nil || yaml.Unmarshal(text, &parts) != nil {
		return
	}
	split(&parts, limit)
	want, got := target(), target()
	wantErr, gotErr := plain.Decode(want), parts.Decode(got)
	if d := cmp.Diff(want, got); d != "" || (wantErr == nil) != (gotErr == nil) {
		t.Errorf("%q: errors %v and %v (-yaml +split):\n%s", text, wantErr, gotErr, d)
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

// FuzzUnmarshal: every error is one of package detect, and a mapping that is split says
// what it said. Aliases and tags are left out of the comparison: by them, two keys that
// differ can mean the same, and the last one need not win.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("a: &a {b: [1, *a]}\n<<: *a\n"))
	f.Add([]byte(chain(3)))
	f.Add([]byte("a: 1\nb: ~\n<<: {c: [1, 2]}\nd: 3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v map[string]any
		if err := Unmarshal(b, &v); err != nil && !errors.Is(err, detect.ErrFormat) && !errors.Is(err, detect.ErrLimit) {
			t.Error(err)
		}
		if len(b) < 1000 && !bytes.ContainsAny(b, "*!\\") && !bytes.Contains(b, []byte("'<<'")) && !bytes.Contains(b, []byte(`"<<"`)) {
			compare(t, b, 1, func() any { return new(map[string]string) })
			compare(t, b, 2, func() any { return new(struct{ A, B, C map[string]string }) })
		}
	})
}

// TestManyNodes: what would take a hundred times its size in memory is not read.
func TestManyNodes(t *testing.T) {
	for name, text := range map[string]string{
		"flow":     "[" + strings.Repeat("a,", maxNodes) + "a]",
		"mappings": strings.Repeat("- {a: b}\n", maxNodes/2),
		"nested":   strings.Repeat("- - - a\n", maxNodes/3),
	} {
		var v any
		if err := Unmarshal([]byte(text), &v); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: error %v, want a limit", name, err)
		}
	}
}
