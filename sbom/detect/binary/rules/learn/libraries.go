package main

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// numbered finds the libraries of a project that have its version behind ".so", in
// every version there is: in their SONAME, or else in their file name.
func (p *project) numbered() (sonames, fileNames []string) {
	bySONAME := p.agree(func(f *elf) string { return f.SONAME })
	byFile := p.agree(func(f *elf) string { return path.Base(f.Path) })
	for _, stem := range slices.Sorted(maps.Keys(p.sonames)) {
		if bySONAME[stem] {
			sonames = append(sonames, stem)
		} else if byFile[stem] {
			fileNames = append(fileNames, stem)
		}
	}
	return sonames, fileNames
}

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
		if strings.Count(number, ".") == 0 || canonical(number) != f.canonical {
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
