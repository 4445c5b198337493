package catalog

import "github.com/imagetrust/imagetrust/sbom"

// yield takes back what was only looked for because no package manager might speak for the
// file (detect.Fragment.Yields), where one does. A file that is not as its package
// recorded it is not that package's: there, both stand.
func (o *ownership) yield() {
	taken := make(map[string]map[string]*tracked) // by detector and path: who speaks for the file
	for _, s := range o.fold.sources() {
		for _, fr := range s.fragments {
			if !fr.Facts.Yields {
				continue
			}
			if owner := o.speaker(s, fr.Detector.Name); owner != nil {
				o.yieldTo(owner, s, fr)
				if taken[fr.Detector.Name] == nil {
					taken[fr.Detector.Name] = make(map[string]*tracked)
				}
				taken[fr.Detector.Name][s.path] = owner
			}
		}
	}
	o.forget(taken)
}

// speaker returns who owns the file in which a detector looked, apart from what that
// detector found; nil if nobody does, or if the file is not what was recorded.
func (o *ownership) speaker(s *source, detector string) *tracked {
	n, _ := o.fold.tree.Lookup(s.path)
	if n == nil {
		return nil
	}
	var others *claim
	for c := n.Value.claims; c != nil; c = c.next {
		o.fold.patience.ask()
		if c.owner.detector != detector && (others == nil || compareClaims(c, others, n) > 0) {
			others = c
		}
	}
	if others == nil || others.ground == byContent {
		for dir := parent(s.path); dir != ""; dir = parent(dir) {
			if c := o.trees[dir]; c != nil {
				return c.owner
			}
		}
	}
	if others == nil || integrity(others, n) == sbom.Modified {
		return nil
	}
	return others.owner
}

// yieldTo lets the owner of the file have what a fragment says that the file is, as evidence.
// What is in the file besides goes too if the owner is a distribution's package: it
// answers for what is built into its programs.
func (o *ownership) yieldTo(owner *tracked, s *source, fr *fragment) {
	claims := make(map[string]bool) // that the file is it, by key
	for c := range fr.claims.all {
		claims[c.key] = true
		o.withdraw(s, fr, c)
	}
	for id := range components(s) {
		if id.detector != fr.Detector.Name {
			continue
		}
		t := o.fold.components[id]
		switch {
		case claims[id.key]:
			owner.component.Evidence = append(owner.component.Evidence, t.component.Evidence[0])
			o.fold.drop(t)
		case owner.distributed():
			o.fold.drop(t)
		}
	}
	o.spoken[fr] = true
}

// withdraw takes a claim back from where it was filed.
func (o *ownership) withdraw(s *source, fr *fragment, c *listed) {
	t := o.fold.components[identity{detector: fr.Detector.Name, path: s.path, key: c.key}]
	if t == nil {
		return
	}
	if at, n := o.find(nil, fr.Detector.Name, t, c.path); n != nil {
		n.Value.claims = n.Value.claims.without(t)
	} else {
		o.absent[string(at)] = o.absent[string(at)].without(t)
	}
}

// without returns the claims that are not by t.
func (c *claim) without(t *tracked) *claim {
	for at := &c; *at != nil; at = &(*at).next {
		if (*at).owner == t {
			*at = (*at).next
			break
		}
	}
	return c
}

// forget drops what older layers' files said in the same way, where a package speaks for
// their path today or spoke for it in the layer's time.
func (o *ownership) forget(taken map[string]map[string]*tracked) {
	var left []*tracked // whose files are gone, and belong to nobody today
	for _, t := range o.fold.components {
		o.fold.patience.ask()
		switch {
		case !t.yields || t.attr.Visible:
		case taken[t.detector][t.path] != nil || o.claimedByOther(t):
			o.fold.drop(t)
		default:
			left = append(left, t)
		}
	}
	if len(left) == 0 {
		return
	}
	paths := make(map[string][]*tracked, len(left))
	for _, t := range left {
		paths[t.path] = append(paths[t.path], t)
	}
	for _, s := range o.fold.dead {
		for _, fr := range s.fragments {
			if !fr.Facts.Yields {
				o.forgetClaimed(fr, paths)
			}
		}
	}
}

// claimedByOther reports whether a package claims the path of a file that is not there, or is
// another today.
func (o *ownership) claimedByOther(t *tracked) bool {
	n, _ := o.fold.tree.Lookup(t.path)
	for c := o.on(t.path, n); c != nil; c = c.next {
		if c.owner.detector != t.detector && c.ground == byRecord {
			return true
		}
	}
	return false
}

// forgetClaimed drops components whose path a removed list of files names.
func (o *ownership) forgetClaimed(fr *fragment, paths map[string][]*tracked) {
	var at []byte
	for c := range fr.claims.all {
		o.fold.patience.ask()
		if c.tree {
			continue
		}
		at, _ = o.at(at, c.path)
		for _, t := range paths[string(at)] {
			if t.detector != fr.Detector.Name {
				o.fold.drop(t)
			}
		}
	}
}

// drop takes a component out, as if nobody had found it.
func (f *fold) drop(t *tracked) {
	t.moved = true // Names do not lead to it.
	delete(f.components, t.identity)
}
