package node

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Limits. The largest lock files known have 10 MB, and packages five levels deep.
const (
	// MaxLock is the size of the largest lock file that is read, in bytes.
	MaxLock  = 32 << 20
	maxDepth = 256 // directories on the way to a package
	// MaxLookups is the number of directories in which the dependencies of one lock
	// file are looked for.
	MaxLookups = 4 << 20
)

// PackageLock is a package-lock.json or npm-shrinkwrap.json, or the lock file that
// npm hides in node_modules.
type PackageLock struct {
	// Dirs are the directories of the packages, the outer ones first, relative to
	// that of the lock file: node_modules/a/node_modules/b.
	Dirs []string
	// Own are the directories of the application's own packages, such as
	// workspaces; not that of the application itself.
	Own []string
	// entries by directory, also those that are no packages.
	entries map[string]*lockEntry
	lookups int
}

// lockEntry is an entry of the lock file's packages.
type lockEntry struct {
	Name                 string            `json:"name"`
	Version              string            `json:"version"`
	Resolved             string            `json:"resolved"`
	Integrity            string            `json:"integrity"`
	Link                 bool              `json:"link"`
	Dev                  bool              `json:"dev"`
	DevOptional          bool              `json:"devOptional"`
	Optional             bool              `json:"optional"`
	Dependencies         map[string]string `json:"dependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	PeerDependencies     map[string]string `json:"peerDependencies"`
}

// oldEntry is an entry of the tree of dependencies that npm wrote before version 7.
type oldEntry struct {
	Version      string               `json:"version"`
	Resolved     string               `json:"resolved"`
	Integrity    string               `json:"integrity"`
	Dev          bool                 `json:"dev"`
	Optional     bool                 `json:"optional"`
	Requires     json.RawMessage      `json:"requires"` // a map, or a boolean
	Dependencies map[string]*oldEntry `json:"dependencies"`
}

// ParsePackageLock reads any version of the format. An error wraps
// detect.ErrFormat, detect.ErrUnsupported or detect.ErrLimit; beside one there may
// be a lock with what could be read.
func ParsePackageLock(b []byte) (*PackageLock, error) {
	var doc struct {
		Version      json.Number           `json:"lockfileVersion"`
		Packages     map[string]*lockEntry `json:"packages"`
		Dependencies map[string]*oldEntry  `json:"dependencies"`
	}
	err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), &doc)
	if wrong := new(json.UnmarshalTypeError); err != nil && !errors.As(err, &wrong) {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	} else if err != nil {
		err = fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	l := &PackageLock{entries: doc.Packages}
	switch v := doc.Version.String(); {
	case v != "" && v != "1" && v != "2" && v != "3":
		err = errors.Join(fmt.Errorf("%w: lock file version %.20q", detect.ErrUnsupported, v), err)
	case doc.Packages == nil:
		l.entries = make(map[string]*lockEntry)
		if !l.grow("", doc.Dependencies, 0) {
			err = errors.Join(&detect.LimitError{Path: "dependencies", Limit: maxDepth, What: "levels"}, err)
		}
	}
	for dir, e := range l.entries {
		if e == nil {
			delete(l.entries, dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(l.entries)) {
		switch e := l.entries[dir]; {
		case e.Link || dir == "":
		case isPackageDir(dir):
			l.Dirs = append(l.Dirs, dir)
		case strings.Count(dir, "/") < maxDepth:
			l.Own = append(l.Own, dir)
		}
	}
	slices.SortStableFunc(l.Dirs, func(a, b string) int {
		return cmp.Compare(strings.Count(a, "node_modules/"), strings.Count(b, "node_modules/"))
	})
	return l, err
}

// grow turns a tree of dependencies into directories.
func (l *PackageLock) grow(dir string, deps map[string]*oldEntry, depth int) bool {
	if depth > maxDepth/2 {
		return false
	}
	ok := true
	for name, old := range deps {
		if old == nil || len(name) > MaxName {
			continue
		}
		at := strings.TrimPrefix(dir+"/node_modules/"+name, "/")
		e := &lockEntry{Version: old.Version, Resolved: old.Resolved, Integrity: old.Integrity, Dev: old.Dev, Optional: old.Optional}
		_ = json.Unmarshal(old.Requires, &e.Dependencies) // Anything else names none.
		e.ageless()
		l.entries[at] = e
		ok = l.grow(at, old.Dependencies, depth+1) && ok
	}
	return ok
}

// ageless reads what the old format has in the version: an alias, or the address of
// what is not from a registry, whose version it then does not state.
func (e *lockEntry) ageless() {
	if alias, ok := strings.CutPrefix(e.Version, "npm:"); ok {
		e.Name, e.Version = SplitVersion(alias)
	} else if strings.Contains(e.Version, ":") || strings.Contains(e.Version, "/") {
		e.Resolved, e.Version = e.Version, ""
		// A directory is the application's own; an archive is not.
		e.Link = strings.HasPrefix(e.Resolved, "file:") && !strings.HasSuffix(e.Resolved, ".tgz") && !strings.HasSuffix(e.Resolved, ".tar.gz")
	}
}

// isPackageDir reports whether a directory is that of a package in node_modules,
// and not of a workspace.
func isPackageDir(dir string) bool {
	return packageName(dir) != "" && strings.Count(dir, "/") < maxDepth
}

// packageName returns the name of the directory of a package in node_modules, empty if
// it is none.
func packageName(dir string) string {
	const modules = "node_modules/"
	i := strings.LastIndex(dir, modules)
	if i < 0 || i > 0 && dir[i-1] != '/' {
		return ""
	}
	name := dir[i+len(modules):]
	if !ValidName(name) {
		return ""
	}
	return name
}

// Package returns the package in a directory of Dirs.
func (l *PackageLock) Package(dir string) *Package {
	e := l.entries[dir]
	p := &Package{Name: e.Name, Version: e.Version, Resolved: e.Resolved, Integrity: e.Integrity,
		Dev: e.Dev || e.DevOptional, Optional: e.Optional || e.DevOptional}
	if p.Name == "" {
		p.Name = packageName(dir)
	}
	return p
}

// Dependencies returns the directories of the packages that the one in dir, of Dirs or
// Own, loads,
// in order, as Node finds them: in the nearest node_modules on the way up. Those
// that the lock does not have, as optional ones, are left out. complete is false
// when a limit was reached.
func (l *PackageLock) Dependencies(dir string) (dirs []string, complete bool) {
	e := l.entries[dir]
	for _, deps := range []map[string]string{e.Dependencies, e.OptionalDependencies, e.PeerDependencies} {
		for name := range deps {
			if !ValidName(name) {
				continue
			}
			if l.lookups >= MaxLookups {
				return nil, false
			}
			if at := l.nearest(dir, name); at != "" && !l.entries[at].Link {
				dirs = append(dirs, at)
			}
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs), true
}

func (l *PackageLock) nearest(dir, name string) string {
	for {
		l.lookups++
		at := "node_modules/" + name
		if dir != "" {
			at = dir + "/" + at
		}
		if l.entries[at] != nil {
			return at
		}
		for {
			if dir == "" {
				return ""
			}
			i := strings.LastIndexByte(dir, '/')
			dir = dir[:max(i, 0)]
			if dir != "node_modules" && !strings.HasSuffix(dir, "/node_modules") {
				break
			}
		}
	}
}
