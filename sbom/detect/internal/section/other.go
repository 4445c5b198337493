package section

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// pe follows the DOS header to the section table. Names are of eight bytes; longer
// ones, which only object files and debug information have, are not looked up.
func (f file) pe(head []byte, name string) (*io.SectionReader, error) {
	if len(head) < 64 {
		return nil, ErrNotFound
	}
	const fileHeader, entry = 24, 40 // with the signature
	base := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	fixed, err := f.bytes(base, fileHeader)
	if err != nil || !bytes.HasPrefix(fixed, []byte("PE\x00\x00")) {
		return nil, ErrNotFound // A program for DOS, or a text.
	}
	n, optional := int64(binary.LittleEndian.Uint16(fixed[6:])), int64(binary.LittleEndian.Uint16(fixed[20:]))
	table, err := f.bytes(base+fileHeader+optional, n*entry)
	if err != nil {
		return nil, err
	}
	for ; len(table) > 0; table = table[entry:] {
		if is(table[:8], name) {
			virtual, raw := binary.LittleEndian.Uint32(table[8:]), binary.LittleEndian.Uint32(table[16:])
			if virtual == 0 || virtual > raw {
				virtual = raw // Without the padding at the end, where it is known.
			}
			return f.section(uint64(binary.LittleEndian.Uint32(table[20:])), uint64(virtual))
		}
	}
	return nil, ErrNotFound
}

func machOrder(head []byte) binary.ByteOrder {
	switch binary.LittleEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf:
		return binary.LittleEndian
	case 0xcefaedfe, 0xcffaedfe:
		return binary.BigEndian
	}
	return nil
}

// mach looks through the load commands for segments with the section.
func (f file) mach(head []byte, name string) (*io.SectionReader, error) {
	order := machOrder(head)
	start := int64(28)
	if order.Uint32(head) == 0xfeedfacf {
		start = 32
	}
	length := int64(order.Uint32(head[20:]))
	if length > maxCommands {
		return nil, tooMany("bytes of load commands", maxCommands)
	}
	commands, err := f.bytes(start, length)
	if err != nil {
		return nil, err
	}
	for len(commands) >= 8 {
		size := uint64(order.Uint32(commands[4:]))
		if size < 8 || size > uint64(len(commands)) {
			return nil, fmt.Errorf("%w: load commands", detect.ErrFormat)
		}
		switch order.Uint32(commands) {
		case 1: // LC_SEGMENT
			if off, n, ok := machSegment(order, commands[:size], name, 56, 68, false); ok {
				return f.section(off, n)
			}
		case 0x19: // LC_SEGMENT_64
			if off, n, ok := machSegment(order, commands[:size], name, 72, 80, true); ok {
				return f.section(off, n)
			}
		}
		commands = commands[size:]
	}
	return nil, ErrNotFound
}

// machSegment looks through the sections of a segment, whose header and section
// headers have the given lengths.
func machSegment(order binary.ByteOrder, b []byte, name string, header, entry int, wide bool) (off, n uint64, ok bool) {
	if len(b) < header {
		return 0, 0, false
	}
	for b = b[header:]; len(b) >= entry; b = b[entry:] {
		if !is(b[:16], name) {
			continue
		}
		if wide {
			return uint64(order.Uint32(b[48:])), order.Uint64(b[40:]), true
		}
		return uint64(order.Uint32(b[40:])), uint64(order.Uint32(b[36:])), true
	}
	return 0, 0, false
}

// fatCount returns the number of architectures of a universal binary, 0 for anything
// else. A Java class has the same magic number, and its version, of at least
// 45, in the same place.
func fatCount(head []byte) int {
	if binary.BigEndian.Uint32(head) != 0xcafebabe {
		return 0
	}
	if n := binary.BigEndian.Uint32(head[4:]); n <= maxArchitectures {
		return int(n)
	}
	return 0
}

// fat looks through the architectures for the first with the section.
func (f file) fat(head []byte, name string) (*io.SectionReader, error) {
	n := fatCount(head)
	table, err := f.bytes(8, int64(n)*20)
	if err != nil {
		return nil, err
	}
	for ; len(table) > 0; table = table[20:] {
		part, err := f.section(uint64(binary.BigEndian.Uint32(table[8:])), uint64(binary.BigEndian.Uint32(table[12:])))
		if err != nil {
			return nil, err
		}
		thin := file{part, part.Size()}
		head, err := thin.bytes(0, min(thin.size, 64))
		if err != nil || len(head) < 32 || machOrder(head) == nil {
			continue
		}
		found, err := thin.mach(head, name)
		if !errors.Is(err, ErrNotFound) {
			return found, err
		}
	}
	return nil, ErrNotFound
}

// wasm looks through the sections for a custom one of the name (WebAssembly core
// specification, "Binary Format", "Modules").
func (f file) wasm(name string) (*io.SectionReader, error) {
	off := int64(8)
	for range maxSections {
		if off >= f.size {
			return nil, ErrNotFound
		}
		b, err := f.bytes(off, min(f.size-off, maxName+16))
		if err != nil {
			return nil, err
		}
		id := b[0]
		size, n := binary.Uvarint(b[1:])
		body := off + 1 + int64(n)
		if n <= 0 || size > uint64(f.size-body) {
			return nil, fmt.Errorf("%w: sections", detect.ErrFormat)
		}
		if id == 0 {
			length, m := binary.Uvarint(b[1+n:])
			rest := b[min(len(b), 1+n+max(m, 0)):]
			if m > 0 && length == uint64(len(name)) && bytes.HasPrefix(rest, []byte(name)) && uint64(m)+length <= size {
				return f.section(uint64(body)+uint64(m)+length, size-uint64(m)-length)
			}
		}
		off = body + int64(size)
	}
	return nil, tooMany("sections", maxSections)
}
