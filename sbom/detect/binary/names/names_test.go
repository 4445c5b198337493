package names

import (
	"fmt"
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
	} {
		if got := Project(file); got != want {
			t.Errorf("Project(%q) = %q, want %q", file, got, want)
		}
	}
}

// TestTable checks what the program that makes the table promises, and that every name in it
// is found. What TestProject asks for is of the right project.
func TestTable(t *testing.T) {
	names, all := 0, list()
	for file := range all.files() {
		project := all.project(file)
		if file == "" || project == "" || strings.HasPrefix(strings.TrimPrefix(file, "lib"), strings.TrimPrefix(project, "lib")) {
			t.Errorf("%q is of %q", file, project)
		}
		names++
	}
	if names < 20_000 || names > 1<<slotBits/2 {
		t.Errorf("%d names", names)
	}
}

func BenchmarkProject(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Project("libgvc")
	}
}
