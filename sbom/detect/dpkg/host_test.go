package dpkg_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/dpkg"
)

// hostFile reads a file of the machine that runs the test, and skips the test
// where there is none.
func hostFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skip("this machine has no dpkg database: ", err)
	}
	return data
}

func query(t testing.TB, args ...string) []string {
	t.Helper()
	out, err := exec.Command("dpkg-query", args...).Output()
	if err != nil {
		t.Skip("dpkg-query does not work here: ", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// TestHostStatus compares all packages of this machine with dpkg's own view.
func TestHostStatus(t *testing.T) {
	data := hostFile(t, "/var/lib/dpkg/status")
	want := query(t, "-W", "-f", `${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n`)
	frag := detecttest.Detect(t, dpkg.New(), "var/lib/dpkg/status", data)
	var got []string
	for _, c := range frag.Components {
		state := c.Property("dpkg:state")
		if state == "" {
			state = "installed"
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", state, c.Name, c.Version, c.Architecture, c.Source.Name, c.Source.Version))
	}
	want = installedOnly(want)
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("dpkg-query (-) and the detector (+) differ:\n%s", diff)
	}
	if len(frag.Gaps) > 0 {
		t.Errorf("gaps: %v", frag.Gaps)
	}
	checkRelations(t, frag)
	t.Logf("%d packages, %d dependencies, %d configuration files", len(frag.Components), len(frag.Relations), len(frag.Claims))
}

// installedOnly drops packages that dpkg only knows by name.
func installedOnly(rows []string) []string {
	var kept []string
	for _, r := range rows {
		if !strings.HasPrefix(r, "not-installed ") {
			kept = append(kept, r)
		}
	}
	return kept
}

// checkRelations: dpkg lets no package be installed whose dependencies are not,
// so that every relation must end at a component. (A relation to an alternative
// that is not installed would be one by alias.)
func checkRelations(t *testing.T, frag *detect.Fragment) {
	t.Helper()
	keys := make(map[string]bool)
	for _, c := range frag.Components {
		keys[c.Key] = true
	}
	dangling := 0
	for _, r := range frag.Relations {
		if !keys[r.From] {
			t.Errorf("relation from %s, which is no component", r.From)
		}
		if !keys[r.To] {
			dangling++
			t.Logf("unmet: %v", r)
		}
	}
	if dangling*100 > len(frag.Relations) {
		t.Errorf("%d of %d dependencies lead nowhere", dangling, len(frag.Relations))
	}
}

// TestHostFiles compares the claims of every list with dpkg's file system: each
// path that dpkg lists is claimed, unless it holds another.
func TestHostFiles(t *testing.T) {
	lists, _ := filepath.Glob("/var/lib/dpkg/info/*.list")
	if len(lists) == 0 {
		t.Skip("this machine has no dpkg database")
	}
	for _, name := range lists {
		data := hostFile(t, name)
		frag := detecttest.Detect(t, dpkg.New(), strings.TrimPrefix(name, "/"), data)
		claimed := make(map[string]bool)
		for _, c := range frag.Claims {
			claimed[c.Path] = true
		}
		for line := range strings.Lines(string(data)) {
			p := strings.Trim(line, "/\n")
			if p == "." || claimed[p] {
				continue
			}
			if fi, err := os.Lstat("/" + p); err == nil && fi.Mode().IsRegular() {
				t.Fatalf("%s: %s is not claimed", name, p)
			}
		}
		if len(frag.Gaps) > 0 {
			t.Errorf("%s: gaps %v", name, frag.Gaps)
		}
	}
}

// TestHostSums: every row of every table is a claim with a digest.
func TestHostSums(t *testing.T) {
	tables, _ := filepath.Glob("/var/lib/dpkg/info/*.md5sums")
	if len(tables) == 0 {
		t.Skip("this machine has no dpkg database")
	}
	for _, name := range tables {
		data := hostFile(t, name)
		frag := detecttest.Detect(t, dpkg.New(), strings.TrimPrefix(name, "/"), data)
		if n := bytes.Count(data, []byte("\n")); len(frag.Claims) != n || len(frag.Gaps) > 0 {
			t.Errorf("%s: %d claims of %d rows, gaps %v", name, len(frag.Claims), n, frag.Gaps)
		}
	}
}

// TestHostLicenses reports how many copyright files are understood, and fails
// when it is less than it was once seen to be.
func TestHostLicenses(t *testing.T) {
	files, _ := filepath.Glob("/usr/share/doc/*/copyright")
	if len(files) < 50 {
		t.Skip("this machine has too few copyright files")
	}
	var named, statements, expressions int
	unknown := make(map[string]int)
	for _, name := range files {
		frag := detecttest.Detect(t, dpkg.New(), strings.TrimPrefix(name, "/"), hostFile(t, name))
		if len(frag.Annotations) > 0 {
			named++
			for _, l := range frag.Annotations[0].Licenses {
				statements++
				if l.Expression != "" {
					expressions++
				} else {
					unknown[l.Name]++
				}
			}
		}
	}
	t.Logf("%d of %d files name licences; %d of %d statements are SPDX", named, len(files), expressions, statements)
	if testing.Verbose() {
		for name, n := range unknown {
			if n > 8 {
				t.Logf("%4d %s", n, name)
			}
		}
	}
	if named*100 < len(files)*75 {
		t.Errorf("only %d of %d files name a licence", named, len(files))
	}
}

// TestSharedDatabase reads a status file of opkg, a relative of dpkg with sha256
// digests, and copyright files that follow no form.
func TestSharedDatabase(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile("../../../../shared/pkgdb/" + name)
		if err != nil {
			t.Skip("the collection of package databases is not here: ", err)
		}
		return data
	}
	frag := detecttest.Detect(t, dpkg.New(), "var/lib/dpkg/status", read("openwrt.opkg-status"))
	if len(frag.Components) != strings.Count(string(read("openwrt.opkg-status")), "Package: ") {
		t.Errorf("%d components", len(frag.Components))
	}
	if c := frag.Claims[0]; c.Digest.Algorithm() != "sha256" || !c.Config {
		t.Errorf("claim %+v", c)
	}
	for name, want := range map[string][]string{
		"libc6.copyright":  {"LGPL-2.1-or-later", "GPL-2.0-or-later"},
		"python.copyright": {"GPL-2.0-or-later"},
	} {
		frag := detecttest.Detect(t, dpkg.New(), "usr/share/doc/x/copyright", read(name))
		var got []string
		for _, l := range licenses(frag) {
			got = append(got, l.Expression)
		}
		for _, w := range want {
			if !strings.Contains(strings.Join(got, " ")+" ", w+" ") {
				t.Errorf("%s: licences %v, want %s among them", name, got, w)
			}
		}
	}
}

func licenses(frag *detect.Fragment) []sbom.License {
	if len(frag.Annotations) == 0 {
		return nil
	}
	return frag.Annotations[0].Licenses
}

func BenchmarkHostStatus(b *testing.B) {
	data := hostFile(b, "/var/lib/dpkg/status")
	b.SetBytes(int64(len(data)))
	benchmark(b, "var/lib/dpkg/status", data)
}
