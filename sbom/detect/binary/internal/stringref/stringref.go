// Package stringref finds the strings of a program by what refers to them.
//
// Go and Rust store strings side by side, with nothing that ends them: "b3sum1.2.0FILE".
// Where one begins and ends is known to those alone who use it: an address and a
// length stand in data, or machine code loads both. [Program.Strings] finds those that have
// the number of a version in or next to them, with what refers to them, and
// [Program.Function] the function of a Go program that does.
package stringref

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"math"
	"regexp"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// Limits on what is kept and looked at of a file, in items and bytes. The largest programs
// that were seen have a quarter of each.
const (
	maxDots     = 1 << 18
	maxRefs     = 1 << 17
	maxStrings  = 1 << 16
	maxText     = 8 << 20 // of all strings
	maxSegments = 16
	maxLookups  = 1 << 14 // of functions
	maxSeen     = 1 << 12 // places where the name of a repository may be
	maxRead     = 1 << 30
	maxString   = 200 // bytes of a string
	maxFrom     = 16  // places that refer to one string
	near        = 96  // bytes around a version in which strings are told
	chunk       = 256 << 10
	overlap     = 64
)

// Machines (e_machine of an ELF file).
const (
	machineAMD64 = 62
	machineARM64 = 183
)

// String is a string that the program refers to.
type String struct {
	// Addr is where it is when the program runs, and Offset where in the file.
	Addr   uint64
	Offset int64
	Text   string
	// Apart reports that NULs stand on both sides.
	Apart bool
	// Code and Data are the addresses of what refers to it: instructions, and pairs of an
	// address and a length. At most 16 of each are kept.
	Code, Data []uint64
}

// End is the address behind the string.
func (s *String) End() uint64 { return s.Addr + uint64(len(s.Text)) }

// ref is something that refers to the address to.
type ref struct {
	to, from uint64
	length   uint32
	code     bool
}

// Program is a program as it is loaded. It is for one goroutine.
type Program struct {
	r         io.ReaderAt
	machine   uint16
	segments  []section.Segment
	functions *functions // of Go; nil without
	build     []byte     // build information of Go
	dots      []uint64   // addresses of full stops between digits
	refs      []ref
	lookups   int
	limited   bool
}

// Open returns the program of an ELF file of 64 bits and little-endian numbers for x86-64 or
// AArch64, nil for others.
func Open(r io.ReaderAt, size int64) *Program {
	head := make([]byte, 64)
	if n, _ := r.ReadAt(head, 0); n < len(head) {
		return nil
	}
	h, ok := section.ReadELF(head)
	if !ok || h.Word != 8 || h.Order != binary.ByteOrder(binary.LittleEndian) {
		return nil
	}
	p := &Program{r: r, machine: binary.LittleEndian.Uint16(head[18:]), segments: loaded(h.Segments(r), size)}
	if p.machine != machineAMD64 && p.machine != machineARM64 {
		return nil
	}
	p.functions = openFunctions(h, r, size)
	return p
}

// loaded returns the segments that are loaded, without what the file does not have.
func loaded(all []section.Segment, size int64) (out []section.Segment) {
	left := min(maxRead, 2*uint64(size)) // They may overlap.
	for _, s := range all {
		const load = 1
		if s.Type != load || s.Off >= uint64(size) || s.Addr > math.MaxUint64-s.Filesz || len(out) == maxSegments {
			continue
		}
		s.Filesz = min(s.Filesz, uint64(size)-s.Off, left)
		left -= s.Filesz
		out = append(out, s)
	}
	return out
}

// Limited reports whether there was more to look at than is.
func (p *Program) Limited() bool { return p.limited }

// Go reports whether the program has the table of functions of a Go program.
func (p *Program) Go() bool { return p.functions != nil }

// Strings returns the strings that stand not further than 96 bytes from the number of a
// version, in order of their addresses. They have at most 200 bytes.
func (p *Program) Strings() []String {
	apart := slices.ContainsFunc(p.segments, readOnly)
	mixed := func(s *section.Segment) bool { return !code(s) || !apart }
	p.each(mixed, p.findDots)
	slices.Sort(p.dots)
	if len(p.dots) == 0 {
		return nil
	}
	p.each(func(*section.Segment) bool { return true }, func(s *section.Segment, b []byte, addr uint64, fresh int) {
		if code(s) {
			p.findCode(b, addr, fresh)
		}
		if mixed(s) {
			p.findData(b, addr, fresh)
		}
	})
	return p.strings()
}

// readOnly reports whether a segment is for data that is only read. Linkers that make one put the
// strings there, and others among the code.
func readOnly(s section.Segment) bool { return s.Flags&3 == 0 && s.Off > 0 && s.Filesz > 0 }

// code reports whether a segment has code (PF_X).
func code(s *section.Segment) bool { return s.Flags&1 != 0 }

// each goes over the segments that are wanted, in pieces that overlap. look is told the
// address of a piece, and how many of its bytes no later piece begins with.
func (p *Program) each(wanted func(*section.Segment) bool, look func(s *section.Segment, b []byte, addr uint64, fresh int)) {
	b := make([]byte, chunk+overlap)
	for i := range p.segments {
		s := &p.segments[i]
		for at := uint64(0); wanted(s) && at < s.Filesz; at += chunk {
			n := min(s.Filesz-at, uint64(len(b)))
			k, _ := p.r.ReadAt(b[:n], int64(s.Off+at))
			look(s, b[:k], s.Addr+at, min(k, chunk))
			if uint64(k) < n {
				break
			}
		}
	}
}

// findDots notes the full stops that stand between digits, and where Go has its build
// information.
func (p *Program) findDots(_ *section.Segment, b []byte, addr uint64, fresh int) {
	if p.build == nil {
		if i := bytes.Index(b, []byte(buildMark)); i >= 0 {
			p.build = p.text(addr+uint64(i+len(buildMark)), maxBuild)
		}
	}
	p.seekFunctions(b, addr)
	for i := 1; i < len(b)-1 && i <= fresh; i++ {
		n := bytes.IndexByte(b[i:min(len(b)-1, fresh+1)], '.')
		if n < 0 {
			return
		}
		if i += n; !digit(b[i-1]) || !digit(b[i+1]) {
			continue
		}
		if len(p.dots) == maxDots {
			p.limited = true
			return
		}
		p.dots = append(p.dots, addr+uint64(i))
	}
}

func digit(c byte) bool { return c-'0' < 10 }

// near reports whether an address is near a version.
func (p *Program) near(addr uint64) bool {
	i, _ := slices.BinarySearch(p.dots, addr)
	return i < len(p.dots) && p.dots[i]-addr <= near || i > 0 && addr-p.dots[i-1] <= near
}

// among reports whether an address may be near a version; it is quick.
func (p *Program) among(addr uint64) bool {
	first, last := p.dots[0], p.dots[len(p.dots)-1]
	return addr <= last+near && addr >= first-min(near, first)
}

func (p *Program) add(r ref) {
	if len(p.refs) == maxRefs {
		p.limited = true
		return
	}
	p.refs = append(p.refs, r)
}

// strings reads what is referred to.
func (p *Program) strings() (list []String) {
	slices.SortFunc(p.refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.length, b.length), cmp.Compare(a.from, b.from))
	})
	var last ref
	total := 0
	for _, r := range slices.Compact(p.refs) {
		if r.to != last.to || r.length != last.length {
			s, ok := p.string(r.to, int(r.length))
			if !ok {
				continue
			}
			if total += len(s.Text); total > maxText || len(list) == maxStrings {
				p.limited = true
				return list
			}
			list, last = append(list, s), r
		}
		s := &list[len(list)-1]
		if from := &s.Data; r.code && len(s.Code) < maxFrom {
			s.Code = append(s.Code, r.from)
		} else if !r.code && len(*from) < maxFrom {
			*from = append(*from, r.from)
		}
	}
	return list
}

// string reads a string and what stands around it.
func (p *Program) string(addr uint64, n int) (s String, ok bool) {
	off, ok := p.offset(addr, uint64(n))
	if !ok {
		return s, false
	}
	b := p.text(addr, n)
	if len(b) < n || !printable(b) {
		return s, false
	}
	var around [2]byte
	_, _ = p.r.ReadAt(around[1:], off+int64(n))
	if off > 0 {
		_, _ = p.r.ReadAt(around[:1], off-1)
	}
	return String{Addr: addr, Offset: off, Text: string(b), Apart: around == [2]byte{}}, true
}

// text returns at most n bytes at an address.
func (p *Program) text(addr uint64, n int) []byte {
	off, ok := p.offset(addr, 1)
	if !ok {
		return nil
	}
	b := make([]byte, n)
	k, _ := p.r.ReadAt(b, off)
	return b[:k]
}

func printable(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\n' && c != '\t' {
			return false
		}
	}
	return len(b) > 0
}

// offset returns where in the file n bytes at an address are.
func (p *Program) offset(addr, n uint64) (int64, bool) {
	for i := range p.segments {
		if s := &p.segments[i]; addr >= s.Addr && addr-s.Addr < s.Filesz && n <= s.Filesz-(addr-s.Addr) {
			return int64(s.Off + (addr - s.Addr)), true
		}
	}
	return 0, false
}

// Writable reports whether the program may change what is at an address.
func (p *Program) Writable(addr uint64) bool {
	for i := range p.segments {
		if s := &p.segments[i]; s.Writable() && addr >= s.Addr && addr-s.Addr < s.Filesz {
			return true
		}
	}
	return false
}

// HasRepository reports whether the program has the address of a repository of that name, of at most 64
// bytes: "https://github.com/owner/name".
func (p *Program) HasRepository(name string) bool {
	found, seen := false, 0
	end := []byte("/" + name)
	p.each(func(s *section.Segment) bool { return !code(s) }, func(_ *section.Segment, b []byte, _ uint64, _ int) {
		for at := 0; !found && len(end) <= overlap && seen < maxSeen; seen++ {
			i := bytes.Index(b[at:], end)
			if i < 0 {
				break
			}
			at += i + len(end)
			found = (at == len(b) || !word(b[at])) && repository.Match(b[max(0, at-len(end)-overlap):at-len(end)])
		}
	})
	return found
}

// repository is what stands before the name of a repository.
var repository = regexp.MustCompile(`https?://[a-z0-9.-]+\.(com|org)/[0-9A-Za-z_.-]+$`)

func word(c byte) bool {
	return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-'
}
