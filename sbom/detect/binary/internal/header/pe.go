package header

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// pe is a program for Windows (Microsoft PE and COFF Specification).
type pe struct {
	known    bool
	header   []byte // from the signature on
	wide     bool
	sections []peSection
	imports  peRange // parts that are read at the end
	exports  peRange
	buildID  string
	stated   *Stated
	payloads []Payload
	left     int // entries of resources that may still be looked at
}

// peSection is where a part of the address space is in the file.
type peSection struct{ addr, size, off uint32 }

// peRange is a part of the file.
type peRange struct{ off, length int64 }

// Directories of the optional header.
const (
	peExports   = 0
	peImports   = 1
	peResources = 2
	peDebug     = 6
	peManaged   = 14
)

const (
	peExportHeader = 40
	peImport       = 20
	peDebugEntry   = 28
	maxPESections  = 96      // the loader's limit
	peFixed        = 24 + 96 // bytes that every header has
	peNear         = 1 << 10 // of the file, where linkers put the header
)

func (p *pe) plan(r *Reader, head []byte) {
	if len(head) < 64 {
		return
	}
	base := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	switch {
	case base <= peNear && base+peFixed <= int64(len(head)):
		p.planHeader(r, head[base:])
	case base <= r.size-peFixed: // The loader takes it from anywhere.
		r.keepThen(base, min(keptHead, r.size-base), func(b []byte) { p.planHeader(r, b) })
	}
}

// planHeader takes in the headers from the signature on.
func (p *pe) planHeader(r *Reader, header []byte) {
	if !bytes.HasPrefix(header, []byte("PE\x00\x00")) {
		return // A program for DOS, or a text.
	}
	p.header, p.known, p.left = header, true, maxResources
	p.wide = binary.LittleEndian.Uint16(p.header[24:]) == 0x20b
	if !p.readSections() {
		r.damaged = "section headers that cannot be"
		return
	}
	p.imports = p.keepDirectory(r, peImports, 0)
	p.exports = p.keepDirectory(r, peExports, peExportHeader)
	if off, n, ok := p.directory(peDebug); ok && n >= peDebugEntry {
		r.keepThen(off, min(n, 16*peDebugEntry), func(b []byte) { p.debug(r, b) })
	}
	if off, n, ok := p.directory(peResources); ok && n > 0 {
		p.planResources(r, off, n)
	}
}

func (p *pe) readSections() bool {
	n, optional := int(binary.LittleEndian.Uint16(p.header[6:])), int(binary.LittleEndian.Uint16(p.header[20:]))
	if n > maxPESections || 24+optional+40*n > len(p.header) {
		return false
	}
	for table := p.header[24+optional:][:40*n]; len(table) > 0; table = table[40:] {
		le := binary.LittleEndian
		p.sections = append(p.sections, peSection{le.Uint32(table[12:]), le.Uint32(table[16:]), le.Uint32(table[20:])})
	}
	return true
}

// offset returns where in the file an address is loaded from.
func (p *pe) offset(addr uint32) (int64, bool) {
	for _, s := range p.sections {
		if addr >= s.addr && addr-s.addr < s.size {
			return int64(s.off) + int64(addr-s.addr), true
		}
	}
	return 0, false
}

// directory returns where a directory of the optional header is.
func (p *pe) directory(i int) (off, n int64, ok bool) {
	at := 24 + 96 + 8*i
	if p.wide {
		at += 16
	}
	if end := 24 + int(binary.LittleEndian.Uint16(p.header[20:])); at+8 > end || at+8 > len(p.header) {
		return 0, 0, false
	}
	off, ok = p.offset(binary.LittleEndian.Uint32(p.header[at:]))
	return off, int64(binary.LittleEndian.Uint32(p.header[at+4:])), ok
}

// keepDirectory keeps a directory, or its first bytes if most is not 0.
func (p *pe) keepDirectory(r *Reader, i int, most int64) peRange {
	off, n, ok := p.directory(i)
	if most > 0 {
		n = min(n, most)
	}
	n = min(n, maxNeeded*peImport)
	if !ok || n <= 0 || !r.keep(off, n) {
		return peRange{}
	}
	return peRange{off, n}
}

// debug looks for the name of the file with the debugging information, which has an
// identifier of the build.
func (p *pe) debug(r *Reader, b []byte) {
	const codeView = 2
	for ; len(b) >= peDebugEntry; b = b[peDebugEntry:] {
		if binary.LittleEndian.Uint32(b[12:]) == codeView && binary.LittleEndian.Uint32(b[16:]) >= 24 {
			r.keepThen(int64(binary.LittleEndian.Uint32(b[24:])), 24, func(b []byte) {
				if bytes.HasPrefix(b, []byte("RSDS")) {
					p.buildID = hex.EncodeToString(b[4:20]) + fmt.Sprintf("%x", binary.LittleEndian.Uint32(b[20:]))
				}
			})
			return
		}
	}
}

func (p *pe) facts(r *Reader, names Names) Facts {
	if !p.known {
		return Facts{}
	}
	f := Facts{Format: "PE", Dynamic: true, Library: binary.LittleEndian.Uint16(p.header[22:])&0x2000 != 0, Bits: 32,
		Architecture: p.architecture(), BuildID: p.buildID, Stated: p.stated}
	for _, payload := range p.payloads {
		f.addPayload(payload)
	}
	if p.wide {
		f.Bits = 64
	}
	_, n, ok := p.directory(peManaged)
	f.Managed = ok && n > 0
	for b := r.at(p.imports.off, p.imports.length); len(b) >= peImport; b = b[peImport:] {
		addr := binary.LittleEndian.Uint32(b[12:])
		if addr == 0 {
			break
		}
		if name := p.name(addr, names); name != "" {
			f.Needed = append(f.Needed, name)
		}
	}
	if b := r.at(p.exports.off, p.exports.length); len(b) == peExportHeader {
		f.SONAME = p.name(binary.LittleEndian.Uint32(b[12:]), names)
	}
	return f
}

// name returns the name of a library at an address.
func (p *pe) name(addr uint32, names Names) string {
	if off, ok := p.offset(addr); ok {
		return names(off)
	}
	return ""
}

func (p *pe) architecture() string {
	switch m := binary.LittleEndian.Uint16(p.header[4:]); m {
	case 0x8664:
		return "amd64"
	case 0x14c:
		return "386"
	case 0xaa64:
		return "arm64"
	case 0x1c0, 0x1c4:
		return "arm"
	default:
		return fmt.Sprintf("machine %#x", m)
	}
}
