package header

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// elfFile is an ELF file (System V ABI, "Object Files"), by its program headers.
type elfFile struct {
	order    binary.ByteOrder
	wide     bool
	odd      bool // the first bytes say otherwise
	kind     elf.Type
	machine  elf.Machine
	segments []segment
}

// segment is a program header.
type segment struct {
	kind             elf.ProgType
	flags            elf.ProgFlag
	off, addr, bytes uint64
}

func newELF(head []byte) format {
	order, wide, odd := elfIdent(head)
	if order == nil {
		return none{}
	}
	e := &elfFile{order: order, wide: wide, odd: odd}
	e.kind, e.machine = elf.Type(e.order.Uint16(head[16:])), elf.Machine(e.order.Uint16(head[18:]))
	return e
}

// elfIdent returns the byte order and class of an ELF file, nil for what no system loads or links.
// Linux goes by the machine and does not look at what the first bytes say of them: odd is set if that is
// not what the rest of the header has.
func elfIdent(head []byte) (order binary.ByteOrder, wide, odd bool) {
	if len(head) < 64 || !bytes.HasPrefix(head, []byte("\x7fELF")) {
		return nil, false, false
	}
	orders := []binary.ByteOrder{binary.LittleEndian, binary.BigEndian}
	if head[5] == 2 {
		slices.Reverse(orders)
	}
	odd = head[5] != 1 && head[5] != 2
	for i, o := range orders {
		if kind := elf.Type(o.Uint16(head[16:])); order == nil && kind >= elf.ET_REL && kind <= elf.ET_CORE {
			order, odd = o, odd || i > 0
		}
	}
	if order == nil {
		return nil, false, false
	}
	narrow := order.Uint16(head[42:]) == 32
	switch wide = order.Uint16(head[54:]) == 56; {
	case head[4] == 1 && (narrow || !wide), head[4] == 2 && (wide || !narrow):
		return order, head[4] == 2, odd
	}
	return order, wide, true
}

// loadable reports whether a file that begins with head is an ELF program or library, whatever its first bytes say.
func loadable(head []byte) bool {
	order, _, _ := elfIdent(head)
	if order == nil {
		return false
	}
	kind := elf.Type(order.Uint16(head[16:]))
	return kind == elf.ET_EXEC || kind == elf.ET_DYN
}

// word returns the number at b[wide] or b[narrow], as the class has it.
func (e *elfFile) word(b []byte, narrow, wide int) uint64 {
	if e.wide {
		return e.order.Uint64(b[wide:])
	}
	return uint64(e.order.Uint32(b[narrow:]))
}

func (e *elfFile) plan(r *Reader, head []byte) {
	if e.odd {
		r.damaged = "the first bytes say another class or byte order than the header has"
	}
	entry, size, count := 42, uint64(32), 44
	if e.wide {
		entry, size, count = 54, 56, 56
	}
	off, n := e.word(head, 28, 32), uint64(e.order.Uint16(head[count:]))
	if n == 0 {
		return
	}
	if uint64(e.order.Uint16(head[entry:])) != size || n > maxSegments || off > 1<<62 {
		r.damaged = "program headers that cannot be"
		return
	}
	// They come first, but for programs that something was added to later.
	r.keepThen(int64(off), int64(n*size), func(table []byte) { e.planSegments(r, table, int(size)) })
}

func (e *elfFile) planSegments(r *Reader, table []byte, size int) {
	flags := 24
	if e.wide {
		flags = 4
	}
	for ; len(table) > 0; table = table[size:] {
		s := segment{kind: elf.ProgType(e.order.Uint32(table)), off: e.word(table, 4, 8), addr: e.word(table, 8, 16), bytes: e.word(table, 16, 32), flags: elf.ProgFlag(e.order.Uint32(table[flags:]))}
		e.segments = append(e.segments, s)
		if s.bytes == 0 {
			continue
		}
		switch s.kind {
		case elf.PT_DYNAMIC, elf.PT_INTERP:
			r.keep(int64(s.off), int64(s.bytes))
		case elf.PT_NOTE:
			if r.inside(int64(s.off), int64(s.bytes)) {
				r.keep(int64(s.off), int64(s.kept()))
			}
		}
	}
	if r.pos == r.parts[0].length { // Later it would depend on the pieces in which the file comes.
		r.code = e.code(uint64(r.size))
	}
}

// kept is how many bytes of a segment are kept: a note may be a payload of any size, and
// only its beginning says which.
func (s *segment) kept() uint64 {
	if s.kind == elf.PT_NOTE {
		return min(s.bytes, maxPart/4)
	}
	return s.bytes
}

func (e *elfFile) facts(r *Reader, names Names) Facts {
	f := Facts{Format: "ELF", Bits: 32, Architecture: e.architecture()}
	if e.wide {
		f.Bits = 64
	}
	f.Library = e.kind == elf.ET_DYN
	last := slices.IndexFunc(e.segments, func(s segment) bool { return s.kind == elf.PT_DYNAMIC })
	for i, s := range e.segments {
		if s.kind == elf.PT_DYNAMIC && i > last {
			f.Damaged, last = "several dynamic tables", i // Loaders take the last.
		}
	}
	seen := make(map[segment]bool)
	for i, s := range e.segments {
		b := r.at(int64(s.off), int64(s.kept()))
		if b == nil || seen[s] || s.kind == elf.PT_DYNAMIC && i != last {
			continue
		}
		seen[s] = true
		switch s.kind {
		case elf.PT_INTERP:
			f.Interpreter = text(b)
		case elf.PT_DYNAMIC:
			e.dynamic(&f, b, names)
		case elf.PT_NOTE:
			e.notes(&f, &s, b)
		}
	}
	if f.Interpreter != "" {
		f.Library, f.Dynamic = false, true // A position-independent program has the type of a library.
	}
	return f
}

// Tags of the dynamic table (DT_FLAGS_1 has DF_1_PIE).
const flagPIE = 0x08000000

func (e *elfFile) dynamic(f *Facts, b []byte, names Names) {
	size := 8
	if e.wide {
		size = 16
	}
	var needed []uint64
	var strings, soname uint64
table:
	for ; len(b) >= size; b = b[size:] {
		tag, value := elf.DynTag(int32(e.order.Uint32(b))), e.word(b, 4, 8)
		if e.wide {
			tag = elf.DynTag(e.order.Uint64(b))
		}
		switch tag {
		case elf.DT_NULL:
			break table
		case elf.DT_STRTAB:
			strings = value
		case elf.DT_SONAME:
			soname = value
		case elf.DT_NEEDED:
			if len(needed) < maxNeeded {
				needed = append(needed, value)
			}
		case elf.DT_FLAGS_1:
			f.Library = f.Library && value&flagPIE == 0
		}
	}
	at, ok := e.offset(strings)
	if !ok {
		return
	}
	f.Dynamic = len(needed) > 0
	if soname != 0 {
		f.SONAME = names(at + int64(soname&0xffffffff))
	}
	for _, n := range needed {
		if name := names(at + int64(n&0xffffffff)); name != "" {
			f.Needed = append(f.Needed, name)
		}
	}
}

// offset returns where in the file the address is loaded from.
func (e *elfFile) offset(addr uint64) (int64, bool) {
	for _, s := range e.segments {
		if s.kind == elf.PT_LOAD && addr >= s.addr && addr-s.addr < s.bytes && s.off < 1<<62 {
			return int64(s.off + (addr - s.addr)), true
		}
	}
	return 0, false
}

// Types of notes.
const (
	noteBuildID = 3          // by "GNU"
	noteGo      = 4          // by "Go"
	notePackage = 0xcafe1a7e // by "FDO" (systemd, "Package Metadata for Executable Files")
)

// payloads are the names of notes that programs read themselves: what Node and Deno add to
// a copy of themselves.
var payloads = map[string]bool{"NODE_SEA_BLOB": true, "SUI": true, "D3N0L4ND": true}

// notes reads the notes of a segment, of which b is the beginning.
func (e *elfFile) notes(f *Facts, s *segment, b []byte) {
	left := s.bytes
	for len(b) >= 12 {
		nameSize, size, kind := uint64(e.order.Uint32(b)), uint64(e.order.Uint32(b[4:])), e.order.Uint32(b[8:])
		b, left = b[12:], left-12
		begin := (nameSize + 3) &^ 3
		if begin > left || size > left-begin {
			f.Damaged = "a note leads out of its segment"
			return
		}
		if begin > uint64(len(b)) {
			return
		}
		name := text(b[:nameSize])
		if payloads[name] {
			f.addPayload(Payload{name, int64(s.off + s.bytes - left + begin), int64(size)})
		}
		if size > uint64(len(b))-begin {
			return // A payload, behind which nothing is known.
		}
		e.note(f, name, kind, b[begin:begin+size])
		next := min(uint64(len(b)), begin+(size+3)&^3)
		b, left = b[next:], left-next
	}
}

func (e *elfFile) note(f *Facts, name string, kind uint32, content []byte) {
	switch {
	case name == "GNU" && kind == noteBuildID && len(content) <= 64:
		f.BuildID = hex.EncodeToString(content)
	case name == "Go" && kind == noteGo && len(content) <= maxName && f.BuildID == "":
		f.BuildID = text(content)
	case name == "FDO" && kind == notePackage && f.Package == nil:
		f.Package, _, _ = bytes.Cut(content, []byte{0})
	}
}

func (e *elfFile) architecture() string {
	little := e.order == binary.LittleEndian
	switch e.machine {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_386:
		return "386"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_RISCV:
		return "riscv64"
	case elf.EM_S390:
		return "s390x"
	case elf.EM_LOONGARCH:
		return "loong64"
	case elf.EM_PPC64:
		if little {
			return "ppc64le"
		}
		return "ppc64"
	case elf.EM_MIPS:
		if little {
			return "mipsle"
		}
		return "mips"
	}
	return fmt.Sprintf("machine %#x", uint16(e.machine))
}
