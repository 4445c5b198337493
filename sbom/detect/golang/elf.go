package golang

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"io"
	"math"
	rt "runtime/debug"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// The linker leaves the build information at an address that is a multiple of
// infoAlign: this magic, the size of a pointer, flags, and 16 bytes that hold two
// pointers before Go 1.18 and nothing since (cmd/link/internal/ld, Link.buildinfo).
const (
	infoMagic      = "\xff Go buildinf:"
	infoAlign      = 16
	infoHeader     = 32
	infoBigEndian  = 1 // flags
	infoInline     = 2
	maxProgramData = 64 << 10 // bytes of program headers: the kernel's limit
)

// source is the content of a file, or what a sieve kept of it.
type source interface {
	io.ReaderAt
	// search returns the offset of the first magic that lies in the n bytes from off at
	// a multiple of infoAlign from there, and -1 if there is none.
	search(off, n int64) int64
}

// whole is the content of a file.
type whole struct{ io.ReaderAt }

func (w whole) search(off, n int64) int64 {
	buf := make([]byte, min(n, 64<<10)) // A multiple of infoAlign, so that no magic lies across.
	for end := off + n; off < end; off += int64(len(buf)) {
		k, _ := w.ReadAt(buf[:min(int64(len(buf)), end-off)], off)
		for data := buf[:k]; ; {
			i := bytes.Index(data, []byte(infoMagic))
			if i < 0 {
				break
			}
			if at := k - len(data) + i; at%infoAlign == 0 {
				return off + int64(at)
			}
			data = data[i+1:]
		}
	}
	return -1
}

// segment is a program header.
type segment struct {
	kind                      elf.ProgType
	flags                     elf.ProgFlag
	off, vaddr, filesz, memsz uint64
}

// program reads the build information of an ELF file. It does what debug/buildinfo
// does, and does not build on debug/elf, which reads more than is needed, and wants
// to read it from anywhere.
type program struct {
	source
	size     int64
	segments []segment
	left     int64 // of maxRead
	exceeded bool
}

// readELF returns the build information, if there is any, and whether the file is a Go
// program by its sections at least. A section that names the build information is a
// hint; the kernel and the Go runtime find what they need without.
func readELF(src source, size int64, path string) (*buildinfo.BuildInfo, error) {
	head := make([]byte, min(size, detect.HeadSize))
	if n, _ := src.ReadAt(head, 0); n < len(head) || elfOrder(head) == nil {
		return nil, errNotGo
	}
	bo, t := elfOrder(head), elfLayout(head)
	p := &program{source: src, size: size, segments: elfSegments(src, head, bo, t), left: maxRead}
	isGo, addr, length := elfSections(src, head, bo, t)
	if length > 0 {
		if bi := p.info(addr, length); bi != nil {
			return bi, nil
		}
	}
	for _, s := range p.segments {
		if s.data() {
			if bi := p.info(s.vaddr, s.memsz); bi != nil {
				return bi, nil
			}
			break // debug/buildinfo looks into the first only.
		}
	}
	switch {
	case !isGo:
		return nil, errNotGo
	case p.exceeded:
		return nil, &detect.LimitError{Path: path, Limit: maxRead, What: "bytes of metadata"}
	}
	return nil, errWiped
}

// data reports whether the segment is one where the linker puts data.
func (s *segment) data() bool {
	return s.kind == elf.PT_LOAD && s.flags&(elf.PF_X|elf.PF_W) == elf.PF_W
}

// elfSegments returns the program headers that r has at the place that head says.
func elfSegments(r io.ReaderAt, head []byte, bo binary.ByteOrder, t elfTable) []segment {
	off, n := t.programs(bo, head)
	if n == 0 {
		return nil
	}
	table := make([]byte, n)
	if k, _ := r.ReadAt(table, off); k < len(table) {
		return nil
	}
	var list []segment
	for stride := int(bo.Uint16(head[t.phentsize:])); len(table) >= stride; table = table[stride:] {
		field := func(at int) uint64 { return t.number(bo, table[at:]) }
		list = append(list, segment{
			kind: elf.ProgType(bo.Uint32(table)), flags: elf.ProgFlag(bo.Uint32(table[t.pflags:])),
			off: field(t.poff), vaddr: field(t.pvaddr), filesz: field(t.pfilesz), memsz: field(t.pfilesz + t.word),
		})
	}
	return list
}

// at returns where in the file the address is, and how many bytes are there.
func (p *program) at(addr uint64) (off, n int64) {
	for _, s := range p.segments {
		if addr < s.vaddr || addr-s.vaddr >= s.filesz {
			continue
		}
		skip := addr - s.vaddr
		if s.off > math.MaxInt64-skip || int64(s.off+skip) >= p.size {
			return 0, 0
		}
		off = int64(s.off + skip)
		return off, int64(min(s.filesz-skip, uint64(p.size-off)))
	}
	return 0, 0
}

// read returns up to n bytes from the address, fewer if its segment ends before.
func (p *program) read(addr, n uint64) []byte {
	off, there := p.at(addr)
	n = min(n, uint64(there))
	if n > uint64(p.left) {
		p.exceeded = true
		return nil
	}
	p.left -= int64(n)
	b := make([]byte, n)
	k, _ := p.ReadAt(b, off)
	return b[:k]
}

// find returns the address of the build information between two addresses.
func (p *program) find(addr, end uint64) (uint64, bool) {
	for {
		if addr > math.MaxUint64-infoAlign {
			return 0, false
		}
		addr = (addr + infoAlign - 1) &^ (infoAlign - 1)
		off, n := p.at(addr)
		if n == 0 || addr >= end {
			return 0, false
		}
		n = int64(min(uint64(n), end-addr))
		if n > p.left {
			n, p.exceeded = p.left, true
		}
		p.left -= n
		if hit := p.search(off, n); hit >= 0 {
			addr += uint64(hit - off)
			return addr, end-addr >= infoHeader
		}
		if p.exceeded {
			return 0, false
		}
		addr += uint64(n)
	}
}

// info returns the build information that begins in the n bytes from addr.
func (p *program) info(addr, n uint64) *buildinfo.BuildInfo {
	end := addr + n
	if end < addr {
		return nil
	}
	addr, ok := p.find(addr, end)
	if !ok {
		return nil
	}
	header := p.read(addr, infoHeader)
	if len(header) < infoHeader {
		return nil
	}
	var version, modules string
	if size, flags := header[14], header[15]; flags&infoInline != 0 {
		version, addr = p.inline(addr + infoHeader)
		modules, _ = p.inline(addr)
	} else {
		version, modules = p.pointed(header[16:], int(size), flags)
	}
	if version == "" {
		return nil
	}
	// Between sentinels: cmd/go/internal/modload, infoStart and infoEnd.
	if n := len(modules); n >= 33 && modules[n-17] == '\n' {
		modules = modules[16 : n-16]
	} else {
		modules = ""
	}
	bi, err := rt.ParseBuildInfo(modules)
	if err != nil {
		return nil
	}
	bi.GoVersion = version
	return bi
}

// inline returns the string at addr, its length before it, and the address behind it.
func (p *program) inline(addr uint64) (string, uint64) {
	length, n := binary.Uvarint(p.read(addr, binary.MaxVarintLen64))
	if n <= 0 {
		return "", 0
	}
	addr += uint64(n)
	b := p.read(addr, length)
	if uint64(len(b)) < length {
		return "", 0
	}
	return string(b), addr + length
}

// pointed returns the strings whose headers are where the two pointers point.
func (p *program) pointed(pointers []byte, size int, flags byte) (version, modules string) {
	var bo binary.ByteOrder = binary.LittleEndian
	if flags&infoBigEndian != 0 {
		bo = binary.BigEndian
	}
	if size != 4 && size != 8 {
		return "", ""
	}
	number := elfTable{word: size}.number
	str := func(addr uint64) string {
		header := p.read(addr, uint64(2*size))
		if len(header) < 2*size {
			return ""
		}
		length := number(bo, header[size:])
		b := p.read(number(bo, header), length)
		if uint64(len(b)) < length {
			return ""
		}
		return string(b)
	}
	return str(number(bo, pointers)), str(number(bo, pointers[size:]))
}
