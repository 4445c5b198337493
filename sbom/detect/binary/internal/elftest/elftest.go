// Package elftest writes the smallest ELF files that have what a loader reads. It is for
// tests.
package elftest

import (
	"encoding/binary"
	"encoding/hex"
)

// File is what a file has. The zero value is an empty static program.
type File struct {
	// BigEndian is the byte order, and Narrow makes it one of 32 bits.
	BigEndian, Narrow bool
	// Library makes it a shared library.
	Library bool
	Interp  string
	SONAME  string
	Needed  []string
	// BuildID is in hexadecimal; Package is the JSON of a .note.package.
	BuildID, Package string
	// Text is what the file has beside.
	Text string
}

// Segment types and tags of the dynamic table.
const (
	load, dynamic, interp, note = 1, 2, 3, 4
	needed, strtab, soname      = 1, 5, 14
)

// Bytes returns the file.
func (f *File) Bytes() []byte {
	w := &writer{order: binary.LittleEndian, wide: !f.Narrow}
	if f.BigEndian {
		w.order = binary.BigEndian
	}
	const most = 5
	header, entry := 52, 32
	if w.wide {
		header, entry = 64, 56
	}
	w.b = make([]byte, header+most*entry)
	w.segments = append(w.segments, segment{kind: load})
	w.add(interp, cstring(f.Interp))
	w.add(note, append(w.note("GNU", 3, unhex(f.BuildID)), w.note("FDO", 0xcafe1a7e, cstring(f.Package))...))
	w.dynamic(f)
	w.b = append(append(w.b, 0), f.Text...)
	w.b = append(w.b, make([]byte, max(0, 1100-len(w.b)))...)
	w.segments[0].size = len(w.b)
	w.header(f, header, entry)
	return w.b
}

type segment struct{ kind, off, size int }

// order is what both byte orders do.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

type writer struct {
	order    order
	wide     bool
	b        []byte
	segments []segment
}

func (w *writer) add(kind int, content []byte) {
	if len(content) > 0 {
		w.b = append(w.b, make([]byte, -len(w.b)&7)...)
		w.segments = append(w.segments, segment{kind, len(w.b), len(content)})
		w.b = append(w.b, content...)
	}
}

// word appends a number of the class's size.
func (w *writer) word(b []byte, v int) []byte {
	if w.wide {
		return w.order.AppendUint64(b, uint64(v))
	}
	return w.order.AppendUint32(b, uint32(v))
}

func (w *writer) note(name string, kind uint32, content []byte) []byte {
	if len(content) == 0 {
		return nil
	}
	b := w.order.AppendUint32(nil, uint32(len(name)+1))
	b = w.order.AppendUint32(b, uint32(len(content)))
	b = w.order.AppendUint32(b, kind)
	b = append(append(b, name...), 0)
	b = append(b, make([]byte, -len(b)&3)...)
	b = append(b, content...)
	return append(b, make([]byte, -len(b)&3)...)
}

// dynamic writes the dynamic table, and its strings in front of it as linkers do.
func (w *writer) dynamic(f *File) {
	if f.SONAME == "" && len(f.Needed) == 0 {
		return
	}
	at := len(w.b)
	w.b = append(w.b, 0)
	var table []byte
	entry := func(tag int, name string) {
		table = w.word(w.word(table, tag), len(w.b)-at)
		w.b = append(append(w.b, name...), 0)
	}
	for _, n := range f.Needed {
		entry(needed, n)
	}
	if f.SONAME != "" {
		entry(soname, f.SONAME)
	}
	table = w.word(w.word(table, strtab), base+at)
	w.add(dynamic, w.word(w.word(table, 0), 0))
}

// base is the address of the file's beginning.
const base = 0x10000

func (w *writer) header(f *File, header, entry int) {
	h := append([]byte("\x7fELF"), 1, 1, 1)
	machine := uint16(3)
	if w.wide {
		h[4], machine = 2, 62
	}
	if f.BigEndian {
		h[5] = 2
	}
	h = append(h, make([]byte, 9)...)
	kind := uint16(2)
	if f.Library {
		kind = 3
	}
	h = w.order.AppendUint16(h, kind)
	h = w.order.AppendUint16(h, machine)
	h = w.order.AppendUint32(h, 1)
	h = w.word(w.word(w.word(h, 0), header), 0)
	h = w.order.AppendUint32(h, 0)
	for _, v := range []int{header, entry, len(w.segments), 0, 0, 0} {
		h = w.order.AppendUint16(h, uint16(v))
	}
	for _, s := range w.segments {
		h = w.order.AppendUint32(h, uint32(s.kind))
		if w.wide {
			h = w.order.AppendUint32(h, 4)
		}
		for _, v := range []int{s.off, base + s.off, base + s.off, s.size, s.size} {
			h = w.word(h, v)
		}
		if !w.wide {
			h = w.order.AppendUint32(h, 4)
		}
		h = w.word(h, 1)
	}
	copy(w.b, h)
}

func cstring(s string) []byte {
	if s == "" {
		return nil
	}
	return append([]byte(s), 0)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
