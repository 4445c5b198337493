// Package cargo finds the crates that a Rust program was built from, by the list
// that cargo auditable has the linker put into it, and those that lock files name.
//
// # What counts as what
//
//   - The section .dep-v0 of an ELF, PE, Mach-O or WebAssembly file lists what the
//     program was built from, as JSON compressed by zlib (cargo-auditable,
//     PARSING.md). Its root package is an application and owns the file by its
//     content; run-time dependencies are libraries that are part of the program.
//     Build-time dependencies ran on the machine that built it and are
//     not shipped: they are declared ([sbom.ScopeDeclared]) and say cargo:kind=build.
//   - Cargo.lock declares crates that need not be there. In copies of third-party
//     sources, such as Cargo's registry, it lists nothing.
//
// # Large programs
//
// The detector is a detect.Sifter. Its sieve keeps the headers of an ELF file, and tells
// of others that they do not have the list. It skips the list itself, which lies before
// what says where it is.
//
// # Package URLs
//
// A package URL of the type cargo means a crate of crates.io. The root package of a
// program gets one whatever it was built from: distributions build from the
// sources of what is published. Other crates of the local disk, and those of other
// registries, do not; where a crate came from is the property cargo:source.
package cargo

import (
	"bytes"
	"context"
	"fmt"
	"path"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// minProgram is the size in bytes of the smallest linked program that is looked
// into. The Rust standard library alone makes 300 kB; a module of
// WebAssembly can be small.
const minProgram = 1 << 10

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "cargo", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem:    "Rust (Cargo)",
		Reads:        []string{"ELF, PE, Mach-O and WebAssembly programs", "Cargo.lock"},
		PURLs:        []string{"cargo"},
		Scopes:       []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:         []sbom.Claim{sbom.ClaimContent},
		Dependencies: true,
	}
}

// Wants wants every linked program, as the names of sections stand at the end of
// most: the same files that package golang wants.
func (detector) Wants(e *detect.Entry) bool {
	if e.Size >= minProgram && section.Executable(e.Head) {
		return true
	}
	return isLock(e.Path) && e.Size > 0
}

func isLock(file string) bool {
	const name = "Cargo.lock"
	return len(file) >= len(name) && file[len(file)-len(name):] == name && path.Base(file) == name
}

// Sift implements detect.Sifter for programs. That a program is not Rust is known by
// the names of its sections, or by that name being nowhere.
func (detector) Sift(e *detect.Entry) detect.Sieve {
	switch {
	case isLock(e.Path):
		return nil
	case bytes.HasPrefix(e.Head, []byte("\x7fELF")):
		return section.NewSieve(e.Head, e.Size, section.Plan{Sections: true})
	}
	return section.NewSieve(e.Head, e.Size, section.Plan{Words: []section.Word{{Text: auditSection}}})
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	read := readProgram
	if isLock(f.Path) {
		read = readLock
	}
	frag, err := read(f)
	if section.Skipped(f.ReaderAt) {
		return nil, detect.ErrSkipped
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, err
}
