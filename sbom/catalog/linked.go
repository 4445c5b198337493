package catalog

import "slices"

// annotateLinked gives what a file says also to packages that ship a link to its
// directory instead of a file of their own: Debian's packages may share the
// documentation of another of the same source (Debian Policy 12.5). A package for which
// something was said already needs nothing.
func (f *fold) annotateLinked(o *ownership) {
	said := make(annotations)
	var linked map[string][]*tracked
	for _, s := range f.sources() {
		for _, fr := range s.fragments {
			for _, a := range fr.Facts.Annotations {
				if linked == nil {
					linked = o.linkedDirs()
				}
				for _, t := range linked[parent(s.path)] {
					if t.detector == fr.Detector.Name || a.Key == "" {
						said.add(t, &a)
					}
				}
			}
		}
	}
}

// linkedDirs returns the packages without licences that record a symlink, by the
// directory that it leads to.
func (o *ownership) linkedDirs() map[string][]*tracked {
	dirs := make(map[string][]*tracked)
	for _, at := range o.links {
		link, _ := o.fold.tree.Lookup(at)
		to, n, err := o.fold.tree.Resolve(at)
		if err != nil || !n.Mode.IsDir() {
			continue
		}
		for c := link.Value.claims; c != nil; c = c.next {
			if c.ground == byRecord && len(c.owner.component.Licenses) == 0 {
				dirs[to] = append(dirs[to], c.owner)
			}
		}
	}
	for _, ts := range dirs {
		slices.SortFunc(ts, func(a, b *tracked) int { return compareIdentity(a.identity, b.identity) })
	}
	return dirs
}
