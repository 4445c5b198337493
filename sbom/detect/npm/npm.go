// Package npm finds Node packages by their package.json.
//
// # What counts as what
//
// The place of a package.json decides what it says:
//
//   - The root of a package in node_modules, or in the directories where Debian
//     installs Node packages (usr/share/nodejs, usr/lib/nodejs,
//     usr/lib/TRIPLET/nodejs), is an installed package.
//   - Deeper inside such a package, name and version make it a bundled copy
//     ([sbom.ScopeBundled]), as in next/dist/compiled. So they do in directories
//     of third-party sources (vendor, third_party) and inside the package of
//     another ecosystem: a gem, a Go module, a Python environment.
//   - Below a directory of tests or examples it is a fixture
//     ([sbom.ScopeFixture]).
//   - In the documentation of a distribution's package it is a copy that only
//     names software ([sbom.ScopeDeclared]).
//   - Anywhere else it is an application's own manifest, a component of
//     [sbom.TypeApplication].
//
// What is private ("private": true) and not installed is never published, so it
// gets no package URL: a public package of the same name is another thing, with
// other advisories.
//
// Many package.json files only tell Node how to load a directory. They have no
// name, or that of the package around them ("rxjs/ajax", "preact-hooks"), which
// is a component already, and say nothing. Any other name without a version is
// no component but a gap about the package around it: there is software, or test
// data, and nobody can tell which.
//
// # Where else packages are
//
// Packages are also found in the virtual stores of pnpm and others
// (node_modules/.pnpm), in the archives of Yarn's cache, from which Plug'n'Play loads
// them (.yarn/cache/*.zip), in Deno's cache (npm/HOST/NAME/VERSION, and what it has of
// JSR) and in Bun's (install/cache/NAME@VERSION). All of them are installed: they
// can be run from there.
//
// # Dependencies
//
// A package depends on what Node loads by the names in its manifest. Lock files that
// npm (node_modules/.package-lock.json) and pnpm (node_modules/.pnpm/lock.yaml) keep
// among the packages that they installed tell that for all of them. Without
// one, only the packages in a package's own node_modules are certain. They also say where
// each package came from, and the digests of its archive. Lock files of
// projects are not read here: what they list need not be there.
package npm

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// maxManifest is the size of the largest package.json that is read, in bytes.
// Some of those on the registry carry their README; 1 MiB has been seen.
const maxManifest = 8 << 20

const maxText = 512

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "npm", Version: "5"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Node.js (npm, pnpm, Yarn, Bun, Deno)",
		Reads: []string{"package.json", "node_modules/.package-lock.json", "node_modules/.pnpm/lock.yaml",
			".yarn/cache/*.zip", "berry/cache/*.zip", "remote/https/jsr.io/*"},
		PURLs:    []string{"npm"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture},
		Owns:     []sbom.Claim{sbom.ClaimDirectory, sbom.ClaimContent},
		Licenses: true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && reader(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	read := reader(f.Path)
	if read == nil {
		return nil, nil
	}
	frag, err := read(f)
	if err != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, nil
}

// reader returns what reads a file of that path; nil when nothing does.
func reader(file string) func(*detect.File) (*detect.Fragment, error) {
	dir, base := path.Split(file)
	switch base {
	case "package.json":
		return readManifest
	case ".package-lock.json":
		if strings.HasSuffix(dir, "node_modules/") {
			return readHiddenLock
		}
	case "lock.yaml":
		if strings.HasSuffix(dir, "node_modules/.pnpm/") {
			return readPnpmStore
		}
	default:
		switch {
		case strings.HasSuffix(base, ".zip") && (strings.HasSuffix(dir, ".yarn/cache/") || strings.HasSuffix(dir, "berry/cache/")):
			return readYarnArchive
		case len(base) == 64 && strings.HasSuffix(dir, "/remote/https/jsr.io/"):
			return readJSR
		}
	}
	return nil
}

func readManifest(f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := parse(b)
	if err != nil {
		return nil, err
	}
	return fragment(placeOf(path.Dir(f.Path)), m), nil
}

// fragment decides what the manifest m at the place p says.
func fragment(p place, m *manifest) *detect.Fragment {
	switch {
	case p.kind == installed && m.name == "":
		return incomplete("", "the package.json of an installed package states no valid name")
	case m.name == "", p.kind == bundled && m.name == p.name, m.version == "" && m.partOf(p):
		return nil
	case m.version == "" && p.kind != installed:
		return incomplete(p.owner, p.unversioned(m.name))
	}
	frag := &detect.Fragment{Components: []detect.Component{component(p, m)}}
	key := frag.Components[0].Key
	if m.version == "" {
		frag.Gaps = incomplete(key, "the package.json of the installed package "+m.name+" states no version").Gaps
	}
	if p.kind == installed || p.kind == bundled {
		frag.Claims = []detect.Claim{{Key: key, Path: p.dir, Ground: sbom.ClaimDirectory, Tree: true}}
	}
	if p.owner != "" {
		frag.Relations = []detect.Relation{{From: p.owner, To: key, Type: sbom.Contains}}
	}
	if p.kind == installed || p.kind == application {
		frag.Relations = append(frag.Relations, m.nearest(p.dir)...)
	}
	return frag
}

// maxUp is how many directories upwards a dependency is looked for, and
// maxEdges how many dependencies of one package are followed.
const (
	maxUp    = 16
	maxEdges = 1000
)

// nearest returns the dependencies on packages where Node looks for them: in the
// node_modules of the directory itself, and of each above it; Debian's Node then
// looks where Debian installs its packages.
func (m *manifest) nearest(dir string) []detect.Relation {
	places := lookup(dir)
	var out []detect.Relation
	for _, name := range m.dependencies[:min(len(m.dependencies), maxEdges)] {
		r := detect.Relation{From: dir, To: path.Join(places[0], name), Type: sbom.DependsOn}
		for _, at := range places[1:] {
			r.Else = append(r.Else, path.Join(at, name))
		}
		out = append(out, r)
	}
	return out
}

// lookup returns the directories of packages in which Node looks for what a package in
// dir requires ("Loading from node_modules folders" in its documentation).
func lookup(dir string) []string {
	var places []string
	for at := dir; len(places) < maxUp; at = path.Dir(at) {
		if path.Base(at) != "node_modules" {
			places = append(places, path.Join(at, "node_modules"))
		}
		if at == "." {
			break
		}
	}
	if strings.HasPrefix(dir, "usr/share/nodejs/") || strings.HasPrefix(dir, "usr/lib/") && strings.Contains(dir, "/nodejs/") {
		places = append(places, "usr/share/nodejs", "usr/lib/nodejs")
	}
	return places
}

// incomplete is a gap about the component of that key or alias, if any.
func incomplete(key, message string) *detect.Fragment {
	return &detect.Fragment{Gaps: []sbom.Gap{{Kind: sbom.GapIncomplete, Component: key, Message: message}}}
}

// unversioned says what a name without a version is, as far as its place tells.
func (p place) unversioned(name string) string {
	what := "an application"
	switch p.kind {
	case bundled:
		what = "something bundled"
	case fixtureData:
		what = "test data"
	case documented:
		what = "a copy in documentation"
	}
	if p.owner != "" {
		what += " inside the package " + p.name
	}
	return what + " names itself " + name + " and states no version"
}

// component describes the package. Its key is its directory, or that of the store
// around it, and its name; the directory alone is an alias, by which packages inside
// it refer to it.
func component(p place, m *manifest) detect.Component {
	scope, name := node.Split(m.name)
	c := sbom.Component{
		Type: sbom.TypeLibrary, Group: scope, Name: name, Version: m.version, Scope: p.kind.scope(),
		PURL:     sbom.NewPURL("npm", scope, name, m.version, nil),
		Supplier: m.author, Description: m.description, Hashes: m.hashes, References: m.references, Properties: m.properties,
	}
	if p.kind == application {
		c.Type = sbom.TypeApplication
	}
	if m.private && p.kind != installed {
		c.PURL = ""
	}
	for _, statement := range m.licenses {
		c.Licenses = append(c.Licenses, license(statement, path.Join(p.dir, "package.json")))
	}
	confidence := p.kind.confidence()
	c.Evidence = []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: confidence, Value: m.name}}
	if m.version != "" {
		c.Evidence = append(c.Evidence, sbom.Evidence{
			Field: "version", Technique: sbom.TechniqueManifest, Confidence: confidence, Value: m.version})
	}
	return detect.Component{Component: c, Key: cmp.Or(p.store, p.dir) + " " + m.name, Aliases: []string{p.dir}}
}

func license(statement, location string) sbom.License {
	l := sbom.License{Location: location}
	l.Expression, _ = spdxexpr.FromText(statement)
	if l.Expression != statement {
		l.Name = oneline.Text(statement, maxText)
	}
	return l
}
