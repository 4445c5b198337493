package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// complete fills in inv what all layers together say.
func (f *fold) complete(inv *sbom.Inventory) {
	distributions := f.distributions()
	inv.Distribution = distributions[""]
	f.mergeSystems()
	all := f.ordered()
	for _, t := range all {
		t.component.PURL = sbom.QualifyPURL(t.component.PURL, distributionOf(t.path, distributions))
	}
	o := newOwnership(f)
	f.annotate(o)
	assignIDs(all)
	o.count()
	inv.Files = o.files()
	inv.Relationships = o.relationships(all)
	inv.Gaps = append(f.gaps, f.sourceGaps(o)...)
	for _, t := range all {
		inv.Gaps = append(inv.Gaps, t.gaps()...)
		t.component.Attribution = t.attr
		inv.Components = append(inv.Components, t.component)
	}
	inv.Sort()
}

// ordered returns all components, those that are there first.
func (f *fold) ordered() []*tracked {
	return slices.SortedFunc(maps.Values(f.components), func(a, b *tracked) int {
		return cmp.Or(compareBool(b.attr.Visible, a.attr.Visible), compareIdentity(a.identity, b.identity))
	})
}

func compareIdentity(a, b identity) int {
	return cmp.Or(cmp.Compare(a.detector, b.detector), cmp.Compare(a.path, b.path), cmp.Compare(a.key, b.key))
}

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

// annotate adds what other files say about components. What removed files said
// goes to removed components.
func (f *fold) annotate(o *ownership) {
	for _, s := range f.sources() {
		for _, fr := range s.fragments {
			for _, a := range fr.Facts.Annotations {
				if t := o.resolve(fr.Detector.Name, s.path, a.Key); t != nil {
					t.annotate(&a)
				}
			}
		}
	}
	for _, s := range sortedSources(f.dead) {
		for _, fr := range s.fragments {
			for _, a := range fr.Facts.Annotations {
				if t := f.named(name{fr.Detector.Name, a.Key}, false); t != nil {
					t.annotate(&a)
				}
			}
		}
	}
}

func (t *tracked) annotate(a *detect.Annotation) {
	c := &t.component
	for _, l := range a.Licenses {
		if !slices.Contains(c.Licenses, l) {
			c.Licenses = append(c.Licenses, l)
		}
	}
	for _, p := range a.Properties {
		if !slices.Contains(c.Properties, p) {
			c.Properties = append(c.Properties, p)
		}
	}
}

// assignIDs gives each component its id. Components that differ in nothing an id
// is made of are told apart by their order.
func assignIDs(all []*tracked) {
	used := make(map[string]bool, len(all))
	for _, t := range all {
		id := sbom.ComponentID(&t.component)
		t.component.ID = id
		for n := 2; used[t.component.ID]; n++ {
			t.component.ID = fmt.Sprintf("%s-%d", id, n)
		}
		used[t.component.ID] = true
	}
}

// count fills in the components' FileCounts.
func (o *ownership) count() {
	for at, claims := range o.exact {
		n, there := o.fold.tree.Lookup(at)
		var winner *claim
		if there {
			winner = o.owner(at, n)
		}
		for i := range claims {
			if c := &claims[i]; c.ground == sbom.ClaimRecorded {
				c.countIn(n, there, c == winner)
			}
		}
	}
}

func (c *claim) countIn(n *squash.Node[node], there, winner bool) {
	t := c.owner
	if !there && c.optional {
		return
	}
	counts := &t.component.Files
	counts.Owned++
	if !c.optional {
		t.solidOwned++
	}
	if !there {
		counts.Missing++
		return
	}
	counts.Present++
	if !c.optional {
		t.solidPresent++
	}
	switch integrity(c, n) {
	case sbom.Intact:
		counts.Verified++
	case sbom.Modified:
		// A file that another package shipped in its place is that package's;
		// a configuration file is there to be changed.
		if winner && (!c.config || executable(n)) {
			counts.Modified++
		}
	}
}

func executable(n *squash.Node[node]) bool {
	return n.Value.content != nil && n.Value.kind != ""
}

// files lists the executables, and the other files that are not as recorded.
func (o *ownership) files() []sbom.File {
	var out []sbom.File
	for at, n := range o.fold.tree.All() {
		if !executable(n) && o.exact[at] == nil {
			continue
		}
		c := o.owner(at, n)
		if executable(n) || c.ground == sbom.ClaimRecorded && !c.config && integrity(c, n) == sbom.Modified {
			out = append(out, o.file(at, n, c))
		}
	}
	for at, claims := range o.exact {
		if _, there := o.fold.tree.Lookup(at); there || !inProgramDirectory(at) {
			continue
		}
		c := strongest(claims, nil)
		if c.ground != sbom.ClaimRecorded || c.optional {
			continue
		}
		out = append(out, sbom.File{
			Path: at, Owner: c.owner.component.ID, Claim: c.ground, Integrity: sbom.Missing, Recorded: c.digest,
		})
	}
	return out
}

func (o *ownership) file(at string, n *squash.Node[node], c *claim) sbom.File {
	file := sbom.File{Path: at, Layer: o.fold.layers[n.Layer], Mode: n.Mode, Size: n.Size}
	if n.Value.content != nil {
		file.Kind, file.Digests = n.Value.kind, n.Value.digests
	}
	if c != nil {
		file.Owner, file.Claim = c.owner.component.ID, c.ground
		file.Recorded, file.Integrity = c.digest, integrity(c, n)
	}
	return file
}

// inProgramDirectory reports whether a path is in a directory of programs or
// libraries (Filesystem Hierarchy Standard 3.0).
func inProgramDirectory(p string) bool {
	p = strings.TrimPrefix(p, "usr/")
	p = strings.TrimPrefix(p, "local/")
	dir, _, found := strings.Cut(p, "/")
	switch dir {
	case "bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "libo32", "games":
		return found
	}
	return false
}

// relationships connects components: as detectors say, and packages with what was
// found in files of theirs.
func (o *ownership) relationships(all []*tracked) []sbom.Relationship {
	var out []sbom.Relationship
	for _, s := range o.fold.sources() {
		for _, fr := range s.fragments {
			for _, r := range fr.Facts.Relations {
				from := o.resolve(fr.Detector.Name, s.path, r.From)
				to := o.resolve(fr.Detector.Name, s.path, r.To)
				if from != nil && to != nil && from != to {
					out = append(out, sbom.Relationship{From: from.component.ID, To: to.component.ID, Type: r.Type})
				}
			}
		}
	}
	for _, t := range all {
		if from := o.packageOf(t); from != nil {
			out = append(out, sbom.Relationship{From: from.component.ID, To: t.component.ID, Type: sbom.Owns})
		}
	}
	return out
}

// packageOf returns the package that ships the file in which t was found, nil if
// none does. Nothing but a package of a distribution can ship another's
// database, whatever its own records claim.
func (o *ownership) packageOf(t *tracked) *tracked {
	if !t.attr.Visible || t.distributed() || t.component.Type == sbom.TypeOperatingSystem {
		return nil
	}
	var best *claim
	claims := o.exact[t.path]
	n, _ := o.fold.tree.Lookup(t.path)
	for i := range claims {
		c := &claims[i]
		if c.ground != sbom.ClaimRecorded || c.owner.detector == t.detector {
			continue
		}
		if best == nil || compareClaims(c, best, n) > 0 {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	return best.owner
}

// sourceGaps returns what detectors did not understand in visible files.
func (f *fold) sourceGaps(o *ownership) []sbom.Gap {
	var out []sbom.Gap
	for _, s := range f.sources() {
		for _, fr := range s.fragments {
			for _, gap := range fr.Facts.Gaps {
				gap.Path = valid(cmp.Or(gap.Path, s.path))
				gap.Detector = cmp.Or(gap.Detector, fr.Detector.String())
				gap.Layer = f.layers[s.layer]
				gap.Message = valid(gap.Message)
				if gap.Component != "" {
					// Detectors know keys, and no ids.
					key := gap.Component
					gap.Component = ""
					if t := o.resolve(fr.Detector.Name, s.path, key); t != nil {
						gap.Component = t.component.ID
					}
				}
				out = append(out, gap)
			}
		}
	}
	return out
}

// gaps returns what is odd about a component that is there.
func (t *tracked) gaps() []sbom.Gap {
	c := &t.component
	if !t.attr.Visible || c.Scope != sbom.ScopeInstalled {
		return nil
	}
	var out []sbom.Gap
	gap := func(kind sbom.GapKind, message string) {
		out = append(out, sbom.Gap{
			Kind: kind, Path: valid(c.Location().Path), Layer: c.Location().Layer, Component: c.ID,
			Detector: c.Evidence[0].Detector, Message: message,
		})
	}
	if c.Version == "" && c.Type != sbom.TypeOperatingSystem && c.Type != sbom.TypeFile {
		gap(sbom.GapIncomplete, fmt.Sprintf("no version of %s is stated", c.Name))
	}
	if t.solidOwned > 0 && t.solidPresent == 0 {
		gap(sbom.GapGhost, fmt.Sprintf("none of the %d files that %s records is there", t.solidOwned, c.Name))
	}
	return out
}
