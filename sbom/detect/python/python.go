// Package python finds Python distributions by their installed metadata.
//
// # What is read
//
//   - NAME-VERSION.dist-info (PEP 376, 427, 627): METADATA is the component,
//     RECORD its files with their digests, INSTALLER and direct_url.json say who
//     installed it from where.
//
//   - NAME-VERSION.egg-info, as a directory (PKG-INFO, top_level.txt) or as one
//     file, and the EGG-INFO of an unpacked egg. Their lists of files
//     (SOURCES.txt, installed-files.txt) are not read: the first lists sources,
//     and neither has digests.
//
//   - The metadata inside archives: an egg (NAME-VERSION-pyX.Y.egg) is installed as it
//     is, and so are the distributions in a zipapp (.pyz, .pex). A wheel (.whl) is
//     only there to be installed: it is [sbom.ScopeDeclared], or
//     [sbom.ScopeBundled] where it is part of something, as in ensurepip/_bundled.
//
//   - _vendor/vendor.txt, the list of copies in it, which have no metadata of
//     their own.
//
// A distribution below a directory of vendored code inside an environment, such
// as setuptools/_vendor, is a bundled copy ([sbom.ScopeBundled]), one below a
// directory of tests a fixture ([sbom.ScopeFixture]). The distribution that
// contains it is taken to have the name of its package of modules, if there is
// one of that name.
//
// An .egg-link points to a directory that has an egg-info of its own.
//
// A distribution depends on those in the same environment that its metadata requires:
// without extras, and with a marker only if what the directories' names tell
// (that it is Unix, and the version of Python) makes it true.
//
// Launchers for Windows (cli.exe, t64.exe) are files that RECORD lists, and no
// software of their own.
//
// # Identity
//
// The key of a distribution is the directory it is installed in and its
// normalised name (PEP 503); the metadata directory is an alias, by which the
// other files of that directory refer to it.
package python

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "python", Version: "5"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Python (wheels, eggs)",
		Reads: []string{"*.dist-info/*", "*.egg-info/*", "*.egg-info", "*.egg/EGG-INFO/*", "*.egg", "*.whl",
			"*.pyz", "*.pex", "_vendor/vendor.txt"},
		PURLs:    []string{"pypi"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture},
		Owns:     []sbom.Claim{sbom.ClaimRecorded, sbom.ClaimDirectory, sbom.ClaimContent},
		Checks:   []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"},
		Licenses: true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	_, read := split(e.Path)
	return read != nil && e.Size > 0
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	p, read := split(f.Path)
	if read == nil {
		return nil, nil
	}
	frag, err := read(p, f)
	if err != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, nil
}

// reader turns one kind of metadata file into facts.
type reader func(place, *detect.File) (*detect.Fragment, error)

// place is where a distribution's metadata is.
type place struct {
	// meta is the metadata directory, or the metadata file where it is one.
	meta string
	// site is the directory that the distribution is installed in.
	site string
	// code is where its modules are: site, or the unpacked egg in it.
	code string
	// stem is the base of meta without its suffix: NAME-VERSION, mostly.
	stem string
}

// split finds the metadata directory that a path is directly in, and the reader
// for the file; nil when the file is none of ours.
func split(p string) (place, reader) {
	dir, base := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	at := func(suffix string) place {
		site := path.Dir(dir)
		return place{meta: dir, site: site, code: site, stem: strings.TrimSuffix(path.Base(dir), suffix)}
	}
	switch {
	case strings.HasSuffix(dir, ".dist-info"):
		return at(".dist-info"), distInfo(base)
	case strings.HasSuffix(dir, ".egg-info"):
		return at(".egg-info"), eggInfo(base)
	case strings.HasSuffix(dir, ".egg/EGG-INFO"):
		egg := path.Dir(dir)
		return place{meta: dir, site: path.Dir(egg), code: egg, stem: strings.TrimSuffix(path.Base(egg), ".egg")}, eggInfo(base)
	case strings.HasSuffix(base, ".egg-info"):
		return place{meta: p, site: path.Dir(p), code: path.Dir(p), stem: strings.TrimSuffix(base, ".egg-info")}, readMetadata
	case archiveKind(base) != "":
		return place{meta: p, site: path.Dir(p), code: path.Dir(p)}, readArchive
	case vendorList(dir, base):
		return place{meta: p, site: dir, code: dir}, readVendorList
	}
	return place{}, nil
}

func distInfo(base string) reader {
	switch base {
	case "METADATA":
		return readMetadata
	case "RECORD":
		return readRecord
	case "INSTALLER":
		return readInstaller
	case "direct_url.json":
		return readDirectURL
	}
	return nil
}

func eggInfo(base string) reader {
	switch base {
	case "PKG-INFO":
		return readMetadata
	case "top_level.txt":
		return readTopLevel
	}
	return nil
}

// environment splits the distribution's directory into that of the environment
// it is in and what is below it; ok is false outside of any.
func (p place) environment() (root, below string, ok bool) {
	segs := strings.Split(p.site, "/")
	for i := len(segs) - 1; i >= 0; i-- {
		standard := i > 0 && segs[i-1] == "lib" && strings.HasPrefix(segs[i], "python") && strings.Contains(segs[i], ".")
		if standard || segs[i] == "site-packages" || segs[i] == "dist-packages" {
			return strings.Join(segs[:i+1], "/"), strings.Join(segs[i+1:], "/"), true
		}
	}
	return "", p.site, false
}

// scope tells vendored copies and test data from installed distributions by the
// directories below the environment's own. Outside of an environment, where
// people also install into directories named "vendor" or "test", only the names
// that nobody uses otherwise tell.
func (p place) scope() sbom.Scope {
	_, below, env := p.environment()
	scope := sbom.ScopeInstalled
	for dir := range strings.SplitSeq(below, "/") {
		switch dir {
		case "_vendor", "_vendored", "_bundled":
			scope = sbom.ScopeBundled
		case "vendor", "vendored", "extern":
			if env {
				scope = sbom.ScopeBundled
			}
		case "testdata", "test-data", "test_data", "fixtures", "__fixtures__", "test-fixtures", "test_fixtures":
			return sbom.ScopeFixture
		}
	}
	if env && fixture.Path(below) {
		return sbom.ScopeFixture
	}
	return scope
}

// owner is the key of the distribution that contains what is in p, by the name
// of its package of modules; empty if p is not in one. That it is there, only
// the fold can tell.
func (p place) owner() string {
	root, below, env := p.environment()
	top, _, _ := strings.Cut(below, "/")
	if !env || !pep.ValidName(top) || p.scope() == sbom.ScopeInstalled {
		return ""
	}
	return place{site: root}.key(top)
}

// contains relates what is in p to what contains it.
func (p place) contains(key string) []detect.Relation {
	if owner := p.owner(); owner != "" {
		return []detect.Relation{{From: owner, To: key, Type: sbom.Contains}}
	}
	return nil
}

// key returns the key of the distribution of that name.
func (p place) key(name string) string { return p.site + " " + pep.Normalize(name) }
