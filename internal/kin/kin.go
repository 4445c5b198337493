// Package kin finds out of which version files are that say nothing of it, by other files of the
// same project.
package kin

import (
	"path"
	"slices"
	"strings"
)

// File is a program or library. Path is as in image layers: "usr/bin/psql".
type File struct {
	Path string
	// Project is the one that the file is of: as itself says, or as its name does.
	Project string
	// Version is what the file says itself; empty if it says nothing.
	Version string
	// SONAME is the library's own name, and Needed are the libraries that it loads.
	SONAME string
	Needed []string
}

// Nearness is how two files belong together.
type Nearness int

// Nearest first.
const (
	Linked    Nearness = iota // One loads the other.
	Directory                 // Both are in one directory.
	Tree                      // Both are where a system has its programs and libraries.
)

// Match says that the file of one index is of the version of the file of another.
type Match struct {
	File, Of int
	Near     Nearness
}

// maxVersions is how many versions of one project are told apart in one place.
const maxVersions = 8

// place is where files of one project are near to each other: name is that of a library, a directory
// or a tree.
type place struct {
	near          Nearness
	project, name string
	loads         bool // the library, which is another place than to be it
}

// speakers are the first files of each version in a place.
type speakers struct {
	files []int
	many  bool // more versions than are told apart
}

// Find returns a match for each file without a version that has files of its project near to it
// which agree on one: those that it is linked with; without these, those of its directory; without
// these, those of its tree. The number at the end of a file's name has to be that which the version
// begins with. It takes time linear in the files and what they load.
func Find(files []File) []Match {
	places := make(map[place]*speakers)
	for i := range files {
		if f := &files[i]; f.Project != "" && f.Version != "" {
			for p := range f.places(false) {
				if places[p] == nil {
					places[p] = new(speakers)
				}
				places[p].add(files, i)
			}
		}
	}
	var out []Match
	for i := range files {
		if f := &files[i]; f.Project != "" && f.Version == "" {
			if of, near, ok := f.match(files, places); ok {
				out = append(out, Match{i, of, near})
			}
		}
	}
	return out
}

func (s *speakers) add(files []File, i int) {
	for _, have := range s.files {
		if files[have].Version == files[i].Version {
			return
		}
	}
	if len(s.files) == maxVersions {
		s.many = true
		return
	}
	s.files = append(s.files, i)
}

// match returns the file whose version all have that are nearest.
func (f *File) match(files []File, places map[place]*speakers) (of int, near Nearness, ok bool) {
	for near = Linked; near <= Tree; near++ {
		version, found := "", false
		for p := range f.places(true) {
			s := places[p]
			if p.near != near || s == nil {
				continue
			}
			if s.many {
				return 0, near, false
			}
			for _, i := range s.files {
				switch v := files[i].Version; {
				case !f.numbered(v):
				case !found:
					of, version, found = i, v, true
				case v != version:
					return 0, near, false
				}
			}
		}
		if found {
			return of, near, true
		}
	}
	return 0, near, false
}

// places yields where the file is, or, for one that looks for others, where these would be.
func (f *File) places(others bool) func(yield func(place) bool) {
	return func(yield func(place) bool) {
		name := f.SONAME
		if name == "" {
			name = path.Base(f.Path)
		}
		if !yield(place{Linked, f.Project, name, others}) {
			return
		}
		for _, library := range f.Needed {
			if !yield(place{Linked, f.Project, library, !others}) {
				return
			}
		}
		if !yield(place{Directory, f.Project, path.Dir(f.Path), false}) {
			return
		}
		if root, ok := installed(f.Path); ok {
			yield(place{Tree, f.Project, root, false})
		}
	}
}

// numbered reports whether the number at the end of the file's name, if there is one, is what the
// version begins with: libgtk-x11-2.0 is not of GTK 3.24.
func (f *File) numbered(version string) bool {
	name := path.Base(f.Path)
	if i := strings.Index(name, ".so"); i > 0 {
		name = name[:i]
	}
	number := strings.Trim(name[len(strings.TrimRight(name, ".0123456789")):], ".")
	return number == "" || strings.HasPrefix(version+".", strings.TrimSuffix(number, ".0")+".")
}

// standard are the directories at the top of a system.
var standard = []string{"bin", "sbin", "lib", "lib64", "libexec", "usr", "opt", "srv", "app"}

// programs are the directories that hold programs and libraries, of a system or of /usr.
var programs = []string{"bin", "sbin", "lib", "lib64", "libexec", "games"}

// installed returns what is above the first standard directory, and whether the file is where a
// system has what all may use.
func installed(file string) (root string, ok bool) {
	parts := strings.Split(path.Dir(file), "/")
	i := slices.IndexFunc(parts, func(p string) bool { return slices.Contains(standard, p) })
	if i < 0 {
		return "", false
	}
	root, parts = strings.Join(parts[:i], "/"), parts[i:]
	if parts[0] == "usr" {
		if parts = parts[1:]; len(parts) > 0 && parts[0] == "local" {
			parts = parts[1:]
		}
	}
	switch {
	case len(parts) == 1:
		return root, slices.Contains(programs, parts[0])
	case len(parts) == 2: // Of one architecture.
		return root, parts[0] == "lib" && strings.Contains(parts[1], "-linux-")
	}
	return root, false
}
