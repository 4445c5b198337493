package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
)

// numbered finds the libraries of a project that have its version behind ".so", in
// every version there is: in their SONAME, or else in their file name. Families that are shared are
// those of several projects.
func (p *project) numbered(shared map[string]bool) (sonames, fileNames []string) {
	bySONAME := p.agree(func(f *elf) string { return f.SONAME })
	byFile := p.agree((*elf).base)
	for _, stem := range slices.Sorted(maps.Keys(p.sonames)) {
		if bySONAME[stem] {
			sonames = append(sonames, stem)
		} else if byFile[stem] {
			fileNames = append(fileNames, stem)
		}
	}
	return p.families(sonames, shared), p.families(fileNames, shared)
}

// minFamily is the number of libraries that speak for all that begin as they do.
const minFamily = 3

// families puts "libboost_*" for libraries of that beginning, where all are numbered
// that were seen, and no other project has one.
func (p *project) families(stems []string, shared map[string]bool) []string {
	all, numbered := make(map[string]int), make(map[string]int)
	for s := range p.sonames {
		all[family(s)]++
	}
	for _, s := range stems {
		numbered[family(s)]++
	}
	var out []string
	for _, s := range stems {
		if f := family(s); f != "" && !shared[f] && numbered[f] == all[f] && all[f] >= minFamily {
			s = f + "*"
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// sharedFamilies returns the families that libraries of several projects are of.
func sharedFamilies(projects []*project) map[string]bool {
	of, shared := make(map[string]*project), make(map[string]bool)
	for _, p := range projects {
		for s := range p.sonames {
			f := family(s)
			shared[f] = shared[f] || of[f] != nil && of[f] != p
			of[f] = p
		}
	}
	return shared
}

// family returns a library's name up to the first hyphen or underscore; empty without one.
func family(stem string) string { return stem[:strings.IndexAny(stem, "-_")+1] }

// agree returns the libraries of which the names end in the project's version, of two
// numbers at least, in all versions, and these are two at least.
func (p *project) agree(name func(*elf) string) map[string]bool {
	versions := make(map[string]map[string]bool)
	wrong := make(map[string]bool)
	for _, f := range p.files {
		stem, _, ok := strings.Cut(f.SONAME, ".so")
		if !ok {
			continue
		}
		_, number, _ := strings.Cut(name(f), ".so.")
		if strings.Count(number, ".") == 0 || upstream.Canonical(number) != f.canonical {
			wrong[stem] = true
			continue
		}
		if versions[stem] == nil {
			versions[stem] = make(map[string]bool)
		}
		versions[stem][f.canonical] = true
	}
	out := make(map[string]bool)
	for stem, v := range versions {
		out[stem] = len(v) > 1 && !wrong[stem]
	}
	return out
}
