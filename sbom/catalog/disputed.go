package catalog

import (
	"io/fs"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
)

// disputes collects what in one layer run times do not agree about, so that a
// file can be there for a program that is hidden, or of no kind, here. No builder
// of images is known to write such layers. The tree goes by the specification; the
// gap says that it may be wrong.
type disputes struct {
	fold  *fold
	ref   *sbom.LayerRef
	older bool // there are files of older layers
	// hidden are the directories that a whiteout named.
	hidden map[string]bool
}

func (f *fold) disputes(ref *sbom.LayerRef) *disputes {
	return &disputes{fold: f, ref: ref, older: f.tree.Len() > 0, hidden: make(map[string]bool)}
}

func (d *disputes) gap(path, message string) {
	d.fold.gaps = append(d.fold.gaps, sbom.Gap{Kind: sbom.GapCorrupt, Path: valid(path), Layer: d.ref, Message: message})
}

// before looks at an entry before it is applied.
func (d *disputes) before(e *entry) {
	switch e.Op {
	case opOpaque:
		if e.Path == "." && d.older {
			d.gap("", "the root is opaque: overlay file systems, whose root is always merged, show the older layers nevertheless")
		}
	case opHide:
		if at, n, err := d.fold.tree.ResolveParent(e.Path); err == nil && n.Mode.IsDir() {
			d.hidden[at] = true
		}
	}
}

// after looks at an entry that was applied.
func (d *disputes) after(e *entry) {
	if e.Op != opLink || e.Mode.Perm()&0o111 == 0 {
		return
	}
	if _, n, err := d.fold.tree.ResolveParent(e.Path); err == nil && n.Mode.IsRegular() && !executable(n) {
		d.gap(e.Path, "a hard link makes a file executable that was not read as such, because it is not found by its name in this layer")
	}
}

// finish looks at what the layer as a whole has done.
func (d *disputes) finish() {
	for _, at := range slices.Sorted(maps.Keys(d.hidden)) {
		n, there := d.fold.tree.Lookup(at)
		if there && n.Mode.Type() == fs.ModeDir && !n.Implicit && n.Layer == d.fold.tree.Layer() {
			d.gap(at, "a whiteout and a directory of this name in one layer: overlay file systems show what older layers have in it")
		}
	}
}
