package header

import (
	"encoding/binary"
	"slices"
	"strings"
)

// universal is a Mach-O file for several architectures (mach-o/fat.h). Each part is read
// like a file of its own.
type universal struct {
	wide  bool
	count int
	parts []inner
}

// inner is a part, with what reads it.
type inner struct {
	off, size int64
	*Reader
}

const maxArchitectures = 16 // A Java class has the same magic number, and a larger one in this place.

// newUniversal returns nil for what is no universal file.
func newUniversal(head []byte) *universal {
	magic, n := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])
	if magic != 0xcafebabe && magic != 0xcafebabf || n == 0 || n > maxArchitectures {
		return nil
	}
	return &universal{wide: magic == 0xcafebabf, count: int(n)}
}

func (u *universal) plan(r *Reader, head []byte) {
	size := 20
	if u.wide {
		size = 32
	}
	be := binary.BigEndian
	for i := range u.count {
		at := 8 + i*size
		if at+size > len(head) {
			r.damaged = "headers lead out of the file"
			return
		}
		p := inner{off: int64(be.Uint32(head[at+8:])), size: int64(be.Uint32(head[at+12:]))}
		if u.wide {
			p.off, p.size = int64(min(be.Uint64(head[at+8:]), 1<<62)), int64(min(be.Uint64(head[at+16:]), 1<<62))
		}
		if !r.inside(p.off, p.size) {
			continue
		}
		for _, other := range u.parts {
			if p.off < other.off+other.size && other.off < p.off+p.size {
				r.damaged = "parts lie on top of each other"
				return
			}
		}
		if p.off < int64(8+u.count*size) {
			r.damaged = "a part lies on the headers"
			return
		}
		p.Reader = New(p.size)
		p.thin = true
		u.parts = append(u.parts, p)
	}
	u.see(0, head)
}

func (u *universal) take(r *Reader, b []byte) { u.see(r.pos, b) }

// see hands what goes by at an offset to the part that it is of.
func (u *universal) see(at int64, b []byte) {
	for _, p := range u.parts {
		from, to := max(p.off, at), min(p.off+p.size, at+int64(len(b)))
		if from < to {
			_, _ = p.Write(b[from-at : to-at])
		}
	}
}

func (u *universal) facts(_ *Reader, names Names) Facts {
	f := Facts{Format: "universal Mach-O", Dynamic: true}
	var architectures []string
	for _, p := range u.parts {
		part := p.Facts(func(off int64) string { return names(p.off + off) })
		if part.Format != "Mach-O" {
			f.Damaged = "a part is no program for macOS"
			continue
		}
		u.add(&f, p, part)
		architectures = append(architectures, part.Architecture)
	}
	f.Architecture = strings.Join(architectures, "+")
	return f
}

// add adds what a part says. The file is what its first part is.
func (u *universal) add(f *Facts, p inner, part Facts) {
	for i := range part.Payloads {
		part.Payloads[i].Offset += p.off
	}
	if part.Stated != nil {
		part.Stated.Offset += p.off
	}
	if len(f.Parts) == 0 {
		f.Bits, f.Library, f.Dynamic, f.SONAME, f.Platform, f.Stated = part.Bits, part.Library, part.Dynamic, part.SONAME, part.Platform, part.Stated
	}
	f.Needed, f.Tools = union(f.Needed, part.Needed), union(f.Tools, part.Tools)
	f.Payloads = append(f.Payloads, part.Payloads...)
	if part.Damaged != "" {
		f.Damaged = part.Architecture + ": " + part.Damaged
	}
	f.Parts = append(f.Parts, Part{p.off, p.size, part})
}

// union appends what list does not have.
func union(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) && len(list) < maxNeeded {
			list = append(list, s)
		}
	}
	return list
}
