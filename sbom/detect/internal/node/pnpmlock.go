package node

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundyaml"
)

// PnpmLock is a pnpm-lock.yaml, or the copy of it in node_modules/.pnpm/lock.yaml
// that says what is installed.
type PnpmLock struct {
	// IDs are what the lock calls its packages, in order: one for each
	// combination of a package with its peers.
	IDs []string

	packages  map[string]*pnpmPackage
	plain     map[string]string // package of an id without its peers, by the id
	importers map[string]*pnpmImporter
}

// pnpmImporter is what one of the application's own packages depends on: versions or
// ids, since version 6 of the format beside what its manifest says.
type pnpmImporter struct {
	Dependencies map[string]any `yaml:"dependencies"`
	Optionals    map[string]any `yaml:"optionalDependencies"`
}

// pnpmPackage is an entry of the lock file's packages or snapshots.
type pnpmPackage struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	Resolution struct {
		Integrity string `yaml:"integrity"`
		Tarball   string `yaml:"tarball"`
		Repo      string `yaml:"repo"`
		Commit    string `yaml:"commit"`
		Type      string `yaml:"type"`
		Directory string `yaml:"directory"`
	} `yaml:"resolution"`
	Dev          *bool             `yaml:"dev"`
	Optional     bool              `yaml:"optional"`
	Dependencies map[string]string `yaml:"dependencies"`
	Optionals    map[string]string `yaml:"optionalDependencies"`
}

// maxDocuments is how many documents a file may have. pnpm writes two at most.
const maxDocuments = 16

// ParsePnpmLock reads the versions 5 to 9 of the format. Errors are as those of
// [ParsePackageLock].
func ParsePnpmLock(b []byte) (*PnpmLock, error) {
	l := &PnpmLock{packages: make(map[string]*pnpmPackage), plain: make(map[string]string)}
	var problem error
	for documents, dec := 0, boundyaml.NewDecoder(b); ; documents++ {
		if documents == maxDocuments { // Each can be a problem, and joined errors cost their square.
			problem = errors.Join(problem, &detect.LimitError{Path: "documents", Limit: maxDocuments, What: "documents"})
			break
		}
		var doc struct {
			Version   string                   `yaml:"lockfileVersion"`
			Packages  map[string]*pnpmPackage  `yaml:"packages"`
			Importers map[string]*pnpmImporter `yaml:"importers"`
			// Without workspaces, before version 9.
			pnpmImporter `yaml:",inline"`
			Snapshots    map[string]*pnpmPackage `yaml:"snapshots"`
		}
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			problem = errors.Join(problem, err)
			if wrong := new(yaml.TypeError); !errors.As(err, &wrong) {
				break
			}
		}
		if major, _, _ := strings.Cut(doc.Version, "."); len(major) != 1 || major < "5" || major > "9" {
			problem = errors.Join(problem, fmt.Errorf("%w: lock file version %.20q", detect.ErrUnsupported, doc.Version))
			continue
		}
		l.add(doc.Packages, doc.Snapshots)
		l.importers = doc.Importers
		if l.importers == nil {
			l.importers = map[string]*pnpmImporter{".": &doc.pnpmImporter}
		}
	}
	l.IDs = slices.Sorted(maps.Keys(l.packages))
	return l, problem
}

// add joins the packages of version 9 with their snapshots, which have the
// dependencies; before, an entry had both.
func (l *PnpmLock) add(packages, snapshots map[string]*pnpmPackage) {
	for id, p := range packages {
		if p == nil {
			p = new(pnpmPackage)
		}
		l.packages[id] = p
	}
	for id, s := range snapshots {
		plain := withoutPeers(id)
		p := l.packages[plain]
		if p == nil {
			continue // A snapshot of what is no package.
		}
		joined := *p
		if s != nil {
			joined.Dependencies, joined.Optionals, joined.Optional = s.Dependencies, s.Optionals, s.Optional
		}
		l.packages[id] = &joined
		if plain != id {
			l.plain[plain] = id
		}
	}
	// What is there with its peers only is not there without.
	for plain := range l.plain {
		if _, also := snapshots[plain]; !also {
			delete(l.packages, plain)
		}
	}
}

// withoutPeers cuts "(peer@1)(patch_hash=x)" and the like from an id.
func withoutPeers(id string) string {
	if i := strings.IndexByte(id, '('); i > 0 {
		return id[:i]
	}
	return id
}

// Package returns the package of an id of IDs; nil if that is no package but a
// directory of the application's own.
func (l *PnpmLock) Package(id string) *Package {
	e := l.packages[id]
	if e.Resolution.Directory != "" || e.Resolution.Type == "directory" {
		return nil
	}
	p := &Package{Name: e.Name, Version: e.Version, Resolved: e.Resolution.Tarball, Integrity: e.Resolution.Integrity,
		Dev: e.Dev != nil && *e.Dev, Optional: e.Optional}
	if e.Resolution.Repo != "" {
		p.Resolved, p.Commit = e.Resolution.Repo, e.Resolution.Commit
	}
	name, version := splitID(id)
	if p.Name == "" {
		p.Name = name
	}
	if p.Version == "" && !strings.ContainsAny(version, ":/") {
		p.Version = version // Of others than those of a registry, it is an address.
	}
	return p
}

// splitID returns the name and the version in an id: /@scope/name/1.0.0_peer@2 in
// version 5 of the format, then /@scope/name@1.0.0(peer@2), and since version 9 the
// same without the slash. The version may be an address.
func splitID(id string) (name, version string) {
	rest := strings.TrimPrefix(withoutPeers(id), "/")
	scope := 0
	if strings.HasPrefix(rest, "@") {
		scope = strings.IndexByte(rest, '/') + 1
	}
	i := strings.IndexAny(rest[scope:], "/@")
	if i < 0 {
		return rest, ""
	}
	name, version = rest[:scope+i], rest[scope+i+1:]
	if rest[scope+i] == '/' {
		version, _, _ = strings.Cut(version, "_")
	}
	return name, version
}

// Dependencies returns the ids of the packages that id depends on, in order.
func (l *PnpmLock) Dependencies(id string) []string {
	var out []string
	e := l.packages[id]
	for _, deps := range []map[string]string{e.Dependencies, e.Optionals} {
		for name, ref := range deps {
			if to := l.find(name, ref); to != "" {
				out = append(out, to)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Importers yields the directories of the application's own packages, relative to that
// of the lock file, in order, with the ids of what they depend on.
func (l *PnpmLock) Importers() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, dir := range slices.Sorted(maps.Keys(l.importers)) {
			var ids []string
			if in := l.importers[dir]; in != nil {
				for _, deps := range []map[string]any{in.Dependencies, in.Optionals} {
					ids = l.appendIDs(ids, deps)
				}
			}
			slices.Sort(ids)
			if !yield(dir, slices.Compact(ids)) {
				return
			}
		}
	}
}

func (l *PnpmLock) appendIDs(ids []string, deps map[string]any) []string {
	for name, ref := range deps {
		if table, ok := ref.(map[string]any); ok {
			ref = table["version"]
		}
		version, _ := ref.(string)
		if id := l.find(name, version); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// find returns the id of a dependency: the reference is a version, with peers, or
// an id where the name is an alias.
func (l *PnpmLock) find(name, ref string) string {
	for _, id := range []string{ref, name + "@" + ref, "/" + name + "@" + ref, "/" + name + "/" + ref} {
		if l.packages[id] != nil {
			return id
		}
	}
	return ""
}

// maxStoreName is the length of the longest name of a directory in pnpm's virtual
// store; longer ones have a hash.
const maxStoreName = 120

// StoreDir returns the directory of a package in pnpm's virtual store, relative to
// node_modules/.pnpm; empty when its name has a hash, which
// versions of pnpm make differently.
func (l *PnpmLock) StoreDir(id string) string {
	p := l.Package(id)
	if p == nil || !ValidName(p.Name) {
		return ""
	}
	name, ok := strings.CutPrefix(id, "/")
	if n, _ := splitID(id); ok && len(n) < len(name) {
		name = n + "@" + name[len(n)+1:]
	}
	name = strings.NewReplacer("/", "+", ":", "+", "#", "+", `\`, "+", "*", "+", "?", "+", `"`, "+", "<", "+", ">", "+", "|", "+").Replace(name)
	name = strings.TrimSuffix(name, ")")
	name = strings.NewReplacer(")(", "_", "(", "_", ")", "_").Replace(name)
	if len(name) > maxStoreName || name != strings.ToLower(name) && !strings.HasPrefix(name, "file+") {
		return ""
	}
	return name + "/node_modules/" + p.Name
}
