// Package lua finds rocks, the packages of LuaRocks.
//
// # What counts as what
//
//   - rocks*/NAME/VERSION/NAME-VERSION.rockspec in a tree of rocks: an installed rock.
//   - rock_manifest beside it: its files with their MD5.
//   - luarocks.lock declares rocks ([sbom.ScopeDeclared]), that need not be there.
//
// All are programs of Lua. What is a literal in them is read; nothing is run. Name and
// version are those of the directories that LuaRocks knows the rock by.
//
// # What is owned
//
// The files that the manifest lists: modules where LuaRocks puts them, share/lua/VERSION and
// lib/lua/VERSION beside the tree, programs, for which it makes a script of the same name
// in bin, and what stays in the rock's own directory.
package lua

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits.
const (
	maxFile    = 4 << 20
	maxText    = 512
	maxFiles   = 50_000
	maxDepends = 500
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "lua", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Lua (LuaRocks)",
		Reads:     []string{"lib/luarocks/rocks*/*/*/*.rockspec", "lib/luarocks/rocks*/*/*/rock_manifest", "luarocks.lock"},
		PURLs:     []string{"luarocks"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:      []sbom.Claim{sbom.ClaimRecorded},
		Checks:    []string{"md5"},
		Licenses:  true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadContentWith(f, maxFile, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File, string) (*detect.Fragment, error) {
	switch base := path.Base(file); {
	case base == "luarocks.lock":
		if !declared.Foreign(file) {
			return readLock
		}
	case base == "rock_manifest":
		if _, ok := placeOf(file); ok {
			return readManifest
		}
	case strings.HasSuffix(base, ".rockspec"):
		if p, ok := placeOf(file); ok && base == p.name+"-"+p.version+".rockspec" {
			return readSpec
		}
	}
	return nil
}

// place is where a rock is installed.
type place struct {
	dir           string // …/lib/luarocks/rocks-5.3/NAME/VERSION
	tree          string // …/lib/luarocks/rocks-5.3
	prefix        string // what lib is in; empty for the root
	lua           string // version of Lua: 5.3
	name, version string
}

// placeOf returns the place by a file in the rock's directory.
func placeOf(file string) (p place, ok bool) {
	p.dir = path.Dir(file)
	p.version = path.Base(p.dir)
	p.name = path.Base(path.Dir(p.dir))
	p.tree = path.Dir(path.Dir(p.dir))
	// The first trees, for Lua 5.1, had no version in their names.
	switch rest, ok := strings.CutPrefix(path.Base(p.tree), "rocks"); {
	case !ok:
		return p, false
	case rest == "":
		p.lua = "5.1"
	case rest[0] == '-' && ospkg.ValidVersion(rest[1:]):
		p.lua = rest[1:]
	default:
		return p, false
	}
	p.prefix, ok = ospkg.Root(path.Dir(p.tree), "lib/luarocks")
	return p, ok && ospkg.ValidName(p.name) && ospkg.ValidVersion(p.version)
}

func (p *place) key() string { return p.tree + " " + p.name }

// readSpec reads a rockspec.
func readSpec(f *detect.File, text string) (*detect.Fragment, error) {
	p, _ := placeOf(f.Path)
	spec, err := assignments(text)
	if err != nil {
		return nil, err
	}
	if pkg := spec["package"]; pkg.text != "" && !strings.EqualFold(pkg.text, p.name) {
		return nil, fmt.Errorf("%w: the rockspec is of %s", detect.ErrFormat, ospkg.Clip(pkg.text))
	}
	name := strings.ToLower(p.name)
	d := spec["description"]
	c := sbom.Component{
		Type: sbom.TypeLibrary, Name: p.name, Version: p.version, PURL: sbom.NewPURL("luarocks", "", name, strings.ToLower(p.version), nil),
		Supplier: oneline.Text(d.get("maintainer").text, maxText), Description: oneline.Text(d.get("summary").text, maxText),
		Licenses: statement.Licenses([]string{d.get("license").text}, f.Path), Evidence: statement.Manifest(1, p.name, p.version),
	}
	from, kind := spec["source"].get("url").text, origin.Distribution
	if origin.IsRepository(from) {
		kind = origin.VCS
	}
	c.References = origin.Refer(origin.Refer(nil, origin.Website, d.get("homepage").text), kind, from)
	frag := &detect.Fragment{Components: []detect.Component{{Component: c, Key: p.key(), Aliases: []string{p.dir, p.alias(name)}}}}
	var needs []string
	for _, item := range spec["dependencies"].items {
		// NAME, USER/NAME, or either with a condition on the version.
		need := strings.FieldsFunc(item.text, func(r rune) bool { return strings.ContainsRune(" \t\n<>=~!,", r) })
		if len(need) > 0 && path.Base(need[0]) != "lua" && ospkg.ValidName(path.Base(need[0])) {
			needs = append(needs, p.alias(strings.ToLower(path.Base(need[0]))))
		}
	}
	relations, all := ospkg.Relations(p.key(), needs, maxDepends)
	frag.Relations = relations
	if _, stated := spec["dependencies"]; !stated && strings.Contains(text, "\ndependencies") {
		frag.Gaps = []sbom.Gap{statement.Incomplete(p.key(), "the rockspec of "+p.name+" computes its dependencies and does not state them")}
	}
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

// alias is the name by which rocks of one tree refer to each other.
func (p *place) alias(name string) string { return p.tree + " rock " + name }

// readManifest claims the files of a rock.
func readManifest(f *detect.File, text string) (*detect.Fragment, error) {
	p, _ := placeOf(f.Path)
	vars, err := assignments(text)
	if err != nil {
		return nil, err
	}
	root, ok := vars["rock_manifest"]
	if !ok || !root.table {
		return nil, fmt.Errorf("%w: no manifest of a rock", detect.ErrFormat)
	}
	var gaps ospkg.Gaps
	m := &manifest{place: p, claims: ospkg.NewClaims(f, "", maxFiles), gaps: &gaps}
	for _, item := range root.items {
		if err == nil {
			err = m.walk(path.Join(p.dir, item.key), item, item.key)
		}
	}
	return &detect.Fragment{Claims: m.claims.List(), Gaps: gaps.List()}, err
}

// manifest claims what a rock_manifest lists.
type manifest struct {
	place
	claims *ospkg.Claims
	gaps   *ospkg.Gaps
}

// walk claims the file or files of v, which are at dir in the rock's own directory; top is
// the name of the directory there.
func (m *manifest) walk(dir string, v value, top string) error {
	if v.key == "" || strings.Contains(v.key, "/") || v.key == ".." {
		m.gaps.Add(sbom.GapCorrupt, "the impossible name %s is recorded", ospkg.Clip(v.key))
		return nil
	}
	if v.table {
		for _, item := range v.items {
			if err := m.walk(path.Join(dir, item.key), item, top); err != nil {
				return err
			}
		}
		return nil
	}
	digest, err := sbom.ParseDigest("md5:" + v.text)
	if err != nil {
		m.gaps.Add(sbom.GapCorrupt, "%s is recorded with the malformed digest %s", ospkg.Clip(v.key), ospkg.Clip(v.text))
	}
	claim := detect.Claim{Key: m.dir, Digest: digest}
	rest := strings.TrimPrefix(dir, path.Join(m.dir, top)+"/")
	switch top {
	case "lua":
		dir = path.Join(m.prefix, "share/lua", m.lua, rest)
	case "lib":
		dir = path.Join(m.prefix, "lib/lua", m.lua, rest)
	case "bin":
		// The script that LuaRocks makes has no recorded digest.
		if err := m.claims.Add(detect.Claim{Key: m.dir}, path.Join(m.prefix, "bin", rest), m.gaps); err != nil {
			return err
		}
	case "doc", "docs":
		claim.Optional = true
	}
	return m.claims.Add(claim, dir, m.gaps)
}

// readLock reads luarocks.lock: return { dependencies = { NAME = VERSION… } }, and the same
// for build_dependencies and test_dependencies.
func readLock(f *detect.File, text string) (*detect.Fragment, error) {
	root, err := returned(text)
	if err != nil {
		return nil, err
	}
	l := declared.New(f)
	for _, section := range []string{"dependencies", "build_dependencies", "test_dependencies"} {
		for _, item := range root.get(section).items {
			if item.key == "lua" || l.Full() {
				continue
			}
			name, version := path.Base(item.key), oneline.Token(item.text, 128)
			if !ospkg.ValidName(name) || version == "" {
				l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name and version", ospkg.Clip(item.key))
				continue
			}
			user := strings.TrimSuffix(item.key, "/"+name)
			if user == item.key || !ospkg.ValidName(user) {
				user = ""
			}
			c := sbom.Component{Group: user, Name: name, Version: version,
				PURL: sbom.NewPURL("luarocks", strings.ToLower(user), strings.ToLower(name), strings.ToLower(version), nil)}
			if section != "dependencies" {
				c.Properties = []sbom.Property{{Name: "luarocks:dev", Value: "true"}}
			}
			l.Add(c)
		}
	}
	return l.Fragment()
}
