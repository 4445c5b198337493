package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

// tally counts what one kind of text says.
type tally struct{ reports, right, otherVersion int }

// evaluate says how often the learned texts are right in files that they were not
// learned from: the files of a suite of its own. What says that a file contains a library is
// not counted where the file is linked with it.
func evaluate(w io.Writer, projects []*project, table *rules.Table) error {
	index, err := table.Index()
	if err != nil {
		return err
	}
	e := &evaluation{index: index, counts: make(map[string]*tally), anchors: make(map[uint32][]int), names: make(map[string]string)}
	for i := range table.Products {
		p := &table.Products[i]
		for _, n := range append([]string{p.Name}, p.Names...) {
			e.names[n] = p.Name
		}
	}
	for i, text := range index.Texts() {
		if index.Anchor(i) >= 0 {
			h := sum([]byte(strings.Trim(text, "\x00")))
			e.anchors[h] = append(e.anchors[h], index.Anchor(i))
		}
	}
	for _, p := range projects {
		for _, f := range p.files {
			e.file(f)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(e.counts)) {
		c := e.counts[kind]
		fmt.Fprintf(w, "%-28s %6d reports %5.1f%% right %5.1f%% with another version\n", kind, c.reports, 100*float64(c.right)/float64(c.reports), 100*float64(c.otherVersion)/float64(c.reports))
	}
	_, err = fmt.Fprintf(w, "%d of %d programs and libraries named; %d have their version\n", e.named, e.files, e.readable)
	return err
}

// evaluation is what was counted.
type evaluation struct {
	index                  *rules.Index
	counts                 map[string]*tally
	anchors                map[uint32][]int // groups, by the hash of the string
	names                  map[string]string
	files, named, readable int
}

func (e *evaluation) file(f *elf) {
	near := make(map[int][]string)
	alone := make(map[string]bool)
	found := make(map[string]bool) // kind, name and version
	for i := range f.Versions {
		s := &f.Versions[i]
		if s.alone() {
			alone[s.Text] = true
		}
		v := s.version()
		e.index.Version(&v, func(h rules.Hit) {
			if h.Learned {
				e.found(f, found, kindOfHit(h.Self), h.Product, h.Version, h.Self)
			}
		}, func(id int, version string) {
			if !slices.Contains(near[id], version) {
				near[id] = append(near[id], version)
			}
		})
	}
	for h, groups := range e.anchors {
		if !f.has(h) {
			continue
		}
		for _, n := range groups {
			g := e.index.Group(n)
			if version, pattern := g.Choose(near, maps.Keys(alone)); version != "" {
				kind := "anchor, alone"
				if pattern >= 0 {
					kind = "anchor, near"
				}
				e.found(f, found, kind, g.Product, version, g.Self)
			}
		}
	}
	if p, version := e.index.Numbered(f.SONAME, f.base()); p != nil {
		e.found(f, found, "name", p, version, true)
	}
	if f.SONAME != "" || kindOf(f.Path) == program {
		e.files++
		e.readable += one(f.readable())
		e.named += one(found["right"])
	}
}

func kindOfHit(self bool) string {
	if self {
		return "self"
	}
	return "text"
}

// found counts one report.
func (e *evaluation) found(f *elf, found map[string]bool, kind string, p *rules.Product, version string, self bool) {
	k := kind + "\x00" + p.Name + "\x00" + version
	if found[k] || !self && slices.ContainsFunc(f.Needed, p.Library) {
		return
	}
	found[k] = true
	if e.counts[kind] == nil {
		e.counts[kind] = new(tally)
	}
	c := e.counts[kind]
	c.reports++
	same := p.Name == upstream.Title(f.project.name) || e.names[upstream.Title(f.project.name)] == p.Name
	right := same && upstream.Canonical(version) == f.canonical
	c.right += one(right)
	c.otherVersion += one(same && !right)
	found["right"] = found["right"] || right
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// version returns a version as the scanner has it.
func (s *seen) version() textscan.Version {
	return textscan.Version{Before: []byte(s.Before), Text: []byte(s.Text), Core: []byte(s.Text[:min(s.Core, len(s.Text))]), After: []byte(s.After),
		Previous: []byte(s.Previous), Next: []byte(s.Next), Opened: s.Opened, Closed: s.Closed}
}
