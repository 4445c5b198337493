package kin

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func file(path, version string, needed ...string) File {
	return File{Path: path, Project: "p", Version: version, Needed: needed}
}

// TestFind has the file without a version first.
func TestFind(t *testing.T) {
	lib := file("a/liba.so.1.0", "")
	lib.SONAME = "liba.so.1"
	other := file("c/x", "2.0")
	other.Project = "q"
	for _, tt := range []struct {
		what  string
		files []File
		want  string
	}{
		{"one that loads it", []File{lib, file("b/x", "2.0", "liba.so.1"), file("a/y", "1.0")}, "2.0 0"},
		{"one that it loads", []File{file("b/x", "", "liba.so.1"), {Path: "a/liba.so.1.0", Project: "p", Version: "2.0", SONAME: "liba.so.1"}}, "2.0 0"},
		{"one that it loads by the name of the file", []File{file("b/x", "", "plugin"), file("a/plugin", "2.0")}, "2.0 0"},
		{"two that load it, and differ", []File{lib, file("b/x", "2.0", "liba.so.1"), file("b/y", "1.0", "liba.so.1")}, ""},
		{"two that load it, and agree", []File{lib, file("b/x", "2.0", "liba.so.1"), file("b/y", "2.0", "liba.so.1")}, "2.0 0"},
		{"of the directory", []File{file("a/x", ""), file("a/y", "2.0"), file("b/z", "1.0")}, "2.0 1"},
		{"of the directory, and differ", []File{file("a/x", ""), file("a/y", "2.0"), file("a/z", "1.0")}, ""},
		{"of the tree", []File{file("usr/bin/x", ""), file("usr/lib/x86_64-linux-gnu/y", "2.0")}, "2.0 2"},
		{"of the tree, in /usr/local", []File{file("bin/x", ""), file("usr/local/sbin/y", "2.0")}, "2.0 2"},
		{"of another tree", []File{file("one/bin/x", ""), file("two/bin/y", "2.0")}, ""},
		{"not where a system has its programs", []File{file("usr/bin/x", ""), file("usr/lib/chromium/y", "2.0")}, ""},
		{"of no known tree", []File{file("x/y", ""), file("z/y", "2.0")}, ""},
		{"another project", []File{file("c/y", ""), other}, ""},
		{"no project", []File{{Path: "a/x"}, {Path: "a/y", Version: "2.0"}}, ""},
		{"a number that fits", []File{file("a/libgtk-3.so.0", ""), file("a/y", "3.24.38")}, "3.24.38 1"},
		{"a number that fits one of two", []File{file("a/libgtk-3.so.0", ""), file("a/y", "3.24.38"), file("a/z", "2.24.1")}, "3.24.38 1"},
		{"a number that ends in zero", []File{file("a/libgtk-x11-2.0.so.0", ""), file("a/y", "2.24.1")}, "2.24.1 1"},
		{"a number that does not fit", []File{file("a/python3.12", ""), file("a/y", "3.11.2")}, ""},
	} {
		for range 2 { // In any order.
			got := ""
			for _, m := range Find(tt.files) {
				if tt.files[m.File].Version != "" {
					t.Errorf("%s: a match for a file that has a version", tt.what)
				}
				got += fmt.Sprint(tt.files[m.Of].Version, " ", int(m.Near))
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
			}
			slices.Reverse(tt.files)
		}
	}
}

// TestManyVersions says nothing where more versions are than are told apart.
func TestManyVersions(t *testing.T) {
	files := []File{file("a/x", "")}
	for i := range maxVersions {
		files = append(files, file("a/"+strings.Repeat("y", i+1), fmt.Sprintf("1.%d", i)))
	}
	if got := Find(files); len(got) > 0 {
		t.Errorf("of %d versions: %v", maxVersions, got)
	}
	files[0].Path = "a/x1.3"
	if got := Find(files); len(got) != 1 || files[got[0].Of].Version != "1.3" {
		t.Errorf("its number is one of the versions: %v", got)
	}
	if got := Find(append(files, file("a/z", "9.0"))); len(got) > 0 {
		t.Errorf("of %d versions: %v", maxVersions+1, got)
	}
}

// BenchmarkFind has many files of one project, half of which say nothing: the time of each file
// does not grow with them.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		files := make([]File, n)
		for i := range files {
			files[i] = file(fmt.Sprintf("usr/lib/d%d/f%dx", i%100, i), []string{"", "1.2"}[i/100%2], "liba.so", "libb.so")
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if len(Find(files)) != n/2 {
					b.Fatal("not all found")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/file")
		})
	}
}
