package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// releaseFiles are where os-release(5) puts itself, the preferred one first.
var releaseFiles = []string{"etc/os-release", "usr/lib/os-release"}

// distributions returns the distribution of each root file system in the image by
// the path of its root: "" is the image's own.
func (f *fold) distributions() map[string]*sbom.Distribution {
	out := make(map[string]*sbom.Distribution)
	rank := make(map[string]int)
	for _, s := range f.sources() {
		for _, fr := range s.fragments {
			if fr.Facts.Distribution == nil {
				continue
			}
			root, r := rootOf(s.path)
			if old, known := rank[root]; !known || r < old {
				d := *fr.Facts.Distribution
				out[root], rank[root] = &d, r
			}
		}
	}
	return out
}

// rootOf returns the root that a file which names a distribution speaks of, and
// how good a witness it is, 0 the best.
func rootOf(p string) (root string, rank int) {
	for i, suffix := range releaseFiles {
		if p == suffix {
			return "", i
		}
		if root, ok := strings.CutSuffix(p, "/"+suffix); ok {
			return root, i
		}
	}
	// Some other file, such as etc/alpine-release.
	for _, dir := range []string{"etc", "usr/lib"} {
		if root, ok := strings.CutSuffix(parent(p), dir); ok && (root == "" || strings.HasSuffix(root, "/")) {
			return strings.TrimSuffix(root, "/"), len(releaseFiles)
		}
	}
	return parent(p), len(releaseFiles)
}

// distributionOf returns the distribution whose root is the closest above path.
func distributionOf(p string, ds map[string]*sbom.Distribution) *sbom.Distribution {
	for dir := parent(p); dir != ""; dir = parent(dir) {
		if d := ds[dir]; d != nil {
			return d
		}
	}
	return ds[""]
}

// mergeSystems makes one component of an operating system that two files of one
// root name alike.
func (f *fold) mergeSystems() {
	type system struct{ root, purl, name, version string }
	systems := make(map[system]*tracked)
	var found []*tracked
	for _, t := range f.components {
		if t.component.Type == sbom.TypeOperatingSystem && t.attr.Visible {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b *tracked) int {
		_, ra := rootOf(a.path)
		_, rb := rootOf(b.path)
		return cmp.Or(cmp.Compare(ra, rb), compareIdentity(a.identity, b.identity))
	})
	for _, t := range found {
		root, _ := rootOf(t.path)
		key := system{root, t.component.PURL, t.component.Name, t.component.Version}
		first := systems[key]
		if first == nil {
			systems[key] = t
			continue
		}
		first.component.Evidence = append(first.component.Evidence, t.component.Evidence...)
		t.attr.Visible = false
		delete(f.components, t.identity)
	}
}
