package nativeimage

import (
	"bytes"
	"fmt"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// Limits on tables, in bytes, and on places, in items.
const (
	maxTable  = 64 << 20
	maxPlaces = 64
	piece     = 192 << 10 // a multiple of the sizes of symbols
)

// tables are pairs of a table of symbols and one of their names.
var tables = [][2]string{{".dynsym", ".dynstr"}, {".symtab", ".strtab"}}

// locate returns where the SBOM is in an ELF file; the size is 0 if the file has none.
func locate(file payload.Source) (at, size int64, err error) {
	head, err := file.Bytes(0, min(file.Size, 64), 64)
	if err != nil {
		return 0, 0, err
	}
	e, ok := section.ReadELF(head)
	if !ok {
		return 0, 0, fmt.Errorf("%w: the symbol of an SBOM in a format other than ELF", detect.ErrUnsupported)
	}
	for _, t := range tables {
		symbols, err := section.Find(file, file.Size, t[0])
		if err != nil {
			continue
		}
		names, err := section.Find(file, file.Size, t[1])
		if err != nil {
			continue
		}
		if n := max(symbols.Size(), names.Size()); n > maxTable {
			return 0, 0, &detect.LimitError{Path: "table of symbols", Limit: maxTable, Size: n}
		}
		_, symbolsAt, n := symbols.Outer()
		_, namesAt, m := names.Outer()
		s := symbolTable{file: file, elf: e, at: symbolsAt, size: n}
		addr, ok := s.value(places(file, namesAt, m, "sbom"))
		lengthAddr, ok2 := s.value(places(file, namesAt, m, Sign))
		if ok && ok2 {
			return resolve(file, e, addr, lengthAddr)
		}
	}
	return 0, 0, nil
}

// resolve turns the addresses of the SBOM and of its length into a part of the file.
func resolve(file payload.Source, e *section.ELF, addr, lengthAddr uint64) (at, size int64, err error) {
	offset := func(addr uint64) int64 {
		for _, s := range e.Segments(file) {
			const load = 1
			if s.Type == load && addr >= s.Addr && addr-s.Addr < s.Filesz && s.Off < uint64(file.Size) {
				return int64(s.Off + (addr - s.Addr))
			}
		}
		return -1
	}
	b, err := file.Bytes(offset(lengthAddr), 8, 8)
	if err != nil {
		return 0, 0, err
	}
	n := e.Order.Uint64(b)
	if at = offset(addr); at < 0 || n == 0 || n > uint64(file.Size-at) {
		return 0, 0, fmt.Errorf("%w: the SBOM lies outside of the file", detect.ErrFormat)
	}
	return at, int64(n), nil
}

// places returns where in a table of names a name is, relative to the table. Linkers let
// a name be the end of another.
func places(file payload.Source, off, size int64, name string) map[uint32]bool {
	list := make(map[uint32]bool)
	want := append([]byte(name), 0)
	buf := make([]byte, piece+len(want)-1)
	for at := int64(0); at < size; at += piece {
		b := buf[:min(int64(len(buf)), size-at)]
		n, _ := file.ReadAt(b, off+at)
		b = b[:n]
		for from := 0; len(list) < maxPlaces; {
			i := bytes.Index(b[from:], want)
			if i < 0 {
				break
			}
			list[uint32(at)+uint32(from+i)] = true
			from += i + 1
		}
	}
	return list
}

// symbolTable is a table of symbols.
type symbolTable struct {
	file     payload.Source
	elf      *section.ELF
	at, size int64
}

// value returns the address of the first symbol with one of the names.
func (s *symbolTable) value(names map[uint32]bool) (addr uint64, ok bool) {
	entry, value := int64(24), 8
	if s.elf.Word == 4 {
		entry, value = 16, 4
	}
	if len(names) == 0 {
		return 0, false
	}
	buf := make([]byte, piece)
	for at := int64(0); at < s.size; at += piece {
		b := buf[:min(piece, s.size-at)]
		n, _ := s.file.ReadAt(b, s.at+at)
		for b = b[:n]; int64(len(b)) >= entry; b = b[entry:] {
			if names[s.elf.Order.Uint32(b)] {
				if addr = s.elf.Number(b[value:]); addr != 0 {
					return addr, true
				}
			}
		}
	}
	return 0, false
}
