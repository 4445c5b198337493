package deb822_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/deb822"
)

func ExampleStanzas() {
	text := "Package: bash\nConffiles:\n /etc/skel/.profile f4e8\n /etc/skel/.bashrc 1f98\n\nPackage: dash\n"
	for s := range deb822.Stanzas(text) {
		fmt.Println(s.Line, s.Get("package"))
		for line := range deb822.Lines(s.Get("Conffiles")) {
			fmt.Println("  ", line)
		}
	}
	// Output:
	// 1 bash
	//    /etc/skel/.profile f4e8
	//    /etc/skel/.bashrc 1f98
	// 6 dash
}

// dump writes stanzas one per line: its line number, its fields, its problems.
func dump(text string) []string {
	var out []string
	for s := range deb822.Stanzas(text) {
		var b strings.Builder
		fmt.Fprintf(&b, "%d", s.Line)
		for _, f := range s.Fields {
			fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
		}
		for _, p := range s.Problems {
			fmt.Fprintf(&b, " (%s)", p)
		}
		out = append(out, b.String())
	}
	return out
}

func TestStanzas(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"only blank lines", "\n\r\n\n", nil},
		{"no newline at the end", "A: b", []string{`1 A="b"`}},
		{"several blank lines", "A: 1\n\n\n\nA: 2\n\n", []string{`1 A="1"`, `5 A="2"`}},
		{"crlf", "A: 1\r\n b\r\nC: 2\r\n\r\nA: 2\r\n", []string{`1 A="1\r\n b" C="2"`, `5 A="2"`}},
		{"continuation by tab", "A: 1\n\t2\n", []string{`1 A="1\n\t2"`}},
		{"white space line does not end the stanza", "A: 1\n \nB: 2\n", []string{`1 A="1" B="2"`}},
		{"empty value", "A:\nB:   \n", []string{`1 A="" B=""`}},
		{"colon in value", "A: b: c:d\n", []string{`1 A="b: c:d"`}},
		{"no colon", "A: 1\nrubbish\n more\nB: 2\n", []string{`1 A="1" B="2" (line 2 has no colon)`}},
		{"continues nothing", " x\nA: 1\n", []string{`1 A="1" (line 1 continues no field)`}},
		{"comment is no field", "# a: b\nA: 1\n", []string{`1 A="1" (line 1 has no valid field name)`}},
		{"space before the colon", "A b: 1\n", []string{`1 (line 1 has no valid field name)`}},
		{"repeated in another case", "Aa: 1\naA: 2\n", []string{`1 Aa="1" (line 2 repeats field aA)`}},
		{"nul", "A: 1\x002\n", []string{`1 A="1\x002" (line 1 has a NUL byte)`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := dump(tt.text); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestStanzasBounds(t *testing.T) {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, "F%d: v\n", i)
	}
	for s := range deb822.Stanzas(b.String()) {
		if len(s.Fields) != 256 || len(s.Problems) != 8 {
			t.Errorf("%d fields, %d problems", len(s.Fields), len(s.Problems))
		}
	}
}

func TestStanzasStop(t *testing.T) {
	for s := range deb822.Stanzas("A: 1\n\nA: 2\n") {
		if s.Get("A") != "1" {
			t.Error("went on after break")
		}
		break
	}
}

// FuzzStanzas checks that well-formed output of the parser is read back as the
// same fields, and that everything but problems is a part of the text.
func FuzzStanzas(f *testing.F) {
	for _, s := range []string{"A: 1\n b\n\nB: 2", "A: 1\r\n\r\n\r\nA:\n .\n", " x\n# y\nA\x00: b\nA:\x00\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		n := 0
		for s := range deb822.Stanzas(text) {
			for _, fd := range s.Fields {
				if !strings.Contains(text, fd.Value) || !strings.Contains(text, fd.Name) {
					t.Fatalf("%q is not in %q", fd, text)
				}
				fmt.Fprintf(&b, "%s: %s\n", fd.Name, fd.Value)
			}
			if len(s.Fields) > 0 {
				n++
				b.WriteString("\n")
			}
		}
		again := 0
		var back strings.Builder
		for s := range deb822.Stanzas(b.String()) {
			again++
			for _, fd := range s.Fields {
				fmt.Fprintf(&back, "%s: %s\n", fd.Name, fd.Value)
			}
			back.WriteString("\n")
		}
		if again != n || back.String() != b.String() {
			t.Fatalf("%q became %q", b.String(), back.String())
		}
	})
}
