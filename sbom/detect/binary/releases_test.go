package binary

import (
	"slices"
	"testing"
)

// TestReleases takes a version for the project's because it is one of its releases. Those
// that are asked for are in Debian's oldest suite of the table: they stay.
func TestReleases(t *testing.T) {
	precise := detector(t, false)
	for _, tt := range []struct {
		what, path, text string
		needed           []string
		want             []string
	}{
		{what: "a whole string", path: "bin/ninja", text: lines("1.10.1", "5.5.5", "bad option"), want: []string{"is ninja-build 1.10.1 known-release"}},
		{what: "a program of a project by another name", path: "bin/htop3", text: lines("3.0.5", "bad option"), want: []string{"is htop 3.0.5 known-release"}},
		{what: "no release", path: "bin/htop", text: lines("3.0.999", "bad option")},
		{what: "two releases", path: "bin/htop", text: lines("3.0.5", "3.2.2")},
		{what: "a release in two spellings", path: "bin/htop", text: lines("3.0.5", "v3.0.5"), want: []string{"is htop 3.0.5 known-release"}},
		{what: "two numbers", path: "bin/jq", text: lines("1.6", "5.5.5"), want: []string{"is jq 1.6 known-release-of-two-numbers"}},
		{what: "part of a string", path: "bin/htop", text: lines("built as a+b/3.0.5+x in the night"), want: []string{"is htop 3.0.5 known-release"}},
		{what: "the version of a symbol", path: "bin/htop", text: lines("HTOP_3.0.5")},
		{what: "a name with a version", path: "bin/toolbar.1.27", text: lines("toolbar 1.27.3"), want: []string{"is toolbar 1.27.3 name-states-version"}},
		{what: "no name", path: "bin/server", text: lines("3.0.5", "bad option")},
		{what: "no name, and its text begins with it", path: "bin/server", text: lines("htop 3.0.5 - (C) 2004"), want: []string{"is htop 3.0.5 known-release-stated"}},
		{what: "no name, and the text of a library's project", path: "bin/server", text: lines("hiredis 0.14.1 - a client")},
		{what: "no name, and the text of two", path: "bin/server", text: lines("htop 3.0.5 - (C) 2004", "tmux 3.1c of today")},
		{what: "no name, and a text that goes on to it", path: "bin/server", text: lines("X-Generator: Poedit 2.4.2")},
		{what: "a name before all releases of the project", path: "bin/htop", text: lines("htop version 0.4.1")},
	} {
		if got := identify(t, precise, tt.path, dynamic(tt.text, tt.needed...)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}

// TestReleasesOfLibraries has what differs for libraries.
func TestReleasesOfLibraries(t *testing.T) {
	precise := detector(t, false)
	for _, tt := range []struct {
		what, path string
		data       []byte
		want       []string
	}{
		{"behind .so, a release", "lib/libxml2.so.2.9.10", library("libxml2.so.2", lines("x")), []string{"is libxml2 2.9.10 known-release-in-file-name"}},
		{"behind .so, the interface's", "lib/libattr.so.1.1.2448", library("libattr.so.1", lines("x")), nil},
		{"a module of another language", "lib/ruby/zlib.so", plugin(lines("1.2.11"), "libz.so.1"), nil},
		{"a module that is linked with nothing of that name", "lib/ruby/htop.so", plugin(lines("3.0.5"), "libz.so.1"), []string{"is htop 3.0.5 known-release"}},
	} {
		if got := identify(t, precise, tt.path, tt.data); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}
