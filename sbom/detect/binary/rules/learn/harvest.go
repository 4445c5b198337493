package main

import (
	"archive/tar"
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
)

// Files of one package that are looked at, by kind, and their greatest size in bytes.
var maxFiles = map[kind]int{program: 12, library: 8, inner: 6}

const maxSize = 100 << 20

// job is one source of one suite.
type job struct {
	suite, name string
	packages    []*pkg
}

// jobs returns what there is to look at: the projects that have several versions first,
// of these the small ones, and all versions of one together. A version that an
// earlier suite has is left out.
func jobs(m *mirror, suites []string) ([]job, error) {
	type project struct {
		jobs     []job
		versions map[string]bool
		size     int64
	}
	projects := make(map[string]*project)
	for _, suite := range suites {
		plan, err := m.plan(suite)
		if err != nil {
			return nil, err
		}
		for name, packages := range plan {
			if len(packages) == 0 {
				continue
			}
			key := upstream.Project(name, packages[0].Homepage)
			p := projects[key]
			if p == nil {
				p = &project{versions: make(map[string]bool)}
				projects[key] = p
			}
			version := upstream.Version(packages[0].Version)
			if p.versions[version] {
				continue
			}
			p.versions[version] = true
			p.jobs = append(p.jobs, job{suite, name, packages})
			for _, pkg := range packages {
				p.size += pkg.Size
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(projects), func(a, b string) int {
		p, q := projects[a], projects[b]
		return cmp.Or(cmp.Compare(min(2, len(q.versions)), min(2, len(p.versions))), cmp.Compare(p.size, q.size), cmp.Compare(a, b))
	})
	var out []job
	for _, n := range names {
		out = append(out, projects[n].jobs...)
	}
	return out, nil
}

// harvest looks at the packages of all suites, and writes a record for each source that has
// none yet.
func harvest(m *mirror, suites []string, records string, workers int) error {
	list, err := jobs(m, suites)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(j job) bool {
		_, err := os.Stat(recordFile(records, j.suite, j.name))
		return err == nil
	})
	var size int64
	for i, j := range list {
		for _, p := range j.packages {
			size += p.Size
		}
		if i%2000 == 0 || i == len(list)-1 {
			log.Printf("%d of %d sources: %d MB", i+1, len(list), size>>20)
		}
	}
	if workers == 0 {
		return nil
	}
	var g errgroup.Group
	g.SetLimit(workers)
	for i, j := range list {
		if i%500 == 0 {
			log.Printf("source %d of %d", i, len(list))
		}
		g.Go(func() error {
			s, err := m.lookAt(j.suite, j.packages)
			if err != nil {
				log.Printf("%s %s: %v", j.suite, j.name, err)
				return nil
			}
			return s.write(records)
		})
	}
	return g.Wait()
}

// lookAt looks at packages of one source.
func (m *mirror) lookAt(suite string, packages []*pkg) (*source, error) {
	p := packages[0]
	s := &source{Suite: suite, Name: p.Source, Version: upstream.Version(p.Version), Homepage: p.Homepage}
	names := s.names(packages)
	for _, p := range packages {
		if err := m.eachFile(p, eachEntry, func(t *tar.Header, r io.Reader) error {
			if strings.HasSuffix(t.Name, "/copyright") && s.License == "" {
				s.License = license(r)
				return nil
			}
			f, err := look(r, t.Size, names)
			if err != nil {
				return err
			}
			f.Package, f.Path = p.Name, strings.TrimPrefix(t.Name, ".")
			s.Files = append(s.Files, *f)
			return nil
		}); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return s, nil
}

// names returns the words that the strings of a source may have that name it.
func (s *source) names(packages []*pkg) []string {
	words := []string{s.Name, upstream.Project(s.Name, s.Homepage), path.Base(s.Homepage)}
	for _, p := range packages {
		words = append(words, p.Name)
	}
	var out []string
	for _, w := range words {
		w = strings.TrimPrefix(strings.ToLower(w), "lib")
		if len(w) > 2 && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// eachFile fetches a package and calls f for those of its files that each chooses.
func (m *mirror) eachFile(p *pkg, each func(*tar.Reader, *pkg, func(*tar.Header, io.Reader) error) error, f func(*tar.Header, io.Reader) error) error {
	deb, err := m.fetchPackage(p)
	if err != nil {
		return err
	}
	defer os.Remove(deb)
	cmd := exec.Command("dpkg-deb", "--fsys-tarfile", deb)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = each(tar.NewReader(bufio.NewReaderSize(out, 1<<20)), p, f)
	_, _ = io.Copy(io.Discard, out)
	return errors.Join(err, cmd.Wait())
}

// eachEntry calls f for the copyright file and the programs and libraries of a package.
func eachEntry(r *tar.Reader, p *pkg, f func(*tar.Header, io.Reader) error) error {
	count := make(map[kind]int)
	for {
		t, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if t.Typeflag != tar.TypeReg {
			continue
		}
		if t.Name == "./usr/share/doc/"+p.Name+"/copyright" {
			if err := f(t, r); err != nil {
				return err
			}
			continue
		}
		k := kindOf(t.Name)
		if k == other || t.Size < 1<<10 || t.Size > maxSize || count[k] >= maxFiles[k] {
			continue
		}
		content := bufio.NewReaderSize(r, 64<<10)
		if magic, err := content.Peek(4); err != nil || string(magic) != "\x7fELF" {
			continue
		}
		count[k]++
		if err := f(t, content); err != nil {
			return err
		}
	}
}

// fetchPackage fetches a package into a file, and checks that it is the one.
func (m *mirror) fetchPackage(p *pkg) (string, error) {
	resp, err := http.Get(m.url + "/" + p.Filename)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", p.Filename, resp.Status)
	}
	f, err := os.CreateTemp(m.cache, path.Base(p.Filename))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err = io.Copy(io.MultiWriter(f, h), resp.Body); err == nil && hex.EncodeToString(h.Sum(nil)) != p.SHA256 {
		err = fmt.Errorf("%s: its SHA-256 is not that of the index", p.Filename)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return filepath.Clean(f.Name()), nil
}

// license returns the short name that a copyright file in the machine-readable format
// has for "Files: *"; empty if it says nothing.
func license(r io.Reader) string {
	s := bufio.NewScanner(io.LimitReader(r, 1<<20))
	all := false
	for s.Scan() {
		line := s.Text()
		switch {
		case strings.TrimSpace(line) == "":
			all = false
		case line == "Files: *":
			all = true
		case all && strings.HasPrefix(line, "License: "):
			return strings.TrimSpace(strings.TrimPrefix(line, "License: "))
		}
	}
	return ""
}
