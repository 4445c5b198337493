package spdxexpr

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestFromText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"MIT", "MIT"},
		{"mit", "MIT"},
		{"apache-2.0", "Apache-2.0"},
		{"GPL-2.0+", "GPL-2.0-or-later"},
		{"(MIT OR Apache-2.0)", "MIT OR Apache-2.0"},
		{"mit or (bsd-3-clause and isc)", "MIT OR (BSD-3-Clause AND ISC)"},
		{"GPL-2.0-only WITH classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
		{"LicenseRef-Mine.1", "LicenseRef-Mine.1"},
		{"DocumentRef-a:LicenseRef-b", "DocumentRef-a:LicenseRef-b"},
		{"The Apache Software License, Version 2.0", "Apache-2.0"},
		{"https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"},
		{"License :: OSI Approved :: MIT License", "MIT"},
		{"License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"},
		{"GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.0-or-later"},
		// No single answer.
		{"BSD", ""},
		{"License :: OSI Approved :: BSD License", ""},
		{"GPL", ""},
		{"SEE LICENSE IN LICENSE.md", ""},
		{"", ""},
		// No expression.
		{"MIT OR", ""},
		{"MIT Apache-2.0", ""},
		{"(MIT", ""},
		{"MIT)", ""},
		{"()", ""},
		{"MIT WITH nothing", ""},
		{"MIT WITH", ""},
		{"LicenseRef-", ""},
		{"DocumentRef-a:MIT", ""},
		{strings.Repeat("(", 100) + "MIT" + strings.Repeat(")", 100), ""},
		{strings.Repeat("MIT OR ", 1000) + "MIT", ""},
	} {
		got, ok := FromText(tt.in)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("FromText(%.60q) = %q, %t, want %q", tt.in, got, ok, tt.want)
		}
	}
}

// Every name must be reachable, and stand for a valid expression.
func TestNames(t *testing.T) {
	for name, want := range names {
		if fold(name) != name {
			t.Errorf("%q is never looked up: it folds to %q", name, fold(name))
		}
		if got, ok := Parse(want); !ok || got != want {
			t.Errorf("%q: %q is no canonical expression", name, want)
		}
	}
}

// TestOfficialList checks the identifiers against the list that CycloneDX's
// schema carries.
func TestOfficialList(t *testing.T) {
	b, err := os.ReadFile("../../../shared/schemas/spdx.schema.json")
	if err != nil {
		t.Skip("official list not at hand: ", err)
	}
	var schema struct {
		Comment string `json:"$comment"`
		Enum    []string
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(schema.Comment, "-"+ListVersion) {
		t.Errorf("the schema carries list %s, and ListVersion is %s", schema.Comment, ListVersion)
	}
	official := make(map[string]bool)
	for _, id := range schema.Enum {
		official[id] = true
	}
	for _, table := range []map[string]string{licenses(), exceptions()} {
		for _, id := range table {
			if !official[id] {
				t.Errorf("%s is not on the SPDX list", id)
			}
			delete(official, id)
		}
	}
	for id := range official {
		t.Errorf("%s of the SPDX list is not known", id)
	}
}

func FuzzFromText(f *testing.F) {
	f.Add("MIT OR (BSD-3-Clause AND GPL-2.0+ WITH Classpath-exception-2.0)")
	f.Add("Apache License, Version 2.0")
	f.Add("DocumentRef-a:LicenseRef-b")
	f.Add("(GPL-3.0-with-GCC-exception+ or isc) and ((mit))")
	f.Fuzz(func(t *testing.T, s string) {
		expr, ok := FromText(s)
		if ok != (expr != "") {
			t.Fatalf("FromText(%q) = %q, %t", s, expr, ok)
		}
		if !ok {
			return
		}
		if again, ok := Parse(expr); !ok || again != expr {
			t.Fatalf("Parse(%q) = %q, %t: not canonical", expr, again, ok)
		}
		if len(Licenses(expr)) == 0 {
			t.Fatalf("%q names no licence", expr)
		}
	})
}

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"MIT": true, "GPL-2.0+": true, "(MIT)": true, "MIT AND (Apache-2.0 OR LicenseRef-x.1)": true, "DocumentRef-a:LicenseRef-b": true,
		"GPL-2.0-or-later WITH Classpath-exception-2.0": true, "MIT AND ISC OR Zlib": true, "( MIT )": true,
		"MIT" + strings.Repeat(" AND ISC", 10_000): true,
		"": false, "mit": false, "MIT AND": false, "AND MIT": false, "MIT MIT": false, "MIT and MIT": false, "(MIT": false, "MIT)": false,
		"()": false, "LicenseRef-": false, "NOASSERTION": false, "NONE": false, "OpenSSL and ASL 2.0": false, "MIT\n": false, "MIT\tAND ISC": false,
		"LicenseRef-a_b": false, "xLicenseRef-a": false, "MIT AND AND MIT": false,
		"MIT WITH MIT": false, "Classpath-exception-2.0": false, "MIT OR Classpath-exception-2.0": false,
		"GPL-2.0-or-later with Classpath-exception-2.0": false, "GPL-2.0-or-later WITH classpath-exception-2.0": false,
		"(MIT OR ISC) WITH Classpath-exception-2.0": false, "MIT WITH Classpath-exception-2.0 WITH Classpath-exception-2.0": false,
		strings.Repeat("(", 100_000) + "MIT" + strings.Repeat(")", 100_000): false,
	} {
		if got := Valid(s); got != want {
			t.Errorf("Valid(%.60q) = %t", s, got)
		}
	}
}
