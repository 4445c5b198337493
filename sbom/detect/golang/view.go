package golang

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"encoding/binary"
	"io"
)

// Limits on what a view is made from.
const (
	maxSections = 1024
	maxNames    = 64 << 10 // bytes of the table of section names, and of all names together
	maxHeaders  = 1 << 20  // bytes of PE and Mach-O headers
)

// prefixed is a reader whose first bytes are replaced.
type prefixed struct {
	prefix []byte
	io.ReaderAt
}

func (p prefixed) ReadAt(b []byte, off int64) (n int, err error) {
	if off >= 0 && off < int64(len(p.prefix)) {
		n = copy(b, p.prefix[off:])
	}
	if n == len(b) {
		return n, nil
	}
	m, err := p.ReaderAt.ReadAt(b[n:], off+int64(n))
	return n + m, err
}

// elfProgram reports whether an ELF header is that of a program or shared
// library: object files, kernel modules and core dumps are not linked by Go.
func elfProgram(head []byte) bool {
	bo := elfOrder(head)
	if bo == nil {
		return false
	}
	t := elf.Type(bo.Uint16(head[16:]))
	return t == elf.ET_EXEC || t == elf.ET_DYN
}

func elfOrder(head []byte) binary.ByteOrder {
	if len(head) < 64 {
		return nil
	}
	switch elf.Data(head[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		return binary.LittleEndian
	case elf.ELFDATA2MSB:
		return binary.BigEndian
	}
	return nil
}

// elfTable says where the header has its fields about sections, and where a
// section header has its own.
type elfTable struct {
	shoff, shentsize           int // in the file header
	size                       int // of a section header
	name, offset, length, word int // in a section header; word is the size of the last two
}

func elfLayout(head []byte) elfTable {
	if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32 {
		return elfTable{shoff: 32, shentsize: 46, size: 40, offset: 16, length: 20, word: 4}
	}
	return elfTable{shoff: 40, shentsize: 58, size: 64, offset: 24, length: 32, word: 8}
}

// elfViews returns the file with its section headers, if they are sane and name
// the build information, and without them.
func elfViews(r io.ReaderAt, head []byte) (isGo bool, views []io.ReaderAt) {
	bo := elfOrder(head)
	if bo == nil {
		return false, nil
	}
	t := elfLayout(head)
	isGo, named := elfSections(r, head, bo, t)
	if named {
		views = append(views, r)
	}
	bare := bytes.Clone(head)
	clear(bare[t.shoff : t.shoff+t.word])
	clear(bare[t.shentsize+2 : t.shentsize+6]) // their number, and the index of the names
	return isGo, append(views, prefixed{bare, r})
}

// elfSections reports whether the sections are those of a Go program and whether
// one is the build information. Tables of unreasonable size report neither.
func elfSections(r io.ReaderAt, head []byte, bo binary.ByteOrder, t elfTable) (isGo, named bool) {
	n, index := int(bo.Uint16(head[t.shentsize+2:])), int(bo.Uint16(head[t.shentsize+4:]))
	if n == 0 || n > maxSections || index >= n || int(bo.Uint16(head[t.shentsize:])) != t.size {
		return false, false
	}
	table := make([]byte, n*t.size)
	if _, err := r.ReadAt(table, int64(t.number(bo, head[t.shoff:]))); err != nil {
		return false, false
	}
	strings := table[index*t.size:]
	length := t.number(bo, strings[t.length:])
	if length > maxNames {
		return false, false
	}
	names := make([]byte, length)
	if _, err := r.ReadAt(names, int64(t.number(bo, strings[t.offset:]))); err != nil {
		return false, false
	}
	copied := 0
	for ; len(table) > 0; table = table[t.size:] {
		name := cstring(names, bo.Uint32(table[t.name:]))
		switch string(name) {
		case ".go.buildinfo":
			isGo, named = true, true
		case ".gopclntab", ".note.go.buildid":
			isGo = true
		}
		copied += len(name)
	}
	return isGo, named && copied <= maxNames
}

func (t elfTable) number(bo binary.ByteOrder, b []byte) uint64 {
	if t.word == 4 {
		return uint64(bo.Uint32(b))
	}
	return bo.Uint64(b)
}

// cstring returns the string at off, up to its NUL.
func cstring(names []byte, off uint32) []byte {
	if uint64(off) >= uint64(len(names)) {
		return nil
	}
	b, _, _ := bytes.Cut(names[off:], []byte{0})
	return b
}

// peView returns the file without its symbol table and without references from
// section names into the table of strings.
func peView(r io.ReaderAt, head []byte) []io.ReaderAt {
	if len(head) < 64 {
		return nil
	}
	const fileHeader, sectionHeader, maxImageSections = 24, 40, 96 // with the signature; the loader's limit
	base := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	fixed := make([]byte, fileHeader)
	if base > maxHeaders {
		return nil
	}
	if _, err := r.ReadAt(fixed, base); err != nil || !bytes.HasPrefix(fixed, []byte("PE\x00\x00")) {
		return nil
	}
	n, optional := int64(binary.LittleEndian.Uint16(fixed[6:])), int64(binary.LittleEndian.Uint16(fixed[20:]))
	if n > maxImageSections {
		return nil
	}
	prefix := make([]byte, base+fileHeader+optional+n*sectionHeader)
	if _, err := r.ReadAt(prefix, 0); err != nil {
		return nil
	}
	clear(prefix[base+12 : base+20])
	for sections := prefix[base+fileHeader+optional:]; len(sections) > 0; sections = sections[sectionHeader:] {
		if sections[0] == '/' {
			sections[0] = '_'
		}
	}
	return []io.ReaderAt{prefixed{prefix, r}}
}

func machoOrder(head []byte) binary.ByteOrder {
	if len(head) < 32 {
		return nil
	}
	for _, bo := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if m := bo.Uint32(head); m == macho.Magic32 || m == macho.Magic64 {
			return bo
		}
	}
	return nil
}

// machoView returns the file without its symbol tables: their load commands
// become unknown ones.
func machoView(r io.ReaderAt, head []byte) []io.ReaderAt {
	bo := machoOrder(head)
	start := 28
	if bo.Uint32(head) == macho.Magic64 {
		start = 32
	}
	length := bo.Uint32(head[20:])
	if length > maxHeaders {
		return nil
	}
	prefix := make([]byte, start+int(length))
	if _, err := r.ReadAt(prefix, 0); err != nil {
		return nil
	}
	for cmds := prefix[start:]; len(cmds) >= 8; {
		size := bo.Uint32(cmds[4:])
		if size < 8 || uint64(size) > uint64(len(cmds)) {
			return nil
		}
		switch macho.LoadCmd(bo.Uint32(cmds)) {
		case macho.LoadCmdSymtab, macho.LoadCmdDysymtab:
			bo.PutUint32(cmds, 0)
		}
		cmds = cmds[size:]
	}
	return []io.ReaderAt{prefixed{prefix, r}}
}
