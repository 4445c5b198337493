// Package apk detects the packages of Alpine, Wolfi and their derivatives in the
// database of apk-tools.
//
// # What is read
//
// lib/apk/db/installed and usr/lib/apk/db/installed (apk-tools 2 and 3, which
// write the same text form): records of one-letter fields, separated by blank
// lines (apk-package(5)). A database below another directory is that of another
// root.
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
// fields of a newer format and packages that apk marks as broken are gaps.
//
// # Limits
//
// A database may have 64 MiB, 1<<16 packages, 1<<20 files and 1<<18 dependencies;
// its paths 32 times its length.
package apk

import (
	"context"
	"fmt"

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
func (detector) ID() detect.ID { return detect.ID{Name: "apk", Version: "1"} }

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	_, ok := rootOf(e.Path)
	return ok
}

// rootOf returns the root that a database lies in.
func rootOf(p string) (string, bool) {
	if root, ok := ospkg.Root(p, "usr/lib/apk/db/installed"); ok {
		return root, true
	}
	return ospkg.Root(p, "lib/apk/db/installed")
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
	db.frag.Gaps = db.gaps.List()
	return &db.frag, err
}
