// Package composer finds PHP packages that Composer installed.
//
// # What counts as what
//
//   - vendor/composer/installed.json, in the form of Composer 1 and 2, lists installed
//     packages. A vendor directory inside a package of Composer or of another
//     ecosystem holds bundled copies ([sbom.ScopeBundled]), below its tests
//     fixtures ([sbom.ScopeFixture]).
//   - vendor/composer/installed.php names the application that they were installed for. It
//     is a PHP program that Composer writes in one fixed form; it is read, not run.
//   - composer.lock declares packages ([sbom.ScopeDeclared]) that need not be there. Inside
//     a package it serves that package's development and lists nothing.
//
// # What packages own
//
// The directory that they were installed in, if that is in the project, and their programs
// in vendor/bin. Composer records no digests of files.
//
// Package URLs have vendor and name in lower case and the version as the package
// spells it, with a "v" if it has one. A branch (dev-main) has the repository and
// the commit as its vcs_url.
package composer

import (
	"context"
	"fmt"
	"path"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
)

// maxFile is the size in bytes of the largest file that is read. The list of a large
// application has 1 MB.
const maxFile = 32 << 20

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "composer", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "PHP (Composer)",
		Reads:     []string{"vendor/composer/installed.json", "vendor/composer/installed.php", "composer.lock"},
		PURLs:     []string{"composer"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture},
		Owns:      []sbom.Claim{sbom.ClaimDirectory},
		Licenses:  true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(maxFile)
	if err != nil {
		return nil, err
	}
	frag, err := readerOf(f.Path)(f, b)
	if err != nil {
		err = fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, err
}

// reader turns the content of one kind of file into facts.
type reader func(*detect.File, []byte) (*detect.Fragment, error)

func readerOf(file string) reader {
	dir, base := path.Split(file)
	switch base {
	case "composer.lock":
		return readLock
	case "installed.json":
		if path.Base(dir) == "composer" {
			return readInstalled
		}
	case "installed.php":
		if path.Base(dir) == "composer" {
			return readRoot
		}
	}
	return nil
}

// place is a directory of packages, mostly called vendor.
type place struct {
	vendor string
	// project is the directory that vendor is in.
	project string
	scope   sbom.Scope
	// owner is the directory of the package of Composer that contains this one.
	owner string
}

// placeOf classifies the vendor directory that file, vendor/composer/installed.*, is in.
func placeOf(file string) place {
	p := place{vendor: path.Dir(path.Dir(file))}
	p.project = path.Dir(p.vendor)
	inside := p.project + "/" // of what a package would contain
	if !declared.Foreign(inside) && !plugin(inside) {
		return p
	}
	p.scope = sbom.ScopeBundled
	owner, below := enclosing(p.project)
	p.owner = owner
	if fixture.Path(below) {
		p.scope = sbom.ScopeFixture
	}
	return p
}

// confidence is how sure it is that what is listed is there.
func (p place) confidence() float64 {
	if p.scope == sbom.ScopeInstalled {
		return 1
	}
	return 0.8
}

func (p place) key(name string) string { return p.vendor + " " + name }
