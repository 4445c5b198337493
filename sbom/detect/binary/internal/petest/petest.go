// Package petest writes the smallest PE files that have what a loader reads, and
// resources. It is for tests.
package petest

import (
	"encoding/binary"
	"unicode/utf16"
)

// File is what a file has. The zero value is a program of 64 bits without anything.
type File struct {
	// DLL makes it a library of that name.
	DLL     string
	Imports []string
	// Version are the strings of a VERSIONINFO, as key and value.
	Version [][2]string
	// Data are resources of data, as name and content.
	Data [][2]string
	// CodeView is the identifier of the debugging information: 16 bytes.
	CodeView string
	// Text is what the file has beside.
	Text string
}

// Layout of the file: the headers, and one section of all content, at the address base.
const (
	signature, optional = 0x80, 0x80 + 24
	start, base         = 0x400, 0x1000
)

var le = binary.LittleEndian

// Bytes returns the file.
func (f *File) Bytes() []byte {
	w := &writer{b: make([]byte, start)}
	copy(w.b, "MZ")
	le.PutUint32(w.b[0x3c:], signature)
	copy(w.b[signature:], "PE\x00\x00")
	le.PutUint16(w.b[signature+4:], 0x8664)
	le.PutUint16(w.b[signature+6:], 1)
	le.PutUint16(w.b[signature+20:], 112+16*8)
	le.PutUint16(w.b[optional:], 0x20b)
	le.PutUint32(w.b[optional+108:], 16)
	if f.DLL != "" {
		le.PutUint16(w.b[signature+22:], 0x2000)
		w.exports(f.DLL)
	}
	w.imports(f.Imports)
	w.resources(f)
	w.debug(f.CodeView)
	w.b = append(append(w.b, 0), f.Text...)
	w.b = append(w.b, make([]byte, 512-len(w.b)%512)...)
	section := w.b[optional+112+16*8:]
	copy(section, ".rdata")
	le.PutUint32(section[8:], uint32(len(w.b)-start))
	le.PutUint32(section[12:], base)
	le.PutUint32(section[16:], uint32(len(w.b)-start))
	le.PutUint32(section[20:], start)
	return w.b
}

type writer struct{ b []byte }

func (w *writer) addr() uint32 { return uint32(len(w.b) - start + base) }

// directory has a directory of the optional header be what is from addr on.
func (w *writer) directory(i int, addr, size uint32) {
	le.PutUint32(w.b[optional+112+8*i:], addr)
	le.PutUint32(w.b[optional+112+8*i+4:], size)
}

func (w *writer) exports(name string) {
	addr := w.addr()
	b := make([]byte, 40)
	le.PutUint32(b[12:], addr+40)
	w.b = append(append(append(w.b, b...), name...), 0)
	w.directory(0, addr, 40)
}

func (w *writer) imports(names []string) {
	if len(names) == 0 {
		return
	}
	addr := w.addr()
	table := make([]byte, 20*(len(names)+1))
	var text []byte
	for i, n := range names {
		le.PutUint32(table[20*i+12:], addr+uint32(len(table)+len(text)))
		text = append(append(text, n...), 0)
	}
	w.b = append(append(w.b, table...), text...)
	w.directory(1, addr, uint32(len(table)))
}

func (w *writer) debug(id string) {
	if id == "" {
		return
	}
	addr, b := w.addr(), make([]byte, 28)
	le.PutUint32(b[12:], 2)
	le.PutUint32(b[16:], 25)
	le.PutUint32(b[24:], uint32(len(w.b)+28))
	w.b = append(append(append(append(w.b, b...), "RSDS"...), id...), 1, 0, 0, 0, 0)
	w.directory(6, addr, 28)
}

// resources writes the tree as linkers do: directories, what they lead to, names, content.
func (w *writer) resources(f *File) {
	type leaf struct {
		kind    uint32
		name    string
		content []byte
	}
	var leaves []leaf
	for _, d := range f.Data {
		leaves = append(leaves, leaf{10, d[0], []byte(d[1])})
	}
	if len(f.Version) > 0 {
		leaves = append(leaves, leaf{16, "", VersionInfo(f.Version)})
	}
	if len(leaves) == 0 {
		return
	}
	w.b = append(w.b, make([]byte, -len(w.b)&7)...)
	addr := w.addr()
	// Each leaf has directories of its own below the root: of names, of languages.
	const entry, each = 8, 16 + 8 + 16 + 8 + 16
	root := 16 + entry*len(leaves)
	tree := make([]byte, root+each*len(leaves))
	le.PutUint16(tree[14:], uint16(len(leaves)))
	for i, l := range leaves {
		at := uint32(root + each*i)
		le.PutUint32(tree[16+entry*i:], l.kind)
		le.PutUint32(tree[16+entry*i+4:], at|1<<31)
		le.PutUint16(tree[at+14:], 1)
		le.PutUint32(tree[at+16:], 1)
		if l.name != "" {
			le.PutUint32(tree[at+16:], uint32(len(tree))|1<<31)
		}
		le.PutUint32(tree[at+20:], (at+24)|1<<31)
		le.PutUint16(tree[at+24+14:], 1)
		le.PutUint32(tree[at+24+16:], 0x409)
		le.PutUint32(tree[at+24+20:], at+48)
		if l.name != "" {
			tree = append(le.AppendUint16(tree, uint16(len(l.name))), wide(l.name)...)
		}
	}
	for i, l := range leaves {
		tree = append(tree, make([]byte, -len(tree)&7)...)
		le.PutUint32(tree[root+each*i+48:], addr+uint32(len(tree)))
		le.PutUint32(tree[root+each*i+52:], uint32(len(l.content)))
		tree = append(tree, l.content...)
	}
	w.b = append(w.b, tree...)
	w.directory(2, addr, uint32(len(tree)))
}

// VersionInfo returns a VERSIONINFO with the strings, as key and value.
func VersionInfo(texts [][2]string) []byte {
	var table []byte
	for _, t := range texts {
		table = append(table, block(t[0], wide(t[1]+"\x00"), len(t[1])+1, 1, nil)...)
	}
	fixed := make([]byte, 52)
	le.PutUint32(fixed, 0xfeef04bd)
	le.PutUint32(fixed[16:], 1<<16|2) // Of the product: 1.2.3.4.
	le.PutUint32(fixed[20:], 3<<16|4)
	info := block("StringFileInfo", nil, 0, 1, block("040904b0", nil, 0, 1, table))
	return block("VS_VERSION_INFO", fixed, len(fixed), 0, info)
}

// block returns a structure of a VERSIONINFO, padded to four bytes.
func block(key string, value []byte, length int, text uint16, children []byte) []byte {
	b := make([]byte, 6)
	b = append(b, wide(key+"\x00")...)
	b = append(b, make([]byte, -len(b)&3)...)
	b = append(b, value...)
	if len(children) > 0 {
		b = append(b, make([]byte, -len(b)&3)...)
		b = append(b, children...)
	}
	le.PutUint16(b, uint16(len(b)))
	le.PutUint16(b[2:], uint16(length))
	le.PutUint16(b[4:], text)
	return append(b, make([]byte, -len(b)&3)...)
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}
