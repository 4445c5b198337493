// Package apk detects the packages of Alpine, Wolfi and their derivatives in the
// database of apk-tools.
//
// # What is read
//
// lib/apk/db/installed and usr/lib/apk/db/installed, and lib/apk/db-uvol/installed of
// OpenWrt: records of one-letter fields, separated by blank lines (apk-package(5)).
// apk-tools 3 has a binary form for its packages and indexes, and keeps writing the
// database as text; the field f then has an S for packages of the new format.
// A database below another directory is that of another root.
//
// # What is owned
//
// Every R line, in the directory of the F line before it, with the digest of its
// Z line. Recorded symbolic links (permissions 777) are claimed without it:
// apk records the digest of their target's name. Files below etc are configuration,
// as apk protects them by default, except etc/apk and etc/init.d.
//
// # What is checked
//
// Records without name or version, repeated packages, malformed lines and digests,
// fields of a newer format and packages that apk marks as broken are gaps. The digests of
// packages of the third format are the first 160 bits of a SHA-256; they are not
// compared, which is a gap.
//
// # Limits
//
// A database may have 64 MiB, 1<<16 packages, 1<<20 files and 1<<18 dependencies;
// its paths 32 times its length.
package apk

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile      = 64 << 20
	maxPackages  = 1 << 16
	maxClaims    = 1 << 20
	maxRelations = 1 << 18
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "apk", Version: "3"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Alpine, Wolfi, OpenWrt (apk)",
		Reads:     []string{"lib/apk/db/installed", "lib/apk/db-uvol/installed"},
		PURLs:     []string{"apk"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled},
		Owns:      []sbom.Claim{sbom.ClaimRecorded},
		Checks:    []string{"sha1", "sha256"},
		Licenses:  true, Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	_, ok := rootOf(e.Path)
	return ok
}

// rootOf returns the root that a database lies in.
func rootOf(p string) (string, bool) {
	if !strings.HasSuffix(p, "/installed") {
		return "", false
	}
	for _, place := range []string{"usr/lib/apk/db/installed", "lib/apk/db/installed", "lib/apk/db-uvol/installed"} {
		if root, ok := ospkg.Root(p, place); ok {
			return root, true
		}
	}
	return "", false
}

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	data, err := f.Bytes(maxFile)
	if err != nil {
		if _, ok := err.(*detect.LimitError); ok {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	root, _ := rootOf(f.Path)
	budget := ospkg.PathBudget(f.Size)
	db := database{ctx: ctx, path: f.Path, root: root, budget: budget, paths: budget, seen: make(map[string]int)}
	err = db.read(string(data))
	if err == nil {
		err = db.relations()
	}
	if db.shortened > 0 {
		db.gaps.Add(sbom.GapUnsupported, "the digests of files that %d packages of the third format record are shortened to 160 bits, and not compared", db.shortened)
	}
	db.frag.Gaps = db.gaps.List()
	return &db.frag, err
}
