package binary_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
)

var system = flag.String("system", "", "root of a Debian system, whose packages say what its programs are")

// leastRight is how many of a hundred reports have to be right. Some are wrong by the name alone that
// Debian has for the project.
const leastRight = 90

// TestSystem evaluates the precise mode on the programs and libraries of a Debian system, once by
// the names that they have and once without a name:
//
//	go test ./sbom/detect/binary -run System -v -system /
//
// Reports count as right that name the project of the package in the version of its source. What a
// file contains is not known there, and not counted.
func TestSystem(t *testing.T) {
	if *system == "" {
		t.Skip("no -system: the root of a Debian system")
	}
	owners, packages := installed(t, *system)
	named, nameless := new(tallies), new(tallies)
	for _, path := range slices.Sorted(maps.Keys(owners)) {
		p, ok := packages[owners[path]]
		if !ok {
			continue
		}
		file := filepath.Join(*system, path)
		info, err := os.Lstat(file)
		if err != nil || !info.Mode().IsRegular() || info.Size() < 1<<10 {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil || !bytes.HasPrefix(b, []byte("\x7fELF")) {
			continue
		}
		named.add(t, p, path, b)
		other := "opt/app/server"
		if strings.Contains(filepath.Base(path), ".so") {
			other = "opt/app/native.so"
		}
		nameless.add(t, p, other, b)
	}
	binary.Siblings(named.files)
	named.count(t)
	named.show(t, "by name")
	nameless.count(t)
	nameless.show(t, "without a name")
}

type tallies struct {
	files []binary.File
	of    []sourcePackage // the files
	right int
	rules map[string]*counts
}

func (a *tallies) add(t *testing.T, p sourcePackage, path string, b []byte) {
	t.Helper()
	r, err := binary.Default().Identify(context.Background(), path, int64(len(b)), bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	a.files, a.of = append(a.files, binary.File{Path: path, Report: r}), append(a.of, p)
}

// count counts what is said of each file.
func (a *tallies) count(t *testing.T) {
	t.Helper()
	a.rules = make(map[string]*counts)
	for i, file := range a.files {
		p, path, f := a.of[i], file.Path, file.Report.Main()
		if f == nil {
			continue
		}
		c := a.rules[f.Rule()]
		if c == nil {
			c = new(counts)
			a.rules[f.Rule()] = c
		}
		c.reports++
		version := upstream.Canonical(f.Version)
		if f.Rule() == "package-note" {
			version = upstream.Canonical(upstream.Version(f.Version))
		}
		sameVersion := version == p.version || strings.HasPrefix(version, p.version+".") // With updates: qemu 7.2.22.
		switch sameName := p.names[names.Key(f.Name)]; {
		case sameName && sameVersion:
			c.right++
			a.right++
		case sameName:
			c.wrongVersion++
			t.Logf("wrong version: %s %s by %s, not %s; %s", path, f.Version, f.Rule(), p.version, f.Evidence[0].Text)
		default:
			t.Logf("wrong name: %s %s %s by %s, not %s %s; %s", path, f.Name, f.Version, f.Rule(), p.name, p.version, f.Evidence[0].Text)
		}
	}
}

func (a *tallies) show(t *testing.T, what string) {
	t.Helper()
	all := new(counts)
	for _, rule := range slices.Sorted(maps.Keys(a.rules)) {
		c := a.rules[rule]
		t.Logf("%s: rule %-30s %5d reports %5.1f%% right, %d wrong version", what, rule, c.reports, percent(c.right, c.reports), c.wrongVersion)
		all.reports, all.right, all.wrongVersion = all.reports+c.reports, all.right+c.right, all.wrongVersion+c.wrongVersion
	}
	if all.right*100 < all.reports*leastRight {
		t.Errorf("%s: %d of %d reports are right, which is less than %d %%", what, all.right, all.reports, leastRight)
	}
	t.Logf("%s: %d files, %.1f%% named; %d reports, %.1f%% right, %d wrong version", what, len(a.files), percent(a.right, len(a.files)), all.reports, percent(all.right, all.reports), all.wrongVersion)
}

// sourcePackage is the source of a package.
type sourcePackage struct {
	name, version string
	names         map[string]bool // that count as its own
}

// installed returns the owners of files, and the sources of packages.
func installed(t *testing.T, root string) (owners map[string]string, packages map[string]sourcePackage) {
	t.Helper()
	owners, packages = make(map[string]string), make(map[string]sourcePackage)
	status, err := os.Open(filepath.Join(root, "var/lib/dpkg/status"))
	if err != nil {
		t.Skip(err)
	}
	defer status.Close()
	fields := make(map[string]string)
	s := bufio.NewScanner(status)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if key, value, ok := strings.Cut(s.Text(), ": "); ok {
			fields[key] = value
		} else if s.Text() == "" {
			packages[fields["Package"]] = sourceOf(fields)
			clear(fields)
		}
	}
	lists, err := filepath.Glob(filepath.Join(root, "var/lib/dpkg/info/*.list"))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(list), ".list"), ":")
		for path := range strings.Lines(string(b)) {
			owners[strings.TrimPrefix(strings.TrimSpace(path), "/")] = name
		}
	}
	return owners, packages
}

func sourceOf(fields map[string]string) sourcePackage {
	source, version, _ := strings.Cut(fields["Source"], " ")
	if source == "" {
		source = fields["Package"]
	}
	if version = strings.Trim(version, "()"); version == "" {
		version = fields["Version"]
	}
	project := upstream.Title(upstream.Project(source, fields["Homepage"]))
	p := sourcePackage{project, upstream.Canonical(upstream.Version(version)), make(map[string]bool)}
	for _, n := range []string{source, project, fields["Package"], strings.TrimPrefix(source, "lib"), strings.TrimPrefix(project, "lib")} {
		p.names[names.Key(n)] = true
	}
	return p
}
