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
	maxNames    = 64 << 10 // bytes of the table of section names
	maxOffset   = 1 << 56  // of a table in a file, so that sums of offsets never overflow
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

// elfTable says where the file header has its fields about the tables of programs and
// sections, and where a program or section header has its own.
type elfTable struct {
	phoff, phentsize, shoff, shentsize int // in the file header; the numbers follow the sizes
	psize                              int // of a program header
	pflags, poff, pvaddr, pfilesz      int // in a program header
	size                               int // of a section header
	name, addr, offset, length         int // in a section header
	word                               int // bytes of an address or offset
}

func elfLayout(head []byte) elfTable {
	if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32 {
		return elfTable{phoff: 28, phentsize: 42, shoff: 32, shentsize: 46,
			psize: 32, pflags: 24, poff: 4, pvaddr: 8, pfilesz: 16,
			size: 40, addr: 12, offset: 16, length: 20, word: 4}
	}
	return elfTable{phoff: 32, phentsize: 54, shoff: 40, shentsize: 58,
		psize: 56, pflags: 4, poff: 8, pvaddr: 16, pfilesz: 32,
		size: 64, addr: 16, offset: 24, length: 32, word: 8}
}

// programs returns where the table of program headers is, and no length for one that
// the kernel would not load.
func (t elfTable) programs(bo binary.ByteOrder, head []byte) (off, n int64) {
	stride, number := int64(bo.Uint16(head[t.phentsize:])), int64(bo.Uint16(head[t.phentsize+2:]))
	start := t.number(bo, head[t.phoff:])
	if stride < int64(t.psize) || stride*number > maxProgramData || start > maxOffset {
		return 0, 0
	}
	return int64(start), stride * number
}

// sections returns where the table of section headers is, and no length for one of
// unreasonable size or shape.
func (t elfTable) sections(bo binary.ByteOrder, head []byte) (off, n int64) {
	number, index := int(bo.Uint16(head[t.shentsize+2:])), int(bo.Uint16(head[t.shentsize+4:]))
	start := t.number(bo, head[t.shoff:])
	if number > maxSections || index >= number || int(bo.Uint16(head[t.shentsize:])) != t.size || start > maxOffset {
		return 0, 0
	}
	return int64(start), int64(number * t.size)
}

// names returns where the names of the sections are, and no length for too many.
func (t elfTable) names(bo binary.ByteOrder, head, sections []byte) (off, n int64) {
	header := sections[int(bo.Uint16(head[t.shentsize+4:]))*t.size:]
	start, length := t.number(bo, header[t.offset:]), t.number(bo, header[t.length:])
	if start > maxOffset || length > maxNames {
		return 0, 0
	}
	return int64(start), int64(length)
}

// elfSections reports whether the sections are those of a Go program, and the address
// and length of the one that is the build information.
func elfSections(r io.ReaderAt, head []byte, bo binary.ByteOrder, t elfTable) (isGo bool, addr, length uint64) {
	off, n := t.sections(bo, head)
	if n == 0 {
		return false, 0, 0
	}
	table := make([]byte, n)
	if k, _ := r.ReadAt(table, off); k < len(table) {
		return false, 0, 0
	}
	if off, n = t.names(bo, head, table); n == 0 {
		return false, 0, 0
	}
	names := make([]byte, n)
	if k, _ := r.ReadAt(names, off); k < len(names) {
		return false, 0, 0
	}
	for ; len(table) > 0; table = table[t.size:] {
		switch string(cstring(names, bo.Uint32(table[t.name:]))) {
		case ".go.buildinfo":
			if isGo = true; length == 0 {
				addr, length = t.number(bo, table[t.addr:]), t.number(bo, table[t.length:])
			}
		case ".gopclntab", ".note.go.buildid":
			isGo = true
		}
	}
	return isGo, addr, length
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
func peView(r io.ReaderAt, head []byte) io.ReaderAt {
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
	return prefixed{prefix, r}
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
func machoView(r io.ReaderAt, head []byte) io.ReaderAt {
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
	return prefixed{prefix, r}
}
