package main

import (
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/surround"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
)

// project is all sources of one project, in all suites.
type project struct {
	name    string
	sources []*source
	names   map[string]bool // as names.Key has them
	files   []*elf
	// sonames are the names of its libraries up to ".so".
	sonames map[string]bool
}

// elf is one file of a project.
type elf struct {
	*file
	source    *source
	project   *project
	canonical string    // version of the source
	readings  []reading // of the versions
}

// readProjects reads the records of suites.
func readProjects(dir string, suites []string) ([]*project, error) {
	var mu sync.Mutex
	projects := make(map[string]*project)
	var g errgroup.Group
	g.SetLimit(2)
	for _, suite := range suites {
		err := filepath.WalkDir(filepath.Join(dir, suite), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".zst") {
				return err
			}
			g.Go(func() error {
				s, err := readSource(file)
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				name := upstream.Project(s.Name, s.Homepage)
				if projects[name] == nil {
					projects[name] = &project{name: name, names: make(map[string]bool), sonames: make(map[string]bool)}
				}
				projects[name].add(s)
				return nil
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []*project
	for _, name := range slices.Sorted(maps.Keys(projects)) {
		p := projects[name]
		slices.SortFunc(p.sources, func(a, b *source) int { return strings.Compare(a.Suite+a.Name, b.Suite+b.Name) })
		for _, s := range p.sources {
			for i := range s.Files {
				f := &elf{file: &s.Files[i], source: s, project: p, canonical: upstream.Canonical(s.Version)}
				for j := range f.Versions {
					f.Versions[j].extend()
					f.readings = append(f.readings, f.read(&f.Versions[j]))
				}
				p.files = append(p.files, f)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

func (p *project) add(s *source) {
	p.sources = append(p.sources, s)
	words := []string{upstream.Title(p.name), s.Name, path.Base(repository(s.Homepage))}
	for _, f := range s.Files {
		words = append(words, f.Package)
		base, _, _ := strings.Cut(path.Base(f.Path), ".so")
		words = append(words, base)
		if stem, _, ok := strings.Cut(f.SONAME, ".so"); ok {
			words = append(words, stem)
			p.sonames[stem] = true
		}
	}
	for _, w := range words {
		for _, n := range []string{w, strings.TrimRight(w, "-.0123456789"), strings.TrimPrefix(w, "lib"), strings.TrimRight(strings.TrimPrefix(w, "lib"), "-.0123456789")} {
			if n = names.Key(n); len(n) > 2 && !plain[n] {
				p.names[n] = true
			}
		}
	}
}

// plain are words that name no project.
var plain = map[string]bool{"server": true, "client": true, "tools": true, "utils": true, "common": true, "core": true, "libs": true, "data": true, "bin": true, "plugins": true,
	"lib": true, "test": true, "version": true, "release": true, "build": true, "www": true, "com": true, "org": true, "main": true, "index": true, "the": true, "html": true, "program": true}

// named reports whether a text has one of the project's names as a word, or as several.
func (p *project) named(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return !(r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9') })
	for i := range words {
		joined := ""
		for _, w := range words[i:min(len(words), i+3)] {
			joined += strings.ToLower(w)
			if p.names[joined] {
				return true
			}
		}
	}
	return false
}

// learned is what was found out about a project.
type learned struct {
	contexts         []*candidate
	program, library *anchored // nil if nothing
	// sonames and fileNames are names of libraries up to ".so" that have the version of the
	// project behind it in their SONAME, or in their file names.
	sonames, fileNames []string
}

var patchLevel = regexp.MustCompile(`^(-P|pl)[0-9]{1,2}`)

// extend takes a patch level into the version, as scanners do since.
func (s *seen) extend() {
	if level := patchLevel.FindString(s.After); level != "" && s.Core == len(s.Text) {
		s.Text, s.After = s.Text+level, s.After[len(level):]
	}
}

// around returns what stands around a version.
func (s *seen) around() surround.Text {
	v := s.version()
	var t surround.Text
	t.Set(&v)
	return t
}

// reading says which of a version's spellings is that of the source.
type reading struct{ text, core bool }

func (f *elf) read(s *seen) reading {
	r := reading{text: upstream.Canonical(s.Text) == f.canonical}
	r.core = r.text && s.Core == len(s.Text) || s.Core < len(s.Text) && upstream.Canonical(s.Text[:s.Core]) == f.canonical
	return r
}

// base is the name of the file.
func (f *elf) base() string { return path.Base(f.Path) }
