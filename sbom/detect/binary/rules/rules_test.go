package rules

import (
	"slices"
	"strings"
	"testing"
)

// TestTable has each row of the table find its own examples, and nothing in what is none.
func TestTable(t *testing.T) {
	if err := Load().Check(); err != nil {
		t.Error(err)
	}
}

// TestShapes finds a version that stands alone, by the anchors.
func TestShapes(t *testing.T) {
	const row = "[[product]]\nname = \"sqlite\"\nbare = \"3.#.#\"\nanchors = [\"SQLite format 3\", \"sqlite_master\"]\n" +
		"examples = [{ text = \"SQLite format 3\\u0000sqlite_master\\u00003.40.1\", version = \"3.40.1\" }]\n"
	for never, ok := range map[string]bool{
		`SQLite format 3\u00003.40.1`:                   true, // An anchor is missing.
		`SQLite format 3\u0000sqlite_master\u00003.40`:  true, // Another shape.
		`SQLite format 3\u0000sqlite_master\u00003.1.2`: false,
	} {
		table, err := Read(strings.NewReader(row + "never = [\"" + never + "\"]"))
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Check(); (err == nil) != ok {
			t.Errorf("%s: %v", never, err)
		}
	}
}

func TestOneOwner(t *testing.T) {
	table := &Table{Products: []Product{{Name: "a", Programs: []string{"x"}}, {Name: "b", SONAMEs: []string{"x"}}}}
	if err := table.Check(); err == nil || !strings.Contains(err.Error(), "x is of a and of b") {
		t.Errorf("error %v", err)
	}
}

// FuzzRules looks for all rows in any text, also for the versions that their patterns have
// a hole for.
func FuzzRules(f *testing.F) {
	table := Load()
	for i := range table.Products {
		for _, e := range table.Products[i].Examples[:min(1, len(table.Products[i].Examples))] {
			f.Add(e.Text, i)
		}
	}
	x, err := table.Index()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, row int) {
		if row < 0 || row >= len(table.Products) {
			return
		}
		for _, version := range x.find(&table.Products[row], text) {
			if version == "" || !strings.Contains(text, version) && !released(&table.Products[row], version) {
				t.Errorf("%s: version %q is not in %q", table.Products[row].Name, version, text)
			}
		}
	})
}

func released(p *Product, version string) bool {
	return slices.ContainsFunc(p.Releases, func(e Example) bool { return e.Version == version })
}

func TestRead(t *testing.T) {
	for name, tt := range map[string]struct{ table, says string }{
		"field":     {"[[product]]\nname = \"a\"\nfoo = 1", "no such field"},
		"name":      {"[[product]]\nprograms = [\"a\"]", "no name"},
		"twice":     {"[[product]]\nname = \"a\"\nprograms = [\"a\"]\n[[product]]\nname = \"a\"\nprograms = [\"b\"]", "two rows"},
		"empty":     {"[[product]]\nname = \"a\"", "neither text nor names"},
		"licence":   {"[[product]]\nname = \"a\"\nprograms = [\"a\"]\nlicense = \"My Own\"", "SPDX"},
		"cpe":       {"[[product]]\nname = \"a\"\nprograms = [\"a\"]\ncpe = \"a\"", "vendor:product"},
		"no hole":   {"[[product]]\nname = \"a\"\ntext = [\"abcdefgh\"]", "it needs one"},
		"two holes": {"[[product]]\nname = \"a\"\ntext = [\"a {v} {v}\"]", "it needs one"},
		"short":     {"[[product]]\nname = \"a\"\ntext = [\"a{v}\"]", "too short"},
		"number":    {"[[product]]\nname = \"a\"\ntext = [\"abc {n}\"]", "before {n}"},
		"example":   {"[[product]]\nname = \"a\"\ntext = [\"abcd {v}\"]", "an example"},
		"anchors":   {"[[product]]\nname = \"a\"\nbare = \"3.#.#\"", "need each other"},
		"anchor":    {"[[product]]\nname = \"a\"\nbare = \"3.#.#\"\nanchors = [\"abc\"]", "too short"},
		"near":      {"[[product]]\nname = \"a\"\nnear = [\"abc\"]", "too short"},
		"signs":     {"[[product]]\nname = \"a\"\nsigns = [\"abcdefgh\"]", "need each other"},
		"hex":       {"[[product]]\nname = \"a\"\nbare = \"1.#\"\nsigns = [\"hex:0g0102030405060708\"]", "too short"},
		"trait":     {"[[trait]]\nkind = \"x\"\nvalue = \"y\"\ntext = [\"abcdefgh\"]", "are needed"},
		"sign":      {"[[trait]]\nkind = \"packer\"\nvalue = \"y\"\ntext = [\"abc\"]", "too short"},
		"not TOML":  {"[", "toml"},
	} {
		if _, err := Read(strings.NewReader(tt.table)); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tt.says)
		}
	}
}

func TestLibrary(t *testing.T) {
	p := Product{SONAMEs: []string{"libssl", "libcurl*", "libdb-"}}
	for name, want := range map[string]bool{"libssl.so.3": true, "/lib/libssl.so": true, "libssl-1.1.so": true, "libsslx.so.3": false, "libcurl-gnutls.so.4": true,
		"libdb-5.3.so": true, "libdbx.so": false, "": false} {
		if p.Library(name) != want {
			t.Errorf("Library(%q) is %t", name, !want)
		}
	}
}

// TestOwner compares with a search of row after row.
func TestOwner(t *testing.T) {
	table := &Table{Products: []Product{{Name: "a", SONAMEs: []string{"libdb-", "libavahi-*"}, Programs: []string{"python"}}, {Name: "b", SONAMEs: []string{"libdb", "libz"}, Programs: []string{"python", "a2ps"}}}}
	x, err := table.Index()
	if err != nil {
		t.Fatal(err)
	}
	for _, library := range []string{"libdb-5.3.so", "libdb.so", "libavahi-client.so.3", "/usr/lib/libz.so.1", "libzz.so", "-", "", "libdb-x.so"} {
		want := ""
		for i := range table.Products {
			if want == "" && table.Products[i].Library(library) {
				want = table.Products[i].Name
			}
		}
		if got := name(x.Owner([]string{library}, "")); got != want {
			t.Errorf("%s is of %q, want %q", library, got, want)
		}
	}
	if p := x.Owner([]string{"libdb5.so.1"}, ""); p != nil || !table.Products[1].Library("libdb5.so.1") {
		t.Errorf("libdb5 is of %q; what is linked with it may have text of libdb", name(p))
	}
	for program, want := range map[string]string{"python3.11": "a", "python": "a", "a2ps": "b", "pythonx": "", "3": ""} {
		if got := name(x.Owner(nil, program)); got != want {
			t.Errorf("%s is of %q, want %q", program, got, want)
		}
	}
}

// TestOwnerNumbered has names that end in digits, and those that are the same without.
func TestOwnerNumbered(t *testing.T) {
	table := &Table{Products: []Product{{Name: "ssh", SONAMEs: []string{"libssh"}, Programs: []string{"idn"}}, {Name: "ssh2", SONAMEs: []string{"libssh2"}, Programs: []string{"idn2"}}}}
	x, err := table.Index()
	if err != nil {
		t.Fatal(err)
	}
	for library, want := range map[string]string{"libssh.so.4": "ssh", "libssh2.so.1": "ssh2", "libssh2-1.so": "ssh2", "libssh3.so": "", "libssh-3.so": "ssh"} {
		if got := name(x.Owner([]string{library}, "")); got != want {
			t.Errorf("%s is of %q, want %q", library, got, want)
		}
	}
	for program, want := range map[string]string{"idn": "ssh", "idn2": "ssh2", "idn3": "ssh"} {
		if got := name(x.Owner(nil, program)); got != want {
			t.Errorf("%s is of %q, want %q", program, got, want)
		}
	}
}

func name(p *Product) string {
	if p == nil {
		return ""
	}
	return p.Name
}
