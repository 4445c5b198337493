// Package python finds Python distributions by their installed metadata.
//
// # What is read
//
//   - NAME-VERSION.dist-info (PEP 376, 427, 627): METADATA is the component,
//     RECORD its files with their digests, INSTALLER and direct_url.json say who
//     installed it from where.
//   - NAME-VERSION.egg-info, as a directory (PKG-INFO, top_level.txt) or as one
//     file, and the EGG-INFO of an unpacked egg. Their lists of files
//     (SOURCES.txt, installed-files.txt) are not read: the first lists sources,
//     and neither has digests.
//
// A distribution below a directory of vendored code inside an environment, such
// as setuptools/_vendor, is a bundled copy ([sbom.ScopeBundled]), one below a
// directory of tests a fixture ([sbom.ScopeFixture]).
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
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "python", Version: "1"} }

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

// scope tells vendored copies and test data from installed distributions by the
// directories below the environment's own. Outside of an environment, where
// people also install into directories named "vendor" or "test", only the names
// that nobody uses otherwise tell.
func (p place) scope() sbom.Scope {
	below, env := "/"+p.site, false
	for _, root := range []string{"/site-packages", "/dist-packages"} {
		if i := strings.LastIndex(below+"/", root+"/"); i >= 0 {
			below, env = below[i+len(root):], true
		}
	}
	for dir := range strings.SplitSeq(below, "/") {
		switch dir {
		case "_vendor", "_vendored", "_bundled":
			return sbom.ScopeBundled
		case "vendor", "vendored", "extern":
			if env {
				return sbom.ScopeBundled
			}
		}
	}
	if env && fixture.Path(below) {
		return sbom.ScopeFixture
	}
	return sbom.ScopeInstalled
}

// key returns the key of the distribution of that name.
func (p place) key(name string) string { return p.site + " " + normalize(name) }

// normalize returns a name in its canonical spelling: lower case, with each run
// of "-", "_" and "." as one "-" (PEP 503).
func normalize(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			dash = true
			continue
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// validName implements the grammar of PEP 508.
func validName(s string) bool {
	alnum := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
	if s == "" || len(s) > 256 || !alnum(s[0]) || !alnum(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if !alnum(s[i]) && !strings.ContainsRune("-_.", rune(s[i])) {
			return false
		}
	}
	return true
}
