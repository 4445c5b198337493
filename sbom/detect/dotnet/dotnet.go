// Package dotnet finds NuGet packages and .NET applications and frameworks by what
// the .NET SDK writes beside, and into, what it publishes.
//
// # What counts as what
//
//   - NAME.deps.json lists the libraries of an application, a plugin or a shared
//     framework. A library with files in the application is installed. One without
//     is only part of the graph of dependencies: a reference, an analyser, or a package
//     that the framework has replaced. It is declared ([sbom.ScopeDeclared]).
//   - NAME.runtimeconfig.json names the frameworks that the application runs on.
//   - A single-file application has its deps.json inside (the bundle, host
//     "bundle_marker"). Its libraries are installed; only the program itself is a
//     file.
//   - packages.lock.json declares packages that need not be there.
//
// Inside a package of another ecosystem the libraries are bundled copies
// ([sbom.ScopeBundled]); lock files there list nothing.
//
// # Large programs
//
// The detector is a detect.Sifter. Its sieve keeps of a bundle the header and what begins
// like a deps.json, up to 512 KiB, and of other programs nothing.
//
// # What is owned
//
// The assemblies and native libraries that deps.json names, the launcher of the
// application, and of the base framework also the host. No digests of files are
// recorded. The SHA-512 of a NuGet package is that of the package without its
// signature, and so not that of any archive: it is the property nuget:content_hash.
package dotnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// maxFile is the size in bytes of the largest JSON file that is read; the deps.json of
// an application with 500 libraries has 400 kB.
const maxFile = 32 << 20

// minHost is less than the size of the smallest launcher, 68 kB.
const minHost = 32 << 10

const (
	depsSuffix   = ".deps.json"
	configSuffix = ".runtimeconfig.json"
	lockName     = "packages.lock.json"
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "dotnet", Version: "1"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem:    ".NET (NuGet)",
		Reads:        []string{"*.deps.json", "*.runtimeconfig.json", "packages.lock.json", "single-file programs"},
		PURLs:        []string{"nuget"},
		Scopes:       []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture},
		Owns:         []sbom.Claim{sbom.ClaimDirectory, sbom.ClaimContent},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	if strings.HasSuffix(e.Path, ".json") {
		return e.Size > 0 && readerOf(e.Path) != nil
	}
	return e.Size >= minHost && isHost(e)
}

// isHost reports whether the file may be a single-file application: a program, and
// no library.
func isHost(e *detect.Entry) bool {
	if bytes.HasPrefix(e.Head, []byte("MZ")) {
		return strings.HasSuffix(e.Path, ".exe")
	}
	// .NET for WebAssembly has no single-file applications.
	return e.Mode.Perm()&0o111 != 0 && section.Executable(e.Head) && !bytes.HasPrefix(e.Head, []byte("\x00asm")) &&
		!strings.HasSuffix(e.Path, ".so") && !strings.Contains(path.Base(e.Path), ".so.")
}

// reader turns one kind of JSON file into facts.
type reader func(*detect.File, []byte) (*detect.Fragment, error)

func readerOf(file string) reader {
	base := path.Base(file)
	switch {
	case strings.HasSuffix(base, depsSuffix) && base != depsSuffix:
		return readDeps
	case strings.HasSuffix(base, configSuffix) && base != configSuffix:
		return readConfig
	case base == lockName:
		return readLock
	}
	return nil
}

// Sift implements detect.Sifter for programs.
func (detector) Sift(e *detect.Entry) detect.Sieve {
	if readerOf(e.Path) != nil {
		return nil
	}
	return sieve(e)
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	frag, err := read(f)
	if section.Skipped(f.ReaderAt) {
		return nil, detect.ErrSkipped
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, err
}

func read(f *detect.File) (*detect.Fragment, error) {
	r := readerOf(f.Path)
	if r == nil {
		frag, err := readBundle(f)
		if errors.Is(err, errNoBundle) {
			return nil, nil
		}
		return frag, err
	}
	b, err := f.Bytes(maxFile)
	if err != nil {
		return nil, err
	}
	return r(f, bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
}

// place is where the files of an application or framework are.
type place struct {
	dir   string
	stem  string // NAME of NAME.deps.json
	scope sbom.Scope
}

func placeOf(file, suffix string) place {
	p := place{dir: path.Dir(file), stem: strings.TrimSuffix(path.Base(file), suffix)}
	if declared.Foreign(file) {
		p.scope = sbom.ScopeBundled
		if fixture.Path(p.dir) {
			p.scope = sbom.ScopeFixture
		}
	}
	return p
}

// key is the key of the application or framework itself. That of a framework lacks
// the version that its directory has.
func (p place) key() string {
	if root, _, ok := p.framework(); ok {
		return path.Join(root, "shared", p.stem)
	}
	return path.Join(p.dir, p.stem)
}

// framework returns the directory of the installation that a shared framework is in,
// as ROOT/shared/NAME/VERSION, and the version; ok is false for an application.
func (p place) framework() (root, version string, ok bool) {
	dir, version := path.Split(p.dir)
	dir, name := path.Split(strings.TrimSuffix(dir, "/"))
	root, found := strings.CutSuffix(strings.TrimSuffix(dir, "/"), "/shared")
	return root, version, found && name == p.stem
}

// frameworkAlias is the name by which applications refer to a framework. They run on
// the newest patch of the version that they ask for.
func frameworkAlias(name, version string) string {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return "framework " + name + " " + major + "." + minor
}
