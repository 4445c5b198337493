package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mirror is a copy of Debian's archive, with a directory for what is fetched of it.
type mirror struct {
	url   string
	cache string
}

// pkg is a binary package.
type pkg struct {
	Name, Source, Version, Homepage, Filename, SHA256 string
	Size                                              int64
	programs, libraries                               int
	static                                            bool // by its own word
}

// Limits of what is fetched, in bytes and packages of a source.
const (
	maxFirst    = 16 << 20 // the package with most programs and libraries
	maxOther    = 3 << 20
	maxPackages = 3
)

// open returns a file of the mirror, from the cache if it is there.
func (m *mirror) open(name string) (*os.File, error) {
	file := filepath.Join(m.cache, strings.ReplaceAll(name, "/", "_"))
	if f, err := os.Open(file); err == nil {
		return f, nil
	}
	if err := m.fetch(name, file); err != nil {
		return nil, err
	}
	return os.Open(file)
}

func (m *mirror) fetch(name, file string) error {
	resp, err := http.Get(m.url + "/" + name)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", name, resp.Status)
	}
	f, err := os.Create(file + ".part")
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(file+".part", file)
}

// plan returns the packages of a suite that are worth a look, by source.
func (m *mirror) plan(suite string) (map[string][]*pkg, error) {
	packages, err := m.packages(suite, func(name string) bool {
		return !slices.ContainsFunc(leftOut, func(s string) bool { return strings.HasSuffix(name, s) })
	})
	if err != nil {
		return nil, err
	}
	if err := m.contents(suite, func(file, name string) {
		kind, p := kindOf(file), packages[name]
		if p != nil && kind == program {
			p.programs++
		} else if p != nil && kind == library {
			p.libraries++
		}
	}); err != nil {
		return nil, err
	}
	sources := make(map[string][]*pkg)
	for _, p := range packages {
		if p.programs+p.libraries > 0 {
			sources[p.Source] = append(sources[p.Source], p)
		}
	}
	for source, list := range sources {
		sources[source] = choose(list)
	}
	return sources, nil
}

// choose returns the packages of a source that have most programs and libraries; of
// equals, the smaller ones.
func choose(list []*pkg) []*pkg {
	slices.SortFunc(list, func(a, b *pkg) int {
		return cmp.Or(cmp.Compare(b.benefit(), a.benefit()), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Name, b.Name))
	})
	var out []*pkg
	for _, p := range list {
		if limit := int64(maxOther); p.Size <= limit || len(out) == 0 && p.Size <= maxFirst {
			out = append(out, p)
		}
	}
	return out[:min(len(out), maxPackages)]
}

func (p *pkg) benefit() int { return min(p.programs, 3) + min(p.libraries, 2) }

// packages returns the packages of a suite that are for one architecture and wanted, by name.
func (m *mirror) packages(suite string, wanted func(name string) bool) (map[string]*pkg, error) {
	f, err := m.open("dists/" + suite + "/main/binary-amd64/Packages.xz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	xz := exec.Command("xz", "-dc")
	xz.Stdin = f
	out, err := xz.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := xz.Start(); err != nil {
		return nil, err
	}
	packages := make(map[string]*pkg)
	s := bufio.NewScanner(out)
	s.Buffer(nil, 1<<20)
	fields := make(map[string]string)
	for s.Scan() {
		if s.Text() == "" {
			if p := newPackage(fields); p != nil && wanted(p.Name) {
				packages[p.Name] = p
			}
			clear(fields)
		}
		if key, value, ok := strings.Cut(s.Text(), ": "); ok && key[0] != ' ' {
			fields[key] = value
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return packages, xz.Wait()
}

// leftOut are the ends of names of packages that have no programs of their own.
var leftOut = []string{"-dbg", "-dbgsym", "-dev", "-doc", "-udeb"}

func newPackage(fields map[string]string) *pkg {
	p := &pkg{static: fields["Built-Using"]+fields["Static-Built-Using"] != "", Name: fields["Package"], Source: fields["Source"], Version: fields["Version"], Homepage: fields["Homepage"],
		Filename: fields["Filename"], SHA256: fields["SHA256"]}
	if p.Name == "" || fields["Architecture"] != "amd64" {
		return nil
	}
	source, version, ok := strings.Cut(p.Source, " (")
	if p.Source = source; ok {
		p.Version = strings.TrimSuffix(version, ")")
	}
	if p.Source == "" {
		p.Source = p.Name
	}
	var err error
	if p.Size, err = strconv.ParseInt(fields["Size"], 10, 64); err != nil {
		return nil
	}
	return p
}

// contents calls f for each file of a suite and each package that has it.
func (m *mirror) contents(suite string, f func(file, name string)) error {
	list, err := m.open("dists/" + suite + "/main/Contents-amd64.gz")
	if err != nil {
		return err
	}
	defer list.Close()
	z, err := gzip.NewReader(list)
	if err != nil {
		return err
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		i := strings.LastIndexAny(s.Text(), " \t")
		if i < 0 {
			continue
		}
		for name := range strings.SplitSeq(s.Text()[i+1:], ",") {
			f(strings.TrimRight(s.Text()[:i], " \t"), path.Base(name))
		}
	}
	return s.Err()
}

// kind is what a file is, by its path.
type kind int

const (
	other kind = iota
	program
	library
	inner // below a directory of the package's own
)

func kindOf(file string) kind {
	file = strings.TrimPrefix(strings.TrimLeft(file, "./"), "usr/")
	dir, base := path.Split(file)
	switch {
	case dir == "bin/" || dir == "sbin/" || dir == "games/" || dir == "libexec/":
		return program
	case (dir == "lib/x86_64-linux-gnu/" || dir == "lib/") && strings.Contains(base, ".so"):
		return library
	case strings.HasPrefix(dir, "lib/") || strings.HasPrefix(dir, "libexec/"):
		return inner
	}
	return other
}
