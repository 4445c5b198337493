// Package julia finds packages of Julia.
//
// # What counts as what
//
//   - packages/NAME/SLUG/Project.toml in a depot: an installed package.
//   - Manifest.toml, of the formats 1 and 2, also JuliaManifest.toml and
//     Manifest-vVERSION.toml, declares packages ([sbom.ScopeDeclared]), that need not be
//     there.
//
// Packages that a manifest names without a version are part of Julia itself; those with a
// path are the application's own code. Neither is told.
//
// # What is owned
//
// The directory of an installed package. Digests of files are recorded nowhere; the digest
// of the git tree in a manifest is a property.
package julia

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The manifest of a large application has 100 KB.
const (
	maxFile    = 4 << 20
	maxDepends = 1000
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "julia", Version: "1"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem:    "Julia",
		Reads:        []string{"packages/*/*/Project.toml", "packages/*/*/JuliaProject.toml", "Manifest.toml", "JuliaManifest.toml", "Manifest-v*.toml"},
		PURLs:        []string{"julia"},
		Scopes:       []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:         []sbom.Claim{sbom.ClaimDirectory},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadContentWith(f, maxFile, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File, string) (*detect.Fragment, error) {
	dir, base := path.Split(file)
	switch {
	case base == "Project.toml", base == "JuliaProject.toml":
		if _, ok := depot(path.Clean(dir)); ok {
			return readProject
		}
	case base == "Manifest.toml", base == "JuliaManifest.toml", strings.HasPrefix(base, "Manifest-v") && strings.HasSuffix(base, ".toml"):
		if !inPackage(dir) && !declared.Foreign(file) {
			return readManifest
		}
	}
	return nil
}

// depot returns the depot of a package's directory, packages/NAME/SLUG: the slug is made of
// five letters and digits, four in old releases.
func depot(dir string) (root string, ok bool) {
	parent := path.Dir(dir)
	slug, above := path.Base(dir), path.Dir(parent)
	if n := len(slug); path.Base(above) != "packages" || n != 4 && n != 5 {
		return "", false
	}
	for i := range len(slug) {
		if c := slug[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return "", false
		}
	}
	return path.Dir(above), true
}

// inPackage reports whether a directory is in an installed package, whose manifest serves
// its development.
func inPackage(dir string) bool {
	for dir = path.Clean(dir); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := depot(dir); ok {
			return true
		}
	}
	return false
}

// component describes a package. ok is false when it has no valid name, version or UUID.
func component(name, version, uuid string, q map[string]string) (c sbom.Component, ok bool) {
	version, uuid = oneline.Token(version, 128), strings.ToLower(uuid)
	if !ospkg.ValidName(name) || version == "" || !validUUID(uuid) {
		return c, false
	}
	all := map[string]string{"uuid": uuid}
	for k, v := range q {
		all[k] = v
	}
	return sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version, PURL: sbom.NewPURL("julia", "", name, version, all)}, true
}

func validUUID(s string) bool {
	return len(s) == 36 && strings.Trim(s, "0123456789abcdef-") == "" && strings.Count(s, "-") == 4
}

// alias is the name by which packages of one depot refer to each other.
func alias(depot, uuid string) string { return depot + " " + strings.ToLower(uuid) }

// readProject reads the project file of an installed package.
func readProject(f *detect.File, text string) (*detect.Fragment, error) {
	tables, err := parse(text)
	if err != nil {
		return nil, err
	}
	home := path.Dir(f.Path)
	root, _ := depot(home)
	top := tables[0].fields
	name, uuid := top["name"].text, top["uuid"].text
	c, ok := component(name, top["version"].text, uuid, nil)
	if !ok {
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", fmt.Sprintf("the Julia package %s does not state name, version and UUID", ospkg.Clip(name)))}}, nil
	}
	c.Evidence = statement.Manifest(1, c.Name, c.Version)
	c.Supplier = oneline.Text(strings.Join(top["authors"].list, ", "), 512)
	key := root + " " + name + " " + strings.ToLower(uuid)
	frag := &detect.Fragment{
		Components: []detect.Component{{Component: c, Key: key, Aliases: []string{alias(root, uuid)}}},
		Claims:     []detect.Claim{{Key: key, Path: home, Ground: sbom.ClaimDirectory, Tree: true}},
	}
	var needs []string
	for _, t := range tables {
		if t.name != "deps" {
			continue
		}
		for _, v := range t.fields {
			if validUUID(strings.ToLower(v.text)) {
				needs = append(needs, alias(root, v.text))
			}
		}
	}
	relations, all := ospkg.Relations(key, needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

// readManifest reads a manifest: a table for each package, called by its name.
func readManifest(f *detect.File, text string) (*detect.Fragment, error) {
	tables, err := parse(text)
	if err != nil {
		return nil, err
	}
	format := tables[0].fields["manifest_format"].text
	prefix := "deps."
	switch major, _, _ := strings.Cut(format, "."); major {
	case "2":
	case "", "1":
		prefix = ""
	default:
		return nil, fmt.Errorf("%w: manifest_format %s", detect.ErrUnsupported, ospkg.Clip(format))
	}
	l := declared.New(f)
	keys := make(map[string]string) // by name and by UUID
	from := make(map[int]string)    // package that a table has the dependencies of, by the table
	current := ""
	for i, t := range tables[1:] {
		name, ok := strings.CutPrefix(t.name, prefix)
		switch {
		case !ok:
		case t.array:
			current = add(l, name, t, keys)
		case strings.HasSuffix(name, ".deps"):
			from[i+1] = current
		}
	}
	for i, t := range tables {
		if from[i] != "" {
			for _, name := range slices.Sorted(maps.Keys(t.fields)) {
				l.Depend(from[i], keys[strings.ToLower(t.fields[name].text)])
			}
		}
		for _, dep := range t.fields["deps"].list {
			l.Depend(keys[strings.ToLower(t.fields["uuid"].text)], keys[dep])
		}
	}
	return l.Fragment()
}

// add adds the package of a table, and its key under its name and its UUID.
func add(l *declared.List, name string, t *table, keys map[string]string) string {
	v := func(field string) string { return t.fields[field].text }
	if v("version") == "" || v("path") != "" {
		return "" // Part of Julia, or the application's own code.
	}
	q := map[string]string{}
	if v("repo-url") != "" {
		q["vcs_url"] = origin.Repository(v("repo-url"), v("repo-rev"))
	}
	c, ok := component(name, v("version"), v("uuid"), q)
	if !ok {
		l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name, version and UUID", ospkg.Clip(name))
		return ""
	}
	c.Properties = statement.Property(c.Properties, "julia:git-tree-sha1", v("git-tree-sha1"))
	key := l.Add(c)
	if _, again := keys[name]; !again {
		keys[name] = key // Where a name is not unique, UUIDs are used.
	}
	keys[strings.ToLower(v("uuid"))] = key
	return key
}
