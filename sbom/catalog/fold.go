package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// fold walks the facts of an image's layers from the oldest to the newest. It
// keeps the squashed tree and, for every component, when it came, changed and
// went.
type fold struct {
	// patience is asked in every loop over what an image can have a million of.
	patience *patience

	tree   squash.Tree[node]
	layers []*sbom.LayerRef
	// maxClaims is how many claims are merged; any number if 0.
	maxClaims int64
	// live are the files that said something and are visible, by their path.
	live map[string]*source
	// dead are the last versions of those that are not.
	dead map[string]*source
	// gone collects the paths of sources that left the tree in this layer.
	gone map[string]bool
	// vanished and appeared are the components that went and came in this layer.
	vanished, appeared []*tracked
	// components are all components ever seen.
	components map[identity]*tracked
	// names finds them by key and alias.
	names map[name][]*tracked
	// recorded holds, for each name, the sum of the digests that live sources recorded.
	recorded map[name]uint64
	seed     maphash.Seed // of these sums
	// multiple knows the executables that have several names.
	multiple *names
	// gaps are about layers, not about files in them.
	gaps []sbom.Gap
}

// node is what the squashed tree knows about a path.
type node struct {
	*content
	// source is set on the path under which the detectors saw the file, and not
	// on the other names of a hard link.
	source *source
	// claims on the path, when all layers are folded.
	claims *claim
}

// content is what was found out about a file's bytes; all names of a hard link
// share it.
type content struct {
	kind    sbom.FileKind
	digests []sbom.Digest
	// capabilities are those of the file, as in sbom.File.
	capabilities string
	layer        int // that has the bytes, in the entry of this index
	entry        int
}

// source is a file that detectors had something to say about.
type source struct {
	path      string // in the squashed tree
	layer     int
	fragments []*fragment // at most one for each detector
	removed   bool
	// incompletes are by detector, and made when they are asked for.
	incompletes map[string]incompletes
}

// identity is what makes a component the same in two layers.
type identity struct {
	detector string // the name: a new version of a detector sees the same components
	path     string
	key      string
	nth      int // 0, unless the file has several components of the key
}

// name is a key or alias, by which the facts of a detector refer to a component.
type name struct {
	detector string
	key      string
}

// tracked is a component on its way through the layers.
type tracked struct {
	identity
	// component is its last version, with its evidence completed.
	component sbom.Component
	aliases   []string
	attr      sbom.Attribution
	// facts and digests tell whether a later layer changed it.
	facts   string
	digests uint64
	// moved: it goes on as another, and is in the index of names alone.
	moved bool
	// yields: it gives way to whoever else owns its file.
	yields bool
	// solid counts the files it recorded that are not optional: owned, and present.
	solidOwned, solidPresent int
}

func newFold() *fold {
	f := &fold{
		live:       make(map[string]*source),
		dead:       make(map[string]*source),
		gone:       make(map[string]bool),
		components: make(map[identity]*tracked),
		names:      make(map[name][]*tracked),
		recorded:   make(map[name]uint64),
		seed:       maphash.MakeSeed(),
		multiple:   newNames(),
	}
	f.tree.Removed = func(path string, n *squash.Node[node]) {
		if s := n.Value.source; s != nil {
			s.removed = true
			f.gone[s.path] = true
			f.multiple.lose(n.Value.content, s)
		}
	}
	return f
}

// add folds the next layer.
func (f *fold) add(ref *sbom.LayerRef, layer *layerResult) error {
	f.tree.Begin(len(f.layers))
	f.layers = append(f.layers, ref)
	clear(f.gone)
	f.vanished, f.appeared = nil, nil
	for _, gap := range layer.gaps {
		gap.Layer = ref
		f.gaps = append(f.gaps, gap)
	}
	fresh, err := f.apply(layer.facts, ref)
	if err != nil {
		return err
	}
	touched := maps.Clone(f.gone)
	for path := range fresh {
		touched[path] = true
	}
	dirty := make(map[name]bool)
	for _, path := range slices.Sorted(maps.Keys(touched)) {
		f.replace(path, fresh[path], ref, dirty)
	}
	f.follow(ref)
	f.compareDigests(dirty, ref)
	return nil
}

// apply brings the layer's entries into the tree and returns its sources by
// their paths there.
func (f *fold) apply(facts *layerFacts, ref *sbom.LayerRef) (map[string]*source, error) {
	said := make(map[int][]*fragment)
	for i := range facts.fragments {
		fr := &facts.fragments[i]
		said[fr.Entry] = append(said[fr.Entry], fr)
	}
	fresh := make(map[string]*source)
	homeless := 0
	disputes := f.disputes(ref)
	defer disputes.finish()
	for i, e := range facts.entries.all {
		f.patience.ask()
		disputes.before(e)
		if err := f.applyEntry(e, i); errors.Is(err, squash.ErrLimit) {
			return nil, fmt.Errorf("%w: %w", image.ErrLimit, err)
		} else if err != nil {
			// No run time could put the entry anywhere.
			if homeless++; homeless <= maxProblems {
				f.gaps = append(f.gaps, sbom.Gap{Kind: sbom.GapCorrupt, Path: valid(e.Path), Layer: ref, Message: message(err)})
			}
			continue
		}
		disputes.after(e)
		if frs := said[i]; frs != nil {
			f.attach(e, frs, fresh)
		}
	}
	f.gaps = append(f.gaps, moreProblems(homeless, ref)...)
	for path, s := range fresh {
		if s.removed {
			delete(fresh, path)
		}
	}
	return fresh, nil
}

func (f *fold) applyEntry(e *entry, index int) error {
	switch e.Op {
	case opHide:
		f.tree.Hide(e.Path)
		return nil
	case opOpaque:
		f.tree.Opaque(e.Path)
		return nil
	case opLink:
		if err := f.tree.Hardlink(e.Path, e.Link); err != nil {
			return err
		}
		path, n, err := f.tree.ResolveParent(e.Path)
		if err != nil || n.Value.source != nil && n.Value.source.path == path {
			return nil // A link to itself.
		}
		n.Value.source = nil
		f.multiple.link(n.Value.content, path)
		return nil
	}
	n := squash.Node[node]{Mode: e.Mode, Size: e.Size}
	if e.Mode.Type() == fs.ModeSymlink {
		n.Link = e.Link
	}
	if e.Kind != "" || e.Digests != nil {
		n.Value.content = &content{
			kind: e.Kind, digests: slices.Clone(e.Digests), capabilities: e.Capabilities, layer: f.tree.Layer(), entry: index,
		}
	}
	return f.tree.Add(e.Path, n)
}

// attach marks the node that e became as the source of fragments.
func (f *fold) attach(e *entry, frs []*fragment, fresh map[string]*source) {
	path, n, err := f.tree.ResolveParent(e.Path)
	if err != nil {
		return // It was just added; nothing can be said about what is not there.
	}
	slices.SortFunc(frs, func(a, b *fragment) int { return cmp.Compare(a.Detector.Name, b.Detector.Name) })
	s := &source{path: path, layer: f.tree.Layer(), fragments: frs}
	n.Value.source = s
	fresh[path] = s
}

// replace makes s, nil if there is none, what the file at path says from this
// layer on.
func (f *fold) replace(path string, s *source, ref *sbom.LayerRef, dirty map[name]bool) {
	f.patience.ask()
	old := f.live[path]
	if old == nil && s == nil {
		return // It came and went within one layer.
	}
	if old != nil {
		f.record(old, false, dirty)
		delete(f.live, path)
		f.dead[path] = old
	}
	kept := make(map[identity]bool)
	if s != nil {
		f.record(s, true, dirty)
		f.live[path] = s
		delete(f.dead, path)
		for id, c := range components(s) {
			f.see(id, c, s, ref)
			kept[id] = true
		}
	}
	if old == nil {
		return
	}
	for id := range components(old) {
		if !kept[id] {
			t := f.components[id]
			t.attr.Visible, t.attr.Removed = false, ref
			f.vanished = append(f.vanished, t)
		}
	}
}

// components yields the components that a source names. Keys should be unique;
// a second component of a key gets another identity instead of being lost.
func components(s *source) func(yield func(identity, *detect.Component) bool) {
	return func(yield func(identity, *detect.Component) bool) {
		for _, fr := range s.fragments {
			times := make(map[string]int, len(fr.Facts.Components))
			for i := range fr.Facts.Components {
				c := &fr.Facts.Components[i]
				id := identity{fr.Detector.Name, s.path, c.Key, times[c.Key]}
				times[c.Key]++
				if !yield(id, c) {
					return
				}
			}
		}
	}
}

// see takes notice of a component that source s names in the layer ref.
func (f *fold) see(id identity, c *detect.Component, s *source, ref *sbom.LayerRef) {
	f.patience.ask()
	facts := essence(&c.Component)
	t := f.components[id]
	if t == nil {
		t = &tracked{identity: id}
		f.components[id] = t
		n := name{id.detector, c.Key}
		f.names[n] = append(f.names[n], t)
	}
	switch {
	case !t.attr.Visible:
		t.attr = sbom.Attribution{Introduced: ref, Visible: true}
		t.digests = 0
		f.appeared = append(f.appeared, t)
	case t.facts != facts:
		t.attr.Modified = ref
	}
	t.facts = facts
	t.component = cloneComponent(&c.Component)
	f.rename(t, c.Aliases)
	f.completeEvidence(t, s, ref)
}

// rename keeps the index of names. A name that a component had once stays in the
// index; called tells whether it still has it.
func (f *fold) rename(t *tracked, aliases []string) {
	for _, alias := range aliases {
		if !slices.Contains(t.aliases, alias) {
			n := name{t.detector, alias}
			f.names[n] = append(f.names[n], t)
		}
	}
	t.aliases = aliases
}

// called reports whether key is the component's key (2), an alias (1) or neither,
// as is any of a component that moved.
func (t *tracked) called(key string) int {
	switch {
	case t.moved:
		return 0
	case t.key == key:
		return 2
	case slices.Contains(t.aliases, key):
		return 1
	}
	return 0
}

func (f *fold) completeEvidence(t *tracked, s *source, ref *sbom.LayerRef) {
	var by string
	for _, fr := range s.fragments {
		if fr.Detector.Name == t.detector {
			by, t.yields = fr.Detector.String(), fr.Facts.Yields
		}
	}
	evidence := t.component.Evidence
	if len(evidence) == 0 {
		// The contract demands evidence; where it was is known in any case.
		evidence = []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueOther, Value: t.component.Name}}
	}
	// The best first, so that an id, which is made of its place, can be checked.
	slices.SortStableFunc(evidence, func(a, b sbom.Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
	t.component.Evidence = evidence
	for i := range evidence {
		ev := &evidence[i]
		ev.Location.Path = cmp.Or(ev.Location.Path, s.path)
		ev.Location.Layer = ref
		ev.Detector = cmp.Or(ev.Detector, by)
	}
}

// sources returns the visible files that say something, in order of path.
func (f *fold) sources() []*source {
	return sortedSources(f.live)
}

func sortedSources(m map[string]*source) []*source {
	out := make([]*source, 0, len(m))
	for _, path := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[path])
	}
	return out
}
