// Package payload holds what the readers of payloads have in common: the packages that
// they find, and bounded reading of a file that nobody vouches for.
//
// A payload is what a program carries and its loader leaves alone: an archive behind the
// last section, a note, a resource. It names its packages exactly, where text among the
// code could only hint at them.
package payload

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Limits, in items and bytes.
const (
	MaxPackages = 20_000
	MaxNames    = 2_000
	MaxName     = 256
	MaxPrograms = 5_000
)

// Payload is what one payload says. The zero value says nothing.
type Payload struct {
	// Kind is what it is, in words.
	Kind string
	// Tool is what made it or runs it, with its version, where it says so.
	Tool string
	// Offset and Size are where it is in the file.
	Offset, Size int64
	// Packages are those with a version, in order of type, name and version.
	Packages []Package
	// Names are of packages without a version, in order.
	Names []string
	// Programs are what may be programs and libraries of their own, at most MaxPrograms.
	Programs []Program
	// Err is why it was not read, or not wholly: it wraps an error of package detect. Nil
	// if all of it was understood.
	Err error
}

// Package is a package that a payload names.
type Package struct {
	// Type is that of a package URL; Name has the namespace in it, as in "@babel/core".
	Type, Name, Version string
	// License is what the package states of it.
	License string
	// Own is set for the program itself.
	Own bool
	// Offset is where in the file it is stated: of text, or of the compressed entry that
	// has the text, and Text are the words.
	Offset int64
	Text   string
	// Rule is how it was found.
	Rule string
}

// Program is a program or library in a payload.
type Program struct {
	Name string
	// Offset is where in the file its content is, compressed or not, and Size the length of
	// what Open gives, as the payload states it.
	Offset, Size int64
	// Runtime is set for what came with the run time that the payload is for.
	Runtime bool
	// Whole is set for the program itself, which was packed.
	Whole bool
	// Open returns a reader of the content, once for each call. Its error wraps one of
	// package detect.
	Open func() (io.ReadCloser, error)
}

// ProgramName reports whether a file has the name of a library or a program.
func ProgramName(name string) bool {
	base := path.Base(name)
	switch path.Ext(base) {
	case ".so", ".dll", ".pyd", ".dylib", ".jnilib", ".node", ".exe":
		return true
	}
	return strings.Contains(base, ".so.")
}

// AddProgram adds a program.
func (p *Payload) AddProgram(x Program) {
	switch {
	case len(p.Programs) < MaxPrograms:
		p.Programs = append(p.Programs, x)
	case p.Err == nil:
		p.Err = &detect.LimitError{Path: p.Kind, Limit: MaxPrograms, What: "programs"}
	}
}

type key struct{ kind, name, version string }

// Set collects packages, each once. The zero value is empty.
type Set struct {
	packages map[key]Package
	names    map[string]bool
	full     bool
}

// Add adds a package; of several that are the same, the first in the file stays.
func (s *Set) Add(p Package) {
	if p.Name == "" || p.Version == "" || len(p.Name) > MaxName || len(p.Version) > MaxName {
		return
	}
	k := key{p.Type, p.Name, p.Version}
	have, ok := s.packages[k]
	switch {
	case ok && (have.Own || have.Offset <= p.Offset && !p.Own):
		return
	case !ok && len(s.packages) == MaxPackages:
		s.full = true
		return
	}
	if s.packages == nil {
		s.packages = make(map[key]Package)
	}
	s.packages[k] = p
}

// Name adds the name of a package that may have no version.
func (s *Set) Name(name string) {
	if name == "" || len(name) > MaxName || s.names[name] {
		return
	}
	if len(s.names) == MaxNames {
		s.full = true
		return
	}
	if s.names == nil {
		s.names = make(map[string]bool)
	}
	s.names[name] = true
}

// Tell puts what was collected into p: names alone only of what has no version.
func (s *Set) Tell(p *Payload) {
	versioned := make(map[string]bool)
	for _, x := range s.packages {
		p.Packages = append(p.Packages, x)
		versioned[x.Name] = true
	}
	slices.SortFunc(p.Packages, func(a, b Package) int {
		return slices.Compare([]string{a.Type, a.Name, a.Version}, []string{b.Type, b.Name, b.Version})
	})
	for name := range s.names {
		if !versioned[name] {
			p.Names = append(p.Names, name)
		}
	}
	slices.Sort(p.Names)
	if s.full && p.Err == nil {
		p.Err = &detect.LimitError{Path: p.Kind, Limit: MaxPackages, What: "packages"}
	}
}

// Source is a file of known size.
type Source struct {
	io.ReaderAt
	Size int64
}

// Bytes returns n bytes at off. The error wraps detect.ErrFormat for what lies outside of the
// file, and detect.ErrLimit for more than most bytes.
func (s Source) Bytes(off, n, most int64) ([]byte, error) {
	switch {
	case off < 0 || n < 0 || off > s.Size || n > s.Size-off:
		return nil, fmt.Errorf("%w: %d bytes at %d are not in the file", detect.ErrFormat, n, off)
	case n > most:
		return nil, &detect.LimitError{Path: "payload", Limit: most, Size: n}
	}
	b := make([]byte, n)
	if m, err := s.ReadAt(b, off); int64(m) < n {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return b, nil
}

// Part returns a reader of n bytes at off, fewer if the file ends before.
func (s Source) Part(off, n int64) *io.SectionReader {
	off = min(max(off, 0), s.Size)
	return io.NewSectionReader(s.ReaderAt, off, min(max(n, 0), s.Size-off))
}
