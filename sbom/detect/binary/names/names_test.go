package names

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func Example() {
	fmt.Println(Project("smbd"), Project("mkfs.xfs"), Project("libgvc"))
	// Output: samba xfsprogs graphviz
}

func TestProject(t *testing.T) {
	for file, want := range map[string]string{
		"msgfmt":    "gettext",
		"dhclient":  "isc-dhcp",
		"curl":      "", // Its name is the project's.
		"libcurl":   "",
		"no-such":   "",
		"":          "",
		"hyperfine": "",
		"compiler":  "", // A word, and a program of eclipse-titan.
		"install":   "coreutils",
		"icuinfo":   "icu", // Its name begins with the project's, and is one word.
	} {
		if got := Project(file); got != want {
			t.Errorf("Project(%q) = %q, want %q", file, got, want)
		}
	}
}

// TestWords has every word be the name of one project's program: others need no place in the list.
func TestWords(t *testing.T) {
	for w := range words {
		if list().project(w) == "" || Project(w) != "" {
			t.Errorf("%q is of %q, and is told to be of %q", w, list().project(w), Project(w))
		}
	}
}

// TestTable checks what the program that makes the table promises, and that every name in it
// is found. What TestProject asks for is of the right project.
func TestTable(t *testing.T) {
	names, all := 0, list()
	for file := range all.files() {
		project := all.project(file)
		if file == "" || project == "" || slices.Contains(Spellings(file), Key(project)) {
			t.Errorf("%q is of %q", file, project)
		}
		names++
	}
	if names < 20_000 || names > 1<<slotBits/4*3 {
		t.Errorf("%d names", names)
	}
}

func ExampleReleasesOf() {
	r := ReleasesOf("git-annex")
	fmt.Println(r.Project(), r.Has("8.20210223"), r.Has("8.20210224"), r.Library(), r.First())
	// Output: git-annex true false false 8
}

func TestReleases(t *testing.T) {
	for _, tt := range []struct {
		project, version string
		want             bool
	}{
		{"htop", "3.0.5", true},
		{"HTOP", "3.0.5", true},
		{"htop", "3.0", false},
		{"htop", "", false},
		{"zlib", "1.2.11", true},
		{"imagemagick", "6.9.11-60", true}, // Debian writes 6.9.11.60.
		{"no such", "1.0", false},
		{"", "1.0", false},
		{"x", "1.0", false},
		{"zzzz", "1.0", false},
	} {
		if got := ReleasesOf(tt.project).Has(tt.version); got != tt.want {
			t.Errorf("%s %s: %t", tt.project, tt.version, got)
		}
	}
	if r := ReleasesOf("no such"); !r.None() || r.First() != 0 || r.Library() || r.Project() != "" {
		t.Errorf("%+v", r)
	}
	if !ReleasesOf("zlib").Library() {
		t.Error("zlib has no library")
	}
	if !Same("1.2.0", "1.2") || Same("1.20", "1.2") {
		t.Error("spellings")
	}
}

// TestReleasesTable finds every project of the table by its line.
func TestReleasesTable(t *testing.T) {
	all := lines()
	if !slices.IsSorted(all) || len(all) < 10_000 {
		t.Errorf("%d projects, in order: %t", len(all), slices.IsSorted(all))
	}
	for _, line := range all {
		key, _, _ := strings.Cut(line, "\t")
		r := ReleasesOf(strings.TrimSuffix(key, "*"))
		if first, _, _ := strings.Cut(r.versions, " "); r.None() || !r.Has(first) || Key(r.Project())+"*" != strings.TrimSuffix(key, "*")+"*" {
			t.Errorf("%q: %+v", line, r)
		}
	}
}

func BenchmarkReleases(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ReleasesOf("postgresql").Has("15.18")
	}
}

func BenchmarkProject(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Project("libgvc")
	}
}
