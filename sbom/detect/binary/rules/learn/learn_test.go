package main

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

// elfFile returns what would have been seen of a file with these strings: versions are
// those of the scanner.
func elfFile(t *testing.T, name, soname string, needed []string, texts ...string) file {
	t.Helper()
	f, err := look(strings.NewReader("\x00"+strings.Join(texts, "\x00")+"\x00"), 0, []string{"alpha", "beta", "gamma"})
	if err != nil {
		t.Fatal(err)
	}
	f.Path, f.Package, f.SONAME, f.Needed = name, "pkg", soname, needed
	return *f
}

// archive writes the records of two suites with three projects, and returns where they are.
func archive(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for suite, v := range map[string][3]string{"old": {"1.2.3", "2.5", "7.1.1"}, "new": {"1.3.0", "2.6", "7.2.0"}, "kept": {"1.4.2", "2.7", "7.3.3"}} {
		for _, s := range []source{
			{Name: "alpha", Version: v[0], Homepage: "https://github.com/Some/Alpha", License: "MIT", Files: []file{
				elfFile(t, "/usr/bin/alpha", "", nil, "usage: alpha", "alpha version "+v[0], "built with GNU thing 3.1"),
				elfFile(t, "/usr/bin/alphactl", "", nil, "talks to alpha daemons", "shared %s", v[0], "other"),
			}},
			{Name: "beta", Version: v[1], Files: []file{
				elfFile(t, "/usr/bin/beta", "", nil, "this is beta itself", "x", v[1], "built with GNU thing 3.1", "needs libgamma "+v[2]),
				elfFile(t, "/usr/bin/betas", "", []string{"libgamma.so.7"}, "common text "+v[1], "made for gamma "+v[2]),
			}},
			{Name: "gamma", Version: v[2], Files: []file{
				elfFile(t, "/usr/lib/libgamma.so."+v[2], "libgamma.so.7", nil, "made for gamma "+v[2], "common text "+v[2]),
			}},
		} {
			s.Suite = suite
			if err := s.write(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestLearn(t *testing.T) {
	projects, err := readProjects(archive(t), []string{"new", "old"})
	if err != nil {
		t.Fatal(err)
	}
	table := rows(learn(projects), &rules.Table{})
	if err := table.Check(); err != nil {
		t.Error(err)
	}
	byName := make(map[string]rules.Product)
	for _, p := range table.Products {
		byName[p.Name] = p
	}
	alpha, beta, gamma := byName["alpha"], byName["beta"], byName["gamma"]
	if alpha.PURL != "github/some/alpha" || alpha.License != "MIT" {
		t.Errorf("alpha has purl %q and license %q", alpha.PURL, alpha.License)
	}
	if !slices.Contains(alpha.Learned.Self, "alpha version {v}") {
		t.Errorf("alpha has %q", alpha.Learned.Self)
	}
	if a := alpha.Learned.Program; !slices.Contains(a.Anchors, "talks to alpha daemons") || a.Shape != "#.#.#" {
		t.Errorf("alpha has anchors %+v", a)
	}
	if a := beta.Learned.Program; !slices.Contains(a.Anchors, "this is beta itself") || a.Shape != "#.#" {
		t.Errorf("beta has anchors %+v", a)
	}
	if !slices.Contains(gamma.Learned.Text, "gamma {v}") || !slices.Equal(gamma.Learned.FileNames, []string{"libgamma"}) {
		t.Errorf("gamma has %q and %q", gamma.Learned.Text, gamma.Learned.FileNames)
	}
	for _, p := range table.Products {
		for _, text := range slices.Concat(p.Learned.Self, p.Learned.Text) {
			if strings.Contains(text, "GNU thing") || strings.Contains(text, "common text") {
				t.Errorf("%s has %q, which others have as well", p.Name, text)
			}
		}
	}
}

// TestEvaluate learns from two suites, and is right in a third one.
func TestEvaluate(t *testing.T) {
	dir := archive(t)
	projects, err := readProjects(dir, []string{"new", "old"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := rows(learn(projects), &rules.Table{}).WriteLearned(&b); err != nil {
		t.Fatal(err)
	}
	table, err := rules.ReadLearned(&b)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := readProjects(dir, []string{"kept"})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := evaluate(&out, kept, table); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "4 of 5 programs and libraries named; 5 have their version\n") || strings.Count(out.String(), "100.0% right") != strings.Count(out.String(), "reports") {
		t.Error(out.String())
	}
}

func TestFamilies(t *testing.T) {
	p := &project{sonames: map[string]bool{"liba_x": true, "liba_y": true, "liba_z": true, "libb-x": true, "libb-y": true, "libb-z": true, "libc": true}}
	if got := p.families([]string{"liba_x", "liba_y", "liba_z", "libb-x", "libb-y", "libc"}, nil); !slices.Equal(got, []string{"liba_*", "libb-x", "libb-y", "libc"}) {
		t.Errorf("%q", got)
	}
	shared := sharedFamilies([]*project{p, {sonames: map[string]bool{"liba_other": true}}})
	if got := p.families([]string{"liba_x", "liba_y", "liba_z"}, shared); !slices.Equal(got, []string{"liba_x", "liba_y", "liba_z"}) {
		t.Errorf("of two projects: %q", got)
	}
}

func TestStrings(t *testing.T) {
	const text = "\x00a string of text\x00short\x00\x01not text at all\x00" + "and one more string\x00"
	for piece := 1; piece < len(text); piece++ {
		var got []string
		w := &stringWriter{found: func(b []byte) { got = append(got, string(b)) }}
		for rest := text; rest != ""; {
			n := min(piece, len(rest))
			_, _ = w.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if !slices.Equal(got, []string{"a string of text", "and one more string"}) {
			t.Fatalf("pieces of %d: %q", piece, got)
		}
	}
	f := file{Strings: binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 3), 70_000)}
	if !f.has(3) || !f.has(70_000) || f.has(4) {
		t.Error("the hashes are not found")
	}
}

func TestLicense(t *testing.T) {
	const copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: debian/*\nLicense: GPL-2+\n\nFiles: *\nCopyright: x\nLicense: MIT\n"
	if got := license(strings.NewReader(copyright)); got != "MIT" {
		t.Errorf("license %q", got)
	}
	if got := expression("GPL-2+"); got != "GPL-2.0-or-later" {
		t.Errorf("expression %q", got)
	}
	for homepage, want := range map[string]string{"https://github.com/Foo/Bar.git": "github/foo/bar", "https://github.com/foo": "", "https://foo.org/a/b": ""} {
		if got := repository(homepage); got != want {
			t.Errorf("repository(%q) = %q, want %q", homepage, got, want)
		}
	}
}
