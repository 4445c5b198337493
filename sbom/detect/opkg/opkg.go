// Package opkg detects the packages of OpenWrt, Yocto and other embedded systems in
// the database of opkg.
//
// # What is read
//
// In usr/lib/opkg (OpenWrt) or var/lib/opkg (Yocto):
//
//   - status: the packages, their state, dependencies and configuration files.
//   - info/NAME.list: their files.
//   - info/NAME.files-sha256sum: the digests that some builds of OpenWrt add.
//   - info/NAME.control: licences, source and CPE, which status leaves out.
//
// A database below another directory is that of another root.
//
// # What is owned
//
// Every path of a list. opkg records digests of configuration files alone (md5 in
// Yocto, sha256 in OpenWrt), so that the integrity of other files is not known
// unless there is a table of digests. A list of newer versions says the type of each
// path; directories and links are told apart by it.
//
// # What is checked
//
// As for dpkg, whose formats these are: malformed stanzas, packages without a name or
// version, and unfinished installations are gaps. Removed packages whose
// configuration stayed are residual (sbom.ScopeResidual).
//
// # Limits
//
// A file may have 16 MiB; status 1<<16 packages, and one package 1<<12 dependencies
// and 1<<17 files.
package opkg

import (
	"context"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile     = 16 << 20
	maxPackages = 1 << 16
	maxDepends  = 1 << 12
	maxClaims   = 1 << 17
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "opkg", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "OpenWrt, Yocto (opkg)",
		Reads: []string{"lib/opkg/status", "lib/opkg/info/*.list", "lib/opkg/info/*.files-sha256sum",
			"lib/opkg/info/*.control"},
		PURLs:    []string{"opkg"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeResidual},
		Owns:     []sbom.Claim{sbom.ClaimRecorded},
		Checks:   []string{"md5", "sha256"},
		Licenses: true, Dependencies: true,
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
	text, err := ospkg.Read(f, maxFile)
	if err != nil {
		return nil, err
	}
	db := &database{at, ospkg.NewRecord(ctx, f, at.root, maxClaims)}
	switch at.kind {
	case "status":
		err = db.readStatus(text)
	case "list":
		err = db.readList(text)
	case "control":
		db.readControl(text)
	default:
		err = db.readSums(text)
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
	name string // of the package whose file it is
	kind string // status, or the extension of a file in info
}

func (p *place) key(name string) string { return ospkg.Join(p.root, name) }

// homes are the places of the database.
var homes = []string{"usr/lib/opkg", "var/lib/opkg"}

// locate says which file of a database p is.
func locate(p string) (place, bool) {
	slash := strings.LastIndexByte(p, '/')
	if slash < 0 {
		return place{}, false
	}
	dir, base := p[:slash], p[slash+1:]
	at := place{path: p, kind: base}
	if base != "status" {
		dot := strings.LastIndexByte(base, '.')
		if dot <= 0 || !strings.HasSuffix(dir, "/info") {
			return place{}, false
		}
		at.name, at.kind = base[:dot], base[dot+1:]
		switch at.kind {
		case "list", "control", "files-sha256sum":
		default:
			return place{}, false
		}
		dir = strings.TrimSuffix(dir, "/info")
	}
	for _, home := range homes {
		if root, ok := ospkg.Root(dir, home); ok {
			at.root = root
			return at, true
		}
	}
	return place{}, false
}
