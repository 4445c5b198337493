// Package gem finds Ruby gems by the specifications that RubyGems and Bundler
// write when they install them.
//
// # What counts as what
//
//   - specifications/NAME-VERSION.gemspec below a directory of gems (GEM_HOME, or
//     Debian's rubygems-integration) is an installed gem, as is one in
//     specifications/default, which came with Ruby. Inside another gem it is a
//     bundled copy ([sbom.ScopeBundled]), and below that gem's tests a fixture
//     ([sbom.ScopeFixture]).
//   - bundler/gems/REPOSITORY-COMMIT/NAME.gemspec is a gem that Bundler installed from a
//     repository. Further gems of the repository lie below it.
//   - Gemfile.lock and gems.locked declare gems ([sbom.ScopeDeclared]) that need not
//     be there; inside a gem they serve its development and list nothing.
//   - Any other gemspec is a source file that says what a gem shall be, and is
//     not read.
//
// Specifications are Ruby programs. Those that were written on installation state
// everything as literals, and literals are all that is read: nothing is run. A
// version that is computed is a gap, unless the name of the file states it.
//
// # What gems own
//
// The directory gems/NAME-VERSION with everything in it, the compiled
// extensions/PLATFORM/ABI/NAME-VERSION, the programs that RubyGems put into a bin
// directory, and, for what came with Ruby, the extension modules in Ruby's own
// library. A gem that Debian installs lies in other directories, which dpkg
// knows.
package gem

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Limits in bytes. The largest specification known, of a gem with 12,000 files,
// has 700 kB; the largest lock file 100 kB.
const (
	maxSpec = 8 << 20
	maxLock = 8 << 20
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "gem", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Ruby (RubyGems, Bundler)",
		Reads: []string{"specifications/*.gemspec", "specifications/default/*.gemspec",
			"bundler/gems/**/*.gemspec", "extensions/**/gem.build_complete", "Gemfile.lock", "gems.locked",
			"launchers of RubyGems"},
		PURLs:    []string{"gem"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture},
		Owns:     []sbom.Claim{sbom.ClaimDirectory, sbom.ClaimContent},
		Licenses: true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	switch base := e.Path[strings.LastIndexByte(e.Path, '/')+1:]; {
	case strings.HasSuffix(base, ".gemspec"):
		return e.Size > 0 && placeOf(e.Path).kind != elsewhere
	case isLock(base):
		return e.Size > 0
	case base == buildComplete: // It is empty.
		return extensionOf(e.Path) != ""
	}
	return isLauncher(e)
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	frag, err := read(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, err
}

func read(f *detect.File) (*detect.Fragment, error) {
	switch base := path.Base(f.Path); {
	case strings.HasSuffix(base, ".gemspec"):
		b, err := f.Bytes(maxSpec)
		if err != nil {
			return nil, err
		}
		return installed(placeOf(f.Path), parseSpec(string(b)))
	case isLock(base):
		return readLock(f)
	case base == buildComplete:
		return extension(f.Path), nil
	}
	return launcher(&f.Entry), nil
}
