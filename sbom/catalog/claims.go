package catalog

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// ownership knows who claims what in the squashed view.
type ownership struct {
	fold *fold
	// exact are the claims on single paths, by the path that they lead to.
	exact map[string][]claim
	// trees are the claims on everything below a directory.
	trees map[string][]claim
	// diversions by the detector and the path that packages ship.
	diversions map[name][]diversion
	// dirs caches where directories lead, and names what keys refer to.
	dirs  map[string]string
	names map[name]*tracked
	// digested are those who recorded digests of files.
	digested map[*tracked]bool
	// shipped caches repackaged.
	shipped map[*tracked]bool
}

// claim is what one component says of one path, from all its files.
type claim struct {
	owner    *tracked
	digest   sbom.Digest
	ground   sbom.Claim
	config   bool
	optional bool
	// times is how often the component's files name the path: a package that lost
	// a file to another keeps it in its list of digests, but not in that of files.
	times int
}

type diversion struct {
	to string
	by *tracked // nil: a local diversion, of all packages
}

func newOwnership(f *fold) *ownership {
	o := &ownership{
		fold: f, exact: make(map[string][]claim), trees: make(map[string][]claim),
		diversions: make(map[name][]diversion), dirs: make(map[string]string), names: make(map[name]*tracked),
		digested: make(map[*tracked]bool), shipped: make(map[*tracked]bool),
	}
	sources := f.sources()
	for _, s := range sources {
		for _, fr := range s.fragments {
			o.divert(s, fr)
		}
	}
	for _, s := range sources {
		for _, fr := range s.fragments {
			o.enter(s, fr)
		}
	}
	return o
}

func (o *ownership) divert(s *source, fr *fragment) {
	for _, dv := range fr.Facts.Diversions {
		if !clean(dv.From) || !clean(dv.To) {
			continue
		}
		n := name{fr.Detector.Name, o.real(dv.From)}
		d := diversion{to: o.real(dv.To)}
		if dv.By != "" {
			if d.by = o.resolve(fr.Detector.Name, s.path, dv.By); d.by == nil {
				continue // Whoever diverted is gone; what it shipped is too.
			}
		}
		o.diversions[n] = append(o.diversions[n], d)
	}
}

// enter files the claims of one fragment.
func (o *ownership) enter(s *source, fr *fragment) {
	var parents map[name]bool // by the owner's key: directories that its other claims are in
	for i := range fr.Facts.Claims {
		c := &fr.Facts.Claims[i]
		owner := o.resolve(fr.Detector.Name, s.path, c.Key)
		if owner == nil || !clean(c.Path) {
			continue
		}
		mine := claim{
			owner: owner, digest: c.Digest, ground: cmp.Or(c.Ground, sbom.ClaimRecorded),
			config: c.Config, optional: c.Optional, times: 1,
		}
		if c.Tree {
			if at := o.realDir(c.Path); ownable(c.Path, at) {
				o.trees[at] = append(o.trees[at], mine)
			}
			continue
		}
		if c.Digest != "" {
			o.digested[owner] = true
		}
		at := o.diverted(fr.Detector.Name, owner, o.real(c.Path))
		if n, there := o.fold.tree.Lookup(at); there {
			if n.Mode.IsDir() {
				continue // Directories belong to everybody.
			}
		} else if c.Digest == "" {
			if parents == nil {
				parents = parentsOf(fr.Facts.Claims)
			}
			if parents[name{c.Key, c.Path}] {
				continue // A directory that is gone.
			}
		}
		o.exact[at] = merge(o.exact[at], mine)
	}
}

// ownable reports whether a claim on a whole directory is taken. What a package says
// of itself must not give it the directories that all packages share, directly
// or through a link: only the links of a merged /usr may lead elsewhere.
func ownable(claimed, at string) bool {
	return (at == claimed || at == "usr/"+claimed) && !shared[at]
}

// shared are directories of the Filesystem Hierarchy Standard that are no package's own.
var shared = func() map[string]bool {
	dirs := map[string]bool{"": true, ".": true}
	for _, d := range []string{"bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root",
		"run", "sbin", "srv", "sys", "tmp", "usr", "var", "games", "include", "libexec", "local", "share", "src",
		"local/bin", "local/etc", "local/games", "local/include", "local/lib", "local/lib64", "local/libexec", "local/sbin", "local/share", "local/src"} {
		dirs[d], dirs["usr/"+d] = true, true
	}
	return dirs
}()

// merge adds c to the claims on a path, to that of the same owner if it has one.
func merge(claims []claim, c claim) []claim {
	for i := range claims {
		m := &claims[i]
		if m.owner != c.owner {
			continue
		}
		if groundRank(c.ground) > groundRank(m.ground) {
			m.ground = c.ground
		}
		m.digest = cmp.Or(m.digest, c.digest)
		m.config = m.config || c.config
		m.optional = m.optional || c.optional
		m.times++
		return claims
	}
	return append(claims, c)
}

// parentsOf returns the directories that claims of a key lie directly in: lists
// of files that name directories name each of them. The key stands in
// name.detector, which no detector's name is needed for here.
func parentsOf(claims []detect.Claim) map[name]bool {
	parents := make(map[name]bool)
	for i := range claims {
		parents[name{claims[i].Key, parent(claims[i].Path)}] = true
	}
	return parents
}

// resolve returns the visible component that key means in the file at path: its
// own first, then one of that key, then the first that has it as an alias.
func (o *ownership) resolve(detector, path, key string) *tracked {
	if t := o.fold.components[identity{detector, path, key}]; t != nil && t.attr.Visible {
		return t
	}
	n := name{detector, key}
	if t, known := o.names[n]; known {
		return t
	}
	t := o.fold.named(n, true)
	o.names[n] = t
	return t
}

// named returns the component of the given visibility that a name means, nil if
// there is none.
func (f *fold) named(n name, visible bool) *tracked {
	var best *tracked
	for _, t := range f.names[n] {
		if t.attr.Visible != visible || t.called(n.key) == 0 {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(best.called(n.key), t.called(n.key)),
			cmp.Compare(t.key, best.key), cmp.Compare(t.path, best.path)) < 0 {
			best = t
		}
	}
	return best
}

// maxPath is the longest path that Linux knows.
const maxPath = 4096

// clean reports whether a claimed path can be that of a file.
func clean(p string) bool {
	return p != "" && len(p) < maxPath && p[0] != '/' && path.Clean(p) == p && p != ".." && !strings.HasPrefix(p, "../")
}

// real returns where p leads when the symlinks of its directories are followed,
// but not p itself.
func (o *ownership) real(p string) string {
	dir, base := path.Split(p)
	if dir == "" {
		return p
	}
	return path.Join(o.realDir(strings.TrimSuffix(dir, "/")), base)
}

// maxDepth is the deepest directory whose symlinks are followed when it is not
// there. No package ships deeper ones, and hostile paths must not cost the
// square of their length.
const maxDepth = 100

// realDir resolves a directory as far as it is there.
func (o *ownership) realDir(dir string) string {
	to, known := o.dirs[dir]
	if !known {
		to = o.followDir(dir)
		o.dirs[dir] = to
	}
	return to
}

func (o *ownership) followDir(dir string) string {
	there := dir
	for range maxDepth {
		to, _, err := o.fold.tree.Resolve(there)
		if err == nil {
			return path.Join(to, dir[len(there):])
		}
		if there = parent(there); there == "" || !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return dir
}

// parent returns the directory of a clean path, "" for one at the root.
func parent(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return ""
	}
	return p[:i]
}

// diverted returns where a file that owner ships at the given path was put.
func (o *ownership) diverted(detector string, owner *tracked, at string) string {
	for _, d := range o.diversions[name{detector, at}] {
		if d.by != owner {
			return d.to
		}
	}
	return at
}

// owner returns the claim that decides about the file at path; nil when nobody
// claims it.
func (o *ownership) owner(at string, n *squash.Node[node]) *claim {
	best := strongest(o.exact[at], n)
	if best != nil && best.ground != sbom.ClaimContent {
		return best
	}
	for dir := parent(at); dir != ""; dir = parent(dir) {
		if c := strongest(o.trees[dir], n); c != nil {
			return c
		}
	}
	return best
}

// strongest returns the claim that wins among those on one path.
func strongest(claims []claim, n *squash.Node[node]) *claim {
	if len(claims) == 0 {
		return nil
	}
	best := 0
	for i := 1; i < len(claims); i++ {
		if compareClaims(&claims[i], &claims[best], n) > 0 {
			best = i
		}
	}
	return &claims[best]
}

// compareClaims orders claims on one path by strength. Among packages that all
// record a file, as when one replaces files of another, the one whose digest
// the file has shipped it.
func compareClaims(a, b *claim, n *squash.Node[node]) int {
	return cmp.Or(
		cmp.Compare(groundRank(a.ground), groundRank(b.ground)),
		compareBool(a.owner.distributed(), b.owner.distributed()),
		compareBool(fits(a, n), fits(b, n)),
		cmp.Compare(a.times, b.times),
		compareBool(a.digest != "", b.digest != ""),
		// Anything that is the same in every run.
		cmp.Compare(b.owner.detector, a.owner.detector),
		cmp.Compare(b.owner.key, a.owner.key),
		cmp.Compare(b.owner.path, a.owner.path),
	)
}

func groundRank(g sbom.Claim) int {
	return slices.Index([]sbom.Claim{sbom.ClaimContent, sbom.ClaimDirectory, sbom.ClaimRecorded}, g)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// fits reports whether n is what the claim says: a file with its digest, or
// something without a digest.
func fits(c *claim, n *squash.Node[node]) bool {
	if n == nil {
		return false
	}
	if !n.Mode.IsRegular() {
		return c.digest == ""
	}
	return integrity(c, n) == sbom.Intact
}

// integrity compares a file that is there with what a claim on it recorded.
func integrity(c *claim, n *squash.Node[node]) sbom.Integrity {
	switch {
	case c.digest == "":
		return sbom.Unrecorded
	case !n.Mode.IsRegular():
		return sbom.Modified // Only files have digests, and this one became something else.
	case n.Value.content == nil:
		return sbom.Unchecked
	}
	for _, d := range n.Value.digests {
		if d == c.digest {
			return sbom.Intact
		}
		if d.Algorithm() == c.digest.Algorithm() {
			return sbom.Modified
		}
	}
	return sbom.Unchecked
}

// distributed reports whether the component is a package of a distribution. Such
// a package owns what it ships; a language's package may be part of one.
func (t *tracked) distributed() bool {
	typ, _, _ := strings.Cut(strings.TrimPrefix(t.component.PURL, "pkg:"), "/")
	switch typ {
	case "deb", "rpm", "apk", "alpm", "ebuild":
		return true
	}
	return false
}
