package catalog

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"strings"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// ownership knows who claims what in the squashed view. What is claimed of a node is
// in the node.
type ownership struct {
	fold *fold
	// absent are the claims on single paths where nothing is.
	absent map[string]*claim
	// trees are the strongest claims on everything below a directory.
	trees map[string]*claim
	// crowds find the claims on paths that many claim.
	crowds map[crowd]*claim
	// links are the symlinks that are claimed.
	links []string
	// diversions by the path that packages ship.
	diversions map[string]diversions
	// dirs caches where directories lead, and names what keys refer to.
	dirs  map[string]*place
	names map[name]*tracked
	// digested are those who recorded digests of files.
	digested map[*tracked]bool
	// shippers caches shipper, by detector and path.
	shippers map[name]*claim
	// spoken are the fragments that yielded.
	spoken map[*fragment]bool
	// shipped caches repackaged.
	shipped map[*tracked]bool
	// room is for the next claims: they come by the hundred thousand.
	room   []claim
	claims int64 // that were made
}

// claim is what one component says of one path, from all its files.
type claim struct {
	// next is the claim of another component on the same path.
	next     *claim
	owner    *tracked
	digest   packedDigest
	ground   ground
	config   bool
	optional bool
	// times is how often the component's files name the path: a package that lost
	// a file to another keeps it in its list of digests, but not in that of files.
	times uint32
}

// diversions are those of one path by detector: the first, which applies to all packages
// but the one that diverts, and the first by another, which applies to that one.
type diversions map[string][2]*diversion

type diversion struct {
	to string
	by *tracked // nil: a local diversion, of all packages
}

// add adds d unless another applies to all packages that it is for.
func (ds diversions) add(detector string, d *diversion) {
	two := ds[detector]
	switch {
	case two[0] == nil:
		two[0] = d
	case two[1] == nil && two[0].by != d.by:
		two[1] = d
	}
	ds[detector] = two
}

// of returns the diversion that applies to what owner ships, nil if none does.
func (ds diversions) of(detector string, owner *tracked) *diversion {
	two := ds[detector]
	if two[0] != nil && two[0].by == owner {
		return two[1]
	}
	return two[0]
}

func newOwnership(f *fold) *ownership {
	o := &ownership{
		fold: f, absent: make(map[string]*claim), trees: make(map[string]*claim), crowds: make(map[crowd]*claim),
		diversions: make(map[string]diversions), dirs: make(map[string]*place), names: make(map[name]*tracked),
		digested: make(map[*tracked]bool), shipped: make(map[*tracked]bool), shippers: make(map[name]*claim),
		spoken: make(map[*fragment]bool),
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
		d := &diversion{to: o.real(dv.To)}
		if dv.By != "" {
			if d.by = o.resolve(fr.Detector.Name, s.path, dv.By); d.by == nil {
				continue // Whoever diverted is gone; what it shipped is too.
			}
		}
		from := o.real(dv.From)
		if o.diversions[from] == nil {
			o.diversions[from] = make(diversions, 1)
		}
		o.diversions[from].add(fr.Detector.Name, d)
	}
}

// enter files the claims of one fragment.
func (o *ownership) enter(s *source, fr *fragment) {
	var (
		parents map[name]bool // by the owner's key: directories that its other claims are in
		at      []byte
		key     string
		owner   *tracked
	)
	for c := range fr.claims.all {
		o.fold.patience.ask()
		if owner == nil || c.key != key {
			key, owner = c.key, o.resolve(fr.Detector.Name, s.path, c.key)
		}
		if owner == nil {
			continue
		}
		if c.tree {
			o.enterTree(owner, c)
			continue
		}
		if c.digest != "" {
			o.digested[owner] = true
		}
		var n *squash.Node[node]
		at, n = o.find(at, fr.Detector.Name, owner, c.path)
		switch {
		case n != nil && n.Mode.IsDir() && c.digest == "":
			// Directories belong to everybody. What has a digest was no directory.
		case n != nil:
			if n.Value.claims == nil && n.Mode.Type() == fs.ModeSymlink {
				o.links = append(o.links, string(at))
			}
			n.Value.claims = o.merge(n.Value.claims, crowd{node: n, owner: owner}, c)
		default:
			if parents == nil && c.digest == "" {
				parents = parentsOf(&fr.claims)
			}
			if c.digest != "" || !parents[name{c.key, string(c.path)}] { // Else a directory that is gone.
				o.absent[string(at)] = o.merge(o.absent[string(at)], crowd{absent: string(at), owner: owner}, c)
			}
		}
	}
}

func (o *ownership) enterTree(owner *tracked, c *listed) {
	claimed := string(c.path)
	if at := o.realDir(claimed).path; ownable(claimed, at) {
		c.digest = "" // A directory has none: who owns what is below it does not depend on the file.
		tree := o.claim(owner, c)
		if best := o.trees[at]; best == nil || compareClaims(tree, best, nil) > 0 {
			o.trees[at] = tree
		}
	}
}

// merge adds c to the claims on the path of at, to that of the same owner if it has one.
func (o *ownership) merge(claims *claim, at crowd, c *listed) *claim {
	m, crowded := o.claimOf(claims, at)
	if m != nil {
		m.ground = max(m.ground, c.ground)
		m.digest = cmp.Or(m.digest, c.digest)
		m.config = m.config || c.config
		m.optional = m.optional || c.optional
		m.times++
		return claims
	}
	added := o.claim(at.owner, c)
	added.next = claims
	if crowded {
		o.crowds[at] = added
	}
	return added
}

// crowd is a path, as the node that is there or else by its name, and one of the many
// who claim it.
type crowd struct {
	node   *squash.Node[node]
	absent string
	owner  *tracked
}

// fewClaims are those on a path that are looked through one by one: no file of a
// distribution is known to be in more packages.
const fewClaims = 32

// claimOf returns the claim of at's owner, nil if there is none, and whether the path is
// crowded. The claims on one that is are in crowds: ten thousand packages can each name
// it a thousand times.
func (o *ownership) claimOf(claims *claim, at crowd) (c *claim, crowded bool) {
	n := 0
	for c = claims; c != nil && n < fewClaims; c = c.next {
		if c.owner == at.owner {
			return c, false
		}
		n++
	}
	if n < fewClaims {
		return nil, false
	}
	all := crowd{at.node, at.absent, nil}
	if o.crowds[all] == nil {
		o.crowds[all] = claims
		for c = claims; c != nil; c = c.next {
			o.crowds[crowd{at.node, at.absent, c.owner}] = c
		}
	}
	return o.crowds[at], true
}

// claim makes a claim of its own of what is listed.
func (o *ownership) claim(owner *tracked, c *listed) *claim {
	if o.claims++; o.fold.maxClaims > 0 && o.claims > o.fold.maxClaims {
		panic(interruption{fmt.Errorf("%w: packages recorded more than %d files", image.ErrLimit, o.fold.maxClaims)})
	}
	if len(o.room) == 0 {
		o.room = make([]claim, 512)
	}
	out := &o.room[0]
	o.room = o.room[1:]
	*out = claim{owner: owner, digest: c.digest, ground: c.ground, config: c.config, optional: c.optional, times: 1}
	return out
}

// on returns the claims on the path at, where n is, or nothing if n is nil.
func (o *ownership) on(at string, n *squash.Node[node]) *claim {
	if n != nil {
		return n.Value.claims
	}
	return o.absent[at]
}

// parentsOf returns the directories that claims of a key lie directly in: lists
// of files that name directories name each of them. The key stands in
// name.detector, which no detector's name is needed for here.
func parentsOf(claims *claimList) map[name]bool {
	parents := make(map[name]bool)
	for c := range claims.all {
		if i := bytes.LastIndexByte(c.path, '/'); i < 0 {
			parents[name{c.key, ""}] = true
		} else if !parents[name{c.key, string(c.path[:i])}] {
			parents[name{c.key, string(c.path[:i])}] = true
		}
	}
	return parents
}

// resolve returns the visible component that key means in the file at path: its
// own first, then one of that key, then the first that has it as an alias.
func (o *ownership) resolve(detector, path, key string) *tracked {
	o.fold.patience.ask()
	if t := o.fold.components[identity{detector: detector, path: path, key: key}]; t != nil && t.attr.Visible {
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
	f.patience.ask()
	var best *tracked
	for _, t := range f.names[n] {
		if t.attr.Visible != visible || t.called(n.key) == 0 {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(best.called(n.key), t.called(n.key)),
			cmp.Compare(t.key, best.key), cmp.Compare(t.path, best.path), cmp.Compare(t.nth, best.nth)) < 0 {
			best = t
		}
	}
	return best
}

// owner returns the claim that decides about the file at path; nil when nobody
// claims it.
func (o *ownership) owner(at string, n *squash.Node[node]) *claim {
	best := o.strongest(o.on(at, n), n)
	if best != nil && best.ground != byContent {
		return best
	}
	for dir := parent(at); dir != ""; dir = parent(dir) {
		if c := o.trees[dir]; c != nil {
			return c
		}
	}
	return best
}

// strongest returns the claim that wins among those on one path.
func (o *ownership) strongest(claims *claim, n *squash.Node[node]) *claim {
	best := claims
	for c := claims; c != nil; c = c.next {
		o.fold.patience.ask()
		if compareClaims(c, best, n) > 0 {
			best = c
		}
	}
	return best
}

// compareClaims orders claims on one path by strength. Among packages that all
// record a file, as when one replaces files of another, the one whose digest
// the file has shipped it.
func compareClaims(a, b *claim, n *squash.Node[node]) int {
	return cmp.Or(
		cmp.Compare(a.ground, b.ground),
		compareBool(a.owner.distributed(), b.owner.distributed()),
		compareBool(fits(a, n), fits(b, n)),
		cmp.Compare(a.times, b.times),
		compareBool(a.digest != "", b.digest != ""),
		// Anything that is the same in every run.
		cmp.Compare(b.owner.detector, a.owner.detector),
		cmp.Compare(b.owner.key, a.owner.key),
		cmp.Compare(b.owner.path, a.owner.path),
		cmp.Compare(b.owner.nth, a.owner.nth),
	)
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
		switch comparable, same := c.digest.compare(d); {
		case same:
			return sbom.Intact
		case comparable:
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
	case "deb", "rpm", "apk", "alpm", "ebuild", "opkg":
		return true
	}
	return false
}
