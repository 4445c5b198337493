package catalog

import "github.com/imagetrust/imagetrust/sbom"

// move is what came and went under one name in a layer.
type move struct {
	from, to *tracked
	// ambiguous: more than one went or came, and which became which is not known.
	ambiguous bool
}

// follow finds the components that a layer moved to another file, as upgrades do
// whose version is part of a file's name: the one of a key that went and the one
// that came are the same, changed.
func (f *fold) follow(ref *sbom.LayerRef) {
	if len(f.vanished) == 0 || len(f.appeared) == 0 {
		return
	}
	moves := make(map[name]*move, len(f.vanished))
	for _, t := range f.vanished {
		n := name{t.detector, t.key}
		if m := moves[n]; m != nil {
			m.ambiguous = true
			continue
		}
		moves[n] = &move{from: t}
	}
	for _, t := range f.appeared {
		if m := moves[name{t.detector, t.key}]; m != nil {
			m.ambiguous = m.ambiguous || m.to != nil
			m.to = t
		}
	}
	for _, m := range moves {
		if m.to == nil || m.ambiguous {
			continue
		}
		m.to.attr.Introduced, m.to.attr.Modified = m.from.attr.Introduced, ref
		m.to.digests = m.from.digests
		m.from.moved = true
		delete(f.components, m.from.identity)
	}
}
