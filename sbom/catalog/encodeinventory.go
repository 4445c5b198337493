package catalog

import (
	"io/fs"

	"github.com/imagetrust/imagetrust/sbom"
)

// stored describes what is kept of an image. Layers are referred to by their place in
// it. A change needs another encodingVersion.
func (w *wire) stored(s *stored) {
	many(w, 1, &s.uncompressed, w.int)
	if len(s.uncompressed) != len(w.refs) {
		w.fail()
		return
	}
	w.int(&s.bytes)
	w.number(&s.components)
	inv := &s.inventory
	w.distribution(&inv.Distribution)
	many(w, 17, &inv.Components, w.component)
	many(w, 3, &inv.Relationships, func(r *sbom.Relationship) {
		strs(w, &r.From, &r.To)
		str(w, &r.Type)
	})
	f := files{wire: w}
	many(w, 11, &inv.Files, f.file)
	many(w, 6, &inv.Gaps, w.gap)
}

// files are in order of path.
type files struct {
	*wire
	path int64
}

func (w *files) file(f *sbom.File) {
	w.near(&f.Path, &w.path)
	w.ref(&f.Layer)
	mode := uint64(f.Mode)
	w.uint(&mode)
	if f.Mode = fs.FileMode(mode); uint64(f.Mode) != mode {
		w.fail()
	}
	w.int(&f.Size)
	many(w.wire, 2, &f.Digests, w.digest)
	str(w.wire, &f.Capabilities)
	str(w.wire, &f.Kind)
	str(w.wire, &f.Owner)
	str(w.wire, &f.Claim)
	str(w.wire, &f.Integrity)
	w.digest(&f.Recorded)
}
