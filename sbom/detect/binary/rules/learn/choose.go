package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
)

// maxContexts is the number of contexts of a project that are kept.
const maxContexts = 8

// learn finds out what tells the versions of projects.
func learn(projects []*project) map[*project]*learned {
	all := gather(projects)
	compareWithOthers(projects, all)
	sound := make(map[*project][]*candidate)
	for _, c := range all {
		if c.sound() {
			sound[c.project] = append(sound[c.project], c)
		}
	}
	owner, shared := owners(projects), sharedFamilies(projects)
	out := make(map[*project]*learned)
	for _, p := range projects {
		l := &learned{contexts: cover(sound[p])}
		covered := make(map[int]bool)
		for _, c := range l.contexts {
			if strings.Contains(c.before+c.after, "\x00") {
				continue // What the neighbours are changes sooner.
			}
			for _, f := range c.files {
				covered[f] = true
			}
		}
		l.program = p.anchor(owner, covered, false)
		l.library = p.anchor(owner, covered, true)
		l.sonames, l.fileNames = p.numbered(shared)
		if len(l.sonames)+len(l.fileNames)+len(l.contexts) > 0 || l.program != nil || l.library != nil {
			out[p] = l
		}
	}
	return out
}

// gather returns the candidates of all projects. One that several have is that of the
// only one whose name is in it.
func gather(projects []*project) map[key]*candidate {
	own := make([]map[key]*candidate, len(projects))
	var g errgroup.Group
	g.SetLimit(2)
	for i, p := range projects {
		g.Go(func() error {
			own[i] = p.candidates()
			return nil
		})
	}
	_ = g.Wait()
	named, unnamed := make(map[key]*candidate), make(map[key]*candidate)
	for i, list := range own {
		for k, c := range list {
			all := unnamed
			if c.named {
				all = named
			}
			if _, ok := all[k]; ok {
				c = nil
			}
			all[k] = c
		}
		own[i] = nil
	}
	for k, c := range unnamed {
		if _, ok := named[k]; !ok {
			named[k] = c
		}
	}
	maps.DeleteFunc(named, func(_ key, c *candidate) bool { return c == nil })
	return named
}

// compareWithOthers notes in which files of other projects the candidates are.
func compareWithOthers(projects []*project, all map[key]*candidate) {
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(2)
	for _, p := range projects {
		g.Go(func() error {
			for _, f := range p.files {
				for i := range f.Versions {
					s := &f.Versions[i]
					contexts(s, func(k key, _ func() context) {
						if c := all[k]; c != nil && c.project != p && !c.allows(f, s) {
							mu.Lock()
							c.foreign = append(c.foreign, f)
							mu.Unlock()
						}
					})
				}
			}
			return nil
		})
	}
	_ = g.Wait()
}

// allows reports whether the context may be in a file of another project: one that is
// linked with the project's library, or that was made of the same source.
func (c *candidate) allows(f *elf, s *seen) bool {
	for _, n := range f.Needed {
		if stem, _, _ := strings.Cut(n, ".so"); c.project.sonames[stem] {
			return true
		}
	}
	text := s.Text
	if !c.text {
		text = s.Text[:s.Core]
	}
	version := upstream.Canonical(text)
	if slices.Contains(strings.Split(f.source.Name, "-"), c.project.name) && version == f.canonical {
		return true
	}
	if !c.library {
		return false
	}
	for _, own := range c.project.sources {
		if own.Suite == f.source.Suite && upstream.Canonical(own.Version) == version {
			return true
		}
	}
	return false
}

// sound reports whether a candidate is only where its project is.
func (c *candidate) sound() bool { return len(c.foreign) == 0 && !(c.library && c.program && !c.named) }

// cover chooses of a project's candidates those that together are in most of its files,
// each file in two if that can be had.
func cover(list []*candidate) []*candidate {
	slices.SortFunc(list, func(a, b *candidate) int {
		return cmp.Or(first(a.named, b.named), cmp.Compare(len(b.versions), len(a.versions)), cmp.Compare(len(b.files), len(a.files)),
			cmp.Compare(len(a.after), len(b.after)), cmp.Compare(len(a.before), len(b.before)), cmp.Compare(a.before, b.before), cmp.Compare(a.after, b.after), first(b.start, a.start), first(b.end, a.end))
	})
	count := make(map[int]int)
	var out []*candidate
	for _, most := range []int{1, 2} {
		for len(out) < maxContexts {
			var best *candidate
			gain := 0
			for _, c := range list {
				n := 0
				for _, f := range c.files {
					if count[f] < most {
						n++
					}
				}
				if n > gain && !slices.ContainsFunc(out, c.within) {
					best, gain = c, n
				}
			}
			if best == nil {
				break
			}
			out = append(out, best)
			for _, f := range best.files {
				count[f]++
			}
		}
	}
	return out
}

// within reports whether a candidate is only where another one is as well.
func (c *candidate) within(other *candidate) bool {
	return strings.HasSuffix(c.before, other.before) && strings.HasPrefix(c.after, other.after) &&
		(!other.start || c.start && c.before == other.before) && (!other.end || c.end && c.after == other.after)
}

// first orders what is before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
