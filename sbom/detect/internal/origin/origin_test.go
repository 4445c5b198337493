package origin

import (
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://user:secret@example.com/a.tgz?token=1#x": "https://example.com/a.tgz",
		"https://git@example.com/a":                       "https://example.com/a",
		"file:../a.tgz":                                   "file:../a.tgz",
		"https://[bad":                                    "",
		"a b":                                             "",
		"":                                                "",
		"https://e.com/" + strings.Repeat("a", maxAddress): "",
	} {
		if got := Address(in); got != want {
			t.Errorf("Address(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRepository(t *testing.T) {
	for _, tt := range []struct{ in, commit, want string }{
		{"git+ssh://git@github.com/a/b.git#abc", "", "git+ssh://git@github.com/a/b.git@abc"},
		{"git+https://token@github.com/a/b.git#abc", "def", "git+https://github.com/a/b.git@def"},
		{"git+ssh://git:secret@github.com/a/b.git", "", "git+ssh://github.com/a/b.git"},
		{"https://github.com/a/b.git", "abc", "git+https://github.com/a/b.git@abc"},
		{"git@github.com:a/b.git", "abc", "git+ssh://git@github.com/a/b.git@abc"},
		{"github:a/b#abc", "", "git+https://github.com/a/b@abc"},
		{"git://github.com/a/b", "abc", "git://github.com/a/b@abc"},
		{"hg+https://example.com/a", "1", "hg+https://example.com/a@1"},
		{"https://github.com/a/b.git", "?abc", "git+https://github.com/a/b.git"},
		{"../a", "abc", ""},
		{"", "abc", ""},
	} {
		if got := Repository(tt.in, tt.commit); got != tt.want {
			t.Errorf("Repository(%q, %q) = %q, want %q", tt.in, tt.commit, got, tt.want)
		}
	}
}

func TestIsRepository(t *testing.T) {
	for in, want := range map[string]bool{
		"git+https://e.com/a": true, "https://e.com/a.git#1": true, "git@e.com:a/b": true, "github:a/b": true,
		"https://e.com/a.tgz": false, "file:a.git": false, "a.git": false, "": false,
	} {
		if got := IsRepository(in); got != want {
			t.Errorf("IsRepository(%q) = %t", in, got)
		}
	}
	if !Remote("http://a") || Remote("file:a") {
		t.Error("Remote")
	}
}

func FuzzRepository(f *testing.F) {
	f.Add("git@github.com:a/b.git", "abc")
	f.Add("git+https://t@github.com/a/b.git#abc", "")
	f.Add("@example.com:", "?abc")
	f.Add("scm:git:git@github.com:a/b.git", "a@example.com")
	f.Add("https://example.com/?a=b#c", "")
	f.Fuzz(func(t *testing.T, s, commit string) {
		for _, got := range []string{Repository(s, commit), Address(s)} {
			if len(got) > 16*maxAddress || strings.ContainsAny(got, " \n\x00?") {
				t.Errorf("%q %q: %q", s, commit, got)
			}
		}
		for _, typ := range []string{Website, VCS} {
			for _, r := range Refer(nil, typ, s) {
				again := Refer(nil, typ, r.URL)
				if len(again) != 1 || again[0].URL != r.URL || len(r.URL) > 16*maxAddress || strings.ContainsAny(r.URL, " \n\x00") {
					t.Errorf("%q: %q, again %q", s, r.URL, again)
				}
			}
		}
		if got := Contact(s, commit, 300); len(got) > 300 {
			t.Errorf("%q %q: %q", s, commit, got)
		}
	})
}
