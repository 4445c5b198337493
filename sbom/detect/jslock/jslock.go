// Package jslock finds the packages that lock files of the JavaScript world name.
//
// # What is read
//
//   - npm: package-lock.json and npm-shrinkwrap.json of lockfileVersion 1 to 3
//   - Yarn: yarn.lock, of the first version and of the later ones
//   - pnpm: pnpm-lock.yaml of the versions 5 to 9
//   - Bun: bun.lock; the binary bun.lockb is a gap of kind unsupported
//   - Deno: deno.lock of the versions 2 to 5
//
// # What it means
//
// A lock file says what an installation would bring, and not that it took place: its
// packages are [sbom.ScopeDeclared], those in a directory of tests
// [sbom.ScopeFixture]. What is installed is told by detector npm, and is a component
// of its own. A lock file inside an installed package serves the development of
// that package and is not read.
//
// Workspaces, links and directories are the application's own code and no packages. An
// alias is told by the package's real name. Where a package comes from a repository
// or an address instead of a registry, its package URL has a vcs_url or
// download_url: such a package has the name and version that it gives itself. A
// package of JSR has the name and the address under which that registry serves
// it to npm, since package URLs have no type for it. Digests are those of
// the packages' archives; those of Yarn's and JSR's own making are properties.
package jslock

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "jslock", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Node.js (lock files)",
		Reads: []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
			"bun.lockb", "deno.lock"},
		PURLs:        []string{"npm"},
		Scopes:       []sbom.Scope{sbom.ScopeDeclared, sbom.ScopeFixture},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	return reader(path.Base(e.Path)) != nil && e.Size > 0 && !declared.Foreign(e.Path)
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	read := reader(path.Base(f.Path))
	if read == nil {
		return nil, nil
	}
	b, err := f.Bytes(node.MaxLock)
	if err != nil {
		return nil, err
	}
	list := &list{List: declared.New(f)}
	problem := read(list, b)
	frag, err := list.Fragment()
	if problem != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, problem)
	}
	return frag, err
}

// reader returns what reads a file of that name; nil when none does.
func reader(base string) func(*list, []byte) error {
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json":
		return readPackageLock
	case "yarn.lock":
		return readYarn
	case "pnpm-lock.yaml":
		return readPnpm
	case "bun.lock":
		return readBun
	case "bun.lockb":
		return readBinaryBun
	case "deno.lock":
		return readDeno
	}
	return nil
}

// list collects packages.
type list struct{ *declared.List }

// add adds a package that the lock file calls id, with further properties. What has
// no valid name or no version is a gap.
func (l *list) add(id string, p *node.Package, more ...sbom.Property) (key string) {
	c, ok := p.Component()
	if !ok {
		l.Gaps.Add(sbom.GapIncomplete, "a package is locked as %.200q without a valid name and version", id)
		return ""
	}
	c.Properties = append(c.Properties, more...)
	return l.Add(c)
}

func readPackageLock(l *list, b []byte) error {
	lock, err := node.ParsePackageLock(b)
	if lock == nil {
		return err
	}
	keys := make(map[string]string, len(lock.Dirs))
	for _, dir := range lock.Dirs {
		keys[dir] = l.add(dir, lock.Package(dir))
	}
	for _, dir := range lock.Dirs {
		to, complete := lock.Dependencies(dir)
		if !complete {
			return errors.Join(err, &detect.LimitError{Path: "dependencies", Limit: node.MaxLookups, What: "directories looked into"})
		}
		for _, t := range to {
			l.Depend(keys[dir], keys[t])
		}
	}
	return err
}

func readPnpm(l *list, b []byte) error {
	lock, err := node.ParsePnpmLock(b)
	keys := make(map[string]string, len(lock.IDs))
	for _, id := range lock.IDs {
		if p := lock.Package(id); p != nil {
			keys[id] = l.add(id, p)
		}
	}
	for _, id := range lock.IDs {
		for _, to := range lock.Dependencies(id) {
			l.Depend(keys[id], keys[to])
		}
	}
	return err
}
