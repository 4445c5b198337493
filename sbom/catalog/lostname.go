package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// names follows the names of the executables that have several: detectors saw
// each by the one that its content came with, and what they said is about that
// name.
type names struct {
	// links are the names that hard links gave, perhaps gone since.
	links map[*content][]string
	// lost are the sources that left the tree by their names.
	lost map[*content][]*source
}

func newNames() *names {
	return &names{links: make(map[*content][]string), lost: make(map[*content][]*source)}
}

func (n *names) link(c *content, path string) {
	if c != nil && c.kind != "" {
		n.links[c] = append(n.links[c], path)
	}
}

func (n *names) lose(c *content, s *source) {
	if c != nil && c.kind != "" {
		n.lost[c] = append(n.lost[c], s)
	}
}

// lostNames returns a gap for each executable that is there by another name than
// that by which a detector found components in it, and of which that detector
// therefore says nothing any more.
func (f *fold) lostNames() []sbom.Gap {
	type seen struct {
		*content
		detector string
	}
	said := make(map[seen]bool)
	for path, s := range f.live {
		if n, there := f.tree.Lookup(path); there && f.multiple.lost[n.Value.content] != nil {
			for _, fr := range s.fragments {
				said[seen{n.Value.content, fr.Detector.Name}] = true
			}
		}
	}
	var out []sbom.Gap
	for c, sources := range f.multiple.lost {
		path, ref := f.remaining(c)
		if path == "" {
			continue
		}
		slices.SortFunc(sources, func(a, b *source) int {
			return cmp.Or(strings.Compare(a.path, b.path), a.layer-b.layer)
		})
		for _, s := range sources {
			for _, fr := range s.fragments {
				by := seen{c, fr.Detector.Name}
				if len(fr.Facts.Components) == 0 || said[by] {
					continue
				}
				said[by] = true
				out = append(out, sbom.Gap{Kind: sbom.GapUnsupported, Path: valid(path), Layer: ref, Detector: fr.Detector.String(),
					Message: fmt.Sprintf("what was found in the file was found by its other name %s, which is gone, and is not listed for this one", valid(s.path))})
			}
		}
	}
	return out
}

// remaining returns the first name by which an executable is still there.
func (f *fold) remaining(c *content) (string, *sbom.LayerRef) {
	links := f.multiple.links[c]
	slices.Sort(links)
	for _, path := range links {
		if n, there := f.tree.Lookup(path); there && n.Value.content == c {
			return path, f.layers[n.Layer]
		}
	}
	return "", nil
}
