package dotnet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits on what is kept of one file.
const (
	maxLibraries = 50_000
	maxName      = 256
)

// deps is a deps.json (dotnet/sdk, "runtime-configuration-file", version 1).
type deps struct {
	RuntimeTarget struct {
		Name string `json:"name"`
	} `json:"runtimeTarget"`
	Targets   map[string]map[string]target `json:"targets"`
	Libraries map[string]library           `json:"libraries"`
}

// target is what a library means for one platform. The keys of its assets are
// paths in the package.
type target struct {
	Dependencies   map[string]string `json:"dependencies"`
	Runtime        map[string]asset  `json:"runtime"`
	Native         map[string]asset  `json:"native"`
	Resources      map[string]asset  `json:"resources"`
	RuntimeTargets map[string]asset  `json:"runtimeTargets"`
}

type asset struct {
	Locale    string `json:"locale"`
	LocalPath string `json:"localPath"` // since .NET 9
}

func (t *target) empty() bool {
	return len(t.Runtime)+len(t.Native)+len(t.Resources)+len(t.RuntimeTargets) == 0
}

type library struct {
	Type   string `json:"type"`
	SHA512 string `json:"sha512"`
}

func readDeps(f *detect.File, b []byte) (*detect.Fragment, error) {
	g := &graph{place: placeOf(f.Path, depsSuffix), file: f.Path, left: 1<<19 + 32*f.Size, keys: make(map[string]string)}
	return g.read(b)
}

// graph collects the facts of one deps.json.
type graph struct {
	place
	file   string // the deps.json, or the bundle that it is in
	bundle string // where it is in the bundle; empty outside of one
	digest sbom.Digest
	frag   detect.Fragment
	keys   map[string]string // by NAME in lower case: NuGet compares names so
	left   int64             // bytes that may still be added
	bad    int               // entries that are not NAME/VERSION
	full   bool
}

func (g *graph) read(b []byte) (*detect.Fragment, error) {
	var d deps
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	if d.Targets == nil {
		return nil, fmt.Errorf("%w: no targets", detect.ErrFormat)
	}
	libs, ok := d.Targets[d.RuntimeTarget.Name]
	if !ok {
		for _, name := range slices.Sorted(maps.Keys(d.Targets)) {
			libs = d.Targets[name]
		}
	}
	ids := slices.Sorted(maps.Keys(libs))
	for i, id := range ids {
		if i == maxLibraries || g.full {
			break
		}
		t, l := libs[id], d.Libraries[id]
		g.add(id, &t, &l)
	}
	for _, id := range ids {
		t := libs[id]
		g.depend(id, &t)
	}
	if g.bad > 0 {
		g.frag.Gaps = append(g.frag.Gaps, sbom.Gap{Kind: sbom.GapCorrupt, Message: fmt.Sprintf("%d libraries are listed without a valid name and version", g.bad)})
	}
	if g.full || len(ids) > maxLibraries {
		return &g.frag, &detect.LimitError{Path: g.file, Limit: maxLibraries, What: "libraries and their files"}
	}
	return &g.frag, nil
}

// spend reports whether n bytes may be added.
func (g *graph) spend(n int) bool {
	g.left -= int64(n)
	g.full = g.full || g.left < 0
	return !g.full
}

// split returns the parts of NAME/VERSION, empty if they are not valid.
func split(id string) (name, version string) {
	name, version, _ = strings.Cut(id, "/")
	name, version = oneline.Token(name, maxName), oneline.Token(version, maxName)
	if version == "" || strings.ContainsAny(name+version, `/\`) {
		return "", ""
	}
	return name, version
}

// add adds one library.
func (g *graph) add(id string, t *target, l *library) {
	name, version := split(id)
	if name == "" {
		g.bad++
		return
	}
	root := l.Type == "project" && strings.EqualFold(name, g.stem)
	key := g.key() + " " + strings.ToLower(name)
	if root {
		key = g.key()
	}
	if _, twice := g.keys[strings.ToLower(name)]; twice {
		g.bad++
		return
	}
	if !g.spend(2*len(key) + 3*len(id) + len(g.bundle) + 500) {
		return
	}
	g.keys[strings.ToLower(name)] = key
	c := detect.Component{Key: key, Component: g.component(name, version, t, l, root)}
	if frameworkRoot, v, ok := g.framework(); ok && !t.empty() {
		c.Aliases = []string{frameworkAlias(g.stem, v)}
		g.host(key, frameworkRoot, v)
	}
	g.frag.Components = append(g.frag.Components, c)
	g.claim(key, t, root)
}

func (g *graph) component(name, version string, t *target, l *library, root bool) sbom.Component {
	c := sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version, Scope: g.scope}
	switch {
	case l.Type == "package", l.Type == "runtimepack":
		// The SDK calls the package of a runtime that is shipped with the
		// application runtimepack.NAME.
		c.Name = strings.TrimPrefix(name, "runtimepack.")
		c.PURL = sbom.NewPURL("nuget", "", c.Name, version, nil)
	case root:
		c.Type = sbom.TypeApplication
		if g.digest != "" {
			c.Hashes = []sbom.Digest{g.digest}
		}
	}
	if t.empty() && !root && c.Scope != sbom.ScopeFixture {
		c.Scope = sbom.ScopeDeclared
	}
	confidence := 1.0
	if c.Scope != sbom.ScopeInstalled {
		confidence = 0.7
	}
	c.Evidence = statement.Manifest(confidence, name, version)
	if g.bundle != "" {
		for i := range c.Evidence {
			c.Evidence[i].Location.Path = g.file + "!/" + g.bundle
		}
	}
	if l.Type != "package" {
		c.Properties = statement.Property(c.Properties, "dotnet:type", l.Type)
	}
	c.Properties = statement.Property(c.Properties, "nuget:content_hash", strings.TrimPrefix(l.SHA512, "sha512-"))
	return c
}

// claim claims the library's files. In a bundle there is only the program.
func (g *graph) claim(key string, t *target, root bool) {
	if g.scope == sbom.ScopeFixture {
		return
	}
	if g.bundle != "" {
		if root {
			g.frag.Claims = append(g.frag.Claims, detect.Claim{Key: key, Path: g.file, Ground: sbom.ClaimContent})
		}
		return
	}
	if root {
		g.own(key, g.stem)
		g.own(key, g.stem+".exe")
	}
	for _, assets := range []struct {
		list map[string]asset
		kept bool // with their directories
	}{{t.Runtime, false}, {t.Native, false}, {t.Resources, false}, {t.RuntimeTargets, true}} {
		for _, name := range slices.Sorted(maps.Keys(assets.list)) {
			a := assets.list[name]
			at := path.Base(name)
			if assets.kept {
				at = name
			} else if a.Locale != "" {
				at = a.Locale + "/" + at
			}
			g.own(key, cmp.Or(a.LocalPath, at))
		}
	}
}

// own claims a file below the directory of the application.
func (g *graph) own(key, name string) {
	name = path.Clean(name)
	if path.IsAbs(name) || name == "." || name == ".." || strings.HasPrefix(name, "../") || len(name) > 1024 || oneline.Text(name, 2048) != name {
		return
	}
	if at := path.Join(g.dir, name); g.spend(len(key) + len(at) + 70) {
		g.frag.Claims = append(g.frag.Claims, detect.Claim{Key: key, Path: at, Ground: sbom.ClaimDirectory})
	}
}

// host claims what lies beside the base framework, and is of no other.
func (g *graph) host(key, root, version string) {
	if g.stem != "Microsoft.NETCore.App" || oneline.Token(version, maxName) != version || root == "" {
		return
	}
	g.frag.Claims = append(g.frag.Claims,
		detect.Claim{Key: key, Path: path.Join(root, "host/fxr", version), Ground: sbom.ClaimDirectory, Tree: true},
		detect.Claim{Key: key, Path: path.Join(root, "dotnet"), Ground: sbom.ClaimDirectory})
}

func (g *graph) depend(id string, t *target) {
	name, _ := split(id)
	from := g.keys[strings.ToLower(name)]
	for _, dep := range slices.Sorted(maps.Keys(t.Dependencies)) {
		to := g.keys[strings.ToLower(dep)]
		if from == "" || to == "" || to == from {
			continue // NuGet's own graph has no such edge; the library is somewhere else.
		}
		if !g.spend(len(from) + len(to) + 60) {
			return
		}
		g.frag.Relations = append(g.frag.Relations, detect.Relation{From: from, To: to, Type: sbom.DependsOn})
	}
}
