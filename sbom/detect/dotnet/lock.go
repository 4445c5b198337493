package dotnet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// lock is a packages.lock.json.
type lock struct {
	Dependencies map[string]map[string]locked `json:"dependencies"` // by framework and package
}

type locked struct {
	Type         string            `json:"type"`
	Resolved     string            `json:"resolved"`
	ContentHash  string            `json:"contentHash"`
	Dependencies map[string]string `json:"dependencies"`
}

// readLock lists the packages of all frameworks that a project is built for.
func readLock(f *detect.File, b []byte) (*detect.Fragment, error) {
	if declared.Foreign(f.Path) {
		return nil, nil
	}
	var lk lock
	if err := json.Unmarshal(b, &lk); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	if lk.Dependencies == nil {
		return nil, fmt.Errorf("%w: a lock file without dependencies", detect.ErrFormat)
	}
	l := declared.New(f)
	for _, fw := range slices.Sorted(maps.Keys(lk.Dependencies)) {
		packages := lk.Dependencies[fw]
		names := slices.Sorted(maps.Keys(packages))
		keys := make(map[string]string)
		for _, name := range names {
			p := packages[name]
			keys[strings.ToLower(name)] = lockPackage(l, name, &p)
		}
		for _, name := range names {
			for _, dep := range slices.Sorted(maps.Keys(packages[name].Dependencies)) {
				l.Depend(keys[strings.ToLower(name)], keys[strings.ToLower(dep)])
			}
		}
		if l.Full() {
			break
		}
	}
	return l.Fragment()
}

// lockPackage adds one package and returns its key. Projects beside this one have no
// version, and are sources and no packages.
func lockPackage(l *declared.List, name string, p *locked) string {
	if p.Type == "Project" {
		return ""
	}
	valid, version := split(name + "/" + p.Resolved)
	if valid == "" {
		l.Gaps.Add(sbom.GapIncomplete, "the lock file states no valid name and version of a package: %s", ospkg.Clip(name))
		return ""
	}
	c := sbom.Component{Name: valid, Version: version, PURL: sbom.NewPURL("nuget", "", valid, version, nil)}
	if p.Type == "Direct" {
		c.Properties = statement.Property(c.Properties, "nuget:direct", "true")
	}
	c.Properties = statement.Property(c.Properties, "nuget:content_hash", p.ContentHash)
	return l.Add(c)
}
