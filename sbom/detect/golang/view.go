package golang

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"io"
)

// maxHeaders is the most bytes of PE and Mach-O headers that a view is made from.
const maxHeaders = 1 << 20

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
