// Package rpm detects the packages of Red Hat, Fedora, SUSE, Azure Linux and
// their derivatives in the database of RPM.
//
// # What is read
//
//   - rpmdb.sqlite (SQLite), Packages.db (ndb) and Packages (Berkeley DB) in
//     var/lib/rpm, usr/lib/sysimage/rpm or usr/share/rpm.
//   - var/lib/rpmmanifest/container-manifest-2, the list of packages in distroless
//     images of Azure Linux, which have no database.
//   - A write-ahead log or journal beside an SQLite database is not read, which is
//     a gap: it may hold packages that the database lacks.
//
// A database below another directory is that of another root. Public keys, which
// rpm keeps as packages called gpg-pubkey, are no software and left out.
//
// # What is owned
//
// Every file of a package but directories, with its digest (md5, sha1 or sha2).
// Not owned are files that a file of another package replaced, and those that
// were left out for another architecture's. Documentation, files that may be
// missing (ghost, missingok) and those that were left out on request are optional.
// Configuration files, and others whose digest "rpm --verify" is told to
// ignore, are expected to be modified.
//
// # What is checked
//
// Damaged packages and damaged parts of the file, packages without name or version,
// and digests of unknown algorithms are gaps.
//
// # Limits
//
// A database may have 1 GiB, a package's header 32 MiB, and a database 1<<17
// packages, 1<<20 files and 1<<19 dependencies; its paths together 32 times its
// length.
package rpm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/internal/rpmdb"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile      = 1 << 30
	maxManifest  = 16 << 20
	maxPackages  = 1 << 17
	maxClaims    = 1 << 20
	maxRelations = 1 << 19
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "rpm", Version: "2"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Red Hat, Fedora, SUSE, Azure (RPM)",
		Reads: []string{"rpm/rpmdb.sqlite", "rpm/rpmdb.sqlite-*", "rpm/Packages.db", "rpm/Packages",
			"rpmmanifest/container-manifest-2"},
		PURLs:    []string{"rpm"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled},
		Owns:     []sbom.Claim{sbom.ClaimRecorded},
		Checks:   []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"},
		Licenses: true, Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	kind, _ := classify(e.Path)
	return kind != 0 && (kind != journal || e.Size > 0)
}

type fileKind int

const (
	packages fileKind = iota + 1
	journal
	manifest
)

// classify says which file of a database p is, and in which root.
func classify(p string) (fileKind, string) {
	slash := strings.LastIndexByte(p, '/')
	if slash < 0 {
		return 0, ""
	}
	dir, kind := p[:slash], fileKind(0)
	switch p[slash+1:] {
	case "rpmdb.sqlite", "Packages.db", "Packages":
		kind = packages
	case "rpmdb.sqlite-wal", "rpmdb.sqlite-journal":
		kind = journal
	case "container-manifest-2":
		if root, ok := ospkg.Root(dir, "var/lib/rpmmanifest"); ok {
			return manifest, root
		}
		return 0, ""
	default:
		return 0, ""
	}
	for _, place := range []string{"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"} {
		if root, ok := ospkg.Root(dir, place); ok {
			return kind, root
		}
	}
	return 0, ""
}

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	kind, root := classify(f.Path)
	budget := ospkg.PathBudget(f.Size)
	db := database{ctx: ctx, path: f.Path, root: root, budget: budget, paths: budget, words: make(map[string]string)}
	var err error
	switch kind {
	case journal:
		db.gaps.Add(sbom.GapUnsupported, "the database was not closed: changes in this file were not read")
	case manifest:
		err = db.readManifest(f)
	default:
		err = db.readDatabase(f)
	}
	db.frag.Gaps = db.gaps.List()
	return &db.frag, err
}

// database is a database while it is read.
type database struct {
	ctx    context.Context
	path   string
	root   string
	frag   detect.Fragment
	gaps   ospkg.Gaps
	budget int64 // bytes that paths may have together
	paths  int64 // of which are left
	all    []record
	words  map[string]string // the one copy of each capability
}

// record is what of a package is needed once all are known.
type record struct {
	claims             int // the number of its first claim
	provides, requires []string
}

// readDatabase reads all packages. Where some can be read, damage is a gap;
// where none can, it is the error.
func (db *database) readDatabase(f *detect.File) error {
	if f.Size > maxFile {
		return &detect.LimitError{Path: f.Path, Limit: maxFile, Size: f.Size}
	}
	var damage error
	for blob, err := range rpmdb.Headers(f, f.Size) {
		if ctxErr := db.ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		if err == nil {
			err = db.readHeader(blob)
		}
		if errors.Is(err, errStop) {
			db.finish()
			return errors.Unwrap(err)
		}
		if err != nil {
			damage = err
			db.gaps.Add(gapKind(err), "%v", err)
		}
	}
	if damage != nil && len(db.frag.Components) == 0 {
		return fmt.Errorf("%s: %w: %w", db.path, sentinel(damage), damage)
	}
	db.finish()
	return db.relations()
}

// errStop marks an error that ends the reading of the file.
var errStop = errors.New("stop")

// stopError is a limit that ends the reading of the file.
type stopError struct{ *detect.LimitError }

func (e stopError) Unwrap() error        { return e.LimitError }
func (e stopError) Is(target error) bool { return target == errStop }

func (db *database) limit(n int64, what string) error {
	return stopError{&detect.LimitError{Path: db.path, Limit: n, What: what}}
}

func gapKind(err error) sbom.GapKind {
	switch {
	case errors.Is(err, rpmdb.ErrLimit):
		return sbom.GapLimit
	case errors.Is(err, rpmdb.ErrUnsupported):
		return sbom.GapUnsupported
	}
	return sbom.GapCorrupt
}

func sentinel(err error) error {
	switch {
	case errors.Is(err, rpmdb.ErrLimit):
		return detect.ErrLimit
	case errors.Is(err, rpmdb.ErrUnsupported):
		return detect.ErrUnsupported
	}
	return detect.ErrFormat
}

// word returns a copy of s, the same for equal strings: capabilities recur in very
// many packages, and headers must not be kept for them.
func (db *database) word(s string) string {
	if w, ok := db.words[s]; ok {
		return w
	}
	w := strings.Clone(s)
	db.words[w] = w
	return w
}

func (db *database) wordsOf(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = db.word(s)
	}
	return out
}
