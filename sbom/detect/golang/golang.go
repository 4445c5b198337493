// Package golang finds the modules that a Go program was built from, by the
// build information that the linker puts into it (debug/buildinfo).
//
// # Components
//
//   - The main module is an application, and owns the file by its content.
//   - Every dependency is a library. Of a replaced module the replacement is the
//     code that is there, so the component has its path and version, and the
//     replaced module is the property go:replaces. A replacement by a local
//     directory has no version: that is a gap.
//   - The standard library is the module "stdlib", as in the Go vulnerability
//     database. Its version is that of the toolchain without the "go", as in
//     pkg:golang/stdlib@1.22.3. A development toolchain has none.
//
// Versions keep the "v" of the module system. Name keeps the case of the module
// path; the package URL has it in lower case, as its specification wants. A
// main module whose path has no dot in its first element ("server") can be
// fetched from nowhere and gets no package URL.
//
// # The version of the main module
//
// The toolchain stamps it only since Go 1.24, and only in a repository. The
// sources, in this order: the stamped version, unless it is "(devel)" or a
// pseudo-version without a tag and there is something better; a version set by
// the linker flag -X in package main, a package of the main module or of a
// module in a directory beside it (of the repository, without modules); the
// pseudo-version of the stamped revision; for the programs of the Go
// distribution, that of the toolchain. Where none of them speaks there is a gap.
//
// # Formats
//
// ELF, PE and Mach-O for one architecture. An ELF program whose section headers
// are damaged or gone is read by its program headers, as the kernel does. A
// program that is recognisably Go and whose build information is gone is a gap.
//
// # Large programs
//
// The detector is a detect.Sifter. Its sieve keeps the headers of an ELF file, the names
// of the sections, and what follows the magic of the build information in segments
// of data. It skips what is needed of programs of Go 1.17 and older, whose strings lie
// before what points at them, of a file with more than 16 of these magics, and of Go
// programs for other systems than those that use ELF.
package golang

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// Limits. The largest build information known has about 2,000 modules and 200 kB.
const (
	minSize    = 16 << 10
	maxRead    = 64 << 20 // bytes of headers, data segment and build information
	maxModules = 20_000
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "golang", Version: "3"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem:    "Go programs",
		Reads:        []string{"ELF, PE and Mach-O programs"},
		PURLs:        []string{"golang"},
		Scopes:       []sbom.Scope{sbom.ScopeInstalled},
		Owns:         []sbom.Claim{sbom.ClaimContent},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	if e.Size < minSize || len(e.Head) < 64 {
		return false
	}
	switch h := e.Head; {
	case bytes.HasPrefix(h, []byte("\x7fELF")):
		return section.Executable(h)
	default:
		return bytes.HasPrefix(h, []byte("MZ")) || machoOrder(h) != nil
	}
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	bi, err := read(f)
	switch {
	case errors.Is(err, errNotGo):
		return nil, nil
	case errors.Is(err, errWiped):
		return &detect.Fragment{Gaps: []sbom.Gap{{Kind: sbom.GapIncomplete,
			Message: "a Go program without its build information: its modules and their versions are not known"}}}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return fragment(f, bi)
}

var (
	errNotGo = errors.New("not a Go program")
	errWiped = errors.New("no build information")
)

// Sift implements detect.Sifter.
func (detector) Sift(e *detect.Entry) detect.Sieve {
	magic := section.Word{Text: infoMagic, Rare: strings.IndexByte(infoMagic, 'G')}
	if bytes.HasPrefix(e.Head, []byte("\x7fELF")) {
		magic.Found = func(s *section.Sieve, at int64) { s.Keep(at, at+keptInfo) }
	}
	return section.NewSieve(e.Head, e.Size, section.Plan{Sections: true, Words: []section.Word{magic}})
}

// read returns the build information of the program in f.
func read(f *detect.File) (*buildinfo.BuildInfo, error) {
	head := make([]byte, min(f.Size, detect.HeadSize))
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	bi, err := readFormat(f, head)
	if section.Skipped(f.ReaderAt) {
		return nil, detect.ErrSkipped
	}
	return bi, err
}

func readFormat(f *detect.File, head []byte) (*buildinfo.BuildInfo, error) {
	if bytes.HasPrefix(head, []byte("\x7fELF")) {
		return readELF(f.ReaderAt, f.Size, f.Path)
	}
	if s, ok := f.ReaderAt.(*section.Sieve); ok && section.Index(s, infoMagic, 0, f.Size, 1) < 0 {
		return nil, errNotGo // As nearly all of them: the rest are read as a whole.
	}
	switch {
	case bytes.HasPrefix(head, []byte("MZ")):
		return readOther(f, func(r io.ReaderAt) io.ReaderAt { return peView(r, head) })
	case machoOrder(head) != nil:
		return readOther(f, func(r io.ReaderAt) io.ReaderAt { return machoView(r, head) })
	}
	return nil, errNotGo
}

// readOther reads the programs of other systems by debug/buildinfo. It stands
// on parsers that were not made for hostile input: they copy the name of every
// symbol and section, and names may overlap, so that a file of some megabytes
// can ask for terabytes. They get to see a view of the file without such names,
// and a budget of bytes to read.
func readOther(f *detect.File, view func(io.ReaderAt) io.ReaderAt) (*buildinfo.BuildInfo, error) {
	safe := view(readlimit.New(f.ReaderAt, f.Path, maxRead))
	if safe == nil {
		return nil, errNotGo
	}
	bi, err := readView(safe)
	if err != nil {
		return nil, errNotGo // There are no signs but the build information.
	}
	return bi, nil
}

// readView calls buildinfo.Read. A panic of one of its parsers is a malformed
// file and not the end of the caller.
func readView(r io.ReaderAt) (bi *buildinfo.BuildInfo, err error) {
	defer func() {
		if p := recover(); p != nil {
			bi, err = nil, fmt.Errorf("%w: %v", detect.ErrFormat, p)
		}
	}()
	return buildinfo.Read(r)
}
