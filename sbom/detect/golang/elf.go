package golang

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"io"
	"math"
	rt "runtime/debug"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// The linker leaves the build information at an address that is a multiple of
// infoAlign: this magic, the size of a pointer, flags, and 16 bytes that hold two
// pointers before Go 1.18 and nothing since (cmd/link/internal/ld, Link.buildinfo).
const (
	infoMagic     = "\xff Go buildinf:"
	infoAlign     = 16
	infoHeader    = 32
	infoBigEndian = 1 // flags
	infoInline    = 2
	keptInfo      = 256 << 10 // bytes that a sieve keeps from each magic; the largest build information known has 200 KiB
)

// program reads the build information of an ELF file. It does what debug/buildinfo
// does, and does not build on debug/elf, which reads more than is needed, and wants
// to read it from anywhere.
type program struct {
	io.ReaderAt
	size     int64
	segments []section.Segment
	left     int64 // of maxRead
	exceeded bool
}

// readELF returns the build information, if there is any, and whether the file is a Go
// program by its sections at least. A section that names the build information is a
// hint; the kernel and the Go runtime find what they need without.
func readELF(src io.ReaderAt, size int64, path string) (*buildinfo.BuildInfo, error) {
	head := make([]byte, min(size, detect.HeadSize))
	if n, _ := src.ReadAt(head, 0); n < len(head) {
		return nil, errNotGo
	}
	h, ok := section.ReadELF(head)
	if !ok {
		return nil, errNotGo
	}
	p := &program{ReaderAt: src, size: size, segments: h.Segments(src), left: maxRead}
	isGo, addr, length := goSections(h, src, size)
	if length > 0 {
		if bi := p.info(addr, length); bi != nil {
			return bi, nil
		}
	}
	for i := range p.segments {
		if s := &p.segments[i]; s.Writable() && elf.ProgFlag(s.Flags)&elf.PF_X == 0 {
			if bi := p.info(s.Addr, s.Memsz); bi != nil {
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

// goSections reports whether the sections are those of a Go program, and the address
// and length of the one that is the build information.
func goSections(h *section.ELF, r io.ReaderAt, size int64) (isGo bool, addr, length uint64) {
	err := h.Sections(r, size, func(s *section.Section) bool {
		switch string(s.Name) {
		case ".go.buildinfo":
			if isGo = true; length == 0 {
				addr, length = s.Addr, s.Size
			}
		case ".gopclntab", ".note.go.buildid":
			isGo = true
		}
		return true
	})
	if err != nil {
		return false, 0, 0
	}
	return isGo, addr, length
}

// at returns where in the file the address is, and how many bytes are there.
func (p *program) at(addr uint64) (off, n int64) {
	for _, s := range p.segments {
		if addr < s.Addr || addr-s.Addr >= s.Filesz {
			continue
		}
		skip := addr - s.Addr
		if s.Off > math.MaxInt64-skip || int64(s.Off+skip) >= p.size {
			return 0, 0
		}
		off = int64(s.Off + skip)
		return off, int64(min(s.Filesz-skip, uint64(p.size-off)))
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
		if hit := section.Index(p.ReaderAt, infoMagic, off, n, infoAlign); hit >= 0 {
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
	number := (&section.ELF{Order: bo, Word: size}).Number
	str := func(addr uint64) string {
		header := p.read(addr, uint64(2*size))
		if len(header) < 2*size {
			return ""
		}
		length := number(header[size:])
		b := p.read(number(header), length)
		if uint64(len(b)) < length {
			return ""
		}
		return string(b)
	}
	return str(number(pointers)), str(number(pointers[size:]))
}
