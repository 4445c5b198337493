package main

import (
	"encoding/binary"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
)

// What is taken for an anchor.
const (
	minAnchorLetters = 8
	maxAnchors       = 3
	maxNear          = 4
)

// anchored is what tells the version in the files that have one of the anchors: strings
// that no other project has.
type anchored struct {
	anchors []string
	near    []*candidate
	shape   string
	files   map[int]bool // in which the version is read
}

// owners says of which project a string is, by its hash; nil if of several.
func owners(projects []*project) map[uint32]*project {
	out := make(map[uint32]*project)
	for _, p := range projects {
		for _, f := range p.files {
			for i := 0; i+4 <= len(f.Strings); i += 4 {
				h := binary.LittleEndian.Uint32(f.Strings[i:])
				if have, ok := out[h]; !ok {
					out[h] = p
				} else if have != p {
					out[h] = nil
				}
			}
		}
	}
	return out
}

// has reports whether a string is in a file.
func (f *file) has(hash uint32) bool {
	n := len(f.Strings) / 4
	i := sort.Search(n, func(i int) bool { return binary.LittleEndian.Uint32(f.Strings[4*i:]) >= hash })
	return i < n && binary.LittleEndian.Uint32(f.Strings[4*i:]) == hash
}

// anchor finds anchors for those of a project's files, libraries or the others, that no
// context covers.
func (p *project) anchor(owner map[uint32]*project, covered map[int]bool, libraries bool) *anchored {
	a := &anchored{files: make(map[int]bool)}
	wanted := make(map[int]bool)
	versions := make(map[string]bool)
	for i, f := range p.files {
		if (f.SONAME != "") == libraries && !covered[i] && f.readable() {
			wanted[i] = true
			versions[f.canonical] = true
		}
	}
	if len(versions) < 2 {
		return nil
	}
	a.anchors = p.chooseAnchors(owner, wanted, libraries)
	if len(a.anchors) == 0 {
		return nil
	}
	var files []int
	for i, f := range p.files {
		if slices.ContainsFunc(a.anchors, func(s string) bool { return f.has(sum([]byte(s))) }) {
			files = append(files, i)
		}
	}
	a.shape = p.shape(files, a.files)
	maps.DeleteFunc(wanted, func(i int, _ bool) bool { return a.files[i] })
	a.near = p.near(files, wanted)
	for _, c := range a.near {
		for _, i := range c.files {
			a.files[i] = true
		}
	}
	if len(a.files) == 0 {
		return nil
	}
	return a
}

func (f *elf) readable() bool {
	return slices.ContainsFunc(f.readings, func(r reading) bool { return r.text || r.core })
}

// chooseAnchors returns strings of the project alone that are in most of the wanted files, in at
// least two versions.
func (p *project) chooseAnchors(owner map[uint32]*project, wanted map[int]bool, libraries bool) []string {
	texts := make(map[string]map[int]bool)
	for i := range wanted {
		for _, s := range p.files[i].Named {
			if texts[s] == nil && p.named(s) && letters(s) >= minAnchorLetters && owner[sum([]byte(s))] == p {
				texts[s] = make(map[int]bool)
			}
		}
	}
	for s, in := range texts {
		versions := make(map[string]bool)
		h := sum([]byte(s))
		for i, f := range p.files {
			if !f.has(h) {
				continue
			}
			if !libraries && f.SONAME != "" {
				clear(versions) // It would not tell the program from the library.
				break
			}
			in[i] = true
			versions[f.canonical] = true
		}
		if len(versions) < 2 {
			delete(texts, s)
		}
	}
	var out []string
	left := maps.Clone(wanted)
	for len(out) < maxAnchors {
		best, gain := "", 0
		for _, s := range slices.Sorted(maps.Keys(texts)) {
			n := 0
			for i := range texts[s] {
				if left[i] {
					n++
				}
			}
			if n > gain {
				best, gain = s, n
			}
		}
		if best == "" {
			return out
		}
		out = append(out, best)
		maps.DeleteFunc(left, func(i int, _ bool) bool { return texts[best][i] })
	}
	return out
}

// near returns contexts that need no name, as they are looked for in the given files
// alone, in which they read nothing else.
func (p *project) near(files []int, wanted map[int]bool) []*candidate {
	found := make(map[key]*candidate)
	bad := make(map[key]bool)
	for _, i := range files {
		f := p.files[i]
		for j := range f.Versions {
			s := &f.Versions[j]
			r := f.readings[j]
			contexts(s, func(k key, get func() context) {
				if !r.text {
					bad[k] = true
					return
				}
				c := found[k]
				if c == nil {
					c = &candidate{context: get(), project: p, versions: make(map[string]bool), text: true}
					found[k] = c
				}
				c.versions[f.canonical] = true
				if wanted[i] && !slices.Contains(c.files, i) {
					c.files = append(c.files, i)
				}
			})
		}
	}
	var list []*candidate
	for k, c := range found {
		if !bad[k] && len(c.versions) > 1 && len(c.before)+len(c.after) > 2 {
			list = append(list, c)
		}
	}
	out := cover(list)
	return out[:min(len(out), maxNear)]
}

// shape returns the shape of the versions that stand alone, if each of the files has one of
// that shape at most, and it is its own. It adds the files in which there is one.
func (p *project) shape(files []int, done map[int]bool) string {
	for numbers := 4; numbers > 1; numbers-- {
		var right []int
		versions := make(map[string]bool)
		wrong := false
		for _, i := range files {
			f := p.files[i]
			alone := make(map[string]bool)
			for j := range f.Versions {
				if s := &f.Versions[j]; s.alone() && strings.Count(s.Text, ".") == numbers-1 {
					alone[s.Text] = upstream.Canonical(s.Text) == f.canonical
				}
			}
			switch ok := slices.Collect(maps.Values(alone)); {
			case len(ok) == 0:
			case len(ok) == 1 && ok[0]:
				versions[f.canonical] = true
				right = append(right, i)
			case slices.Contains(ok, true) || len(ok) == 1:
				wrong = true
			}
		}
		fresh := slices.ContainsFunc(right, func(i int) bool { return !done[i] })
		if wrong || !fresh || len(versions) < 2 {
			continue
		}
		for _, i := range right {
			done[i] = true
		}
		return strings.TrimSuffix(strings.Repeat("#.", numbers), ".")
	}
	return ""
}

func (s *seen) alone() bool { return s.around().Alone }
