package section

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// elfClass says where the headers of an ELF class have their fields.
type elfClass struct {
	header                       int // length of the file header
	shoff, shentsize, shnum, ndx int
	entry                        int // length of a section header
	offset, length               int // in a section header; the name is first, then the type
	wide                         bool
}

func elfClassOf(head []byte) (elfClass, bool) {
	switch head[4] {
	case 1:
		return elfClass{header: 52, shoff: 32, shentsize: 46, shnum: 48, ndx: 50, entry: 40, offset: 16, length: 20}, true
	case 2:
		return elfClass{header: 64, shoff: 40, shentsize: 58, shnum: 60, ndx: 62, entry: 64, offset: 24, length: 32, wide: true}, true
	}
	return elfClass{}, false
}

func (c elfClass) number(order binary.ByteOrder, b []byte) uint64 {
	if c.wide {
		return order.Uint64(b)
	}
	return uint64(order.Uint32(b))
}

const (
	elfNobits = 8         // SHT_NOBITS: takes no space in the file
	elfBatch  = 64        // section headers read at once
	elfXindex = 0xffff    // SHN_XINDEX: numbers that do not fit, which no linker of programs needs
	maxTable  = 256 << 20 // bytes of a table of names; only single names are read
)

func (f file) elf(head []byte, name string) (*io.SectionReader, error) {
	order := elfOrder(head)
	class, ok := elfClassOf(head)
	if order == nil || !ok || len(head) < class.header {
		return nil, ErrNotFound
	}
	table := class.number(order, head[class.shoff:])
	n, ndx := int64(order.Uint16(head[class.shnum:])), int64(order.Uint16(head[class.ndx:]))
	if table == 0 || n == 0 {
		return nil, ErrNotFound // Stripped of its section headers.
	}
	if int(order.Uint16(head[class.shentsize:])) != class.entry || ndx >= n || ndx == elfXindex || table > uint64(f.size) {
		return nil, fmt.Errorf("%w: section headers", detect.ErrFormat)
	}
	entry := int64(class.entry)
	b, err := f.bytes(int64(table)+ndx*entry, entry)
	if err != nil {
		return nil, err
	}
	names, err := f.section(class.number(order, b[class.offset:]), min(class.number(order, b[class.length:]), maxTable))
	if err != nil {
		return nil, err
	}
	for i := int64(0); i < n; i += elfBatch {
		b, err := f.bytes(int64(table)+i*entry, min(elfBatch, n-i)*entry)
		if err != nil {
			return nil, err
		}
		for ; len(b) > 0; b = b[class.entry:] {
			if order.Uint32(b[4:]) != elfNobits && named(names, int64(order.Uint32(b)), name) {
				return f.section(class.number(order, b[class.offset:]), class.number(order, b[class.length:]))
			}
		}
	}
	return nil, ErrNotFound
}

// named reports whether the string at off is name.
func named(names *io.SectionReader, off int64, name string) bool {
	var b [maxName + 1]byte
	n, _ := names.ReadAt(b[:len(name)+1], off)
	return n == len(name)+1 && is(b[:n], name)
}
