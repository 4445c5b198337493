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

// TestTable checks what the program that makes the table promises.
func TestTable(t *testing.T) {
	table := text()
	if len(table) < 20_000 {
		t.Errorf("%d names", len(table))
	}
	for file, project := range table {
		if file == "" || project == "" || strings.HasPrefix(strings.TrimPrefix(file, "lib"), strings.TrimPrefix(project, "lib")) {
			t.Errorf("%q is of %q", file, project)
		}
	}
}
