package jslock

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

// bunInfo is what a bun.lock says of a package apart from its identity.
type bunInfo struct {
	Dependencies map[string]string `json:"dependencies"`
	Optional     map[string]string `json:"optionalDependencies"`
	Peers        map[string]string `json:"peerDependencies"`
}

// readBun reads the text format: JSON with comments and trailing commas. A package is
// an array whose key is its place among the others, "a/b" for the b inside a:
//
//	["name@version", "registry or empty", {info}, "integrity"]
//	["name@git+https://…#commit", {info}, "cache key"]
//	["name@./archive.tgz" or "name@https://…", {info}, "integrity"]
//	["name@workspace:dir"], ["name@link:dir"], ["name@root:", {}]
func readBun(l *list, b []byte) error {
	var doc struct {
		Version  int                          `json:"lockfileVersion"`
		Packages map[string][]json.RawMessage `json:"packages"`
	}
	err := json.Unmarshal(plainJSON(b), &doc)
	if wrong := new(json.UnmarshalTypeError); err != nil {
		err = fmt.Errorf("%w: %w", detect.ErrFormat, err)
		if !errors.As(err, &wrong) {
			return err
		}
	}
	if doc.Version < 0 || doc.Version > 2 {
		err = errors.Join(fmt.Errorf("%w: lock file version %d", detect.ErrUnsupported, doc.Version), err)
	}
	places := slices.Sorted(maps.Keys(doc.Packages))
	keys := make(map[string]string, len(places))
	for _, at := range places {
		if p := bunPackage(doc.Packages[at]); p != nil {
			keys[at] = l.add(at, p)
		}
	}
	lookups := 0
	for _, at := range places {
		for _, name := range bunDependencies(doc.Packages[at]) {
			if lookups += 1 + strings.Count(at, "/"); lookups > node.MaxLookups {
				return errors.Join(err, &detect.LimitError{Path: "dependencies", Limit: node.MaxLookups, What: "places looked into"})
			}
			l.Depend(keys[at], keys[bunNearest(doc.Packages, at, name)])
		}
	}
	return err
}

// bunPackage returns nil for the application's own code.
func bunPackage(tuple []json.RawMessage) *node.Package {
	texts := make([]string, len(tuple))
	for i, raw := range tuple {
		_ = json.Unmarshal(raw, &texts[i]) // What is no string stays empty.
	}
	if len(texts) == 0 {
		return new(node.Package)
	}
	name, reference := node.SplitVersion(texts[0])
	p := &node.Package{Name: name}
	if last := len(texts) - 1; last > 0 {
		p.Integrity = texts[last]
	}
	switch protocol, _, ok := strings.Cut(reference, ":"); {
	case protocol == "workspace" || protocol == "link" || protocol == "root":
		return nil
	case ok || strings.Contains(reference, "/"):
		p.Resolved = reference // Its version is not in the lock.
	default:
		p.Version = reference
		if len(texts) == 4 {
			p.Resolved = texts[1]
		}
	}
	return p
}

func bunDependencies(tuple []json.RawMessage) []string {
	var names []string
	for _, raw := range tuple {
		var info bunInfo
		if json.Unmarshal(raw, &info) == nil {
			for _, deps := range []map[string]string{info.Dependencies, info.Optional, info.Peers} {
				names = slices.AppendSeq(names, maps.Keys(deps))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// bunNearest returns the place of the package that name means in the package at a
// place.
func bunNearest(packages map[string][]json.RawMessage, at, name string) string {
	for {
		if to := at + "/" + name; packages[to] != nil {
			return to
		}
		i := strings.LastIndexByte(at, '/')
		if i < 0 {
			return name
		}
		at = at[:i]
	}
}

// readBinaryBun reads nothing: the format is Bun's memory, and Bun itself has
// replaced it.
func readBinaryBun(*list, []byte) error {
	return fmt.Errorf("%w: Bun's binary lock file; bun.lock is read", detect.ErrUnsupported)
}
