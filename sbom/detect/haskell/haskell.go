// Package haskell finds Haskell packages.
//
// # What counts as what
//
//   - NAME-VERSION.conf in a directory package.conf.d, package.db or *.conf.d: a library
//     that is registered with GHC, and so installed.
//   - cache/plan.json of cabal-install, stack.yaml.lock and cabal.project.freeze declare
//     packages ([sbom.ScopeDeclared]), that need not be there. A plan says what
//     depends on what.
//
// Programs have their libraries linked into them, and nothing in them says which.
//
// # What is owned
//
// The directories of a registered library that are called after it. Digests of files are
// recorded nowhere.
package haskell

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The largest plan known has 2 MB.
const (
	maxFile    = 32 << 20
	maxConf    = 1 << 20
	maxStack   = 16 << 20 // 100,000 packages
	maxText    = 512
	maxDepends = 2000
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "haskell", Version: "3"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Haskell (GHC, Cabal, Stack)",
		Reads: []string{"package.conf.d/*.conf", "package.db/*.conf", "cache/plan.json",
			"stack.yaml.lock", "cabal.project.freeze"},
		PURLs:    []string{"hackage"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:     []sbom.Claim{sbom.ClaimDirectory},
		Licenses: true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadWith(f, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File) (*detect.Fragment, error) {
	dir, base := path.Split(file)
	dir = strings.TrimSuffix(dir, "/")
	switch {
	case strings.HasSuffix(base, ".conf") && base != ".conf":
		if db := path.Base(dir); db == "package.conf.d" || db == "package.db" || db == "global-package-db.conf.d" {
			return readConf
		}
	case base == "plan.json" && path.Base(dir) == "cache":
		return declaring(file, readPlan)
	case base == "stack.yaml.lock":
		return declaring(file, readStack)
	case base == "cabal.project.freeze":
		return declaring(file, readFreeze)
	}
	return nil
}

func declaring(file string, read func(*detect.File) (*detect.Fragment, error)) func(*detect.File) (*detect.Fragment, error) {
	if declared.Foreign(file) {
		return nil
	}
	return read
}

// licenses are Cabal's own names of licences, before it used those of SPDX.
var licenses = map[string]string{
	"bsd2": "BSD-2-Clause", "bsd3": "BSD-3-Clause", "bsd4": "BSD-4-Clause", "bsd-2": "BSD-2-Clause", "bsd-3": "BSD-3-Clause",
	"mit": "MIT", "isc": "ISC", "mpl-2.0": "MPL-2.0", "apache-2.0": "Apache-2.0",
}

// readConf reads the registration of a library (InstalledPackageInfo): fields as in a
// control file, but with empty lines in their values and between them.
func readConf(f *detect.File) (*detect.Fragment, error) {
	text, err := ospkg.Read(f, maxConf)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string)
	for s := range deb822.Stanzas(text) {
		for _, field := range s.Fields {
			if name := strings.ToLower(field.Name); fields[name] == "" {
				fields[name] = field.Value
			}
		}
	}
	name := fields["package-name"] // of an internal library, whose own name is made up
	if name == "" {
		name = fields["name"]
	}
	if !ospkg.ValidName(name) || !ospkg.ValidName(fields["id"]) {
		return nil, fmt.Errorf("%w: no registration of a library", detect.ErrFormat)
	}
	db := path.Dir(f.Path)
	var gaps ospkg.Gaps
	version := gaps.Checked(name, "version", fields["version"], validVersion)
	if version == "" {
		return &detect.Fragment{Gaps: gaps.List()}, nil
	}
	key := db + " " + name
	if lib := fields["lib-name"]; lib != "" {
		key += " " + oneline.Token(lib, 128)
	}
	c := sbom.Component{
		Type: sbom.TypeLibrary, Name: name, Version: version, PURL: sbom.NewPURL("hackage", "", name, version, nil),
		Supplier: oneline.Text(fields["maintainer"], maxText), Description: oneline.Text(fields["synopsis"], maxText),
		Copyright: oneline.Text(fields["copyright"], maxText),
		Licenses:  ospkg.Licenses(fields["license"], f.Path, licenses), Evidence: statement.Manifest(1, name, version),
	}
	c.References = origin.Refer(nil, origin.Website, fields["homepage"])
	frag := &detect.Fragment{Components: []detect.Component{{Component: c, Key: key, Aliases: []string{unit(fields["id"])}}}}
	frag.Claims = claims(key, db, fields)
	var needs []string
	for _, id := range strings.Fields(fields["depends"]) {
		if ospkg.ValidName(id) {
			needs = append(needs, unit(id))
		}
	}
	relations, all := ospkg.Relations(key, needs, maxDepends)
	frag.Relations = relations
	if !all {
		gaps.Add(sbom.GapLimit, "more than %d dependencies", maxDepends)
	}
	frag.Gaps = gaps.List()
	return frag, nil
}

// unit is the alias of a unit of compilation, whose id has a hash and is the same in all
// databases that see each other.
func unit(id string) string { return "unit " + id }

func validVersion(s string) bool {
	return s != "" && len(s) < 64 && strings.Trim(s, "0123456789.") == ""
}

// claims are on the directories of a library that are called after it; others are shared.
// The root is that of the image, or where Debian's database says.
func claims(key, db string, fields map[string]string) []detect.Claim {
	root, _ := ospkg.Root(db, "var/lib/ghc/package.conf.d")
	seen := make(map[string]bool)
	for _, field := range []string{"import-dirs", "library-dirs", "library-dirs-static", "dynamic-library-dirs", "data-dir"} {
		for _, dir := range strings.Fields(fields[field]) {
			// Relative to the directory of the database, which may be left upwards.
			if rest, ok := strings.CutPrefix(dir, "${pkgroot}/"); ok {
				dir = path.Join("/", path.Dir(db), rest)
			} else if dir = path.Clean(dir); dir[0] == '/' {
				dir = "/" + ospkg.Join(root, dir[1:])
			}
			if dir[0] != '/' {
				continue
			}
			p, ok := ospkg.Path("", dir)
			if ok && len(seen) < 16 && strings.HasPrefix(path.Base(p), fields["name"]+"-"+fields["version"]) {
				seen[p] = true
			}
		}
	}
	var out []detect.Claim
	for _, p := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, detect.Claim{Key: key, Path: p, Ground: sbom.ClaimDirectory, Tree: true})
	}
	return out
}

// readPlan reads what cabal-install decided to build.
func readPlan(f *detect.File) (*detect.Fragment, error) {
	b, err := ospkg.Bytes(f, maxFile)
	if err != nil {
		return nil, err
	}
	var plan struct {
		Cabal string             `json:"cabal-version"`
		Units []statement.Object `json:"install-plan"`
	}
	if err := json.Unmarshal(b, &plan); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	if plan.Cabal == "" {
		return nil, nil // Some other plan.
	}
	l := declared.New(f)
	keys := make(map[string]string, len(plan.Units))
	for _, u := range plan.Units {
		if style := u.Text("style"); style == "local" || style == "inplace" {
			continue // The application's own code.
		}
		c, ok := component(u.Text("pkg-name"), u.Text("pkg-version"))
		if !ok {
			l.Gaps.Add(sbom.GapIncomplete, "%s is planned without a valid name and version", ospkg.Clip(u.Text("id")))
			continue
		}
		if d, err := sbom.ParseDigest("sha256:" + u.Text("pkg-src-sha256")); err == nil {
			c.Hashes = []sbom.Digest{d}
		}
		repo := u.Object("pkg-src").Object("source-repo")
		if vcs := origin.Repository(repo.Text("location"), repo.Text("tag")); vcs != "" {
			c.PURL = sbom.NewPURL("hackage", "", c.Name, c.Version, map[string]string{"vcs_url": vcs})
		}
		keys[u.Text("id")] = l.Add(c)
	}
	for _, u := range plan.Units {
		from := keys[u.Text("id")]
		depends := u.Texts("depends")
		components := u.Object("components")
		for _, name := range slices.Sorted(maps.Keys(components)) {
			if name == "lib" || strings.HasPrefix(name, "lib:") {
				depends = append(depends, components.Object(name).Texts("depends")...)
			}
		}
		for _, id := range depends {
			if l.Full() {
				return l.Fragment()
			}
			l.Depend(from, keys[id])
		}
	}
	return l.Fragment()
}

// component describes a package that is declared. ok is false when it has no valid name
// or version.
func component(name, version string) (c sbom.Component, ok bool) {
	if !ospkg.ValidName(name) || !validVersion(version) {
		return c, false
	}
	return sbom.Component{Name: name, Version: version, PURL: sbom.NewPURL("hackage", "", name, version, nil)}, true
}

// readFreeze reads the constraints any.NAME ==VERSION of cabal.project.freeze.
func readFreeze(f *detect.File) (*detect.Fragment, error) {
	text, err := ospkg.Read(f, maxFile)
	if err != nil {
		return nil, err
	}
	l := declared.New(f)
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "constraints:")
		for constraint := range strings.SplitSeq(line, ",") {
			name, version, ok := strings.Cut(strings.TrimSpace(constraint), "==")
			name, qualified := strings.CutPrefix(strings.TrimSpace(name), "any.")
			if !ok || !qualified || l.Full() {
				continue // Flags, and what is not pinned.
			}
			if c, ok := component(name, strings.TrimSpace(version)); ok {
				l.Add(c)
			} else {
				l.Gaps.Add(sbom.GapCorrupt, "malformed constraint %s", ospkg.Clip(constraint))
			}
		}
	}
	return l.Fragment()
}
