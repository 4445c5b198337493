package spdxexpr

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"AND binds tighter", "MIT or ISC and Zlib", "MIT OR (ISC AND Zlib)"},
		{"AND binds tighter, first", "MIT AND ISC OR Zlib", "(MIT AND ISC) OR Zlib"},
		{"parentheses decide", "(MIT OR ISC) AND Zlib", "(MIT OR ISC) AND Zlib"},
		{"WITH binds tightest", "MIT AND GPL-2.0-only WITH GCC-exception-2.0", "MIT AND GPL-2.0-only WITH GCC-exception-2.0"},
		{"grouping within one operator", "(MIT AND (ISC AND Zlib))", "MIT AND ISC AND Zlib"},
		{"parentheses around one", "((MIT))", "MIT"},
		{"no space", "(MIT)AND(ISC)", "MIT AND ISC"},
		{"order is kept", "Zlib OR MIT OR Zlib", "Zlib OR MIT OR Zlib"},
		{"operators in any case", "mit Or isc aNd zlib", "MIT OR (ISC AND Zlib)"},
		{"or later of a GNU licence", "lgpl-2.1+", "LGPL-2.1-or-later"},
		{"or later of a document licence", "GFDL-1.2+", "GFDL-1.2-or-later"},
		{"only, or later", "AGPL-3.0-only+", "AGPL-3.0-or-later"},
		{"or later, twice", "GPL-2.0-or-later+", "GPL-2.0-or-later"},
		{"or later of another licence", "apache-2.0+", "Apache-2.0+"},
		{"deprecated with exception", "GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"},
		{"deprecated with exception, or later", "GPL-3.0-with-GCC-exception+", "GPL-3.0-or-later WITH GCC-exception-3.1"},
		{"deprecated exception", "LGPL-2.1-only WITH Nokia-Qt-exception-1.1", "LGPL-2.1-only WITH Qt-LGPL-exception-1.1"},
		{"deprecated without successor", "net-snmp", "Net-SNMP"},
		{"two exceptions", "GPL-2.0-with-GCC-exception WITH GCC-exception-2.0", ""},
		{"exception of an expression", "(MIT OR ISC) WITH GCC-exception-2.0", ""},
		{"exception as licence", "GCC-exception-2.0", ""},
		{"licence as exception", "MIT WITH ISC", ""},
		{"reference in another case", "licenseref-a", ""},
		{"reference with exception", "LicenseRef-a WITH GCC-exception-2.0", "LicenseRef-a WITH GCC-exception-2.0"},
		{"reference or later", "LicenseRef-a+", ""},
		{"two signs", "MIT++", ""},
		{"sign alone", "+", ""},
		{"no licence", "NONE", ""},
		{"no assertion", "NOASSERTION", ""},
		{"operator first", "OR MIT", ""},
		{"operator twice", "MIT AND AND ISC", ""},
		{"empty parentheses", "MIT AND ()", ""},
		{"as deep as allowed", strings.Repeat("(", maxDepth) + "MIT" + strings.Repeat(")", maxDepth), "MIT"},
		{"too deep", strings.Repeat("(", maxDepth+1) + "MIT" + strings.Repeat(")", maxDepth+1), ""},
	} {
		if got, ok := Parse(tt.in); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: Parse(%.60q) = %q, %t, want %q", tt.name, tt.in, got, ok, tt.want)
		}
	}
}

func TestLicenses(t *testing.T) {
	got := Licenses("(MIT or GPL-2.0+) and Apache-2.0+ and mit and LGPL-2.1-only with GCC-exception-2.0")
	if want := []string{"MIT", "GPL-2.0-or-later", "Apache-2.0+", "LGPL-2.1-only"}; !slices.Equal(got, want) {
		t.Errorf("Licenses = %q, want %q", got, want)
	}
	if got := Licenses("BSD"); got != nil {
		t.Errorf("Licenses of no expression = %q", got)
	}
}

// Every identifier of the list is an expression: itself, or what succeeds it.
func TestEveryIdentifier(t *testing.T) {
	for _, id := range licenses() {
		want := id
		if n, ok := successors[id]; ok {
			want = n.license
			if n.exception != "" {
				want += " WITH " + n.exception
			}
		}
		if got, ok := Parse(strings.ToUpper(id)); !ok || got != want {
			t.Errorf("Parse(%s) = %q, %t, want %q", strings.ToUpper(id), got, ok, want)
		}
		if again, ok := Parse(want); !ok || again != want {
			t.Errorf("Parse(%s) = %q, %t: the successor of %s is not current", want, again, ok, id)
		}
	}
	for id := range successors {
		if licenses()[strings.ToLower(id)] != id {
			t.Errorf("%s is not on the list", id)
		}
	}
	for _, id := range exceptions() {
		if got, ok := Parse("GPL-2.0-only WITH " + strings.ToLower(id)); !ok {
			t.Errorf("exception %s: %q", id, got)
		}
	}
}

// TestMeaning compares an expression with its one form under every choice of
// licences that somebody may hold.
func TestMeaning(t *testing.T) {
	for _, s := range []string{
		"MIT OR ISC AND Zlib", "MIT AND ISC OR Zlib AND Vim", "(MIT OR ISC) AND (Zlib OR Vim)",
		"((MIT AND ISC) AND Zlib) OR (Vim AND (MIT OR Zlib))", "MIT AND (ISC OR (Zlib AND (Vim OR MIT)))",
	} {
		one, ok := Parse(s)
		if !ok {
			t.Fatalf("%q is no expression", s)
		}
		a, b := parse(s), parse(one)
		for held := range 16 {
			if x, y := a.satisfied(held), b.satisfied(held); x != y {
				t.Errorf("%q is %t, %q is %t when holding %04b", s, x, one, y, held)
			}
		}
	}
}

// satisfied reports whether the licences held, a bit for each of four, fulfil n.
func (n *node) satisfied(held int) bool {
	switch n.op {
	case "AND":
		return !slices.ContainsFunc(n.operands, func(o *node) bool { return !o.satisfied(held) })
	case "OR":
		return slices.ContainsFunc(n.operands, func(o *node) bool { return o.satisfied(held) })
	}
	return held&(1<<slices.Index([]string{"MIT", "ISC", "Zlib", "Vim"}, n.license)) != 0
}
