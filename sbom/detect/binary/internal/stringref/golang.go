package stringref

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"sort"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

const (
	maxFunctions = 1 << 24
	maxName      = 256
	maxBuild     = 1 << 10
	tableHeader  = 72
	// The first bytes of the table of functions since Go 1.18 and since Go 1.20.
	magic18, magic20 = 0xfffffff0, 0xfffffff1
	// buildMark is what build information begins with (runtime/debug, "modinfo").
	buildMark = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6path\t"
)

// functions is the table of a Go program that tells which function has an address
// (runtime, "pclntab"), as it is since Go 1.18. Nothing of it is read before it is asked for.
type functions struct {
	r                    io.ReaderAt
	addr                 uint64 // of the table
	text                 uint64 // address of the code
	names, table, number int64  // places in r, and the number of functions
}

func openFunctions(h *section.ELF, file io.ReaderAt, size int64) *functions {
	var text uint64
	var found *functions
	_ = h.Sections(file, size, func(s *section.Section) bool {
		switch string(s.Name) {
		case ".text":
			text = s.Addr
		case ".gopclntab", ".data.rel.ro.gopclntab":
			if s.Offset < uint64(size) {
				found = readFunctions(io.NewSectionReader(file, int64(s.Offset), int64(min(s.Size, uint64(size)-s.Offset))), s.Addr)
			}
		}
		return true
	})
	if found != nil && found.text == 0 {
		found.text = text // A relocation puts it there, or newer Go takes it from elsewhere.
	}
	return found
}

// readFunctions reads the header of a table.
func readFunctions(r io.ReaderAt, addr uint64) *functions {
	b := make([]byte, tableHeader)
	if n, _ := r.ReadAt(b, 0); n < len(b) {
		return nil
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8+8*i:]) }
	magic := binary.LittleEndian.Uint32(b)
	if magic != magic18 && magic != magic20 || b[7] != 8 || word(0) > maxFunctions || word(3) > math.MaxInt32 || word(7) > math.MaxInt32 {
		return nil
	}
	return &functions{r: r, addr: addr, number: int64(word(0)), text: word(2), names: int64(word(3)), table: int64(word(7))}
}

// seekFunctions looks for the table in b, where it is no section of its own: linkers of C put
// it among other data.
func (p *Program) seekFunctions(b []byte, addr uint64) {
	for at := 0; p.functions == nil; at++ {
		i := bytes.Index(b[at:], []byte(tableMark))
		if i < 0 {
			return
		}
		if at += i; at == 0 {
			continue
		}
		off, ok := p.offset(addr+uint64(at-1), tableHeader)
		if !ok {
			return
		}
		p.functions = readFunctions(io.NewSectionReader(p.r, off, maxRead), addr+uint64(at-1))
	}
}

// tableMark is what the table of functions has behind its first byte, on machines that need
// no alignment of code.
const tableMark = "\xff\xff\xff\x00\x00\x01\x08"

// textAt is where in the table the address of the code is.
const textAt = 8 + 2*8

// Function returns the name of the function of a Go program that has the code at an address,
// such as "github.com/a/b.(*T).Method". It is empty if none has.
func (p *Program) Function(addr uint64) string {
	f := p.functions
	if f == nil || addr < f.text || addr-f.text > math.MaxUint32 {
		return ""
	}
	if p.lookups++; p.lookups > maxLookups {
		p.limited = true
		return ""
	}
	off := uint32(addr - f.text)
	i := sort.Search(int(f.number), func(i int) bool {
		start, _, ok := f.pair(f.table + 8*int64(i))
		return !ok || start > off
	})
	if i == 0 {
		return ""
	}
	_, at, _ := f.pair(f.table + 8*int64(i-1))
	_, at, ok := f.pair(f.table + int64(at))
	if !ok {
		return ""
	}
	name := make([]byte, maxName)
	n, _ := f.r.ReadAt(name, f.names+int64(at))
	name, _, ok = bytes.Cut(name[:n], []byte{0})
	if !ok || !printable(name) {
		return ""
	}
	return strings.ReplaceAll(string(name), "%2e", ".") // The last element of a path has it so.
}

// pair reads two numbers.
func (f *functions) pair(at int64) (a, b uint32, ok bool) {
	var w [8]byte
	n, _ := f.r.ReadAt(w[:], at)
	return binary.LittleEndian.Uint32(w[:]), binary.LittleEndian.Uint32(w[4:]), n == len(w)
}

// Build returns the main package and the main module of a Go program by its build
// information, which [Program.Strings] comes by. A program that was not built as a module has
// no module, and one without build information has neither. The version may be "(devel)".
func (p *Program) Build() (pkg, module, version string) {
	for i, line := range strings.SplitN(string(p.build), "\n", 3) {
		if !printable([]byte(line)) {
			break
		}
		fields := strings.Split(line, "\t")
		switch {
		case i == 0:
			pkg = fields[0]
		case i == 1 && fields[0] == "mod" && len(fields) > 2:
			module, version = fields[1], fields[2]
		}
	}
	return pkg, module, version
}
