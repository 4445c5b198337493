// Package portage detects the packages of Gentoo and its derivatives in the database
// of installed packages of Portage, and of pkgcore and Paludis, which keep the same.
//
// # What is read
//
// In var/db/pkg/CATEGORY/NAME-VERSION, the directory of a package (portage(5)):
//
//   - CONTENTS: that the package is there, and its files with their md5.
//   - LICENSE, RDEPEND and PDEPEND: licences and dependencies (PMS, 8.2).
//   - SLOT, repository and USE: one line each, which become properties.
//
// A database below another directory is that of another root.
//
// # What is owned
//
// Every "obj" with its md5, and every "sym" without. Files in etc, but not in
// etc/env.d, are configuration, as by the default of CONFIG_PROTECT. Documentation and
// translations are optional.
//
// # What is checked
//
// Directories whose name has no version, malformed lines and digests, and
// packages that were being installed when Portage stopped ("-MERGING-") are gaps.
//
// # Identity
//
// Several versions of a package can be installed, in different slots: components of
// one key, each in its directory. A dependency that does not name its version by
// "=" is on whichever of them comes first.
//
// # Limits
//
// A file may have 64 MiB, CONTENTS 1<<19 files; a dependency of 64 KiB names at most
// 1<<10 packages.
package portage

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

const (
	maxFile    = 64 << 20
	maxLine    = 64 << 10 // of every file but CONTENTS
	maxClaims  = 1 << 19
	maxDepends = 1 << 10
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "portage", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Gentoo (Portage)",
		Reads: []string{"var/db/pkg/*/*/CONTENTS", "var/db/pkg/*/*/LICENSE", "var/db/pkg/*/*/?DEPEND",
			"var/db/pkg/*/*/SLOT", "var/db/pkg/*/*/USE", "var/db/pkg/*/*/repository"},
		PURLs:    []string{"ebuild"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled},
		Owns:     []sbom.Claim{sbom.ClaimRecorded},
		Checks:   []string{"md5"},
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
	limit := int64(maxLine)
	if at.base == "CONTENTS" {
		limit = maxFile
	}
	text, err := ospkg.Read(f, limit)
	if err != nil {
		return nil, err
	}
	db := &database{at, ospkg.NewRecord(ctx, f, at.root, maxClaims)}
	switch at.base {
	case "CONTENTS":
		err = db.readContents(text)
	case "LICENSE":
		db.annotate(detect.Annotation{Licenses: db.licenses(text)})
	case "RDEPEND", "PDEPEND":
		err = db.readDepends(text)
	default:
		db.readProperty(text)
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
	path     string // of the file
	root     string // of the file system
	category string
	dir      string // NAME-VERSION
	base     string
}

// locate says which file of a database p is.
func locate(p string) (at place, ok bool) {
	slash := strings.LastIndexByte(p, '/')
	if slash < 0 {
		return place{}, false
	}
	switch p[slash+1:] {
	case "CONTENTS", "LICENSE", "RDEPEND", "PDEPEND", "SLOT", "USE", "repository":
	default:
		return place{}, false
	}
	category, dir := ospkg.CutLast(p[:slash])
	db, category := ospkg.CutLast(category)
	root, ok := ospkg.Root(db, "var/db/pkg")
	return place{path: p, root: root, category: category, dir: dir, base: p[slash+1:]}, ok && category != "" && dir != ""
}

// key returns the key of a package, "category/name", or the alias of one of its versions,
// "category/name-version", which no name can be mistaken for: it does not end
// in a hyphen and a version (PMS, 3.1.2).
func (p *place) key(name string) string { return ospkg.Join(p.root, name) }

func (p *place) alias() string { return p.key(p.category + "/" + p.dir) }

// versioned is the name of a directory (PMS, 3.1.2 and 3.2).
var versioned = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9+_-]*?)-(\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?)$`)

// split returns the name and version of "name-version"; ok is false for anything else.
func split(dir string) (name, version string, ok bool) {
	if len(dir) > 255 {
		return "", "", false
	}
	m := versioned.FindStringSubmatch(dir)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// merging begins the name of the directory of a package that is being installed.
const merging = "-MERGING-"

// readContents adds the package and claims its files.
func (db *database) readContents(text string) error {
	name, version, ok := split(strings.TrimPrefix(db.dir, merging))
	switch {
	case !ok || !validCategory(db.category):
		db.Gaps.Add(sbom.GapCorrupt, "%s is no category, name and version of a package", ospkg.Clip(db.category+"/"+db.dir))
		return nil
	case strings.HasPrefix(db.dir, merging):
		db.Gaps.Add(sbom.GapIncomplete, "the installation of %s/%s %s did not end: its files may be there, and it is no package",
			db.category, name, version)
		return nil
	}
	key := db.add(name, version)
	n := 0
	for line := range strings.Lines(text) {
		if n++; n&0xfff == 0 && db.Ctx.Err() != nil {
			return db.Ctx.Err()
		}
		if err := db.content(strings.TrimRight(line, "\r\n"), key, n); err != nil {
			return err
		}
	}
	return nil
}

// validCategory reports whether s can be a category (PMS, 3.1.1).
func validCategory(s string) bool { return ospkg.ValidName(s) }

// add adds the component and returns its key.
func (db *database) add(name, version string) string {
	c := detect.Component{Key: db.key(db.category + "/" + name), Aliases: []string{db.alias()}}
	c.Type = sbom.TypeLibrary
	c.Group = strings.Clone(db.category)
	c.Name = strings.Clone(name)
	c.Version = strings.Clone(version)
	c.PURL = sbom.NewPURL("ebuild", c.Group, name, version, nil)
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	db.Frag.Components = []detect.Component{c}
	return c.Key
}

// content claims what one line of CONTENTS names: "dir PATH", "obj PATH MD5 TIME",
// "sym PATH -> TARGET TIME", and "dev PATH" and "fif PATH", which no image has.
func (db *database) content(line, key string, n int) error {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "", "dir", "dev", "fif":
		return nil
	case "sym":
		if recorded, _, ok := strings.Cut(rest, " -> "); ok {
			return db.Claims.Add(detect.Claim{Key: key}, recorded, &db.Gaps)
		}
	case "obj":
		if recorded, d, ok := object(rest); ok {
			return db.Claims.Add(detect.Claim{Key: key, Digest: d, Config: db.protected(recorded)}, recorded, &db.Gaps)
		}
	}
	db.Gaps.Add(sbom.GapCorrupt, "line %d is malformed: %s", n, ospkg.Clip(line))
	return nil
}

// object reads "PATH MD5 TIME"; the path may have spaces.
func object(s string) (recorded string, d sbom.Digest, ok bool) {
	end := strings.LastIndexByte(s, ' ')
	if end < 0 {
		return "", "", false
	}
	at := strings.LastIndexByte(s[:end], ' ')
	if at < 0 {
		return "", "", false
	}
	d, err := sbom.ParseDigest("md5:" + s[at+1:end])
	return s[:at], d, err == nil
}

// protected reports whether Portage keeps a changed file by default (CONFIG_PROTECT and
// CONFIG_PROTECT_MASK of the base profile).
func (db *database) protected(recorded string) bool {
	return strings.HasPrefix(recorded, "/etc/") && !strings.HasPrefix(recorded, "/etc/env.d/")
}

// annotate adds what the file says to the package of its directory.
func (db *database) annotate(a detect.Annotation) {
	if len(a.Licenses)+len(a.Properties) > 0 {
		a.Key = db.alias()
		db.Frag.Annotations = []detect.Annotation{a}
	}
}

// readProperty keeps a file of one line, such as SLOT.
func (db *database) readProperty(text string) {
	if value := ospkg.Text(strings.Join(strings.Fields(text), " ")); value != "" {
		name := fmt.Sprintf("portage:%s", strings.ToLower(db.base))
		db.annotate(detect.Annotation{Properties: []sbom.Property{{Name: name, Value: value}}})
	}
}
