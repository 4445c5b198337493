package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

func TestUpstream(t *testing.T) {
	for version, want := range map[string]string{"1.2.13.dfsg": "1.2.13", "3.40.1": "3.40.1", "2.0.1+dfsg1": "2.0.1", "5.4.1+really5.2": "5.2", "1.0~rc1": "1.0", "2.10.5+ds": "2.10.5"} {
		if got := upstream(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

func TestSame(t *testing.T) {
	for _, tt := range []struct {
		found, version string
		want           bool
	}{{"1.2.13", "1.2.13", true}, {"8.2.0", "8.2", true}, {"2.1.12-stable", "2.1.12", true}, {"2.1.12-stable", "2.1.12-stable", true}, {"1.2.1", "1.2.13", false}, {"3.5+1", "3.5", true}} {
		if same(tt.found, tt.version) != tt.want {
			t.Errorf("%s, %s: not %t", tt.found, tt.version, tt.want)
		}
	}
}

func TestOwner(t *testing.T) {
	table := &rules.Table{Products: []rules.Product{{Name: "pcre", SONAMEs: []string{"libpcre"}}, {Name: "pcre2", SONAMEs: []string{"libpcre2*"}}}}
	for name, want := range map[string]string{"libpcre.a": "pcre", "libpcre2-8.a": "pcre2", "libpcre16.a": "pcre", "libpcre_pic.a": "pcre"} {
		if p := ownerOf(table, name); p == nil || p.Name != want {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := ownerOf(table, "libz.a"); p != nil {
		t.Errorf("%+v", p)
	}
}

func TestReadArchive(t *testing.T) {
	for what, tt := range map[string]struct {
		archive string
		bad     bool
	}{
		"script":    {"INPUT(libx.a)", false},
		"empty":     {arMagic, false},
		"no object": {arMagic + "a.txt/          0           0     0     644     3         `\nabc\n", false},
		"size":      {arMagic + "a.txt/          0           0     0     644     99999     `\nabc\n", true},
		"no size":   {arMagic + "a.txt/          0           0     0     644     x         `\nabc\n", true},
		"cut":       {arMagic + "a.txt/          0  ", false},
	} {
		if members, err := readArchive([]byte(tt.archive)); len(members) > 0 || (err != nil) != tt.bad {
			t.Errorf("%s: %d members, %v", what, len(members), err)
		}
	}
}

// source is a library whose version and what stands beside it are in a file of their own.
var source = map[string]string{
	"version.c": `const char *libtoy_version(void) { return "3.1.4"; }
const char *libtoy_message(void) { return "toy: need dictionary"; }`,
	"other.c": `int libtoy_other(void) { return 1; }`,
}

// pack builds a package with the library in it, with the tools of this machine.
func pack(t *testing.T, version string) (dir string) {
	t.Helper()
	for _, tool := range []string{"cc", "ar", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s on this machine", tool)
		}
	}
	dir = t.TempDir()
	root := filepath.Join(dir, "root")
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("%s: %v\n%s", name, err, out)
		}
	}
	write := func(name, content string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive := []string{"rcs", filepath.Join(root, "usr/lib/libtoy.a")}
	write(filepath.Join(root, "DEBIAN/control"), "Package: libtoy-dev\nSource: toy\nVersion: "+version+"-1\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: a toy\n")
	write(filepath.Join(root, "usr/lib/README"), "no library")
	for name, text := range source {
		write(filepath.Join(dir, name), text)
		run("cc", "-O1", "-c", name)
		archive = append(archive, strings.TrimSuffix(name, ".c")+".o")
	}
	run("ar", archive...)
	run("dpkg-deb", "--build", "--root-owner-group", root, filepath.Join(dir, "libtoy.deb"))
	return dir
}

const toy = `[[product]]
name = "toy"
sonames = ["libtoy"]
near = ["toy: need dictionary"]
examples = [{ text = "3.1.4\u0000toy: need dictionary", version = "3.1.4" }]
never = ["toy: need dictionary"]
`

// TestPackages finds the library in what a linker would take of it, and says so when the
// version is not the package's.
func TestPackages(t *testing.T) {
	table, err := rules.Read(strings.NewReader(toy))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := checkPackages(&out, table, pack(t, "3.1.4")); err != nil {
		t.Error(err)
	}
	if want := "1 libraries of  1 versions: 100% found when linked wholly"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in:\n%s", want, &out)
	}
	if strings.Contains(out.String(), "wholly,   0% in parts") {
		t.Errorf("no program has the version:\n%s", &out)
	}
	if err := checkPackages(&out, table, pack(t, "3.2.0")); err == nil || !strings.Contains(err.Error(), `toy 3.1.4 in libtoy.a of 3.2.0: "3.1.4"`) {
		t.Errorf("error %v", err)
	}
}

// TestMembers takes the members that are needed, and no others.
func TestMembers(t *testing.T) {
	libs, err := libraries(filepath.Join(pack(t, "1"), "libtoy.deb"))
	if err != nil || len(libs) != 1 || len(libs[0].members) != 2 {
		t.Fatalf("%+v, %v", libs, err)
	}
	var defines []string
	for _, m := range libs[0].members {
		defines = append(defines, m.defines...)
	}
	slices.Sort(defines)
	if want := []string{"libtoy_message", "libtoy_other", "libtoy_version"}; !slices.Equal(defines, want) {
		t.Errorf("%q", defines)
	}
}
