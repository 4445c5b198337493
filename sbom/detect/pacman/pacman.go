// Package pacman detects the packages of Arch Linux and its derivatives, and of
// MSYS2, in the local database of pacman (alpm-db(7)).
//
// # What is read
//
// In var/lib/pacman/local/NAME-VERSION, or the same directory below
// usr/lib/sysimage/lib/pacman or usr/lib/holo/pacmandb:
//
//   - desc: the package, its base package, licences and dependencies
//     (alpm-db-desc(5)).
//   - files: its files, and which of them are configuration (alpm-db-files(5)).
//   - mtree: the digests of its files, compressed with gzip (ALPM-MTREE(5)).
//
// A database below another directory is that of another root.
//
// # What is owned
//
// Every file and symbolic link of files and mtree, with its sha256, or the md5 of
// packages before 2021. The files that pacman backs up are configuration;
// documentation and translations are optional: images of Arch Linux leave them
// out (pacman.conf(5), NoExtract).
//
// # What is checked
//
// Packages without a name or version, repeated sections, malformed lines and
// digests are gaps. A name that is not that of the directory is one, too: pacman
// refuses such a database.
//
// # Limits
//
// Files may have 64 MiB, a decompressed mtree too; one package may have 1<<18 files
// and 1<<12 dependencies and provisions.
package pacman

import (
	"context"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile   = 64 << 20
	maxClaims = 1 << 18
	maxNames  = 1 << 12
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "pacman", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Arch Linux (pacman)",
		Reads:     []string{"pacman*/local/*/desc", "pacman*/local/*/files", "pacman*/local/*/mtree"},
		PURLs:     []string{"alpm"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled},
		Owns:      []sbom.Claim{sbom.ClaimRecorded},
		Checks:    []string{"md5", "sha256"},
		Licenses:  true, Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	_, ok := locate(e.Path)
	return ok
}

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	at, _ := locate(f.Path)
	db := &database{at, ospkg.NewRecord(ctx, f, at.root, maxClaims)}
	var err error
	if at.base == "mtree" {
		err = db.readMtree(f)
	} else {
		var text string
		if text, err = ospkg.Read(f, maxFile); err != nil {
			return nil, err
		}
		err = db.readSections(text)
	}
	return db.Fragment(), err
}

// database is one file of a database while it is read.
type database struct {
	place
	ospkg.Record
}

// place is where a file of a database is.
type place struct {
	path string // of the file
	root string // of the file system
	dir  string // NAME-VERSION
	base string // desc, files or mtree
}

// locals are the places of the local database: pacman's own, and those of
// distributions whose /var is not part of the system.
var locals = []string{"var/lib/pacman/local", "usr/lib/sysimage/lib/pacman/local", "usr/lib/holo/pacmandb/local"}

// locate says which file of a database p is.
func locate(p string) (place, bool) {
	slash := strings.LastIndexByte(p, '/')
	if slash < 0 {
		return place{}, false
	}
	base := p[slash+1:]
	if base != "desc" && base != "files" && base != "mtree" {
		return place{}, false
	}
	local, dir := ospkg.CutLast(p[:slash])
	for _, suffix := range locals {
		if root, ok := ospkg.Root(local, suffix); ok && dir != "" {
			return place{path: p, root: root, dir: dir, base: base}, true
		}
	}
	return place{}, false
}

// key returns the key or alias of a package or of what packages provide.
func (p *place) key(name string) string { return ospkg.Join(p.root, name) }

// alias returns the alias of the package in this directory, by which its other files
// refer to it. The double slash keeps it apart from any name.
func (p *place) alias() string { return ospkg.Join(p.root, "local//"+p.dir) }

// names splits a directory into the package's name and version, which has the release
// behind the last hyphen.
func names(dir string) (name, version string) {
	i := strings.LastIndexByte(dir, '-')
	if i < 0 {
		return "", ""
	}
	if i = strings.LastIndexByte(dir[:i], '-'); i <= 0 {
		return "", ""
	}
	return dir[:i], dir[i+1:]
}
