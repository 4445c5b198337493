package node

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestValidName(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "@s/a": true, "JSONStream": true, "a.b_c-d": true, "@s/_a": true,
		"": false, "_a": false, ".a": false, "a b": false, "a/b": false, "@s": false, "@/a": false, "@s/a/b": false,
		strings.Repeat("a", MaxName): true, strings.Repeat("a", MaxName+1): false,
	} {
		if got := ValidName(s); got != want {
			t.Errorf("ValidName(%.20q) = %t", s, got)
		}
	}
}

func TestSplitVersion(t *testing.T) {
	for in, want := range map[string][2]string{
		"a@1": {"a", "1"}, "@s/a@1": {"@s/a", "1"}, "@s/a": {"@s/a", ""}, "a": {"a", ""}, "": {}, "a@npm:b@1": {"a", "npm:b@1"},
	} {
		if name, version := SplitVersion(in); name != want[0] || version != want[1] {
			t.Errorf("SplitVersion(%q) = %q, %q", in, name, version)
		}
	}
}

func TestComponent(t *testing.T) {
	for _, tt := range []struct {
		p    Package
		purl string
	}{
		{Package{Name: "a", Version: "1"}, "pkg:npm/a@1"},
		{Package{Name: "@s/a", Version: "1", Resolved: "https://registry.npmjs.org/@s/a/-/a-1.tgz"}, "pkg:npm/%40s/a@1"},
		{Package{Name: "@s/a", Version: "1", Resolved: "https://npm.example.com/repo/@s%2fa/-/a-1.tgz"}, "pkg:npm/%40s/a@1"},
		{Package{Name: "a", Version: "1", Resolved: "https://npm.pkg.github.com/download/a/1/abc"}, "pkg:npm/a@1"},
		{Package{Name: "a", Version: "1", Resolved: "https://e.com/x.tgz?token=1"}, "pkg:npm/a@1?download_url=https:%2F%2Fe.com%2Fx.tgz"},
		{Package{Name: "a", Version: "1", Resolved: "https://e.com/b/-/b-1.tgz"}, "pkg:npm/a@1?download_url=https:%2F%2Fe.com%2Fb%2F-%2Fb-1.tgz"},
		{Package{Name: "a", Version: "1", Resolved: "git+ssh://git@github.com/o/a.git#abc"},
			"pkg:npm/a@1?vcs_url=git%2Bssh:%2F%2Fgit%40github.com%2Fo%2Fa.git%40abc"},
		{Package{Name: "a", Version: "1", Resolved: "file:a.tgz"}, "pkg:npm/a@1"},
		{Package{Name: "a b", Version: "1"}, ""},
		{Package{Name: "a", Version: "1 2"}, ""},
		{Package{Name: "a"}, ""},
	} {
		c, ok := tt.p.Component()
		if c.PURL != tt.purl || ok != (tt.purl != "") {
			t.Errorf("%+v: %q, %t, want %q", tt.p, c.PURL, ok, tt.purl)
		}
	}
	p := Package{Name: "a", Version: "1", Resolved: "https://u:p@npm.example.com/a/-/a-1.tgz", Dev: true, Optional: true, Integrity: "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= junk md5-!"}
	c, _ := p.Component()
	if len(c.References) != 1 || c.References[0].Type != "distribution" || c.References[0].URL != "https://npm.example.com/a/-/a-1.tgz" {
		t.Errorf("references %v", c.References)
	}
	if local := (&Package{Resolved: "file:a.tgz"}); len(local.References()) != 0 || len(local.Properties()) != 1 {
		t.Errorf("a file: references %v, properties %v", local.References(), local.Properties())
	}
	want := []sbom.Property{{Name: "npm:dev", Value: "true"}, {Name: "npm:optional", Value: "true"}}
	if diff := cmp.Diff(want, c.Properties); diff != "" {
		t.Error(diff)
	}
	if len(c.Hashes) != 1 || c.Hashes[0] != sbom.Digest("sha1:"+strings.Repeat("0", 40)) {
		t.Errorf("hashes %v", c.Hashes)
	}
}

func TestPackageLockDependencies(t *testing.T) {
	l, err := ParsePackageLock([]byte(`{"lockfileVersion": 3, "packages": {
		"": {"name": "app"},
		"w": {"version": "1", "dependencies": {"a": "*"}},
		"node_modules/w": {"resolved": "w", "link": true},
		"node_modules/a": {"version": "1", "dependencies": {"b": "*", "w": "*", "gone": "*"}, "peerDependencies": {"@s/c": "*"}},
		"node_modules/a/node_modules/b": {"version": "2", "dependencies": {"a": "*"}},
		"node_modules/b": {"version": "1"},
		"node_modules/@s/c": {"version": "1", "dependencies": {"b": "*"}},
		"w/node_modules/a": {"version": "9"}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"node_modules/@s/c":             {"node_modules/b"},
		"node_modules/a":                {"node_modules/@s/c", "node_modules/a/node_modules/b"},
		"node_modules/a/node_modules/b": {"node_modules/a"},
		"node_modules/b":                nil,
		"w/node_modules/a":              nil,
	}
	got := make(map[string][]string)
	for _, dir := range l.Dirs {
		got[dir], _ = l.Dependencies(dir)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if to := l.nearest("w", "a"); to != "w/node_modules/a" {
		t.Errorf("from a workspace: %q", to)
	}
	if to := l.nearest("other/w", "a"); to != "node_modules/a" {
		t.Errorf("from another workspace: %q", to)
	}
}

func TestOldPackageLock(t *testing.T) {
	l, err := ParsePackageLock([]byte(`{"lockfileVersion": 1, "dependencies": {
		"a": {"version": "1.0.0", "requires": {"b": "2"}, "dependencies": {"b": {"version": "2.0.0", "dev": true}}},
		"b": {"version": "npm:@s/c@3.0.0"},
		"d": {"version": "file:d"}, "e": {"version": "file:e.tgz"}, "f": {"version": "git+https://e.com/f.git#abc"}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []Package
	for _, dir := range l.Dirs {
		got = append(got, *l.Package(dir))
	}
	want := []Package{{Name: "a", Version: "1.0.0"}, {Name: "@s/c", Version: "3.0.0"}, {Name: "e", Resolved: "file:e.tgz"},
		{Name: "f", Resolved: "git+https://e.com/f.git#abc"}, {Name: "b", Version: "2.0.0", Dev: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if to, _ := l.Dependencies("node_modules/a"); len(to) != 1 || to[0] != "node_modules/a/node_modules/b" {
		t.Errorf("dependencies %v", to)
	}
}

func TestPackageLockErrors(t *testing.T) {
	deep := `{"dependencies":{"a":{"version":"1","dependencies":`
	deep = strings.Repeat(deep[len(`{"dependencies":`):], 200)
	for data, want := range map[string]error{
		`{`:                      detect.ErrFormat,
		`{"lockfileVersion": 4}`: detect.ErrUnsupported,
		`{"packages": {"node_modules/a": {"version": 1}}}`:                 detect.ErrFormat,
		`{"dependencies":` + deep + `{}` + strings.Repeat("}}", 200) + `}`: detect.ErrLimit,
	} {
		if _, err := ParsePackageLock([]byte(data)); !errors.Is(err, want) {
			t.Errorf("%.60s: %v, want %v", data, err, want)
		}
	}
}

func TestLookupsAreBounded(t *testing.T) {
	dir := strings.TrimPrefix(strings.Repeat("/node_modules/a", maxDepth/4), "/")
	e := &lockEntry{Dependencies: map[string]string{"b": "1"}}
	l := &PackageLock{entries: map[string]*lockEntry{dir: e}, lookups: MaxLookups - 1}
	if _, ok := l.Dependencies(dir); !ok {
		t.Error("within the limit")
	}
	if _, ok := l.Dependencies(dir); ok {
		t.Error("beyond the limit")
	}
}

func TestPnpmIDs(t *testing.T) {
	for id, want := range map[string][3]string{
		"/a/1.0.0":                      {"a", "1.0.0", "a@1.0.0/node_modules/a"},
		"/@s/a/1.0.0_b@2.0.0":           {"@s/a", "1.0.0", "@s+a@1.0.0_b@2.0.0/node_modules/@s/a"},
		"/a@1.0.0(b@2.0.0)(@s/c@3.0.0)": {"a", "1.0.0", "a@1.0.0_b@2.0.0_@s+c@3.0.0/node_modules/a"},
		"@s/a@1.0.0(b@2.0.0)":           {"@s/a", "1.0.0", "@s+a@1.0.0_b@2.0.0/node_modules/@s/a"},
		"a@file:a.tgz":                  {"a", "file:a.tgz", "a@file+a.tgz/node_modules/a"},
		"JSONStream@1.0.0":              {"JSONStream", "1.0.0", ""},
		"@s":                            {"", "s", ""},
		"/":                             {"", "", ""},
	} {
		name, version := splitID(id)
		l := &PnpmLock{packages: map[string]*pnpmPackage{id: {}}}
		if dir := l.StoreDir(id); name != want[0] || version != want[1] || dir != want[2] {
			t.Errorf("%q: %q, %q, %q", id, name, version, dir)
		}
	}
}
