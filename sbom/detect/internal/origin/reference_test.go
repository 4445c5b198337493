package origin

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestRefer(t *testing.T) {
	for _, tt := range []struct{ typ, in, want string }{
		{Website, " https://example.com/a#readme ", "https://example.com/a"},
		{Website, "http://u:secret@example.com/p?group_id=1", "http://example.com/p"},
		{Website, "ftp://ftp.example.com/", "ftp://ftp.example.com/"},
		{Distribution, "https://e.com/a.tgz?token=1#sha256=1", "https://e.com/a.tgz"},
		{VCS, "https://e.com/a.git?token=1", "https://e.com/a.git"},
		{VCS, "https://salsa.example.org/a.git -b debian/main [sub]", "https://salsa.example.org/a.git"},
		{VCS, "scm:git:git://e.com/a.git", "git://e.com/a.git"},
		{VCS, "scm:git:git@e.com:o/a.git", "ssh://git@e.com/o/a.git"},
		{VCS, "scm:svn:https://e.com/svn/a", "https://e.com/svn/a"},
		{VCS, "git:https://e.com/a.git", "https://e.com/a.git"},
		{VCS, "git+https://e.com/a.git#0123", "https://e.com/a.git"},
		{VCS, "git+ssh://git@e.com/a.git", "ssh://git@e.com/a.git"},
		{VCS, "github:o/a", "https://github.com/o/a"},
		{VCS, "svn://e.com/a", "svn://e.com/a"},
		{Website, "git://e.com/a", ""},
		{Website, "www.example.com", ""},
		{Website, "UNKNOWN", ""},
		{Website, "javascript:alert(1)", ""},
		{Website, "file:///etc/passwd", ""},
		{Website, "https:///a", ""},
		{Website, "https://e.com/a b", ""},
		{VCS, "o/a", ""},
		{VCS, "scm:git", ""},
		{VCS, "", ""},
	} {
		got := ""
		for _, r := range Refer(nil, tt.typ, tt.in) {
			if got = r.URL; r.Type != tt.typ {
				t.Errorf("%q has type %s", tt.in, r.Type)
			}
		}
		if got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.typ, tt.in, got, tt.want)
		}
	}
}

func TestReferOnce(t *testing.T) {
	var list []sbom.Reference
	for i := range 2 * maxReferences {
		for range 2 {
			list = Refer(list, Website, "https://e.com/"+strconv.Itoa(i))
		}
	}
	if len(list) != maxReferences || slices.IndexFunc(list, func(r sbom.Reference) bool { return r.URL == "https://e.com/15" }) != 15 {
		t.Errorf("%d references: %v", len(list), list)
	}
	if list = Refer(list[:1], VCS, "https://e.com/0"); len(list) != 2 {
		t.Error("an address of two types is kept once")
	}
}

func TestContact(t *testing.T) {
	for _, tt := range []struct{ name, mail, want string }{
		{"Ann", "a@e.com", "Ann <a@e.com>"},
		{"Ann", "", "Ann"},
		{"Ann", "a at e.com", "Ann"},
		{"Ann", "a@e.com, b@e.com", "Ann"},
		{"", "a@e.com", "a@e.com"},
		{"a@e.com", "a@e.com", "a@e.com"},
		{"Ann <a@e.com>", "a@e.com", "Ann <a@e.com>"},
		{strings.Repeat("n", 99), "a@e.com", strings.Repeat("n", 27) + "… <a@e.com>"},
		{"", "@e.com", ""},
	} {
		if got := Contact(tt.name, tt.mail, 40); got != tt.want || len(got) > 40 {
			t.Errorf("Contact(%q, %q) = %q, want %q", tt.name, tt.mail, got, tt.want)
		}
	}
}
