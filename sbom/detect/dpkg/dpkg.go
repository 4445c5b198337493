// Package dpkg detects the packages of Debian, Ubuntu and their derivatives in
// dpkg's database.
//
// # What is read
//
//   - var/lib/dpkg/status: the packages, their state, source, dependencies, and
//     the configuration files with their md5 (dpkg(1), deb-control(5)).
//   - var/lib/dpkg/status.d/NAME: one package, as distroless images have it;
//     status.d/NAME.md5sums: its files.
//   - var/lib/chisel/manifest.wall: the packages, slices and files of an image that
//     Chisel cut out of Ubuntu's packages, with the SHA-256 of each file. It names no
//     source packages and no dependencies.
//   - var/lib/dpkg/info/NAME.list, NAME.md5sums, NAME:ARCH.list,
//     NAME:ARCH.md5sums: the files and their md5.
//   - var/lib/dpkg/diversions: the files that were moved aside (dpkg-divert(1)).
//   - var/lib/dpkg/info/NAME.{preinst,postinst,prerm,postrm,config}: that they
//     are there (deb-postinst(5) and its kin); no list names them.
//   - usr/share/doc/NAME/copyright: licences. Of a machine-readable file (DEP-5)
//     those of its header and Files paragraphs, names that are ambiguous by the
//     text that the file gives for them; of another one those whose notice is
//     worded as the GNU licences ask for, and references to
//     usr/share/common-licenses. The fold gives them also to packages whose
//     directory is a link to that of NAME, such as libgcc-s1.
//   - var/lib/dpkg/updates/NUMBER: dpkg's journal is not read, which is a gap; it
//     exists only while dpkg runs or after it was killed.
//
// A database below another directory (opt/rootfs/var/lib/dpkg/status) is that of
// another root: its packages are kept apart and own files below that directory.
//
// # What is owned
//
// Every path of a .list or .md5sums file, every configuration file, and the
// maintainer scripts that dpkg keeps in info/, of which it records no digest. A .list
// names directories too; those that hold another line of it are left out, an
// empty directory cannot be told from a file and is claimed, to no effect.
// Documentation, translations and compiled Python are optional.
//
// # What is checked
//
// Malformed stanzas, packages without a name or version, stanzas that repeat a
// package and unfinished installations are gaps. Removed packages whose
// configuration stayed are residual (sbom.ScopeResidual); purged ones leave
// nothing but a name behind and are no components.
//
// # Limits
//
// A status file, list, table or decompressed manifest may have 64 MiB, a copyright file 8 MiB; one file
// may name 1<<17 packages, 1<<18 dependencies and 1<<18 paths of at most 4096
// bytes, which in a deep root have at most 32 times the bytes of the file.
package dpkg

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile      = 64 << 20
	maxCopyright = 8 << 20
	maxPackages  = 1 << 17
	maxRelations = 1 << 18
	maxClaims    = 1 << 18
)

// scripts are the extensions of maintainer scripts in info/.
var scripts = []string{"preinst", "postinst", "prerm", "postrm", "config"}

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "dpkg", Version: "3"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Debian, Ubuntu (dpkg, Chisel)",
		Reads: []string{"var/lib/dpkg/status", "var/lib/dpkg/status.d/*", "var/lib/dpkg/info/*",
			"var/lib/dpkg/diversions", "var/lib/dpkg/updates/*", "var/lib/chisel/manifest.wall",
			"usr/share/doc/*/copyright"},
		PURLs:    []string{"deb"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeResidual},
		Owns:     []sbom.Claim{sbom.ClaimRecorded},
		Checks:   []string{"md5", "sha256"},
		Licenses: true, Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	kind, _, _ := classify(e.Path)
	return kind != 0 && (kind != journal || e.Size > 0)
}

// Detect implements detect.Detector.
func (detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	kind, root, name := classify(f.Path)
	limit := int64(maxFile)
	if kind == copyright {
		limit = maxCopyright
	}
	switch kind {
	case journal:
		return unreadJournal(), nil
	case script:
		// Optional: dpkg's own copy must not make a package, all of whose files are gone, look alive.
		return &detect.Fragment{Claims: []detect.Claim{{Key: ospkg.Join(root, name), Path: f.Path, Optional: true}}}, nil
	}
	db := database{ctx: ctx, path: f.Path, root: root, paths: ospkg.PathBudget(f.Size)}
	if kind != chisel {
		data, err := f.Bytes(limit)
		if err != nil {
			return nil, readError(f, err)
		}
		db.text = string(data)
	}
	var err error
	switch kind {
	case chisel:
		err = db.readWall(f)
	case status:
		err = db.readStatus("")
	case statusD:
		err = db.readStatus(name)
	case list:
		err = db.readList(name)
	case md5sums, statusDSums:
		err = db.readSums(owner(kind, root, name))
	case diversions:
		err = db.readDiversions()
	case copyright:
		err = db.readCopyright(name)
	}
	db.frag.Gaps = db.gaps.List()
	return &db.frag, err
}

// readError makes a failed read of a file a typed error; f.Bytes gives a
// detect.LimitError, or what the layer's reader said.
func readError(f *detect.File, err error) error {
	if _, ok := err.(*detect.LimitError); ok {
		return err
	}
	return fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
}

// database is one file of a database while it is read.
type database struct {
	ctx  context.Context
	path string
	root string
	text string
	// paths is how many bytes the claimed paths may still have.
	paths int64
	frag  detect.Fragment
	gaps  ospkg.Gaps
}

// key returns the key or alias of a package, "bash" or "bash:amd64".
func (db *database) key(name string) string { return ospkg.Join(db.root, name) }

// owner returns the key by which a table of digests names its package.
func owner(kind fileKind, root, name string) string {
	if kind == statusDSums {
		return statusDAlias(root, name)
	}
	return ospkg.Join(root, name)
}

// statusDAlias is the alias of the package in status.d/file. The file need not
// be named after the package. The double slash keeps it apart from any name.
func statusDAlias(root, file string) string { return ospkg.Join(root, "status.d//"+file) }

type fileKind int

const (
	status fileKind = iota + 1
	statusD
	statusDSums
	list
	md5sums
	diversions
	copyright
	journal
	script
	chisel
)

// classify says which file of a database p is, in which root the database is,
// and which package or file the name names. The kind is 0 for other files.
func classify(p string) (kind fileKind, root, name string) {
	slash := strings.LastIndexByte(p, '/')
	if slash < 0 {
		return 0, "", ""
	}
	dir, base := p[:slash], p[slash+1:]
	switch base {
	case "copyright":
		return classifyCopyright(dir)
	case "manifest.wall":
		if root, ok := ospkg.Root(dir, "var/lib/chisel"); ok {
			return chisel, root, ""
		}
		return 0, "", ""
	}
	if i := strings.LastIndex(dir, "var/lib/dpkg"); i < 0 || (i > 0 && dir[i-1] != '/') {
		return 0, "", ""
	}
	if root, ok := ospkg.Root(dir, "var/lib/dpkg"); ok {
		switch base {
		case "status":
			return status, root, ""
		case "diversions":
			return diversions, root, ""
		}
	}
	if root, ok := ospkg.Root(dir, "var/lib/dpkg/status.d"); ok {
		if name, ok := strings.CutSuffix(base, ".md5sums"); ok {
			return statusDSums, root, name
		}
		return statusD, root, base
	}
	if root, ok := ospkg.Root(dir, "var/lib/dpkg/info"); ok {
		if name, ok := strings.CutSuffix(base, ".list"); ok {
			return list, root, name
		}
		if name, ok := strings.CutSuffix(base, ".md5sums"); ok {
			return md5sums, root, name
		}
		if dot := strings.LastIndexByte(base, '.'); dot > 0 && slices.Contains(scripts, base[dot+1:]) {
			return script, root, base[:dot]
		}
	}
	if root, ok := ospkg.Root(dir, "var/lib/dpkg/updates"); ok && strings.Trim(base, "0123456789") == "" {
		return journal, root, base
	}
	return 0, "", ""
}

// classifyCopyright takes the directory of a file named copyright.
func classifyCopyright(dir string) (fileKind, string, string) {
	slash := strings.LastIndexByte(dir, '/')
	if slash < 0 || !ospkg.ValidName(dir[slash+1:]) {
		return 0, "", ""
	}
	root, ok := ospkg.Root(dir[:slash], "usr/share/doc")
	if !ok {
		return 0, "", ""
	}
	return copyright, root, dir[slash+1:]
}
