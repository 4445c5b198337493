package section

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// ELF is the header of an ELF file, of either class and byte order. It says where the
// tables of program and section headers are (System V ABI, "Object Files").
type ELF struct {
	Order binary.ByteOrder
	// Word is the length in bytes of an address: 4 or 8.
	Word int

	head   []byte
	layout elfLayout
}

// elfLayout says where the headers of a class have their fields. A name comes first in
// a section header, and a type second; a type comes first in a program header.
type elfLayout struct {
	phoff, phentsize, shoff, shentsize int // in the file header; numbers of entries follow the sizes
	program                            int // length of a program header
	pflags, poff, pvaddr, pfilesz      int // in a program header
	section                            int // length of a section header
	addr, offset, length               int // in a section header
}

var (
	elf32 = elfLayout{phoff: 28, phentsize: 42, shoff: 32, shentsize: 46,
		program: 32, pflags: 24, poff: 4, pvaddr: 8, pfilesz: 16,
		section: 40, addr: 12, offset: 16, length: 20}
	elf64 = elfLayout{phoff: 32, phentsize: 54, shoff: 40, shentsize: 58,
		program: 56, pflags: 4, poff: 8, pvaddr: 16, pfilesz: 32,
		section: 64, addr: 16, offset: 24, length: 32}
)

const (
	elfHeader   = 64        // bytes of a file header; that of 32 bits has 52
	elfNobits   = 8         // SHT_NOBITS: takes no space in the file
	elfBatch    = 64        // section headers read at once
	elfXindex   = 0xffff    // SHN_XINDEX: numbers that do not fit, which no linker of programs needs
	maxTable    = 256 << 20 // bytes of a table of names; only single names are read
	maxPrograms = 64 << 10  // bytes of program headers: the kernel's limit
	maxOffset   = 1 << 56   // of a table, so that sums of offsets never overflow
)

// ReadELF returns the header that a file begins with. It reports false for other
// files, and for less than 64 bytes. It keeps head.
func ReadELF(head []byte) (*ELF, bool) {
	if len(head) < elfHeader || !bytes.HasPrefix(head, []byte("\x7fELF")) {
		return nil, false
	}
	h := &ELF{Order: elfOrder(head), head: head[:elfHeader]}
	switch head[4] {
	case 1:
		h.Word, h.layout = 4, elf32
	case 2:
		h.Word, h.layout = 8, elf64
	}
	return h, h.Order != nil && h.Word != 0
}

// Number returns the address, offset or length that b begins with.
func (h *ELF) Number(b []byte) uint64 {
	if h.Word == 4 {
		return uint64(h.Order.Uint32(b))
	}
	return h.Order.Uint64(b)
}

// Segment is a program header.
type Segment struct {
	Type, Flags              uint32 // as package debug/elf has them
	Off, Addr, Filesz, Memsz uint64
}

const (
	segmentLoad     = 1 // PT_LOAD
	segmentWritable = 2 // PF_W
)

// Writable reports whether the segment is one where linkers put data.
func (s *Segment) Writable() bool { return s.Type == segmentLoad && s.Flags&segmentWritable != 0 }

// programs returns where the table of program headers is, and no length for one that
// the kernel would not load.
func (h *ELF) programs() (off, n int64) {
	l := h.layout
	stride, number := int64(h.Order.Uint16(h.head[l.phentsize:])), int64(h.Order.Uint16(h.head[l.phentsize+2:]))
	start := h.Number(h.head[l.phoff:])
	if stride < int64(l.program) || stride*number > maxPrograms || start > maxOffset {
		return 0, 0
	}
	return int64(start), stride * number
}

// Segments returns the program headers. They are as the file has them: what they say
// may lie outside of it. There are none if the table does.
func (h *ELF) Segments(r io.ReaderAt) []Segment {
	off, n := h.programs()
	if n == 0 {
		return nil
	}
	table := make([]byte, n)
	if k, _ := r.ReadAt(table, off); k < len(table) {
		return nil
	}
	l := h.layout
	var list []Segment
	for stride := int(h.Order.Uint16(h.head[l.phentsize:])); len(table) >= stride; table = table[stride:] {
		list = append(list, Segment{
			Type: h.Order.Uint32(table), Flags: h.Order.Uint32(table[l.pflags:]),
			Off: h.Number(table[l.poff:]), Addr: h.Number(table[l.pvaddr:]),
			Filesz: h.Number(table[l.pfilesz:]), Memsz: h.Number(table[l.pfilesz+h.Word:]),
		})
	}
	return list
}

// Section is a section header.
type Section struct {
	// Name has at most 65 bytes of the name. It is valid until the next.
	Name []byte
	Type uint32 // as package debug/elf has it
	// Addr is 0 for what is not loaded. Offset is in the file.
	Addr, Offset, Size uint64
}

// sections returns where the table of section headers is, and which of them is that of
// the names. The error is ErrNotFound if there is none, and wraps detect.ErrFormat for
// one that cannot be.
func (h *ELF) sections(size int64) (off, n, names int64, err error) {
	l := h.layout
	start := h.Number(h.head[l.shoff:])
	number, index := int64(h.Order.Uint16(h.head[l.shentsize+2:])), int64(h.Order.Uint16(h.head[l.shentsize+4:]))
	switch {
	case start == 0 || number == 0:
		return 0, 0, 0, ErrNotFound // Stripped of its section headers.
	case int(h.Order.Uint16(h.head[l.shentsize:])) != l.section || index >= number || index == elfXindex,
		start > uint64(size), number*int64(l.section) > size-int64(start):
		return 0, 0, 0, fmt.Errorf("%w: section headers", detect.ErrFormat)
	}
	return int64(start), number * int64(l.section), int64(start) + index*int64(l.section), nil
}

// Sections calls each for the section headers of a file of size bytes, until it
// returns false. Its errors are those of [Find], ErrNotFound for a file that is stripped
// of its section headers.
func (h *ELF) Sections(r io.ReaderAt, size int64, each func(*Section) bool) error {
	f := file{r, size}
	off, n, at, err := h.sections(size)
	if err != nil {
		return err
	}
	entry := int64(h.layout.section)
	b, err := f.bytes(at, entry)
	if err != nil {
		return err
	}
	start, length := h.extent(b)
	names, err := f.section(start, length)
	if err != nil {
		return err
	}
	var name [maxName + 1]byte
	for end := off + n; off < end; off += elfBatch * entry {
		b, err := f.bytes(off, min(elfBatch*entry, end-off))
		if err != nil {
			return err
		}
		for ; len(b) > 0; b = b[entry:] {
			k, err := names.ReadAt(name[:], int64(h.Order.Uint32(b)))
			if err != nil && err != io.EOF {
				return unread(err)
			}
			s := Section{Type: h.Order.Uint32(b[4:]), Addr: h.Number(b[h.layout.addr:]),
				Offset: h.Number(b[h.layout.offset:]), Size: h.Number(b[h.layout.length:])}
			s.Name, _, _ = bytes.Cut(name[:k], []byte{0})
			if !each(&s) {
				return nil
			}
		}
	}
	return nil
}

// extent returns where the content of the section is that is to be the names.
func (h *ELF) extent(header []byte) (off, n uint64) {
	return h.Number(header[h.layout.offset:]), min(h.Number(header[h.layout.length:]), maxTable)
}

func (f file) elf(head []byte, name string) (*io.SectionReader, error) {
	h, ok := ReadELF(head)
	if !ok {
		return nil, ErrNotFound
	}
	var found *Section
	err := h.Sections(f.ReaderAt, f.size, func(s *Section) bool {
		if s.Type != elfNobits && string(s.Name) == name {
			found = s
		}
		return found == nil
	})
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, ErrNotFound
	}
	return f.section(found.Offset, found.Size)
}

// elfOrder returns the byte order that an ELF header states.
func elfOrder(head []byte) binary.ByteOrder {
	switch head[5] {
	case 1:
		return binary.LittleEndian
	case 2:
		return binary.BigEndian
	}
	return nil
}
